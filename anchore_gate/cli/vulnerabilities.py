"""List what is known against an image's packages: table, JSON, CycloneDX (VDR). Judges nothing."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.cli.config import settings_of
from anchore_gate.cli.options import Settings, add_options
from anchore_gate.cli.outputs import add_image, outputs
from anchore_gate.cli.terminal import hint, say, table
from anchore_gate.errors import ReportError
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import dataclass

if TYPE_CHECKING:
    from anchore_gate.model.image import Image, Platform
    from anchore_gate.model.inventory import Inventory
    from anchore_gate.model.vulnerability import DatabaseIdentity, Match
    from anchore_gate.vulnerability.matcher import Matched
    from anchore_gate.vulnerability.vex import VexDocument

GROUPS = ("registry", "db", "run")
FORMATS = ("table", "json", "cyclonedx")
_SBOM = "sbom:"
_MOST = 20  # lines of one kind on a terminal
_HEADER = ("SEVERITY", "VULNERABILITY", "PACKAGE", "INSTALLED", "FIXED IN", "EPSS", "KEV", "STATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was found in one image, and by which data."""

    image: Image
    inventory: Inventory
    matched: Matched
    database: DatabaseIdentity
    created: datetime


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `anchore-gate vulnerabilities`."""
    add_image(parser, FORMATS)
    parser.add_argument(
        "--vex", action="append", default=[], metavar="FILE", help="OpenVEX, CSAF or CycloneDX VEX document"
    )
    offline = argparse.BooleanOptionalAction
    parser.add_argument("--offline", action=offline, default=None, help="use no network at all")
    add_options(parser, "registry", "db")


def run(args: argparse.Namespace) -> int:
    """Catalog, match, and write every output asked for. Finding something is no failure."""
    wanted = outputs(args, FORMATS)
    listing = look(args, settings_of(args, *GROUPS), now=datetime.now(timezone.utc))
    for kind, file in wanted:
        _write(kind, file, listing)
    for line in _hints(listing):
        hint(f"anchore-gate: {line}")
    return 0


def look(args: argparse.Namespace, settings: Settings, *, now: datetime) -> Listing:
    """The vulnerabilities of the image. Raises `GateError`."""
    from anchore_gate.cli.db_settings import database_settings
    from anchore_gate.model.image import Platform
    from anchore_gate.vulnerability.database import find_store
    from anchore_gate.vulnerability.matcher import match
    from anchore_gate.vulnerability.vex import load_vex

    documents = [load_vex(Path(name)) for name in args.vex]
    platform = Platform.parse(args.platform) if args.platform else None
    with find_store(database_settings(settings), now=now) as store:
        image, inventory = _catalog(args.image, platform, settings)
        matched, identity = match(inventory, store), store.identity
    if documents:
        matched = _after_vex(matched, documents, image)
    return Listing(image=image, inventory=inventory, matched=matched, database=identity, created=now)


def _catalog(name: str, platform: Platform | None, settings: Settings) -> tuple[Image, Inventory]:
    if name.startswith(_SBOM):
        from anchore_gate.catalog.sbom import read_sbom

        return read_sbom(Path(name.removeprefix(_SBOM)))
    from anchore_gate import catalog
    from anchore_gate.cli.engine import registry_of
    from anchore_gate.image.links import scan
    from anchore_gate.image.sources import open_image

    with open_image(name, platform=platform, registry=registry_of(settings, [name])) as opened:
        return opened.image, catalog.catalog(scan(opened, catalog.needs()))


def _after_vex(matched: Matched, documents: list[VexDocument], image: Image) -> Matched:
    from anchore_gate.values import replace
    from anchore_gate.vulnerability.vex import apply_vex

    outcome = apply_vex(matched.matches, documents, image)
    for note in outcome.notes:
        hint(f"anchore-gate: {note}")
    return replace(matched, matches=outcome.matches)


def _write(kind: str, file: str, listing: Listing) -> None:
    rows = [_row(match) for match in _worst_first(listing)]
    if kind == "table" and not file:
        table(_HEADER, rows)
        return
    if kind == "table":
        text = "".join("\t".join(row) + "\n" for row in [_HEADER, *rows])
    else:
        from anchore_gate.cli import vulnerability_formats

        render = vulnerability_formats.as_json if kind == "json" else vulnerability_formats.as_cyclonedx
        text = render(listing)
    if not file:
        say(text.removesuffix("\n"))
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise ReportError(f"{file}: {problem.strerror}") from problem


def _worst_first(listing: Listing) -> list[Match]:
    return sorted(
        listing.matched.matches,
        key=lambda match: (
            match.suppressed is not None,
            -match.vulnerability.severity,
            match.package.name,
            match.vulnerability.id,
        ),
    )


def _row(match: Match) -> tuple[str, ...]:
    vulnerability, package = match.vulnerability, match.package
    state = match.fix.state if match.suppressed is None else f"suppressed ({match.suppressed.kind})"
    cells = (
        vulnerability.severity.word,
        vulnerability.id,
        package.name,
        package.version,
        ", ".join(match.fix.versions),
        "" if vulnerability.epss is None else f"{vulnerability.epss:.3f}",
        "yes" if vulnerability.known_exploited else "",
        state,
    )
    return tuple(_plain(cell) for cell in cells)


def _plain(text: str) -> str:
    """One short line without control characters: what an image says must not move the cursor."""
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return line if len(line) <= 120 else f"{line[:119]}…"


def _hints(listing: Listing) -> list[str]:
    matched, database = listing.matched, listing.database
    standing = sum(match.suppressed is None for match in matched.matches)
    built = database.built_at.strftime("%Y-%m-%d") if database.built_at else "an unknown day"
    kind = "a sample, not the full data" if database.is_sample else f"{database.source} data"
    lines = [
        f"{standing} vulnerabilities, {len(matched.matches) - standing} set aside, in "
        f"{len(listing.inventory.packages)} packages ({kind} of {built})"
    ]
    if matched.distro_has_data is False:
        lines.append(f"the data knows nothing of {listing.inventory.distro or 'this distribution'}")
    if matched.unsearched:
        lines.append(f"no data is searched for {', '.join(matched.unsearched)} packages")
    lines.extend(
        f"{one.package.name} {one.package.version} and {one.vulnerability_id} not comparable: {one.reason}"
        for one in matched.incomparable[:_MOST]
    )
    if len(matched.incomparable) > _MOST:
        lines.append(f"and {len(matched.incomparable) - _MOST} more (-o json has them all)")
    lines.extend(f"{unknown.path}: {unknown.reason}" for unknown in listing.inventory.unknowns[:_MOST])
    return [*(_plain(line) for line in lines), *database.notes]
