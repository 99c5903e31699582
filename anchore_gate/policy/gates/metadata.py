"""Gate `metadata`: size, architecture, distribution and layers of the image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from anchore_gate.errors import PolicyError
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.parameter import TEXT, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger
from anchore_gate.policy.wording import distro_words
from anchore_gate.typed import Any, ClassVar, Final
from anchore_gate.values import dataclass

_ATTRIBUTES = ("size", "architecture", "os_type", "distro", "distro_version", "like_distro", "layer_count")
_NUMERIC = ("size", "layer_count")
_ORDERS = ("=", "!=", ">", "<", ">=", "<=")
_PRESENCE = ("exists", "not_exists")  # they ask for no value
_CHECKS = (*_ORDERS, *_PRESENCE, "like", "not_like", "in", "not_in")
_UNITS = {"": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Trigger):
    """Fires when a fact of the image passes a check."""

    GATE: ClassVar[str] = "metadata"
    NAME: ClassVar[str] = "attribute"

    attribute: str = parameter(choice(*_ATTRIBUTES), description="The fact", example="size")
    check: str = parameter(choice(*_CHECKS), description="How it is compared", example=">")
    value: str | None = parameter(
        TEXT, description="What it is compared with; sizes may end in kb, mb, gb, tb", default=None
    )

    def __post_init__(self) -> None:
        is_number = self.attribute in _NUMERIC
        if self.value is not None and is_number:
            _number(self.attribute, self.value)
        if self.check in _PRESENCE:
            return
        if self.value is None:
            raise ValueError(f"value: required by the check {self.check!r}")
        if is_number and self.check not in _ORDERS:
            raise ValueError(f"check: {self.check!r} is not for numbers")
        if self.check in {"like", "not_like"}:
            Expression(self.value)

    @classmethod
    def also_wrong(cls, values: Mapping[str, Any]) -> Iterator[str]:
        """See `Trigger.also_wrong`."""
        value = values.get("value")
        if value is None and values.get("check") not in _PRESENCE:
            yield f"value: required by every check but {' and '.join(_PRESENCE)}"
        elif value is not None and values.get("attribute") in _NUMERIC:
            try:
                _number(values["attribute"], value)
            except ValueError as problem:
                yield str(problem)

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        return Needs(packages="distro" in self.attribute)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        actual = self._actual(evidence)
        if self._passes(actual):
            is_number = self.attribute in _NUMERIC and self.value is not None
            wanted = _number(self.attribute, self.value or "") if is_number else self.value or ""
            yield self.found(
                f"Attribute check for attribute: '{self.attribute}' check: '{self.check}' "
                f"check_value: '{wanted}' matched image value: '{actual}'"
            )

    def _passes(self, actual: str | int) -> bool:
        if self.check in _PRESENCE:
            return bool(actual) is (self.check == "exists")
        if isinstance(actual, int):
            number = _number(self.attribute, self.value or "")
            return _ordered(self.check, (actual > number) - (actual < number))
        wanted = self.value or ""
        if not wanted:
            return False
        if self.check.endswith("like"):
            return Expression(wanted).matches(actual) is (self.check == "like")
        if self.check.endswith("in"):
            return (actual in {part.strip() for part in wanted.split(",")}) is (self.check == "in")
        return _ordered(self.check, (actual > wanted) - (actual < wanted))

    def _actual(self, evidence: Evidence) -> str | int:
        image, distro = evidence.image, evidence.inventory.distro
        if image.source == "sbom" and self.attribute in _OF_THE_IMAGE:
            raise PolicyError(f"the image's {self.attribute} is not known (only a list of its packages)")
        match self.attribute:
            case "size":
                return _squashed_size(evidence.filesystem)
            case "layer_count":
                return len(image.layers)
            case "architecture":
                return image.config.platform.architecture
            case "os_type":
                return image.config.platform.os
            case "distro":
                return distro_words(distro)[0]
            case "distro_version":
                return distro_words(distro)[1]
        return (",".join(distro.id_like) or distro.id) if distro else "Unknown"


def _number(attribute: str, text: str) -> int:
    shape = r"([0-9]{1,18})([kmgt]b)?" if attribute == "size" else r"\s*([0-9]{1,18})\s*()"
    found = re.fullmatch(shape, text)
    if found is None:
        raise ValueError(f"value: not a number of {attribute}: {text[:40]!r}")
    return int(found[1]) * _UNITS[found[2] or ""]


def _squashed_size(files: Filesystem) -> int:
    """Engine's size: of a tar of the squashed files, with a PAX header for the time of each."""
    blocks = 0
    for entry in files.entries():
        has_content = entry.type == "file" and not entry.is_hard_link
        blocks += 3 + (-(-entry.size // 512) if has_content else 0)
    return -(-(blocks * 512 + 1024) // _RECORD) * _RECORD


_RECORD = 10_240  # a tar file is a number of these
_OF_THE_IMAGE = frozenset({"size", "layer_count", "architecture", "os_type"})


def _ordered(check: str, order: int) -> bool:
    match check:
        case "!=":
            return order != 0
        case "<" | "<=":
            return order < 0 or (order == 0 and check == "<=")
        case ">" | ">=":
            return order > 0 or (order == 0 and check == ">=")
    return order == 0


GATE: Final = Gate("metadata", "Facts of the image as a whole.", (Attribute,))
