"""What is installed. The folder is the registry: one module, one `CATALOGER`."""

from __future__ import annotations

from functools import cache

from anchore_gate._folder import members
from anchore_gate.catalog.cataloger import Cataloger
from anchore_gate.image.needs import Needs


@cache
def catalogers() -> tuple[Cataloger, ...]:
    """Every cataloger in this folder, by name."""
    return members(__name__, "CATALOGER")


def needs() -> Needs:
    """What all catalogers read."""
    return Needs.union(cataloger.needs() for cataloger in catalogers())
