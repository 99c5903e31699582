"""Images and Dockerfiles that somebody made to hurt: every gate answers, soon, and never by a crash."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from anchore_gate import LocalEngine, gate
from anchore_gate.model.evaluation import Action, RuleOutcome
from anchore_gate.policy import expression
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.settings import AnalyzerSettings, NamedExpression
from tests.policy.support import bundle, rule
from tests.support.images import Config, docker_archive, layer_of

LINE = b"a" * 200_000
FILES = {
    b"etc/passwd": b"\n".join(
        (b"root:x:0:\xff\xfe:/root", b"\0\0:\0:0:0", LINE + b":x:0:0:::", b":" * 50_000, b"\r\n\x85\xe2\x80\xa8x:y:0")
    ),
    b"etc/os-release": b'ID=\xff\xfe"\nVERSION_ID=\0\nID_LIKE=' + b"x " * 1000,
    b"bad\xff\xfename\n\x1b[31m": b"-----BEGIN RSA PRIVATE KEY-----\n",
    b"nul": b"\0" * 5000 + b"\n-----BEGIN PRIVATE KEY-----\n",
    b"slow": b"aws_access_key_id" + b"=" * 5000,
    b"conf": LINE,
    b"words": b"a " * 50_000,
    b"var/lib/dpkg/status": b"Package: \xff\nStatus: install ok installed\nVersion: \0\nArchitecture: amd64\n\n"
    b"Package: x\nStatus: install ok installed\nVersion: 1\nDescription: " + LINE + b"\n",
    b"var/lib/dpkg/info/x.md5sums": b"\xff\xff  usr/\xff\nzz\n" + b"0" * 32 + b"  conf\n",
}  # fmt: skip
DOCKERFILE = (
    b"FROM \xff\xfe\nRUN \0 " + LINE + b"\nEXPOSE " + b"80 " * 2000 + b"\nUSER " + LINE + b"\n"
    b"expose 1-99999 \xd9\xa3\xd9\xa3\n<<<\nRUN <<A <<B <<C\n"
)
HISTORY: list[dict[str, Any]] = [
    {"created_by": None},
    {},
    {"created_by": "\x00 # buildkit"},
    {"created_by": "RUN " + "x" * 9000},
]
RULES = [
    ("dockerfile", "instruction", {"instruction": "RUN", "check": "like", "value": ".*(a+)+b"}),
    ("dockerfile", "instruction", {"instruction": "FROM", "check": "not_like", "value": "\\w"}),
    ("dockerfile", "exposed_ports", {"ports": "80," + "9" * 400, "type": "denylist"}),
    ("dockerfile", "exposed_ports", {"ports": "1", "type": "allowlist"}),
    ("dockerfile", "effective_user", {"users": "root", "type": "allowlist"}),
    ("dockerfile", "no_dockerfile_provided", {}),
    ("files", "name_match", {"regex": "(.*a?)+$"}),
    ("files", "suid_or_guid_set", {}),
    ("files", "attribute_match", {"filename": "/bad\udcff\udcfename\n\x1b[31m", "mode": "4755"}),
    ("files", "attribute_match", {"filename": "/\0", "skip_missing": "false"}),
    ("files", "content_regex_match", {}),
    ("secret_scans", "content_regex_checks", {"filename_regex": "(.*)*m"}),
    ("retrieved_files", "content_regex", {"path": "/conf", "regex": "(a+)+b", "check": "match"}),
    ("retrieved_files", "content_regex", {"path": "/words", "regex": "\\w+\\W*(?!x)z", "check": "no_match"}),
    ("retrieved_files", "content_regex", {"path": "/etc/passwd", "regex": "\\S+\udcff", "check": "match"}),
    ("passwd_file", "content_not_available", {}),
    ("passwd_file", "denylist_usernames", {"user_names": "x,\0\0"}),
    ("passwd_file", "denylist_userids", {"user_ids": "0"}),
    ("passwd_file", "denylist_groupids", {"group_ids": "0"}),
    ("passwd_file", "denylist_shells", {"shells": "/bin/bash"}),
    ("passwd_file", "denylist_full_entry", {"entry": "x"}),
    ("packages", "denylist", {"name": "x"}),
    ("packages", "required_package", {"name": "x", "version": "\0", "version_match_type": "minimum"}),
    ("packages", "verify", {}),
    ("licenses", "denylist_partial_match", {"licenses": "a"}),
    ("metadata", "attribute", {"attribute": "distro", "check": "like", "value": "(.+)+$"}),
    ("metadata", "attribute", {"attribute": "like_distro", "check": "not_in", "value": "a"}),
    ("metadata", "attribute", {"attribute": "size", "check": ">", "value": "1"}),
    ("malware", "scan_not_run", {}),
    ("npms", "denylisted_name_version", {"name": "\0"}),
    ("ruby_gems", "feed_data_unavailable", {}),
]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in FILES.items():
            member = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            member.size, member.mode = len(content), 0o4755
            tar.addfile(member, io.BytesIO(content))
    layers = [layer_of(stream.getvalue())]
    return docker_archive(
        tmp_path_factory.mktemp("hostile") / "a.tar", layers, config=Config(history=HISTORY)
    )


def asked(image: Path, *rules: dict[str, Any], dockerfile: Path | None = None) -> tuple[RuleOutcome, ...]:
    settings = AnalyzerSettings(contents=(NamedExpression("SLOW", "(a+)+b"),))
    result = gate(
        f"docker-archive:{image}",
        policy=parse_bundle(bundle(*rules)),
        engine=LocalEngine(settings=settings),
        dockerfile=dockerfile,
    )
    assert result.evaluation.problems == ()
    return result.evaluation.outcomes


@pytest.mark.parametrize("is_given", [True, False], ids=["given", "guessed"])
def test_every_gate_answers_of_a_hostile_image(image: Path, tmp_path: Path, is_given: bool) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_bytes(DOCKERFILE)
    started = time.monotonic()

    outcomes = asked(
        image,
        *(rule(name, trigger, **params) for name, trigger, params in RULES),
        dockerfile=dockerfile if is_given else None,
    )

    assert len(outcomes) == len(RULES)
    assert [one.problem for one in outcomes if one.problem] == []
    assert time.monotonic() - started < 30  # a second and a half, where nothing else runs


def test_what_is_hidden_in_odd_bytes_is_found(image: Path) -> None:
    secrets, users, suid = asked(
        image,
        rule("secret_scans", "content_regex_checks", content_regex_name="PRIV_KEY"),
        rule("passwd_file", "denylist_userids", user_ids="0"),
        rule("files", "suid_or_guid_set"),
    )

    assert [one.path for one in secrets.findings] == ["/bad\udcff\udcfename\n\x1b[31m", "/nul"]
    assert len(users.findings) == 4
    assert len(suid.findings) == len(FILES)


@pytest.mark.parametrize(
    "slow",
    [
        rule("retrieved_files", "content_regex", path="/conf", regex="(a|a)*(?=b)c", check="match"),
        rule("retrieved_files", "content_regex", path="/conf", regex="(a|a)*(?=b)c", check="no_match"),
        rule("files", "name_match", "GO", regex="/(?=v)(?:[a-z]|\\w|.|/)*!"),
    ],
)  # fmt: skip
def test_an_expression_that_runs_away_is_a_problem_that_stops(
    image: Path, slow: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expression, "TIME_BOUND", 0.3)

    [outcome] = asked(image, slow)

    assert outcome.problem is not None
    assert "took longer than 0.3 seconds" in outcome.problem
    assert outcome.effective_action is Action.STOP


@pytest.mark.parametrize(
    ("gate_name", "trigger", "params"),
    [
        ("passwd_file", "denylist_userids", {"user_ids": "7"}),
        ("passwd_file", "denylist_full_entry", {"entry": "x"}),
        ("retrieved_files", "content_regex", {"path": "/etc/passwd", "regex": "x", "check": "match"}),
    ],
)
def test_a_file_that_is_too_long_to_be_read_does_not_pass(
    image: Path, gate_name: str, trigger: str, params: dict[str, str]
) -> None:
    policy = parse_bundle(bundle(rule(gate_name, trigger, "WARN", **params)))
    settings = AnalyzerSettings(retrieve_max_size=1000)

    result = gate(f"docker-archive:{image}", policy=policy, engine=LocalEngine(settings=settings))

    assert "is too long to be read" in str(result.evaluation.outcomes[0].problem)
    assert result.evaluation.final_action is Action.STOP
