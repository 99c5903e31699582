"""A vulnerability as a service tells it, with all that it tells."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.image import created_at
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import Cvss, Fix, Match, Severity, Vulnerability
from anchore_gate.regex import regex
from anchore_gate.remote.naming import package_of
from anchore_gate.remote.values import is_said, listing, mapping, text, words
from anchore_gate.typed import Any

# A person's word on the service that it does not hold; the other words say that it does, or might.
_SET_ASIDE = frozenset({"not_affected", "fixed"})
_NUMBER = regex(r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?")
_VERSIONS = (("cvss_v2", "2.0"), ("cvss_v3", "3.0"), ("cvss_v4", "4.0"))


def match_of(raw: dict[str, Any], distro: str) -> Match:
    """One vulnerability of one package. Raises `RemoteError`."""
    where = "a vulnerability"
    package = package_of(
        name=words(raw, "package_name") or text(raw, "package", where),
        version=words(raw, "package_version"),
        kind=words(raw, "package_type"),
        purl_text=words(raw, "purl"),
        place=words(raw, "package_path"),
        distro=distro,
        cpes=tuple(filter(None, [words(raw, "package_cpe23", "package_cpe")])),
    )
    group = words(raw, "feed_group")
    return Match(
        package=package,
        vulnerability=_vulnerability(raw, group or words(raw, "feed")),
        fix=_fix(raw),
        matcher="anchore",
        reason=f"the Anchore service says so ({group or 'no feed group'})",
        detected_at=created_at(words(raw, "detected_at")),
        suppressed=_annotation(raw),
    )


def _vulnerability(raw: dict[str, Any], namespace: str) -> Vulnerability:
    nvd = _records(raw, "nvd_data")
    told = [words(raw, "description"), *(words(row, "description") for row in nvd)]
    exploited = next(iter(_records(raw, "epss")), {})
    known = text(raw, "vuln", "a vulnerability")
    return Vulnerability(
        id=known,
        namespace=namespace,
        severity=Severity.parse(words(raw, "severity")),
        description=next(filter(None, told), ""),
        link=words(raw, "url"),
        aliases=tuple(sorted({one for row in nvd if (one := words(row, "id")) and one != known})),
        cvss=tuple(_ratings(raw)),
        epss=_share(exploited, "epss"),
        epss_percentile=_share(exploited, "percentile"),
        known_exploited=is_said(raw, "is_kev"),
    )


def _fix(raw: dict[str, Any]) -> Fix:
    """The versions that repair it, the one the service suggests first."""
    written = (words(raw, "suggested_fix_version"), *words(raw, "fix").split(","))
    versions = tuple(dict.fromkeys(part.strip() for part in written if part.strip()))
    unfixed = "wont-fix" if is_said(raw, "will_not_fix") else "not-fixed"
    seen = created_at(words(raw, "fix_observed_at"))
    return Fix(state="fixed" if versions else unfixed, versions=versions, available=seen)


def _annotation(raw: dict[str, Any]) -> Suppression | None:
    status = words(raw, "annotation_status").lower()
    if status not in _SET_ASIDE:
        return None
    reason = f"the service's annotation: {status}"
    return Suppression(kind="vex", id=words(raw, "annotation_uuid"), reason=reason)


def _ratings(raw: dict[str, Any]) -> Iterator[Cvss]:
    for key, is_vendor in (("nvd_data", False), ("vendor_data", True)):
        for entry in _records(raw, key):
            for name, version in _VERSIONS:
                scores = entry.get(name)
                if isinstance(scores, dict) and 0 <= _score(scores, "base_score") <= 10:
                    yield Cvss(
                        version=words(scores, "version") or version,
                        vector=words(scores, "vector_string", "vector"),
                        base_score=_score(scores, "base_score"),
                        exploitability_score=_score(scores, "exploitability_score"),
                        impact_score=_score(scores, "impact_score"),
                        source=words(entry, "source") or ("vendor" if is_vendor else "nvd"),
                        is_vendor=is_vendor,
                    )


def _records(raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [mapping(one, key) for one in listing(raw.get(key) or [], key)]


def _score(scores: dict[str, Any], key: str) -> float:
    value = scores.get(key)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return -1.0
    return float(value) if -1 <= value <= 100 else -1.0


def _share(raw: dict[str, Any], key: str) -> float | None:
    """A number from 0 to 1, None for anything else."""
    value = _score(raw, key)
    return value if 0 <= value <= 1 else None
