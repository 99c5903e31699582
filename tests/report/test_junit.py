from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import junitparser
import pytest
import xmlschema

from anchore_gate.model.evaluation import Action
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def rendered(run: Any, **options: Any) -> str:
    return "".join(reporter("junit").render(run, ReportOptions(**options)))


def cases(run: Any, **options: Any) -> list[Any]:
    text = rendered(run, **options)
    SCHEMA.validate(text)
    return [case for suite in junitparser.JUnitXml.fromstring(text.encode()) for case in suite]


def kinds(run: Any, **options: Any) -> Counter[str]:
    return Counter(
        type(case.result[0]).__name__ if case.result else "Passed" for case in cases(run, **options)
    )


@pytest.mark.parametrize(
    "run",
    [runs.every_kind(), runs.run_of(runs.hostile_result()), runs.run_of(), runs.many(40)],
    ids=["kinds", "hostile", "none", "many"],
)
def test_every_run_is_valid_and_counts_itself_right(run: Any) -> None:
    parsed = junitparser.JUnitXml.fromstring(rendered(run).encode())
    assert cases(run)
    for suite in parsed:
        found = Counter(type(case.result[0]).__name__ for case in suite if case.result)
        assert (suite.failures, suite.errors, suite.skipped) == (
            found["Failure"],
            found["Error"],
            found["Skipped"],
        )
        assert suite.tests == len(list(suite))


def test_stop_fails_warn_passes_allowlisted_is_skipped_and_a_problem_is_an_error() -> None:
    # failures: the verdict, the vulnerability, the user; the warning, the policy's warning and the rule that found nothing pass
    assert kinds(runs.run_of(runs.rich_result())) == {"Failure": 3, "Error": 1, "Skipped": 1, "Passed": 3}


def test_an_image_without_verdict_is_an_error() -> None:
    assert kinds(runs.run_of(runs.no_verdict())) == {"Error": 1}


def test_a_run_without_images_is_an_error() -> None:
    assert kinds(runs.run_of()) == {"Error": 1}


def test_a_clean_image_still_has_cases() -> None:
    assert kinds(runs.run_of(runs.clean_result())) == {"Passed": 2}


def test_an_allowlisted_image_skips_what_was_found() -> None:
    assert kinds(runs.run_of(runs.excused_result()))["Failure"] == 0


def test_an_allowlisted_image_is_red_where_a_rule_could_not_answer() -> None:
    seen = kinds(runs.run_of(runs.excused_result(with_problem=True)))

    assert (seen["Failure"], seen["Error"]) == (1, 1)  # the verdict, and the rule


@pytest.mark.parametrize(
    ("fail_on", "failed", "errors"),
    [(Action.WARN, 4, 1), (Action.STOP, 3, 1), (None, 0, 0)],
    ids=["warn", "stop", "never"],
)
def test_a_report_is_red_only_where_the_verdict_is(fail_on: Action | None, failed: int, errors: int) -> None:
    run = runs.run_of(replace(runs.rich_result(), fail_on=fail_on))
    assert (kinds(run)["Failure"], kinds(run)["Error"]) == (failed, errors)


def test_what_stops_stays_readable_where_nothing_fails_the_run() -> None:
    run = runs.run_of(replace(runs.rich_result(), fail_on=None))
    told = next(case for case in cases(run) if "CVE-2024-0001" in case.name)
    assert "vulnerabilities/package: stop" in told.system_out
    assert kinds(run, junit_warn="failure")["Failure"] == 4


def test_a_rule_without_answer_is_a_warning_where_the_user_says_so() -> None:
    rule = runs.outcome("malware", "scans", Action.STOP, problem="not known here", problem_action=Action.WARN)
    run = runs.run_of(runs.result(rule))
    assert kinds(run) == {"Passed": 2}
    assert kinds(run, junit_warn="skipped") == {"Passed": 1, "Skipped": 1}


@pytest.mark.parametrize(
    ("word", "kind"), [("pass", "Passed"), ("skipped", "Skipped"), ("failure", "Failure")]
)
def test_the_user_says_what_a_warning_is(word: str, kind: str) -> None:
    assert kinds(runs.run_of(runs.warned_result()), junit_warn=word)[kind] >= 1


def test_names_are_unique_even_where_a_finding_repeats() -> None:
    same = runs.finding()
    run = runs.run_of(runs.result(runs.outcome("g", "t", Action.STOP, same, same, same)))
    names = [(case.classname, case.name) for case in cases(run)]
    assert len(names) == len(set(names)) == 4


def test_cases_are_unique_where_images_share_a_name_or_the_slug_of_one() -> None:
    bad = runs.outcome("g", "t", Action.STOP, runs.finding())
    images = ("r.io/app:1", "r.io/app:1", "r.io/app_1", "r.io/app:1")
    run = runs.run_of(*(runs.result(bad, name=name) for name in images))
    names = [(case.classname, case.name) for case in cases(run)]
    assert len(names) == len(set(names)) == 8


def test_the_text_tells_what_where_why_and_what_to_do() -> None:
    text = next(c for c in cases(runs.run_of(runs.rich_result())) if "CVE-2024-0001" in c.name).result[0].text
    for told in (
        "openssl 3.0.11-1~deb12u1 (deb), /var/lib/dpkg/status",
        "brought by: RUN apt-get install -y openssl",
        "rule vulnerabilities-package (vulnerabilities/package: stop) of policy production",
        "NIST-800-190:4.1.1",
        "upgrade openssl to 3.0.11-1~deb12u2",
    ):
        assert told in text


def test_the_evaluation_says_which_vulnerability_data_was_asked() -> None:
    text = (
        next(c for c in cases(runs.run_of(runs.rich_result())) if c.name == "policy evaluation")
        .result[0]
        .text
    )
    assert "database built: 2026-03-01 04:00 UTC (8 hours old)" in text
    assert f"database digest: sha256:{'cd' * 32}" in text


def test_a_skipped_case_says_reason_and_expiry() -> None:
    skipped = next(c for c in cases(runs.run_of(runs.rich_result())) if c.is_skipped)
    assert (
        skipped.result[0].message
        == "allowlisted (accepted); not reachable; owner ann@example.com; expires 2026-03-10"
    )


def test_many_images_with_long_messages_stay_within_what_gitlab_reads() -> None:
    found = runs.finding("long words " * 400)
    one = runs.result(runs.outcome("files", "content_regex_match", Action.STOP, *[found] * 1_500))
    text = rendered(runs.run_of(*[one] * 20))
    assert 20_000 >= text.count("<testcase ") >= 19_000
    assert len(text.encode()) < 30_000_000


def test_many_findings_are_capped_with_a_case_that_says_how_many_more() -> None:
    found = cases(runs.many(40), junit_max_cases=10)
    assert len(found) == 10
    assert found[-1].name == "32 more" or found[-1].name == "31 more"
    assert found[-1].result


def test_the_same_run_gives_the_same_bytes() -> None:
    assert rendered(runs.every_kind()) == rendered(runs.every_kind())
