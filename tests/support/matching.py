"""A database that a test fills row by row, and what it says of packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.model.vulnerability import Match
from anchore_gate.vulnerability.matcher import Matched, match
from anchore_gate.vulnerability.store import Store
from anchore_gate.vulnerability.writer import Writer
from tests.support.databases import BUILT

DEBIAN = Distro(id="debian", version_id="12", version_codename="bookworm")
ALPINE = Distro(id="alpine", version_id="3.20.3")
RHEL = Distro(id="rhel", version_id="9.4", id_like=("fedora",))


class Data:
    """A database that a test fills row by row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = Writer.create(path, built_at=BUILT)
        for provider in ("debian", "ubuntu", "alpine", "rhel", "github", "nvd", "alma"):
            self.writer.provider(provider, captured=BUILT)

    def add(
        self,
        id: str,
        ecosystem: str,
        name: str,
        blob: dict[str, Any],
        *,
        provider: str,
        system: int | None = None,
        is_unaffected: bool = False,
        status: str = "active",
        withdrawn: str | None = None,
        **vulnerability: Any,
    ) -> int:
        handle = self.writer.vulnerability(
            id,
            provider=provider,
            blob={"id": id} | vulnerability,
            status=status,
            dates=(None, None, withdrawn),
        )
        package = self.writer.package(ecosystem, name)
        self.writer.affected(handle, package=package, blob=blob, system=system, is_unaffected=is_unaffected)
        return handle

    def match(self, *packages: Package, distro: Distro | None = DEBIAN) -> Matched:
        self.writer.finish()
        return self.matched(*packages, distro=distro)

    def matched(self, *packages: Package, distro: Distro | None = DEBIAN) -> Matched:
        """As `match`, of a database that was finished before."""
        with Store.open(self.path) as store:
            return match(Inventory(distro=distro, packages=packages), store)


def ids(matched: Matched) -> list[str]:
    return [one.vulnerability.id for one in matched.matches]


def only(matched: Matched) -> Match:
    assert len(matched.matches) == 1
    return matched.matches[0]


def deb(name: str, version: str, **more: Any) -> Package:
    return Package(type="deb", name=name, version=version, **more)
