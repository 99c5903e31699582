"""Gate `distro`: the distribution an image is built on (Enterprise)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from anchore_gate.errors import PolicyError
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.parameter import COMPARISONS, TEXT, choice, parameter
from anchore_gate.policy.trigger import Evidence, Gate, PackagesTrigger
from anchore_gate.regex import regex
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

_NUMBERS = regex(r"[0-9]{1,18}(?:\.[0-9]{1,18})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(PackagesTrigger):
    """Fires when the image is of a distribution, in any version or in those that a comparison picks."""

    GATE: ClassVar[str] = "distro"
    NAME: ClassVar[str] = "deny"

    distro: str = parameter(TEXT, description="Its id, as os-release says it", example="debian")
    version: str | None = parameter(
        TEXT, description="The version it is compared with", example="11", default=None
    )
    check: str = parameter(
        choice(*COMPARISONS), description="How the image's version compares", example="<", default="="
    )

    def __post_init__(self) -> None:
        if self.version is not None and self.check not in {"=", "!="}:
            _numbers(self.version)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        distro = evidence.inventory.distro
        if distro is None or distro.id.lower() != self.distro.strip().lower():
            return
        if self.version is not None and not self._is_meant(distro.version_id, self.version):
            return
        wanted = f" {self.check} {self.version}" if self.version is not None else ""
        yield self.found(
            f"Image distribution {distro} is denied: {self.distro}{wanted}",
            fix="build on a distribution, or a version of it, that is allowed",
        )

    def _is_meant(self, actual: str, wanted: str) -> bool:
        if self.check in {"=", "!="} and not (_NUMBERS.fullmatch(actual) and _NUMBERS.fullmatch(wanted)):
            return (actual == wanted) is (self.check == "=")
        try:
            order = _order(_numbers(actual), _numbers(wanted))
        except ValueError as problem:
            raise PolicyError(f"the version of {self.distro} cannot be compared: {problem}") from problem
        if self.check == "!=":
            return order != 0
        return {-1: "<", 0: "=", 1: ">"}[order] in self.check


def _numbers(version: str) -> tuple[int, ...]:
    if not _NUMBERS.fullmatch(version):
        raise ValueError(f"version: not numbers and dots: {version[:40]!r}")
    return tuple(int(part) for part in version.split("."))


def _order(ours: tuple[int, ...], theirs: tuple[int, ...]) -> int:
    for mine, other in zip_longest(ours, theirs, fillvalue=0):
        if mine != other:
            return 1 if mine > other else -1
    return 0


GATE: Final = Gate("distro", "The distribution that the image is built on (Enterprise).", (Deny,))
