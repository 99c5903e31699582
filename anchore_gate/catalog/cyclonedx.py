"""An inventory as CycloneDX 1.6 JSON: the one door of `cyclonedx-python-lib` (extra `sbom`)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime

from anchore_gate.catalog.sbom_facts import PREFIX, facts_of, inventory_facts
from anchore_gate.errors import ReportError
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.model.purl import package_url
from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.dependency import Dependency

_NO_LIBRARY = "CycloneDX needs the extra `sbom`: pip install 'anchore-gate[sbom]'"


def render(inventory: Inventory, image: Image | None = None, *, created: datetime) -> str:
    """
    The document; the same inventory and time give the same text.

    Raises `ReportError` where the library is not installed.
    """
    try:
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError as problem:
        raise ReportError(_NO_LIBRARY) from problem
    return JsonV1Dot6(_bom(inventory, image, created)).output_as_string(indent=2)


def _bom(inventory: Inventory, image: Image | None, created: datetime) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.tool import ToolRepository

    components = [_component(package, number) for number, package in enumerate(inventory.packages)]
    if inventory.distro is not None:
        components.append(_system(inventory.distro))
    metadata = BomMetaData(
        timestamp=created,
        tools=ToolRepository(components=[_tool()]),
        component=_subject(image) if image is not None else None,
        properties=_properties(inventory_facts(inventory)),
    )
    bom = Bom(components=components, serial_number=_serial(inventory, image), metadata=metadata)
    bom.dependencies = list(_dependencies(metadata.component, components))
    # The library asks for each component again and searches the whole list every time: 4 s for 2,000.
    bom.register_dependency = lambda *_, **__: None  # type: ignore[method-assign]  # all are there
    return bom


def _dependencies(subject: Component | None, components: list[Component]) -> Iterator[Dependency]:
    from cyclonedx.model.dependency import Dependency

    yield from (Dependency(ref=one.bom_ref) for one in components)
    if subject is not None:
        yield Dependency(
            ref=subject.bom_ref, dependencies=[Dependency(ref=one.bom_ref) for one in components]
        )


def _serial(inventory: Inventory, image: Image | None) -> uuid.UUID:
    """Made from the content, not from chance: the same content is the same document."""
    digest = hashlib.sha256(repr((image, inventory)).encode("utf-8", "replace"))
    return uuid.UUID(bytes=digest.digest()[:16], version=4)


def _component(package: Package, number: int) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=package.version or None,
        group=package.group_id or None,
        purl=_purl(package.purl),
        cpe=package.cpes[0] if package.cpes else None,
        bom_ref=f"{package.purl or package.name}#{number}",
        licenses=list(_licenses(package.licenses)),
        properties=[
            *_properties(facts_of(package)),
            # Syft's names: what other tools read
            *_named("syft:package:type", package.type),
            *(
                one
                for place, path in enumerate(package.locations)
                for one in _named(f"syft:location:{place}:path", path)
            ),
        ],
    )


def _purl(text: str) -> Any:
    return package_url(text) if text else None


def _licenses(names: tuple[str, ...]) -> Iterator[Any]:
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
    from cyclonedx.spdx import is_expression, is_supported_id

    if len(names) == 1 and not is_supported_id(names[0]) and is_expression(names[0]):
        yield LicenseExpression(names[0])
        return
    for name in dict.fromkeys(names):
        yield DisjunctiveLicense(id=name) if is_supported_id(name) else DisjunctiveLicense(name=name)


def _system(distro: Distro) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType.OPERATING_SYSTEM,
        name=distro.id,
        version=distro.version_id or None,
        description=distro.pretty_name or None,
        bom_ref=f"os:{distro.id}@{distro.version_id}",
        properties=[
            *_named("syft:distro:id", distro.id),
            *_named("syft:distro:versionID", distro.version_id),
        ],
    )


def _subject(image: Image) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    facts = {"tag": image.tag, "digest": str(image.digest or ""), "id": str(image.config_digest or "")}
    return Component(
        type=ComponentType.CONTAINER,
        name=image.display_name,
        version=str(image.digest or image.config_digest or "") or None,
        bom_ref="image",
        properties=_properties({f"image:{name}": value for name, value in facts.items() if value}),
    )


def _tool() -> Component:
    from cyclonedx.model.component import Component, ComponentType

    from anchore_gate import __version__

    return Component(type=ComponentType.APPLICATION, name="anchore-gate", version=__version__, bom_ref="tool")


def _properties(facts: dict[str, str]) -> list[Any]:
    return [one for name, value in facts.items() for one in _named(PREFIX + name, value)]


def _named(name: str, value: str) -> Iterator[Any]:
    from cyclonedx.model import Property

    if value:
        yield Property(name=name, value=value)
