"""
Report `junit`: one dialect that Jenkins, GitLab, GitHub test reporters, Azure, CircleCI and Buildkite read.

`testsuites` > one flat `testsuite` an image > a `testcase` per rule asked and per finding. The one door of
`junit-xml`: it builds every element; the suites are put together here, a chunk at a time, because it would
build one tree of a whole run, and its `disabled` attribute breaks the schema of Jenkins' xunit plugin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from xml.etree import ElementTree

from anchore_gate.model.evaluation import Action, RuleOutcome
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.regex import regex
from anchore_gate.report.cleaning import fit, line
from anchore_gate.report.entry import Entry, counts, entries
from anchore_gate.report.evidence import endings, provenance, verdict_line
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass

_SLUG = regex(r"[^A-Za-z0-9_-]+")
_RANK = {"error": 0, "failure": 1, "output": 2, "skipped": 3, "passed": 4}
_TEXT_LIMIT = 4_000  # GitLab shows about 80 lines of a case
_MOST_CASES = 20_000  # a file; GitLab reads 30 MB of one: 12 MB of texts leave room for names and messages
_MOST_TEXT = 12_000_000
_LEAST_TEXT = 600
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class JunitReporter:
    """The verdict as test cases."""

    name: str = "junit"
    filename: str = "junit.xml"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        room = _room(run, options)
        names, slugs = _Names(), _Names()
        suites = [_suite(result, slugs, options, room) for result in run.results] or [_nothing(run)]
        tally = Counter(case.kind for suite in suites for case in suite.cases)
        yield '<?xml version="1.0" encoding="utf-8"?>\n'
        yield f'<testsuites name="anchore_gate"{_numbers(tally)}>\n'
        for suite in suites:
            yield from _written(suite, names.unique(suite.name))
        yield "</testsuites>\n"


REPORTER: Final[Reporter] = JunitReporter()


@dataclass(frozen=True, slots=True)
class _Case:
    kind: str  # error, failure, skipped, output (passed, with something to say), passed
    classname: str
    name: str
    message: str = ""
    text: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class _Room:
    cases: int  # a suite
    text: int  # characters a finding


@dataclass(frozen=True, slots=True)
class _Draft:
    """A finding before it is told: only those that fit are."""

    kind: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class _Suite:
    name: str
    timestamp: str
    cases: tuple[_Case, ...]


class _Names:
    """Names that were given away: GitLab drops a case whose suite, class and name it has seen."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def unique(self, name: str) -> str:
        self._seen[name] += 1
        number = self._seen[name]
        return name if number == 1 else self.unique(f"{name} ({number})")


def _room(run: GateRun, options: ReportOptions) -> _Room:
    most = min(options.junit_max_cases, max(10, _MOST_CASES // max(1, len(run.results))))
    told = sum(min(most, len(entries(r))) for r in run.results if isinstance(r, GateResult))
    return _Room(most, max(_LEAST_TEXT, min(_TEXT_LIMIT, _MOST_TEXT // max(1, told))))


def _suite(result: GateResult | NoVerdict, slugs: _Names, options: ReportOptions, room: _Room) -> _Suite:
    name = line(result.name, limit=200) or "image"
    slug = slugs.unique(_SLUG.sub("_", name))  # two images may have one name, and two names one slug
    prefix = f"anchore_gate.{_SLUG.sub('_', slug)}"
    drafts = (
        [_no_verdict(result, prefix)] if isinstance(result, NoVerdict) else _drafts(result, prefix, options)
    )
    names = _Names()
    shown = (_case(draft, prefix, room) for draft in _capped(drafts, prefix, room.cases))
    unique = tuple(_renamed(case, names) for case in shown)
    return _Suite(name, f"{result.decided_at:%Y-%m-%dT%H:%M:%S}", unique)


def _nothing(run: GateRun) -> _Suite:
    case = _Case(
        "error",
        "anchore_gate.run",
        "policy evaluation",
        "no image was judged",
        "No image was judged.",
        "error",
    )
    return _Suite("anchore_gate", f"{run.started_at:%Y-%m-%dT%H:%M:%S}", (case,))


def _renamed(case: _Case, names: _Names) -> _Case:
    """The case with a name of its own, and with nothing that XML forbids."""
    name = line(case.name, limit=400) or "case"
    name = names.unique(f"{case.classname}\n{name}").partition("\n")[2]
    message, text = line(case.message, limit=600), fit(case.text, limit=_TEXT_LIMIT + 200)
    return _Case(case.kind, case.classname, name, message, text, case.type)


def _capped(cases: Sequence[_Case | _Draft], prefix: str, limit: int) -> Sequence[_Case | _Draft]:
    if len(cases) <= limit:
        return cases
    kept = sorted(cases, key=lambda case: _RANK[case.kind])[: limit - 1]
    left = Counter(case.kind for case in cases) - Counter(case.kind for case in kept)
    number = len(cases) - len(kept)
    told = ", ".join(f"{left[kind]} {kind}" for kind in _RANK if left[kind])
    text = f"This report shows the worst {len(kept)} cases. Not shown: {told}. The JSON report has them all."
    kind = next(kind for kind in _RANK if left[kind])
    kind = "output" if kind == "passed" else kind
    return [*kept, _Case(kind, f"{prefix}.more", f"{number} more", f"{number} more cases", text, "more")]


def _no_verdict(result: NoVerdict, prefix: str) -> _Case:
    told = fit(result.message, limit=_TEXT_LIMIT)
    text = f"No verdict ({result.category}): {told}\nThe image was not judged: this is never a pass."
    message = line(f"no verdict: {result.message}") or "no verdict"
    return _Case("error", f"{prefix}.verdict", "policy evaluation", message, text, result.verdict)


def _drafts(result: GateResult, prefix: str, options: ReportOptions) -> list[_Case | _Draft]:
    findings = (_Draft(_finding_kind(entry, options), entry) for entry in entries(result))
    return [*_grounds(result, prefix, options), *findings]


def _case(draft: _Case | _Draft, prefix: str, room: _Room) -> _Case:
    return _finding(draft, prefix, room.text) if isinstance(draft, _Draft) else draft


def _kind(bad: str, action: Action, result: GateResult, options: ReportOptions) -> str:
    """`bad` where it fails the image, else what a warning is: a report is red only where the verdict is."""
    if result.fails(action):
        return "error" if result.is_undecided else bad
    return "output" if action is Action.GO or options.junit_warn == "pass" else options.junit_warn


def _finding_kind(entry: Entry, options: ReportOptions) -> str:
    if not entry.finding.stands or entry.excused:
        return "skipped"
    return _kind("failure", entry.outcome.action, entry.result, options)


def _grounds(result: GateResult, prefix: str, options: ReportOptions) -> Iterator[_Case]:
    yield _evaluation(result, prefix)
    for place, problem in enumerate(result.evaluation.problems):
        serious = problem.severity == "error"
        kind = _kind("error", Action.STOP, result, options) if serious else "output"
        text = f"{problem.type}: {fit(problem.message)}\nwhere: {problem.path or 'the policy'}"
        name = line(f"problem {place + 1}: {problem.type}", limit=120)
        yield _Case(kind, f"{prefix}.policy", name, line(problem.message) or problem.type, text, "policy")
    for outcome in result.evaluation.outcomes:
        kind = _kind("error", outcome.problem_action, result, options)
        yield from _rule(outcome, f"{prefix}.{_SLUG.sub('_', outcome.gate) or 'gate'}", kind)


def _evaluation(result: GateResult, prefix: str) -> _Case:
    ends = [("accepted for a time", told) for told in endings(result)]
    grounds = [*counts(result).as_pairs(), *ends, *provenance(result)]
    text = fit("\n".join(f"{word}: {told}" for word, told in grounds), limit=_TEXT_LIMIT)
    kind = "output" if result.passed else "error" if result.is_undecided else "failure"
    told = verdict_line(result).removeprefix("error: ")
    return _Case(kind, f"{prefix}.verdict", "policy evaluation", told, f"{told}\n{text}", "final_action")


def _rule(outcome: RuleOutcome, classname: str, kind: str) -> Iterator[_Case]:
    name = line(f"{outcome.trigger} (rule {outcome.rule_id})", limit=160)
    if outcome.problem is not None:
        text = f"The rule was asked and could not say: {fit(outcome.problem) or 'no reason given'}"
        message = line(outcome.problem) or "the rule could not be evaluated"
        yield _Case(kind, classname, name, message, text, "problem")
    elif not outcome.findings:
        yield _Case("passed", classname, name)


def _finding(draft: _Draft, prefix: str, limit: int) -> _Case:
    entry, outcome, finding = draft.entry, draft.entry.outcome, draft.entry.finding
    classname = f"{prefix}.{_SLUG.sub('_', outcome.gate) or 'gate'}"
    name = f"{line(outcome.trigger, limit=60)}: {entry.title} [{line(finding.trigger_id, limit=80)}]"
    text = fit("\n".join(f"{word + ':':<10}{told}" for word, told in entry.explanation()), limit=limit)
    message = line(finding.message) or entry.title or "found"
    if not finding.stands:
        message = entry.set_aside
    elif entry.excused:
        message = "the policy allowlists this image"
    return _Case(draft.kind, classname, name, message, text, outcome.action.word)


def _numbers(tally: Counter[str]) -> str:
    return f' tests="{tally.total()}" failures="{tally["failure"]}" errors="{tally["error"]}" time="0"'


def _written(suite: _Suite, name: str) -> Iterator[str]:
    from junit_xml import TestSuite

    tally = Counter(case.kind for case in suite.cases)
    shell = TestSuite(name, timestamp=suite.timestamp).build_xml_doc()
    named = ElementTree.Element("testsuite", {key: shell.attrib[key] for key in ("name", "timestamp")})
    quoted = ElementTree.tostring(named, encoding="unicode").removesuffix(" />")
    yield f'{quoted}{_numbers(tally)} skipped="{tally["skipped"]}">\n'
    remaining = iter(suite.cases)
    while chunk := list(islice(remaining, _CHUNK)):
        element = TestSuite(name, [_built(case) for case in chunk]).build_xml_doc()
        yield "".join(f"{ElementTree.tostring(child, encoding='unicode')}\n" for child in element)
    yield "</testsuite>\n"


def _built(case: _Case) -> object:
    from junit_xml import TestCase

    shown = case.text if case.kind == "output" else None
    built = TestCase(case.name, classname=case.classname, stdout=shown)
    if case.kind == "failure":
        built.add_failure_info(case.message, case.text, case.type)
    elif case.kind == "error":
        built.add_error_info(case.message, case.text, case.type)
    elif case.kind == "skipped":
        built.add_skipped_info(case.message, case.text)
    return built
