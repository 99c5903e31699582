"""
Report `gitlab`: GitLab's container scanning report, format 15.0.7.

It holds known vulnerabilities only: what other gates find is in `codequality` and `junit`. What was set aside
is left out, as GitLab's own analyzer leaves out what its allowlist names; a message says how many that are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.vulnerability import Match, Severity, Vulnerability
from anchore_gate.report.cleaning import fit, line
from anchore_gate.report.evidence import provenance
from anchore_gate.report.json import json_text
from anchore_gate.report.place import fingerprint, repository_of
from anchore_gate.report.reporter import Reporter, ReportOptions

_VERSION = "15.0.7"
_SEVERITIES = {Severity.NEGLIGIBLE: "Low"}  # GitLab has no such word; the others are Anchore's
_CVSS = re.compile(r"CVSS:3[.][01](/[A-Z]{1,3}:[A-Z])+|AV:[LAN](/[A-Za-z]{1,3}:[A-Z]{1,3})+")
_ADDRESS = re.compile(r"(https?|ftp)://[!-~]+")
_KINDS = frozenset({"cve", "ghsa", "rhsa", "usn", "elsa"})
_MOST_IDENTIFIERS = 20


@dataclass(frozen=True, slots=True)
class GitlabReporter:
    """The vulnerabilities for GitLab's vulnerability report and merge requests."""

    name: str = "gitlab"
    filename: str = "gl-container-scanning-report.json"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        yield json_text({"version": _VERSION, "scan": _scan(run)})[:-1] + ',"vulnerabilities":['
        seen: set[str] = set()
        for result in run.results:
            if isinstance(result, NoVerdict):
                continue
            prefix = (result.name, repository_of(result))
            image = {
                "operating_system": line(str(result.inventory.distro or "")) or "unknown",
                "image": line(result.name) or "image",
            }
            for match in _standing(result):
                row = _row(match, prefix, image)
                if row["id"] not in seen:
                    yield (",\n" if seen else "\n") + json_text(row)
                    seen.add(row["id"])
        yield "\n]}\n"


REPORTER: Final[Reporter] = GitlabReporter()


def _scan(run: GateRun) -> dict[str, Any]:
    tool = {
        "id": "anchore_gate",
        "name": "anchore_gate",
        "version": run.version or "unknown",
        "vendor": {"name": "anchore_gate"},
    }
    judged = [result for result in run.results if isinstance(result, GateResult)]
    ends = [result.decided_at for result in run.results]
    return {
        "type": "container_scanning",
        "status": "success" if len(judged) == len(run.results) > 0 else "failure",
        "start_time": f"{run.started_at:%Y-%m-%dT%H:%M:%S}",
        "end_time": f"{max([*ends, run.started_at]):%Y-%m-%dT%H:%M:%S}",
        "analyzer": tool,
        "scanner": tool,
        "messages": [{"level": level, "value": line(told, limit=1_000)} for level, told in _messages(run)],
    }


def _messages(run: GateRun) -> Iterator[tuple[str, str]]:
    if not run.results:
        yield "fatal", "no image was judged"
    for result in run.results:
        if isinstance(result, NoVerdict):
            yield "fatal", f"{result.name}: no verdict ({result.category}): {result.message}"
            continue
        if aside := len(result.matches) - sum(1 for _ in _standing(result, listed_only=True)):
            yield "info", f"{result.name}: {aside} vulnerabilities were set aside: see the JSON report"
        if unknown := len(result.inventory.unknowns):
            yield "warn", f"{result.name}: {unknown} files could not be read"
        if unjudged := len(result.incomparable):
            yield "warn", f"{result.name}: {unjudged} versions could not be compared"
        if result.database is None:
            yield "warn", f"{result.name}: no vulnerability data was asked"
            continue
        told = "; ".join(
            f"{word}: {told}" for word, told in provenance(result) if word.startswith("database")
        )
        yield "info", f"{result.name}: {told}"


def _standing(result: GateResult, *, listed_only: bool = False) -> Iterator[Match]:
    """What was matched, but for what a match itself or all findings about it set aside."""
    found = [f for outcome in result.evaluation.outcomes for f in outcome.findings if f.match is not None]
    counted = {id(f.match) for f in found if f.stands}
    aside = {_key(f.match) for f in found if f.match is not None and not f.stands}
    aside -= {_key(f.match) for f in found if f.match is not None and f.stands}
    listed = {id(match) for match in result.matches}
    further = () if listed_only else (f.match for f in found if f.match and id(f.match) not in listed)
    for match in (*result.matches, *further):
        if match.suppressed is None and (id(match) in counted or _key(match) not in aside):
            yield match


def _key(match: Match) -> tuple[str, str, str, str]:
    package = match.package
    return match.vulnerability.id, package.type, package.name, package.version


def _row(match: Match, prefix: tuple[str, str], image: dict[str, str]) -> dict[str, Any]:
    vulnerability, package = match.vulnerability, match.package
    path = package.locations[0] if package.locations else ""
    row: dict[str, Any] = {
        "id": fingerprint(*prefix, *_key(match), path),
        "name": line(f"{vulnerability.id} in {package.name} {package.version}", limit=255),
        "description": fit(vulnerability.description or f"{vulnerability.id} in {package.name}"),
        "severity": _SEVERITIES.get(vulnerability.severity, vulnerability.severity.word),
        "identifiers": list(_identifiers(vulnerability)),
        "location": {
            "dependency": {"package": {"name": line(package.name)}, "version": line(package.version)},
            **image,
        },
    }
    if match.fix.versions:
        told = f"Upgrade {package.name} from {package.version} to {' or '.join(match.fix.versions)}"
        row["solution"] = line(told, limit=7_000)
    if links := [{"url": address} for address in _addresses(vulnerability)]:
        row["links"] = links
    if vectors := _vectors(vulnerability):
        row["cvss_vectors"] = vectors
    return row


def _identifiers(vulnerability: Vulnerability) -> Iterator[dict[str, str]]:
    names = [vulnerability.id, *vulnerability.aliases]
    told = [line(name, limit=200) for name in names]
    for name in list(dict.fromkeys(name for name in told if name))[: _MOST_IDENTIFIERS - 5] or ["unknown"]:
        start = name.partition("-")[0].lower()
        row = {"type": start if start in _KINDS else "anchore_gate", "name": name, "value": name}
        if name == told[0] and _ADDRESS.fullmatch(vulnerability.link):
            row["url"] = vulnerability.link
        yield row
    for cwe in vulnerability.cwes[:5]:
        if found := re.fullmatch(r"CWE-(\d{1,6})", cwe):
            address = f"https://cwe.mitre.org/data/definitions/{found[1]}.html"
            yield {"type": "cwe", "name": cwe, "value": found[1], "url": address}


def _addresses(vulnerability: Vulnerability) -> list[str]:
    named = dict.fromkeys((vulnerability.link, *vulnerability.references))
    return [address for address in named if _ADDRESS.fullmatch(address)][:20]


def _vectors(vulnerability: Vulnerability) -> list[dict[str, str]]:
    rated = {rating.vector: line(rating.source) or "unknown" for rating in vulnerability.cvss}
    fitting = [(vector, vendor) for vector, vendor in rated.items() if _CVSS.fullmatch(vector)]
    return [{"vendor": vendor, "vector": vector} for vector, vendor in fitting[:10]]
