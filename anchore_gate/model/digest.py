"""Content digests: `sha256:<64 hex>` (OCI image-spec, descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib

from anchore_gate.errors import InvalidReference
from anchore_gate.regex import regex
from anchore_gate.values import dataclass

_SHAPES = {"sha256": regex(r"[0-9a-f]{64}"), "sha512": regex(r"[0-9a-f]{128}")}


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The address of some bytes."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `sha256:<hex>` or `sha512:<hex>`. Raises `InvalidReference`."""
        algorithm, _, digits = text.partition(":")
        shape = _SHAPES.get(algorithm)
        if shape is None or not shape.fullmatch(digits):
            raise InvalidReference(f"not a digest: {text[:200]!r}")
        return cls(algorithm, digits)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of `content`."""
        return cls(algorithm, hashlib.new(algorithm, content, usedforsecurity=False).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
