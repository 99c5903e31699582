"""`anchore-gate allow`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from anchore_gate.cli import main
from anchore_gate.cli.policy_file import PolicyFile
from anchore_gate.errors import ConfigError
from anchore_gate.policy.pattern import Pattern
from anchore_gate.report.json import REPORTER
from anchore_gate.report.reporter import ReportOptions
from tests.policy.support import bundle, enterprise, rule
from tests.support.runs import rich_result, run_of, unmapped_result

KNOWN = "CVE-2024-0001+openssl"
SCRATCH = Path(__file__).parents[1] / "vectors/policy-cases/images/scratch.tar"
POLICY = {
    "id": "b",
    "version": "2",
    "rule_sets": [],
    "allowlists": [{"id": "a1", "version": "2", "items": []}],
    "mappings": [],
}


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_text("".join(REPORTER.render(run_of(rich_result()), ReportOptions())))
    return path


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(POLICY, indent=2))
    path.chmod(0o640)
    return path


def allow(result: Path, policy: Path, *ids: str, expires: str = "2099-01-31", reason: str = "why") -> int:
    given = ["--expires", expires, "--reason", reason, "--policy", str(policy), "--owner", "team"]
    return main(["allow", str(result), *ids, *given])


def test_findings_are_accepted_in_the_mappings_allowlist(result: Path, policy: Path) -> None:
    assert allow(result, policy, KNOWN, "41cb7cdf04850e33a11f80c42bf660b3") == 0

    items = json.loads(policy.read_text())["allowlists"][0]["items"]
    assert [(one["gate"], one["trigger_id"]) for one in items] == [
        ("vulnerabilities", KNOWN),
        ("dockerfile", "41cb7cdf04850e33a11f80c42bf660b3"),
    ]
    assert {one["expires_on"] for one in items} == {"2099-01-31T00:00:00Z"}
    assert policy.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in policy.parent.iterdir()) == ["policy.json", "result.json"]


@pytest.mark.parametrize(
    ("ids", "more", "said"),
    [
        (("nothing",), {}, "the result has no finding 'nothing'"),
        (("CVE-2024-0001",), {}, "'CVE-2024-0001' (it has 'CVE-2024-0001+openssl')"),
        ((KNOWN.replace("1+", "9+"),), {}, "(it has 'CVE-2024-0001+openssl'"),
        ((KNOWN,), {"expires": "2099-02-30"}, "--expires: no such time (day "),
        ((KNOWN, "nothing"), {}, "the result has no finding 'nothing'"),
        ((KNOWN,), {"expires": "2001-01-01"}, "2001-01-01 is past"),
        ((KNOWN,), {"expires": "soon"}, "not an RFC 3339 time"),
        ((KNOWN,), {"expires": "31.01.2099"}, "31.01.2099' (a day is written 2027-01-31)"),
        ((KNOWN,), {"expires": "2099-1-310"}, "'2099-1-310'"),
        ((KNOWN,), {"reason": "  "}, "say why"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_written(
    result: Path,
    policy: Path,
    capsys: pytest.CaptureFixture[str],
    ids: tuple[str, ...],
    more: dict[str, str],
    said: str,
) -> None:
    before = policy.read_text()

    assert allow(result, policy, *ids, **more) == 2
    assert said in capsys.readouterr().err
    assert policy.read_text() == before


def test_an_end_is_written_in_utc_which_is_all_that_engine_reads(result: Path, policy: Path) -> None:
    assert allow(result, policy, KNOWN, expires="2099-01-31T10:00:00+02:00") == 0

    assert '"expires_on": "2099-01-31T08:00:00Z"' in policy.read_text()


def test_a_mapping_without_an_allowlist_gets_one_and_the_finding_is_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, found = tmp_path / "policy.json", tmp_path / "found.json"
    raw = enterprise(rule("files", "name_match", regex="/app/bin"), rule("malware", "scan_not_run"))
    del raw["allowlists"]
    raw["mappings"][0]["allowlist_ids"] = []
    policy.write_text(json.dumps(raw, indent=4) + "\n")
    check = ["check", f"docker-archive:{SCRATCH}", "--policy", str(policy)]
    assert main([*check, "--format", f"json={found}"]) == 1
    ids = [one["trigger_id"] for one in json.loads(found.read_text())["results"][0]["findings"]]

    assert allow(found, policy, *ids) == 0

    assert "in 'accepted' until 2099-01-31" in capsys.readouterr().err
    assert policy.read_text() == json.dumps(json.loads(policy.read_text()), indent=4) + "\n"
    assert main(check) == 0


def test_a_policy_that_ships_is_not_edited(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert allow(result, Path("anchore-default"), KNOWN) == 2
    assert "policy show anchore-default" in capsys.readouterr().err


def test_an_image_without_a_mapping_needs_the_lists_name(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "unmapped.json"
    path.write_text("".join(REPORTER.render(run_of(unmapped_result()), ReportOptions())))

    assert allow(path, policy, KNOWN) == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("2098-01-31T00:00:00Z", "(there before, until 2098-01-31T00:00:00Z)"),
        ("2020-01-31T00:00:00Z", "(there before, expired on 2020-01-31T00:00:00Z)"),
        (None, "(there before, without an end)"),
    ],
)
def test_what_was_there_before_is_told(
    result: Path, policy: Path, capsys: pytest.CaptureFixture[str], end: str | None, said: str
) -> None:
    assert allow(result, policy, KNOWN, KNOWN) == 0
    assert "there before" not in capsys.readouterr().err
    raw = json.loads(policy.read_text())
    raw["allowlists"][0]["items"][0]["expires_on"] = end
    policy.write_text(json.dumps(raw))

    assert allow(result, policy, KNOWN) == 0
    assert said in capsys.readouterr().err
    [item] = json.loads(policy.read_text())["allowlists"][0]["items"]
    assert item["expires_on"] == "2099-01-31T00:00:00Z"


def test_a_result_of_another_policy_is_told(
    result: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy.write_text(json.dumps({**POLICY, "id": "other"}))

    assert allow(result, policy, KNOWN) == 0
    assert "note: the result is another policy's: " in capsys.readouterr().err


def test_a_faulty_policy_is_not_edited_and_all_its_faults_are_said(
    result: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy.write_text(json.dumps({**POLICY, "id": 7, "mappings": [3]}))
    before = policy.read_bytes()

    assert allow(result, policy, KNOWN) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" [")[0] for line in said[:-1]] == [
        "error: id: not a text: 7",
        "error: mappings[0]: not an object",
    ]
    assert "faulty, so nothing was written" in said[-1]
    assert policy.read_bytes() == before


@pytest.mark.parametrize("hostile", ["CVE-2024-0001+*", "regexp:.*", " regexp:(", "*"])
def test_an_id_that_would_be_a_pattern_accepts_itself_only(result: Path, policy: Path, hostile: str) -> None:
    result.write_text(result.read_text().replace(KNOWN, hostile))

    assert allow(result, policy, hostile) == 0
    assert allow(result, policy, hostile) == 0
    [item] = json.loads(policy.read_text())["allowlists"][0]["items"]
    pattern = Pattern.parse(item["trigger_id"])
    assert pattern.matches(hostile)
    assert not any(pattern.matches(one) for one in (KNOWN, f"{hostile}x", "CVE-2024-0001+", "x"))


def test_a_link_stays_and_what_it_means_is_edited(result: Path, policy: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(policy.name)

    assert allow(result, link, KNOWN) == 0
    assert link.is_symlink()
    assert KNOWN in policy.read_text()


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (json.dumps(POLICY, indent=2).replace("\n", "\r\n").encode(), b"\r\n"),
        (json.dumps(POLICY).encode("utf-8-sig"), b"\xef\xbb\xbf{"),
    ],
    ids=["crlf", "byte order mark"],
)
def test_line_ends_and_marks_stay(result: Path, policy: Path, content: bytes, kept: bytes) -> None:
    policy.write_bytes(content)

    assert allow(result, policy, KNOWN) == 0
    edited = policy.read_bytes()
    assert kept in edited
    assert edited.count(b"\n") == edited.count(b"\r\n")
    assert json.loads(edited)["allowlists"][0]["items"][0]["trigger_id"] == KNOWN


def test_what_cannot_be_edited_is_left_alone(
    result: Path, policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, wide, folder = tmp_path / "pipe", tmp_path / "wide.json", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    wide.write_text(policy.read_text(), encoding="utf-16")
    policy.chmod(0o444)
    for path, said in (
        (policy, "read-only"),
        (pipe, "not a file that can be edited"),
        (wide, "not UTF-8"),
        (folder, "a folder, not a file"),
        (tmp_path / "none.json", "no such file"),
    ):
        assert allow(result, path, KNOWN) == 2
        assert said in capsys.readouterr().err


def test_a_file_that_changed_meanwhile_is_not_written_over(policy: Path) -> None:
    read = PolicyFile.read(policy)
    policy.write_text(json.dumps({**POLICY, "name": "new"}))

    with pytest.raises(ConfigError, match="changed meanwhile"):
        read.write(read.text)
    assert json.loads(policy.read_text())["name"] == "new"
    assert [path.name for path in policy.parent.iterdir()] == ["policy.json"]


def test_a_file_that_is_gone_meanwhile_is_not_made(policy: Path) -> None:
    read = PolicyFile.read(policy)
    policy.unlink()

    with pytest.raises(ConfigError, match="nothing was written: No such file or directory"):
        read.write(read.text)
    assert list(policy.parent.iterdir()) == []


def test_a_reason_that_is_no_text_is_refused(result: Path, policy: Path) -> None:
    before = policy.read_bytes()

    assert allow(result, policy, KNOWN, reason="\udcff") == 2
    assert policy.read_bytes() == before


@pytest.mark.parametrize("dialect", ["engine", "enterprise"])
def test_an_id_of_several_gates_is_accepted_in_each(
    dialect: str, result: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(result.read_text())
    same = "41cb7cdf04850e33a11f80c42bf660b3"
    data = json.loads(json.dumps(data).replace(KNOWN, same))
    result.write_text(json.dumps(data))
    raw = bundle() if dialect == "engine" else enterprise()
    policy.write_text(json.dumps(raw).replace('"w1"', '"a1"'))

    assert allow(result, policy, same) == 0
    made = json.loads(policy.read_text())
    items = (made.get("allowlists") or made.get("whitelists"))[0]["items"]
    assert sorted(one["gate"] for one in items) == ["dockerfile", "vulnerabilities"]
    assert ("refuses the key 'owner'" in capsys.readouterr().err) is (dialect == "enterprise")
