"""What a service answered, as far as it concerns who asked."""

from __future__ import annotations

from collections.abc import Mapping

from anchore_gate.typed import Any
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """A status and what came with it: the JSON of a success, the service's own words of an error."""

    status: int
    value: Any = None
    message: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the service did as it was asked."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was read to its end: what is cut in the middle is asked for again."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    error: str

    def close(self) -> None:
        """Nothing is open any more."""
