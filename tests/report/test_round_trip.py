"""Whatever a run holds, the JSON report gives it back: every other report is made from it."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchore_gate.model.digest import Digest
from anchore_gate.model.evaluation import (
    Action,
    Evaluation,
    ExpiringItem,
    Finding,
    MatchedRule,
    Problem,
    RuleOutcome,
)
from anchore_gate.model.image import (
    Dockerfile,
    HistoryEntry,
    Image,
    ImageConfig,
    Instruction,
    Layer,
    Platform,
)
from anchore_gate.model.inventory import Distro, Inventory, Package, Unknown
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import (
    Cvss,
    DatabaseIdentity,
    Fix,
    Incomparable,
    Match,
    Vulnerability,
)
from anchore_gate.report import format_names, reporter
from anchore_gate.report.reading import parse_run
from anchore_gate.report.reporter import ReportOptions

# Lone surrogates are no text in UTF-8: they become U+FFFD, which the hostile runs of the other tests show.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ZONES = st.sampled_from([timezone.utc, timezone(timedelta(hours=5, minutes=30))])
MOMENT = st.datetimes(datetime(1970, 1, 1), datetime(2099, 1, 1), timezones=ZONES)  # noqa: DTZ001  # hypothesis adds it
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
SPECIAL: dict[type, st.SearchStrategy[Any]] = {
    str: TEXT,
    datetime: MOMENT,
    float: FLOAT,
    Digest: st.binary(max_size=4).map(Digest.of),
}
for kind, strategy in SPECIAL.items():
    st.register_type_strategy(kind, strategy)


def few(kind: Any) -> st.SearchStrategy[Any]:
    return st.lists(kind, max_size=2).map(tuple)


def built(kind: Any, **given: Any) -> st.SearchStrategy[Any]:
    """Values of a dataclass: named fields by their strategy, the others by their type."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: given.get(f.name, typed(hints[f.name])) for f in fields(kind)})


def typed(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        arms = get_args(hint)
        return few(typed(arms[0])) if arms[-1] is Ellipsis else st.tuples(*map(typed, arms))
    return st.from_type(hint)


PACKAGE = built(Package)
VULNERABILITY = built(Vulnerability, cvss=few(built(Cvss)))
SUPPRESSION = st.none() | built(Suppression)
MATCH = built(Match, package=PACKAGE, vulnerability=VULNERABILITY, fix=built(Fix), suppressed=SUPPRESSION)
FINDING = built(
    Finding,
    package=st.none() | PACKAGE,
    match=st.none() | MATCH,
    suppressed=SUPPRESSION,
    expired=SUPPRESSION,
)
EVALUATION = built(
    Evaluation,
    outcomes=few(built(RuleOutcome, findings=few(FINDING), action=st.sampled_from(Action))),
    problems=few(built(Problem)),
    mapping=st.none() | built(MatchedRule),
    allowlisted_image=st.none() | built(MatchedRule),
    denylisted_image=st.none() | built(MatchedRule),
    expiring=few(built(ExpiringItem)),
)
CONFIG = built(ImageConfig, platform=built(Platform), history=few(built(HistoryEntry)))
RESULT = built(
    GateResult,
    image=built(Image, config=CONFIG, layers=few(built(Layer))),
    evaluation=EVALUATION,
    inventory=built(
        Inventory,
        distro=st.none() | built(Distro),
        packages=few(PACKAGE),
        unknowns=few(built(Unknown)),
        files=st.just(()),  # not in the report: a file list is no evidence of its own
    ),
    matches=few(MATCH),
    incomparable=few(built(Incomparable, package=PACKAGE)),
    dockerfile=built(Dockerfile, instructions=few(built(Instruction))),
    database=st.none() | built(DatabaseIdentity),
)
RUN = built(GateRun, results=few(RESULT | built(NoVerdict)))
# Controls but tab and newline, and what reorders or hides text.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ONCE = settings(
    derandomize=True, max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def rendered(run: GateRun, name: str) -> str:
    return "".join(reporter(name).render(run, ReportOptions()))


@ONCE
@given(run=RUN)
def test_a_run_comes_back_as_it_was(run: GateRun) -> None:
    text = rendered(run, "json")
    again = parse_run(text)
    assert again == run
    assert rendered(again, "json") == text


@pytest.mark.parametrize("name", format_names())
def test_every_report_takes_any_run_and_says_the_same_from_the_json(name: str) -> None:
    @settings(ONCE, max_examples=8)
    @given(run=RUN)
    def holds(run: GateRun) -> None:
        text = rendered(run, name)
        assert text == rendered(parse_run(rendered(run, "json")), name)
        assert not STEERING.findall(text.replace("\r\n", "\n"))

    holds()
