"""Whatever comes together, everything that is told of a run says the same: one verdict, many words for it."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.cli import main
from tests.support.agreement import FORMATS, agree, junit_counts, pairs

Images = tuple[Path, Path]
RANK = {"go": 0, "warn": 1, "stop": 2, "never": 3}
FOUND = ("go", "warn", "stop", "known")  # what the rule's finding adds; known: the baseline has it
LISTED = ("", "allowed", "denied", "unmapped")


def policy(found: str, listed: str, *, is_silent: bool) -> dict[str, Any]:
    users = "nobody-else" if found == "go" else "root"
    rules = [
        {
            "id": "user",
            "gate": "dockerfile",
            "trigger": "effective_user",
            "action": "warn" if found == "warn" else "stop",
            "params": [{"name": "users", "value": users}, {"name": "type", "value": "denylist"}],
        }
    ]
    if is_silent:
        rules.append(
            {
                "id": "silent",
                "gate": "image_source_drift",
                "trigger": "no_related_repos",
                "params": [],
                "action": "stop",
            }
        )
    anything = {"registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}}
    listing = [{"id": "l", "name": "l", **anything}]
    mapping = {"id": "m", "name": "m", "policy_ids": ["p"], "whitelist_ids": [], **anything}
    return {
        "id": "b",
        "name": "b",
        "version": "1_0",
        "policies": [{"id": "p", "name": "p", "version": "1_0", "rules": rules}],
        "whitelists": [],
        "mappings": [mapping | {"registry": "elsewhere.example.com"} if listed == "unmapped" else mapping],
        "whitelisted_images": listing if listed == "allowed" else [],
        "blacklisted_images": listing if listed == "denied" else [],
    }


def action_of(found: str, listed: str, silent: int) -> int:
    if listed in ("denied", "unmapped"):
        return RANK["stop"]
    return max(0 if listed == "allowed" or found == "known" else RANK[found], silent)


def told(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in FORMATS}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_OUTPUT", "outputs")


def judged(*words: str) -> int:
    Path("outputs").unlink(missing_ok=True)
    return main(["check", *words, "--ci", "github", *(f"--format={name}={name}" for name in FORMATS)])


@pytest.mark.parametrize("listed", LISTED)
@pytest.mark.parametrize("found", FOUND)
def test_whatever_comes_together_all_reports_say_the_same(
    demo_images: Images, capsys: pytest.CaptureFixture[str], found: str, listed: str
) -> None:
    image = str(demo_images[1])
    Path("p.json").write_text(json.dumps(policy(found, "", is_silent=True)))
    main(["check", image, "--policy", "p.json", "--format", "json=before.json"])
    known = ["--new-only", "--baseline", "before.json"] if found == "known" else []
    for is_silent, unsupported, fail_on in product(
        (False, True), ("stop", "warn"), ("stop", "warn", "never")
    ):
        Path("p.json").write_text(json.dumps(policy(found, listed, is_silent=is_silent)))
        capsys.readouterr()
        words = ["--policy", "p.json", "--unsupported", unsupported, "--fail-on", fail_on, *known]
        code = judged(image, *words)

        is_asked = is_silent and listed != "unmapped"
        silent = RANK[unsupported] if is_asked else 0
        action = action_of(found, listed, silent)
        fails = action >= RANK[fail_on]
        verdict = "fail" if fails else "warn" if action else "pass"
        where = f"{found} {listed} silent={is_silent} {words}"
        assert code == int(fails), where
        _agree(verdict, code, has_error=is_asked and silent >= RANK[fail_on], where=where)
        said = capsys.readouterr().out
        assert f"\n{verdict.upper()}  " in "\n" + said, where
        assert (
            said.rstrip().partition("verdict: ")[2].startswith(f"{verdict} (1 {verdict}), exit code {code}")
        )


def _agree(verdict: str, code: int, *, has_error: bool, where: str) -> None:
    agree(told(Path()), verdict, code, has_error=has_error, where=where)
    outputs = pairs(Path("outputs").read_text())
    assert (outputs["verdict"], outputs["exit-code"]) == (verdict, str(code)), where


@pytest.mark.parametrize("on_error", ["fail", "warn"])
@pytest.mark.parametrize("number", range(1, 8))
def test_of_several_images_the_worst_decides_and_on_error_lets_only_no_verdict_go_on(
    demo_images: Images, number: int, on_error: str
) -> None:
    """Of three images any come together: one that is stopped (1), a wrong setting (2), no verdict (3)."""
    good, bad = map(str, demo_images)
    images = [name for place, name in enumerate((bad, good, "docker-archive:no.tar")) if number >> place & 1]
    Path("p.json").write_text(json.dumps(policy("stop", "", is_silent=False)))
    # the good image was not built on the bad one: what is named as its base is wrong
    code = judged(
        *images, "--policy", "p.json", "--base-image", bad, "--exclude-inherited", "--on-error", on_error
    )

    codes = [place + 1 for place in range(3) if number >> place & 1]
    let = [one for one in codes if one < 3 or on_error == "fail"]
    assert code == max(let, default=0)
    files = told(Path())
    verdict = "fail" if codes == [1] else "error"
    assert json.loads(files["json"])["verdict"] == verdict
    assert pairs(files["dotenv"])["ANCHORE_GATE_VERDICT"] == verdict
    assert pairs(Path("outputs").read_text())["exit-code"] == str(max(codes))
    failures, errors = junit_counts(files["junit"])
    assert (failures > 0, errors) == (1 in codes, len([one for one in codes if one > 1]))


@pytest.mark.parametrize("fail_on", ["stop", "warn", "never"])
def test_a_policy_that_cannot_be_applied_is_red_everywhere_whatever_fails_an_image(
    demo_images: Images, fail_on: str
) -> None:
    faulty = policy("stop", "", is_silent=False)
    faulty["policies"][0]["rules"][0]["gate"] = "no-such-gate"
    Path("p.json").write_text(json.dumps(faulty))
    assert judged(str(demo_images[0]), "--policy", "p.json", "--fail-on", fail_on) == 2
    _agree("fail", 2, has_error=True, where=fail_on)


@pytest.mark.parametrize(("on_error", "code"), [("fail", 3), ("warn", 0)])
def test_a_run_that_cannot_begin_is_told_everywhere(
    demo_images: Images, capsys: pytest.CaptureFixture[str], on_error: str, code: int
) -> None:
    Path("p.json").write_text(json.dumps(policy("stop", "", is_silent=False)))
    base = ["--base-image", "docker-archive:no.tar", "--exclude-inherited"]
    assert judged(str(demo_images[0]), "--policy", "p.json", *base, "--on-error", on_error) == code
    _agree("error", 3, has_error=True, where=on_error)
    said = capsys.readouterr()
    assert said.out.startswith("::error ")
    assert "anchore-gate: error: no.tar: there is no such file\n" in said.err


def test_on_error_lets_no_wrong_setting_go_on(demo_images: Images) -> None:
    assert judged(str(demo_images[0]), "--policy", "nothing.json", "--on-error", "warn") == 2
    _agree("error", 2, has_error=True, where="no policy")


def test_a_report_that_cannot_be_written_takes_no_other_word_of_the_verdict_with_it(
    demo_images: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("p.json").write_text(json.dumps(policy("stop", "", is_silent=False)))
    assert judged(str(demo_images[1]), "--policy", "p.json", "--format", "csv=/dev/full") == 2
    _agree("fail", 1, has_error=False, where="a full disk")
    said = capsys.readouterr()
    assert said.out.startswith("::error ")
    assert said.err == "anchore-gate: error: cannot write /dev/full: No space left on device\n"
