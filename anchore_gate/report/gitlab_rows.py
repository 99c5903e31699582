"""A vulnerability in GitLab's container scanning report, as text: they come by the hundred thousand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from json.encoder import encode_basestring as quoted

from anchore_gate.model.vulnerability import Cvss, Match, Severity, Vulnerability
from anchore_gate.regex import regex
from anchore_gate.report.cleaning import fit, line

_SEVERITIES = {severity: severity.word for severity in Severity} | {
    Severity.NEGLIGIBLE: "Low"
}  # no such word there
_CVSS = regex(r"CVSS:3[.][01](/[A-Z]{1,3}:[A-Z])+|AV:[LAN](/[A-Za-z]{1,3}:[A-Z]{1,3})+")
_ADDRESS = regex(r"(https?|ftp)://[!-~]+")
_KINDS = frozenset({"cve", "ghsa", "rhsa", "usn", "elsa"})
_MOST_IDENTIFIERS = 20
_MOST_CWES = 5
_KEPT = 4096  # texts that many vulnerabilities share


def row(id: str, match: Match, image: str) -> str:
    """The vulnerability under that id; `image` is the members of its location that tell of the image."""
    flaw, package = match.vulnerability, match.package
    name = quoted(line(f"{flaw.id} in {package.name} {package.version}", limit=255))
    told = quoted(fit(flaw.description or f"{flaw.id} in {package.name}"))
    return (
        f'{{"id":"{id}","name":{name},"description":{told},"severity":"{_SEVERITIES[flaw.severity]}",'
        f'"identifiers":[{",".join(_identifiers(flaw))}],'
        f'"location":{{"dependency":{_dependency(package.name, package.version)},{image}}}'
        f"{_solution(match)}{_links(flaw)}{_vectors(flaw.cvss)}}}"
    )


@lru_cache(maxsize=_KEPT)
def _dependency(name: str, version: str) -> str:
    return f'{{"package":{{"name":{quoted(line(name))}}},"version":{quoted(line(version))}}}'


def _solution(match: Match) -> str:
    if not match.fix.versions:
        return ""
    package = match.package
    told = f"Upgrade {package.name} from {package.version} to {' or '.join(match.fix.versions)}"
    return f',"solution":{quoted(line(told, limit=7_000))}'


def _identifiers(flaw: Vulnerability) -> Iterator[str]:
    own = line(flaw.id, limit=200)
    if own:
        yield _identifier(own, flaw.link if _ADDRESS.fullmatch(flaw.link) else "")
    also = dict.fromkeys(line(name, limit=200) for name in flaw.aliases)
    named = [name for name in also if name and name != own][: _MOST_IDENTIFIERS - _MOST_CWES - 1]
    yield from map(_identifier, named if own or named else ["unknown"])
    yield from filter(None, map(_cwe, flaw.cwes[:_MOST_CWES]))


def _identifier(name: str, address: str = "") -> str:
    start, word = name.partition("-")[0].lower(), quoted(name)
    url = f',"url":{quoted(address)}' if address else ""
    kind = start if start in _KINDS else "anchore_gate"
    return f'{{"type":"{kind}","name":{word},"value":{word}{url}}}'


@lru_cache(maxsize=_KEPT)
def _cwe(name: str) -> str:
    if not (found := re.fullmatch(r"CWE-([0-9]{1,6})", name)):
        return ""
    address = f"https://cwe.mitre.org/data/definitions/{found[1]}.html"
    return f'{{"type":"cwe","name":"{name}","value":"{found[1]}","url":"{address}"}}'


def _links(flaw: Vulnerability) -> str:
    named = dict.fromkeys((flaw.link, *flaw.references))
    links = [f'{{"url":{quoted(address)}}}' for address in named if _ADDRESS.fullmatch(address)]
    return f',"links":[{",".join(links[:20])}]' if links else ""


@lru_cache(maxsize=_KEPT)
def _vectors(cvss: tuple[Cvss, ...]) -> str:
    rated = {rating.vector: line(rating.source) or "unknown" for rating in cvss}
    fitting = [(vector, vendor) for vector, vendor in rated.items() if _CVSS.fullmatch(vector)]
    told = [f'{{"vendor":{quoted(vendor)},"vector":"{vector}"}}' for vector, vendor in fitting[:10]]
    return f',"cvss_vectors":[{",".join(told)}]' if told else ""
