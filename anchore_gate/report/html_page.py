"""What the HTML report shows of one image, as the template asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from anchore_gate.compliance.controls import Assessed, Standard
from anchore_gate.model.image import Layer
from anchore_gate.model.inventory import Package
from anchore_gate.model.result import GateResult, NoVerdict
from anchore_gate.report.entry import Counts, Entry, counts, why
from anchore_gate.report.evidence import assessments, first_things, ordered, provenance, verdict_line
from anchore_gate.report.html_rows import (
    aside_rows,
    asked,
    bodies,
    finding_rows,
    package_rows,
    pieces,
)
from anchore_gate.report.html_template import Html
from anchore_gate.report.once import kept
from anchore_gate.values import dataclass

MOST = 50  # findings or packages listed again beside a layer or a control: the tables hold all


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one layer brought."""

    layer: Layer | None  # None: nobody knows which
    packages: tuple[Package, ...]
    entries: tuple[tuple[str, Entry], ...]  # each with the anchor of its row

    @property
    def states(self) -> str:
        """How many findings of which state."""
        seen = Counter(entry.state for _, entry in self.entries)
        return ", ".join(f"{seen[word]} {word}" for word in ("stop", "warn", "go", "set aside") if seen[word])


@dataclass(frozen=True, eq=False)  # without slots: what was worked out is kept with it
class Page:
    """One image of the run. Where there is no verdict only the name and the reason are known."""

    outcome: GateResult | NoVerdict
    index: int  # 1 for the first
    full: int  # findings that can be opened to read why

    most = MOST

    @property
    def judged(self) -> bool:
        """Whether there is a verdict to show the grounds of."""
        return isinstance(self.outcome, GateResult)

    @property
    def result(self) -> GateResult:
        """The result; asked only where the image was judged."""
        assert isinstance(self.outcome, GateResult)
        return self.outcome

    @property
    def told(self) -> str:
        """The verdict and why."""
        return verdict_line(self.outcome).partition(": ")[2]

    @kept
    def number(self) -> Counts:
        """What it holds, counted."""
        return counts(self.result)

    @kept
    def first(self) -> list[str]:
        """What to do first."""
        return first_things(self.result)

    @kept
    def entries(self) -> tuple[tuple[str, Entry], ...]:
        """Each finding, worst first, with the anchor of its row."""
        return tuple((f"f{self.index}-{n}", entry) for n, entry in enumerate(ordered(self.result), start=1))

    @property
    def gates(self) -> list[str]:
        """The gates that found something."""
        return sorted({entry.outcome.gate for _, entry in self.entries})

    @kept
    def compliance(self) -> tuple[tuple[Standard, tuple[Assessed, ...]], ...]:
        """Each standard, with what the evaluation says of its controls."""
        return assessments(self.result)

    def finding_rows(self) -> Iterator[Html]:
        """The rows of the table of findings."""
        spoken: dict[int, tuple[str, ...]] = {
            id(outcome): outcome.controls for outcome in self.result.evaluation.outcomes
        }
        for _, controls in self.compliance:
            for one in controls:
                for rule in one.rules:
                    spoken[id(rule)] = tuple(dict.fromkeys((*spoken[id(rule)], one.control.id)))
        entries = (entry for _, entry in self.entries)
        return bodies(finding_rows(entries, prefix=f"f{self.index}-", full=self.full, controls=spoken))

    def package_rows(self) -> Iterator[Html]:
        """The rows of the table of packages."""
        known = _counted(match.package for match in self.result.matches if match.suppressed is None)
        found = _counted(entry.package for _, entry in self.entries if entry.package and entry.finding.stands)
        packages = sorted(self.result.inventory.packages, key=lambda one: (one.name, one.version, one.type))
        return pieces(package_rows(packages, known=known, found=found))

    @kept
    def asides(self) -> tuple[tuple[str, str, str], ...]:
        """What does not count: findings, then matches that were set aside before a rule was asked."""
        found = [
            (entry.title, f"{entry.outcome.gate}/{entry.outcome.trigger}", entry.set_aside)
            for _, entry in self.entries
            if not entry.finding.stands
        ]
        matches = [
            (f"{one.vulnerability.id} in {one.package.name} {one.package.version}", "", why(one.suppressed))
            for one in self.result.matches
            if one.suppressed is not None
        ]
        return (*found, *matches)

    def aside_rows(self) -> Iterator[Html]:
        """The rows of the table of what does not count."""
        return pieces(aside_rows(self.asides))

    def layers(self) -> Iterator[Brought]:
        """Each layer with what it brought, from the base upwards; last what no layer is known for."""
        result = self.result
        packages: dict[int | None, list[Package]] = {}
        entries: dict[int | None, list[tuple[str, Entry]]] = {}
        for package in result.inventory.packages:
            packages.setdefault(package.layer, []).append(package)
        for anchor, entry in self.entries:
            entries.setdefault(entry.layer, []).append((anchor, entry))
        layers: dict[int | None, Layer | None] = {one.index: one for one in result.image.layers}
        for index in (*layers, *((packages.keys() | entries.keys()) - layers.keys() and [None])):
            yield Brought(
                layer=layers.get(index),
                packages=tuple(packages.get(index, ())),
                entries=tuple(entries.get(index, ())),
            )

    def evidence(self, assessed: Assessed) -> list[tuple[str, Entry]]:
        """The first findings of the rules that speak to a control, each with its row's anchor."""
        rules = {id(rule) for rule in assessed.rules}
        return list(islice((pair for pair in self.entries if id(pair[1].outcome) in rules), MOST))

    def facts(self) -> list[tuple[str, str]]:
        """What was judged by what."""
        database = self.result.database
        more = [("database part", f"{name}: {when}") for name, when in database.providers] if database else []
        return [*provenance(self.result), *more]

    def notes(self) -> tuple[str, ...]:
        """What limits the evidence."""
        database = self.result.database
        return (*self.result.notes, *(database.notes if database else ()))

    asked = staticmethod(asked)


def _counted(packages: Iterable[Package]) -> Counter[Package]:
    """How often each comes. By identity first: a hash reads the whole value."""
    seen: Counter[int] = Counter()
    named: dict[int, Package] = {}
    for package in packages:
        seen[id(package)] += 1
        named[id(package)] = package
    total: Counter[Package] = Counter()
    for key, number in seen.items():
        total[named[key]] += number
    return total
