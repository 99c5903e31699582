"""List what is installed in an image: table, JSON, CycloneDX, SPDX."""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.cli.config import settings_of
from anchore_gate.cli.options import Settings, add_options
from anchore_gate.cli.outputs import add_image, outputs
from anchore_gate.cli.terminal import hint, say, table
from anchore_gate.errors import ConfigError, ReportError
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.model.image import Image, Platform
    from anchore_gate.model.inventory import Inventory

FORMATS = ("table", "json", "cyclonedx", "spdx")
_SBOM = "sbom:"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `anchore-gate catalog`."""
    add_image(parser, FORMATS)
    add_options(parser, "registry")


def run(args: argparse.Namespace) -> int:
    """Catalog the image and write every output asked for."""
    from anchore_gate.model.image import Platform

    wanted = outputs(args, FORMATS)
    platform = Platform.parse(args.platform) if args.platform else None
    image, inventory = _look(args.image, platform, settings_of(args, "registry"))
    created = _created()
    for kind, file in wanted:
        _write(kind, file, image, inventory, created)
    if inventory.unknowns:
        hint(f"anchore-gate: {len(inventory.unknowns)} files look like packages and could not be read:")
        for unknown in inventory.unknowns:
            hint(f"  {unknown.path}: {unknown.reason} ({unknown.cataloger})")
    return 0


def _look(name: str, platform: Platform | None, settings: Settings) -> tuple[Image, Inventory]:
    if name.startswith(_SBOM):
        from anchore_gate.catalog.sbom import read_sbom

        return read_sbom(Path(name.removeprefix(_SBOM)))
    from anchore_gate import catalog
    from anchore_gate.cli.engine import registry_of
    from anchore_gate.image.links import scan
    from anchore_gate.image.sources import open_image

    with open_image(name, platform=platform, registry=registry_of(settings, [name])) as opened:
        return opened.image, catalog.catalog(scan(opened, catalog.needs()))


def _created() -> datetime:
    """Now, or the time that a reproducible build asks for (reproducible-builds.org, SOURCE_DATE_EPOCH)."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return datetime.now(timezone.utc)
    try:
        return datetime.fromtimestamp(int(text), timezone.utc)
    except (ValueError, OverflowError, OSError) as problem:
        raise ConfigError(f"SOURCE_DATE_EPOCH is no time: {text[:40]!r}") from problem


def _write(format: str, file: str, image: Image, inventory: Inventory, created: datetime) -> None:
    if format == "table" and not file:
        table(_HEADER, _rows(inventory))
        return
    text = _text(format, image, inventory, created)
    if not file:
        say(text.removesuffix("\n"))
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise ReportError(f"{file}: {problem.strerror}") from problem


_HEADER = ("NAME", "VERSION", "TYPE", "LICENSES", "LOCATION")


def _rows(inventory: Inventory) -> list[tuple[str, ...]]:
    rows = [
        (one.name, one.version, one.type, ", ".join(one.licenses), one.locations[0] if one.locations else "")
        for one in inventory.packages
    ]
    return [tuple(_plain(cell) for cell in row) for row in rows]


def _plain(text: str) -> str:
    """One short line without control characters: what an image says must not move the cursor."""
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return line if len(line) <= 120 else f"{line[:119]}…"


def _text(format: str, image: Image, inventory: Inventory, created: datetime) -> str:
    if format == "cyclonedx":
        from anchore_gate.catalog import cyclonedx

        return cyclonedx.render(inventory, image, created=created)
    if format == "spdx":
        from anchore_gate.catalog import spdx

        return spdx.render(inventory, image, created=created)
    if format == "json":
        return _json(inventory)
    return "".join("\t".join(row) + "\n" for row in [_HEADER, *_rows(inventory)])


def _json(inventory: Inventory) -> str:
    import json

    from anchore_gate.report.rows import row

    document = {name: row(getattr(inventory, name)) for name in ("distro", "packages", "unknowns")}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
