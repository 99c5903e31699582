from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from anchore_gate.cli.verdict import show_run
from anchore_gate.model.evaluation import Action, Problem
from anchore_gate.model.result import GateResult, GateRun
from tests.support import runs


def broken_policy() -> GateResult:
    built = runs.rich_result()
    problem = Problem(severity="error", type="GateNotFoundError", message="no such gate 'x'")
    return replace(built, evaluation=replace(built.evaluation, problems=(problem,)))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(
    run: GateRun,
    monkeypatch: pytest.MonkeyPatch,
    *written: Path,
    out: io.StringIO | None = None,
    quiet: bool = False,
    verbose: bool = False,
) -> str:
    out = out or io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    show_run(run, written, quiet=quiet, verbose=verbose)
    return out.getvalue()


def test_rules_of_the_same_id_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    built = runs.rich_result()
    outcomes = tuple(replace(one, rule_id="r", rule_set_id="s") for one in built.evaluation.outcomes)
    text = shown(
        runs.run_of(replace(built, evaluation=replace(built.evaluation, outcomes=outcomes))), monkeypatch
    )
    assert "stop vulnerabilities/package: 1 found" in text


def test_a_failed_image_says_what_why_and_what_to_do_first(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(runs.run_of(runs.rich_result()), monkeypatch)
    assert text.startswith("FAIL  registry.example:5000/")
    assert "stop vulnerabilities/package: 1 found" in text
    assert "CVE-2024-0001 in openssl 3.0.11-1~deb12u1 (deb) [High] [known exploited]" in text
    assert "do first:\n    1. upgrade openssl to 3.0.11-1~deb12u2" in text
    assert "no answer: malware/scans (rule malware-scans): no malware scan was run" in text
    assert "could not be read: 1 " in text
    assert "allowlist a1: CVE-2023-0002+* expires 2026-03-10" in text
    assert "built 2026-03-01 04:00 UTC (8 hours old)" in text
    assert "verdict: fail (1 fail), exit code 1" in text


def test_rules_that_lack_the_same_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    built = runs.rich_result()
    [silent] = [one for one in built.evaluation.outcomes if one.problem]
    others = tuple(replace(silent, rule_id=f"r{n}") for n in range(4))
    evaluation = replace(built.evaluation, outcomes=(*built.evaluation.outcomes, *others))
    text = shown(runs.run_of(replace(built, evaluation=evaluation)), monkeypatch)
    assert (
        "no answer: malware/scans (rules malware-scans, r0, r1 and 2 more): no malware scan was run" in text
    )
    assert text.count("no answer") == 1
    assert "make 5 rules answerable: no malware scan was run" in text


def test_what_to_do_first_names_the_rule_where_nothing_better_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = runs.outcome("stig", "x", Action.STOP, problem="not here", problem_action=Action.WARN)
    found = runs.outcome("metadata", "attribute", Action.STOP, runs.finding("odd"))
    text = shown(runs.run_of(runs.result(silent, found)), monkeypatch)
    first, second = text.partition("do first:\n")[2].splitlines()[:2]
    assert first.startswith("    1. metadata/attribute: change the image so that the rule no longer finds it")
    assert second == "    2. make rule stig-x answerable: not here"


def test_a_faulty_policy_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    [problem] = broken_policy().evaluation.problems
    placed = replace(broken_policy().evaluation, problems=(replace(problem, path="policies[0]"),))
    text = shown(runs.run_of(replace(broken_policy(), evaluation=placed)), monkeypatch)
    assert "final action stop (the policy has an error)" in text
    assert "policy error: policies[0]: no such gate 'x'" in text
    assert "1. mend the policy: policies[0]: no such gate 'x'" in text


def test_findings_of_a_rule_are_cut_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(runs.many(100), monkeypatch)
    assert "100 found" in text
    assert "    and 97 more\n" in text
    assert len(text.splitlines()) < 20


def test_verbose_tells_every_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(runs.many(100), monkeypatch, verbose=True)
    assert all(f"CVE-2025-{n} in " in text for n in range(100))


def test_quiet_is_one_line_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.every_kind()
    text = shown(run, monkeypatch, quiet=True)
    for result, told in zip(run.results, text.splitlines(), strict=True):
        assert told.startswith(f"{result.name}: {result.verdict}: ")


def test_an_image_without_verdict_is_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(runs.run_of(runs.no_verdict()), monkeypatch)
    assert text.startswith("TIMEOUT  ghcr.io/acme/slow:2\n")
    assert "never a pass" in text
    assert "no image was judged" in shown(runs.run_of(), monkeypatch)


def test_a_sample_database_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    result = runs.rich_result()
    assert result.database is not None
    result = replace(result, database=replace(result.database, is_sample=True))
    assert "SAMPLE" in shown(runs.run_of(result), monkeypatch)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (runs.denied_result(), "use another image"),
        (runs.unmapped_result(), "add a mapping to the policy"),
        (broken_policy(), "mend the policy: no such gate"),
    ],
    ids=["denied", "unmapped", "broken"],
)
def test_an_image_that_no_finding_fails_says_what_to_do_too(
    result: GateResult, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"    1. {told}" in shown(runs.run_of(result), monkeypatch)


def test_an_image_that_the_policy_lets_through_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "do first" not in shown(runs.run_of(runs.excused_result()), monkeypatch)


def test_the_end_says_where_the_reports_are(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.run_of(runs.clean_result())
    assert shown(run, monkeypatch, Path("out/a.xml")).endswith("report: out/a.xml\n")
    text = shown(run, monkeypatch, Path("out/a.xml"), Path("out/b.json"))
    assert text.endswith("reports: out/ (a.xml, b.json)\n")
    many = [Path(f"out/{number}") for number in range(9)]
    assert shown(run, monkeypatch, *many).endswith("reports: out/ (9 files)\n")


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.every_kind()
    assert "\x1b" not in shown(run, monkeypatch)
    assert "\x1b[1;31mFAIL" in shown(run, monkeypatch, out=Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(run, monkeypatch, out=Terminal())


def test_a_narrow_terminal_wraps_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(runs.every_kind(), monkeypatch, out=Terminal(), verbose=True)
    assert max(len(told) for told in text.splitlines()) <= 40


def test_hostile_text_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for verbose in (False, True):
        text = shown(runs.run_of(runs.hostile_result()), monkeypatch, verbose=verbose)
        assert not set(text) & set("\x00\x1b\u202e\u200f\r\ud800\ufffe")
        assert not any(told.startswith("::") for told in text.splitlines())


@pytest.mark.parametrize("name", ["::error::owned", " ::error::owned", "a##vso[task.x]b", "##[group]"])
def test_a_name_commands_no_ci_system(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.run_of(replace(runs.no_verdict(), name=name))
    for quiet in (False, True):
        text = shown(run, monkeypatch, quiet=quiet)
        assert "##[" not in text
        assert "##vso[" not in text
        assert not any(told.lstrip().startswith("::") for told in text.splitlines())


def test_a_terminal_without_unicode_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    show_run(runs.run_of(runs.hostile_result()), (), quiet=False, verbose=False)
    out.flush()


def test_rich_is_not_imported_without_colour() -> None:
    code = (
        "import sys; from tests.support import runs; from anchore_gate.cli.verdict import show_run;"
        "show_run(runs.every_kind(), (), quiet=False, verbose=False); sys.exit('rich' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={"NO_COLOR": "1"})
