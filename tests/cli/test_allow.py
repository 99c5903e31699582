"""`anchore-gate allow`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchore_gate.cli import main
from anchore_gate.report.json import REPORTER
from anchore_gate.report.reporter import ReportOptions
from tests.policy.support import enterprise, rule
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
        ((KNOWN, "nothing"), {}, "the result has no finding 'nothing'"),
        ((KNOWN,), {"expires": "2001-01-01"}, "2001-01-01 is past"),
        ((KNOWN,), {"expires": "soon"}, "not an RFC 3339 time"),
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
