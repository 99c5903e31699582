"""Gates `files` and `secret_scans`."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest

from anchore_gate.image.filesystem import ContentHit, FileEntry
from anchore_gate.image.needs import Needs
from anchore_gate.policy.identity import hashed_id
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.target import Target
from tests.policy.support import bundle, evidence, files, findings, judge, messages, rule

SUID = FileEntry(path="/a", type="file", mode=0o104755, layer=2)
SEEN = evidence(files=files(SUID, kept={"/etc/ssl/key.pem": b"k", "/etc/passwd": b"p"}))


def test_setuid_files_are_found_where_they_are() -> None:
    [finding] = findings(bundle(rule("files", "suid_or_guid_set")), SEEN)

    assert finding.message == "SUID or SGID found set on file /a. Mode: 0o104755"
    assert (finding.path, finding.layer) == ("/a", 2)
    assert finding.trigger_id == "463ff655013dc8148c0841a19b5c834d"


@pytest.mark.parametrize(("regex", "hits"), [(r".*\.pem", 1), (r"\.pem", 0), ("/etc/p", 1), ("", 3)])
def test_names_are_matched_from_their_start(regex: str, hits: int) -> None:
    assert len(messages(bundle(rule("files", "name_match", regex=regex)), SEEN)) == hits


@pytest.mark.parametrize(
    ("path", "kept"), [("/a \t b", "/a b"), ("/x____y/z", "/x y/z"), ("/a\n_____", "/a  _"), ("/a b", None)]
)
def test_a_path_with_blanks_keeps_the_id_that_engine_gave_it(path: str, kept: str | None) -> None:
    raw = bundle(rule("files", "name_match", regex="/"))

    [finding] = findings(raw, evidence(files=files(kept={path: b""})))

    engines = f"Application of regex matched file found in container: file={kept} regexp=/"
    assert finding.message == engines.replace(str(kept), path)
    assert finding.other_ids == ((hashed_id("files", "name_match", engines),) if kept else ())


DIGEST = hashlib.sha256(b"p").hexdigest()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, None),
        ({"checksum": DIGEST}, f"filename=/etc/passwd and checksum={DIGEST} op=equals specified_checksum={DIGEST}"),
        ({"checksum": "x"}, None),
        ({"checksum": "x", "checksum_match": "not_equals", "mode": "00644"},
         f"filename=/etc/passwd and checksum={DIGEST} op=not_equals specified_checksum=x "
         "and mode=0o644 op=equals specified_mode=0o644"),
        ({"mode": "0600", "mode_op": "not_equals"}, "filename=/etc/passwd and mode=0o644 op=not_equals specified_mode=0o600"),
        ({"checksum": DIGEST, "mode": "0600"}, None),
        ({"skip_missing": "false"}, None),
        ({"checksum": "", "mode": "", "checksum_match": "not_equals", "mode_op": "not_equals"}, None),
        ({"mode": "100644"}, None),
        ({"mode": "100644", "mode_op": "not_equals"}, "filename=/etc/passwd and mode=0o644 op=not_equals specified_mode=0o100644"),
        ({"mode": " 0o0644 "}, "filename=/etc/passwd and mode=0o644 op=equals specified_mode=0o644"),
    ],
)  # fmt: skip
def test_every_attribute_given_must_hold(params: dict[str, str], message: str | None) -> None:
    raw = bundle(rule("files", "attribute_match", filename="/etc/passwd", **params))

    assert messages(raw, SEEN) == ([message] if message else [])


def test_a_missing_file_is_found_where_it_must_not_be() -> None:
    def asked(skip: str) -> list[str]:
        return messages(bundle(rule("files", "attribute_match", filename="/x", skip_missing=skip)), SEEN)

    assert asked("False") == ["filename=/x and skip_missing=False"]
    assert asked("true") == []


def test_a_mode_that_is_not_octal_is_a_fault() -> None:
    result = judge(bundle(rule("files", "attribute_match", filename="/x", mode="rwx")), SEEN)

    assert [one.type for one in result.problems] == ["ParameterValueInvalidError"]


HITS = (
    ContentHit(kind="content", name="PASS", regex=".*pass.*", path="/c", lines=(3,)),
    ContentHit(kind="secret", name="AWS_ACCESS_KEY", regex="a=b", path="/etc/s", lines=(7, 9), layer=1),
    ContentHit(kind="secret", name="PRIV_KEY", regex="-+", path="/root/k", lines=(1,)),
)


@pytest.mark.parametrize(
    ("name", "hits"),
    [
        (None, 1),
        ("", 1),
        ("PASS", 1),
        (".*pass.*", 1),
        ("PASS=.*pass.*", 1),
        (b64encode(b"PASS=.*pass.*").decode(), 1),
        ("PAS", 0),
        ("pass", 0),
    ],
)
def test_contents_are_named_by_name_text_or_key(name: str | None, hits: int) -> None:
    raw = bundle(rule("files", "content_regex_match", regex_name=name))

    assert len(messages(raw, evidence(files=files(hits=HITS)))) == hits


@pytest.mark.parametrize(
    ("gate", "trigger", "params", "hits"),
    [
        ("files", "content_regex_match", {}, 1),
        ("files", "content_regex_match", {"regex_name": ".*pass"}, 1),
        ("files", "content_regex_match", {"regex_name": "=.*pass"}, 0),
        ("secret_scans", "content_regex_checks", {}, 1),
        ("secret_scans", "content_regex_checks", {"content_regex_name": ".*pass"}, 1),
        ("secret_scans", "content_regex_checks", {"content_regex_name": "A,"}, 0),
    ],
)
def test_an_expression_without_a_name_is_known_by_its_text(
    gate: str, trigger: str, params: dict[str, Any], hits: int
) -> None:
    found = (
        ContentHit(kind="content", name="", regex=".*pass", path="/c", lines=(3,)),
        ContentHit(kind="secret", name="", regex=".*pass", path="/c", lines=(3,)),
    )

    told = messages(bundle(rule(gate, trigger, **params)), evidence(files=files(hits=found)))

    assert [one.partition("file=")[2] for one in told] == ["/c regexp=.*pass"] * hits


@pytest.mark.parametrize(
    ("params", "paths"),
    [
        ({}, ["/etc/s", "/root/k"]),
        ({"content_regex_name": "PRIV_KEY"}, ["/root/k"]),
        ({"content_regex_name": "AWS_ACCESS_KEY, PRIV_KEY"}, ["/etc/s", "/root/k"]),
        ({"content_regex_name": "AWS_ACCESS_KEY PRIV_KEY"}, ["/etc/s", "/root/k"]),
        ({"content_regex_name": "AWS_ACCESS_KEY|PRIV_KEY"}, ["/etc/s", "/root/k"]),
        ({"content_regex_name": "X;PRIV_KEY"}, ["/root/k"]),
        ({"content_regex_name": "AWS_ACCESS_KEY_X"}, []),
        ({"content_regex_name": "priv_key"}, []),
        ({"content_regex_name": "a=b"}, ["/etc/s"]),
        ({"content_regex_name": "PRIV_KEY=-+"}, ["/root/k"]),
        ({"filename_regex": "/etc"}, ["/etc/s"]),
        ({"match_type": "found", "filename_regex": "etc"}, []),
    ],
)
def test_secrets_are_found(params: dict[str, Any], paths: list[str]) -> None:
    found = findings(
        bundle(rule("secret_scans", "content_regex_checks", **params)), evidence(files=files(hits=HITS))
    )

    assert [one.path for one in found] == paths


def test_a_secret_finding_names_file_line_and_expression() -> None:
    raw = bundle(rule("secret_scans", "content_regex_checks", content_regex_name="AWS_ACCESS_KEY"))

    [finding] = findings(raw, evidence(files=files(hits=HITS)))

    assert (finding.line, finding.layer) == (7, 1)
    assert finding.message == (
        "Secret content search analyzer found regexp match in container: file=/etc/s regexp=AWS_ACCESS_KEY=a=b"
    )


def test_no_secret_is_found_where_it_is_asked_for() -> None:
    raw = bundle(rule("secret_scans", "content_regex_checks", match_type="notfound"))

    assert [one.trigger_id for one in findings(raw, evidence(files=files()))] == [
        "9715fd56c1801e0f2551b7970dcbf032"
    ]
    assert messages(raw, evidence(files=files(hits=HITS))) == []


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"filename_regex": ""}, "filename_regex=* content_regex_name=all"),
        ({"filename_regex": "/a", "content_regex_name": "X"}, "filename_regex=/a content_regex_name=X"),
    ],
)
def test_where_nothing_is_found_the_question_is_told(params: dict[str, str], told: str) -> None:
    raw = bundle(rule("secret_scans", "content_regex_checks", match_type="notfound", **params))

    assert [one.rpartition(": ")[2] for one in messages(raw, evidence(files=files()))] == [told]


def test_only_what_rules_name_is_looked_for() -> None:
    def needs(*rules: dict[str, Any]) -> Needs:
        return parse_bundle(bundle(*rules)).needs(Target.parse("a"), AnalyzerSettings.default())

    assert needs(rule("files", "suid_or_guid_set")) == Needs()
    assert [
        one.name
        for one in needs(rule("secret_scans", "content_regex_checks", content_regex_name="PRIV_KEY")).searches
    ] == ["PRIV_KEY"]
    assert len(needs(rule("secret_scans", "content_regex_checks")).searches) == 5
    assert (
        needs(rule("files", "attribute_match", filename="/a.b", checksum="x")).checksums[0].pattern
        == r"/a\.b"
    )


def test_without_files_a_rule_about_them_stops() -> None:
    result = judge(bundle(rule("files", "suid_or_guid_set", "GO")))

    assert result.final_action.word == "stop"
    assert "files are not at hand" in str(result.outcomes[0].problem)
