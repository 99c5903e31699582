"""Which order compares what: the words of package types and ranges; an order is imported when asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from anchore_gate.regex import regex
from anchore_gate.typed import TYPE_CHECKING, Any
from anchore_gate.values import dataclass
from anchore_gate.versions.version import Version

if TYPE_CHECKING:
    from anchore_gate.versions.rpm import RpmVersion

WORDS = {
    "apk": ("apk", "apkg"),
    "deb": ("deb", "dpkg"),
    "rpm": ("rpm", "bitnami"),  # `15.4.0-12` is the twelfth build of 15.4.0, not before it
    "semver": (
        *("semver", "semantic", "npm", "javascript", "go", "golang", "go-module"),
        *("rust", "rust-crate", "cargo", "php", "php-composer", "composer", "dotnet", "nuget", "hex", "pub"),
    ),
    "gem": ("gem", "ruby", "rubygems"),
    "pep440": ("python", "pep440", "pypi"),
    "pacman": ("pacman", "alpm"),
    "maven": ("maven", "java", "java-archive", "jenkins-plugin"),
}
_ORDERS = {word: order for order, words in WORDS.items() for word in words}
# RubyGems writes the platform behind the version of a gem's full name (Gem::Platform)
_GEM_PLATFORM = regex(
    r"-(?:x86|x64|x86_64|i?[3-6]86|universal|arm|armv[0-9][a-z0-9]*|arm64|aarch64|ppc|ppc64|ppc64le|powerpc|riscv64"
    r"|s390x|java|jruby|dalvik|mswin(?:32|64)?|mingw(?:32|64)?|darwin|linux)(?![A-Za-z0-9]).*"
)


@dataclass(frozen=True, slots=True)
class Order:
    """How versions of one ecosystem are read, and compared with the bound of an advisory's range."""

    name: str
    parse: Callable[[str], Any]  # raises `InvalidVersion`
    compare: Callable[[Any, Any], int]  # a package's version with a bound: -1, 0, 1


def order_for(word: str) -> Order | None:
    """The order behind a package type or a range type; None where the word is unknown."""
    name = _ORDERS.get(word.strip().lower())
    return None if name is None else order(name)


@cache
def order(name: str) -> Order:
    """The order of that module's name."""
    module = import_module(f"anchore_gate.versions.{name}")
    parse = module.parse
    if name in {"apk", "semver"}:
        return Order(name, module.parse_published, _compare)
    if name == "rpm":
        return Order(name, parse, _compare_rpm)
    if name == "pacman":
        return Order(name, parse, lambda version, bound: int(version.against(bound)))
    if name == "pep440":
        return Order(name, parse, _compare_python)
    if name == "gem":
        return Order(name, lambda text: parse(_GEM_PLATFORM.sub("", text)), _compare)
    return Order(name, parse, _compare)


@cache
def order_without_epoch() -> Order:
    """RPM's order for versions that never say their epoch (a source package's name): epochs do not count."""
    from anchore_gate.versions import rpm

    return Order("rpm", rpm.parse, _compare_rpm_without_epoch)


def _compare(version: Version, bound: Version) -> int:
    ours, theirs = version.key, bound.key
    if ours == theirs:
        return 0
    return -1 if ours < theirs else 1


def _compare_rpm(version: RpmVersion, bound: RpmVersion) -> int:
    # Amazon's and Photon's advisories never name an epoch, whatever the package's is
    return _against(version, bound, ignore_epoch=":" not in bound.text)


def _compare_rpm_without_epoch(version: RpmVersion, bound: RpmVersion) -> int:
    return _against(version, bound, ignore_epoch=True)


def _against(version: RpmVersion, bound: RpmVersion, *, ignore_epoch: bool) -> int:
    found = version.against(bound, ignore_epoch=ignore_epoch)
    # an SBOM that leaves the release out does not say that the package has the bound's
    return -1 if not found and bound.has_release and not version.has_release else found


def _compare_python(version: Any, bound: Any) -> int:
    # PEP 440, "Version matching": a local part counts only where the specifier names one
    if version.local is not None and bound.local is None:
        from anchore_gate.versions.pep440 import without_local

        version = without_local(version)
    return int(version > bound) - int(version < bound)
