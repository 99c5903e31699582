"""Rows of the HTML report, written here and not by the template: they come by the hundred thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from html import escape
from itertools import islice

from anchore_gate.model.evaluation import RuleOutcome
from anchore_gate.model.inventory import Package
from anchore_gate.model.vulnerability import Vulnerability
from anchore_gate.report.cleaning import fit, line
from anchore_gate.report.entry import Entry, why
from anchore_gate.report.html_template import Html

_AT_ONCE = 100  # rows in one piece
_OPEN, _CLOSE = '<tbody role="rowgroup">\n', "</tbody>\n"


def pieces(rows: Iterable[str]) -> Iterator[Html]:
    """The rows, many at a time."""
    rest = iter(rows)
    while piece := "".join(islice(rest, _AT_ONCE)):
        yield Html(piece)


def bodies(rows: Iterable[str]) -> Iterator[Html]:
    """The rows in table bodies of equal length: a browser lays out only those on screen."""
    for piece in pieces(rows):
        yield Html(f"{_OPEN}{piece}{_CLOSE}")


def finding_rows(
    entries: Iterable[Entry], *, prefix: str, full: int, controls: Mapping[int, tuple[str, ...]]
) -> Iterator[str]:
    """
    A row for each finding; `controls` tells by the outcome's identity which controls it speaks to.

    The first `full` can be opened to read why: of all it would double the time it takes to open the page.
    """
    spoken = {outcome: _safe(" ".join(names)) for outcome, names in controls.items()}
    for number, entry in enumerate(entries, start=1):
        title = escape(entry.title)
        if number <= full:
            title = f"<details><summary>{title}</summary>{_told(entry)}</details>"
        yield _finding(entry, title, f"{prefix}{number}", spoken.get(id(entry.outcome), ""))


def _finding(entry: Entry, title: str, anchor: str, controls: str) -> str:
    outcome, package, flaw = entry.outcome, entry.package, entry.vulnerability
    named = f' data-p="{_shared(package.name)}"' if package else ""
    weight = _weight_cells(entry.state, flaw.severity.word if flaw else "")
    grounds = _grounds_cells(
        entry.place, entry.layer, entry.instruction, outcome.gate, outcome.trigger, entry.remedy
    )
    row = f'<tr role="row" id="{anchor}" data-c="{controls}"{named}>'
    return f'{row}{weight}<td role="cell">{title}</td>{grounds}</tr>\n'


@lru_cache(maxsize=256)
def _weight_cells(state: str, severity: str) -> str:
    return (
        f'<td role="cell"><b class="{state.replace(" ", "-")}">{state}</b></td>'
        f'<td role="cell" class="{severity.lower()}">{severity}</td>'
    )


@lru_cache(maxsize=16_384)  # the findings of a package have them in common
def _grounds_cells(
    place: str, layer: int | None, instruction: str, gate: str, trigger: str, remedy: str
) -> str:
    brought = "" if layer is None else f"{layer}: {_safe(line(instruction, limit=90))}".rstrip(": ")
    cells = _safe(place), brought, f"{_safe(gate)}/<wbr>{_safe(trigger)}", _safe(remedy)
    return "".join(f'<td role="cell">{cell}</td>' for cell in cells)


def _told(entry: Entry) -> str:
    """Lines of one paragraph: an element for each would double the time a browser takes to open the page."""
    vulnerability, told = entry.vulnerability, []
    if vulnerability is None:
        told.append(escape(fit(entry.finding.message, limit=2_000)))
    else:
        told.append(escape(fit(vulnerability.description, limit=600)))
        told.append(f"{_link(vulnerability.link)} {_safe(', '.join(_weight(vulnerability)))}".strip())
    told += [f"{word}: {_safe(text)}" for word, text in _grounds(entry)]
    return f"<p>{chr(10).join(one for one in told if one)}</p>"


def _grounds(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "why", entry.grounds
    if entry.set_aside:
        yield "set aside", entry.set_aside
    if entry.finding.expired:
        yield "expired", why(entry.finding.expired, ended=True)
    yield "id", entry.finding.trigger_id


def _weight(vulnerability: Vulnerability) -> Iterator[str]:
    if vulnerability.known_exploited:
        yield "known to be exploited"
    if vulnerability.cvss:
        yield f"CVSS {max(one.base_score for one in vulnerability.cvss):.1f}"
    if vulnerability.epss is not None:
        yield f"EPSS {vulnerability.epss:.1%}"
    yield from vulnerability.aliases


def _link(address: str) -> str:
    """A link for a web address, the plain text for anything else."""
    shown = _safe(address)
    if not address.startswith(("https://", "http://")):
        return shown
    return f'<a href="{shown}" rel="noopener noreferrer">{shown}</a>'


def _safe(text: str) -> str:
    return escape(line(text, limit=1_200))


_shared = lru_cache(maxsize=16_384)(_safe)  # what many rows have in common


def package_rows(
    packages: Iterable[Package], *, known: Mapping[Package, int], found: Mapping[Package, int]
) -> Iterator[str]:
    """A row for each package: how many vulnerabilities are known, how many findings stand against it."""
    for package in packages:
        cells = (
            package.name,
            package.version,
            package.type,
            "" if package.layer is None else str(package.layer),
            str(known.get(package) or ""),
            str(found.get(package) or ""),
            ", ".join(package.licenses),
            (package.locations or ("",))[0],
        )
        first, *rest = (_safe(cell) for cell in cells)
        yield f'<tr><th scope="row">{first}</th><td>{"</td><td>".join(rest)}</td></tr>\n'


def aside_rows(asides: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """A row for each thing that does not count: what, the rule that asked, and why it does not."""
    for what, rule, reason in asides:
        yield f'<tr><th scope="row">{_safe(what)}</th><td>{_safe(rule)}</td><td>{_safe(reason)}</td></tr>\n'


def asked(outcome: RuleOutcome) -> str:
    """What a rule's parameters say, in one line."""
    return line(", ".join(f"{name}={value}" for name, value in outcome.params))
