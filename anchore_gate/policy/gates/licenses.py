"""Gate `licenses`: under which terms packages are installed."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.evaluation import Finding
from anchore_gate.model.inventory import Package
from anchore_gate.policy.parameter import WORDS, choice, parameter
from anchore_gate.policy.trigger import Evidence, Gate, PackagesTrigger
from anchore_gate.policy.wording import written_name
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

_NONE = "N/A"  # Engine's word for a package that names no licence: policies deny it
_NONE_OF = {"deb": "Unknown", "python": f"{_NONE} UNKNOWN"}  # and others: setuptools long wrote the latter
_UNSAID = frozenset({"npm", "gem", "python"})  # of which Engine says nothing then
# Engine's database has the distribution's packages first, then these, then the others
_STORED = {"npm": 1, "gem": 2, "python": 3, "java-archive": 4, "jenkins-plugin": 4}
_TYPE = "Only packages of the distribution, or only the others"


def _tokens(evidence: Evidence, package_type: str) -> list[tuple[Package, str]]:
    """Package and licence word, packages by their names, words as each package has them."""
    return [
        (package, token)
        for package in sorted(evidence.inventory.packages, key=lambda one: (one.name, one.version))
        if package_type == "all" or package.is_os is (package_type == "os")
        for licence in package.licenses or (_NONE_OF.get(package.type, _NONE),)
        for token in licence.split()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Denylist(PackagesTrigger):
    GATE: ClassVar[str] = "licenses"
    WORD: ClassVar[str] = ""  # Engine's, before the message

    licenses: tuple[str, ...] = parameter(WORDS, description="Licence names", example="GPLv2+,GPL-3+")
    package_type: str = parameter(choice("all", "os", "non-os"), description=_TYPE, default="all")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        tokens = _tokens(evidence, self.package_type)
        hits = [pair for pair in tokens for _ in range(self.times(pair[1]))]
        if not hits:
            return
        # the finding's id rests on the order, which with Engine is that of its database, and on the names
        named = sorted((written_name(package), token) for package, token in hits)
        yield self.found(self._message(named), earlier=tuple(map(self._message, _orders(hits))))

    def _message(self, hits: list[tuple[str, str]]) -> str:
        named = ", ".join(f"{name}({token})" for name, token in hits)
        return f"{self.WORD} Packages are installed that have denylisted licenses: {named}"

    def times(self, token: str) -> int:
        """How often a package is named for a licence word."""
        raise NotImplementedError


def _orders(hits: list[tuple[Package, str]]) -> Iterator[list[tuple[str, str]]]:
    """What Engine may have named: by either name, in the order of its index or of its rows."""
    for order in (hits, sorted(hits, key=_row)):
        written = [(written_name(package), token) for package, token in order]
        said = [(written_name(package), token) for package, token in order if _is_said(package, token)]
        ours = [(package.name, token) for package, token in order]
        yield from filter(None, (written, said, sorted(said), ours, sorted(ours)))


def _row(hit: tuple[Package, str]) -> int:
    package, _ = hit
    return 0 if package.is_os else _STORED.get(package.type, 5)


def _is_said(package: Package, token: str) -> bool:
    return bool(package.licenses) or package.type not in _UNSAID or token != _NONE


class DenylistExactMatch(_Denylist):
    """Fires once, naming every package with one of the licences."""

    NAME = "denylist_exact_match"
    WORD = "LICFULLMATCH"

    def times(self, token: str) -> int:
        """Once, where the list has it letter for letter."""
        return int(token in self.licenses)


class DenylistPartialMatch(_Denylist):
    """Fires once, naming every package with a licence that holds one of the texts."""

    NAME = "denylist_partial_match"
    WORD = "LICSUBMATCH"

    def times(self, token: str) -> int:
        """For each text on the list that it holds."""
        return sum(listed in token for listed in self.licenses)


GATE: Final = Gate("licenses", "Licences of packages.", (DenylistExactMatch, DenylistPartialMatch))
