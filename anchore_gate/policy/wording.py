"""How Anchore words things: distributions, packages, and a vulnerability's id, message and scores."""

from __future__ import annotations

import operator
from collections.abc import Iterable

from anchore_gate.model.inventory import Distro, Package
from anchore_gate.model.vulnerability import Match
from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import replace

_HOLDS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_TYPES = {
    "deb": "dpkg",
    "apk": "APKG",
    "java-archive": "java",
    "jenkins-plugin": "java",
    "go-module": "go",
    "php-composer": "composer",
    "dotnet": "nuget",
}
_BLANKS = regex(r"\s+")
_SCORES = ("base_score", "exploitability_score", "impact_score")


def distro_words(distro: Distro | None) -> tuple[str, str]:
    """What Engine calls a distribution and its version."""
    if distro is None:
        return "Unknown", "0"
    if distro.id == "busybox" and distro.version_id:
        return distro.id, f"v{distro.version_id.removeprefix('v')}"  # as the binary prints it
    if distro.id == "debian" and not distro.version_id and distro.version_codename:
        return distro.id, "unstable"  # testing and sid: their `debian_version` says `trixie/sid`
    return distro.id, distro.version_id or "0"


def written_name(package: Package) -> str:
    """What Engine calls a package: Python's as their metadata spells them, which is not how PyPI does."""
    return package.spelling or package.name


def is_of_type(package: Package, wanted: str) -> bool:
    """Whether it is of a type, by Syft's word or Anchore's (`dpkg`, `APKG`, `java`), in any letter case."""
    kind = wanted.strip().lower()
    return kind in {package.type, _TYPES.get(package.type, package.type).lower()}


def kept_path(path: str) -> str:
    """A path as Engine keeps it: white space, and four underlines, are one blank."""
    return _BLANKS.sub("____", path).replace("____", " ") if _BLANKS.search(path) or "____" in path else path


def named_expression(name: str, regex: str) -> str:
    """`NAME=EXPRESSION`, as findings and analyzer configurations write it; without a name the expression."""
    return f"{name}={regex}" if name else regex


def compared(found: Any, comparison: str, wanted: Any) -> bool:
    """Whether `found <comparison> wanted` holds."""
    return bool(_HOLDS[comparison](found, wanted))


def finding_id(match: Match) -> str:
    """`CVE-2024-1+openssl`: what allowlists name."""
    return f"{match.vulnerability.id}+{_suffix(match.package)}"


def engine_id(match: Match) -> str:
    """The same from Engine, whose Syft spells Python's names and the places within an archive otherwise."""
    package = match.package
    suffix = _suffix(replace(package, name=written_name(package)))
    within = f":{package.group_id}:{package.name}"
    if package.group_id and suffix.endswith(within):
        suffix = f"{suffix.removesuffix(within)}:{package.name}"
    return f"{match.vulnerability.id}+{suffix}"


def message(match: Match, groups: Iterable[str]) -> str:
    """The sentence; groups stand in brackets behind the package."""
    package, vulnerability = match.package, match.vulnerability
    kind = "os" if package.is_os else "non-os"
    where = package.name if package.is_os else next(iter(package.locations), package.name)
    said = "".join(f"({group})" for group in groups if group)
    return (
        f"{vulnerability.severity.name} Vulnerability found in {kind} package type "
        f"({_TYPES.get(package.type, package.type)}) - {where} {said}"
        f"({vulnerability.id} - {vulnerability.link})"
    )


def scores_hold(rule: Any, match: Match) -> bool:
    """Whether every score that the rule gives compares; a score nobody gave counts as -1."""
    return all(
        compared(_highest(match, prefix, score), getattr(rule, f"{prefix}_{score}_comparison"), wanted)
        for prefix in ("cvss_v3", "vendor_cvss_v3")
        for score in _SCORES
        if (wanted := getattr(rule, f"{prefix}_{score}")) is not None
    )


def score_groups(rule: Any, match: Match, prefix: str) -> str:
    """The scores that the rule gives, as found."""
    found = {
        f"{prefix}_{score}": _highest(match, prefix, score)
        for score in _SCORES
        if getattr(rule, f"{prefix}_{score}") is not None
    }
    return " ".join(f"{name}={score}" for name, score in found.items() if score)


def _highest(match: Match, prefix: str, score: str) -> float:
    is_vendor = prefix.startswith("vendor")
    return max(
        (
            float(getattr(one, score))
            for one in match.vulnerability.cvss
            if one.is_vendor is is_vendor and one.version.startswith("3")
        ),
        default=-1.0,
    )


def _suffix(package: Package) -> str:
    if package.is_os:
        return package.name
    parts = next(iter(package.locations), "").split("/")
    kind = _TYPES.get(package.type, package.type)
    named = ""
    if kind in {"java", "gem"}:
        named = parts[-1]
    elif kind == "npm" and len(parts) > 1:
        named = parts[-2]
    return named or f"{package.name}-{package.version}"
