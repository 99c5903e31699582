"""`anchore-gate db`: the vulnerability database, seen and kept."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.cli.config import settings_of
from anchore_gate.cli.db_settings import database_settings
from anchore_gate.cli.db_show import (
    print_database,
    print_listing,
)
from anchore_gate.cli.options import add_options
from anchore_gate.cli.terminal import hint, say, sentence, table
from anchore_gate.errors import ConfigError
from anchore_gate.typed import Any
from anchore_gate.values import asdict
from anchore_gate.vulnerability.database import DatabaseSettings, MissingDatabase, Updater, staleness
from anchore_gate.vulnerability.store import Store

_ACTIONS = {
    "status": "what is in use, and whether it may decide (exit 3 where it may not)",
    "update": "fetch the newest database",
    "import": "install a database file, an archive, a URL, or one built from OSV records",
    "export": "write the database as an archive, or into a folder that can be served as a mirror",
    "check": "ask whether a newer one is published (exit 1 where there is)",
    "list": "the databases that are installed",
    "use": "go back to a database that is installed",
    "delete": "remove every database",
    "search": "what it says of a vulnerability or a package",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=sentence(summary))
        action.add_argument("--json", action="store_true", help="for machines")
        action.add_argument(
            "--offline", action=argparse.BooleanOptionalAction, default=None, help="use no network at all"
        )
        add_options(action, "db")
        _ARGUMENTS.get(name, lambda _: None)(action)


def _import_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "source", metavar="FILE|DIR|URL", help=".tar.zst .tar.gz .tar.xz .db, or OSV .json .zip DIR"
    )
    action.add_argument("--checksum", default="", metavar="sha256:HEX", help="what the archive must be")
    action.add_argument("--add", action="store_true", help="add OSV records to the database in use")
    action.add_argument(
        "--keep-going", action="store_true", help="pass over files that are not OSV, and count them"
    )
    action.add_argument("--sample", action="store_true", help="every report says that this is a sample")


def _export_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "target", metavar="FILE|DIR", type=Path, help="FILE.tar.zst, .tar.gz, .tar.xz, .db, or a folder"
    )


def _update_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument("--force", action="store_true", help="take it even where it is not newer")


def _use_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument("name", metavar="NAME", help="as `db list` shows it")


def _search_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument("term", metavar="VULNERABILITY|PACKAGE", help="e.g. CVE-2023-5363 or openssl")


def _status_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument("--verify", action="store_true", help="read every page of the file too")


_ARGUMENTS = {
    "import": _import_arguments,
    "export": _export_arguments,
    "update": _update_arguments,
    "use": _use_arguments,
    "search": _search_arguments,
    "status": _status_arguments,
}


def run(args: argparse.Namespace) -> int:
    """Do one thing with the database."""
    settings = database_settings(settings_of(args, "db", "run"))
    now = datetime.now(timezone.utc)
    action = {
        "status": _status,
        "update": _update,
        "import": _import,
        "export": _export,
        "check": _check,
        "list": _list,
        "use": _use,
        "delete": _delete,
        "search": _search,
    }[args.action]
    return action(args, settings, now)


def _status(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    path = _path(settings)
    with Store.open(path) as store:
        if args.verify:
            from anchore_gate.vulnerability.install import check

            check(store.connection)
        problem = staleness(store.identity, settings.max_age, now=now)
        print_database(store, settings, problem=problem, now=now, as_json=args.json)
    return 3 if problem else 0


def _update(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    installed = _updater(settings).update(is_forced=args.force)
    if installed is None:
        hint("already the newest")
    return _after(args, settings, now)


def _import(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    from anchore_gate.vulnerability.feeds.osv import summary
    from anchore_gate.vulnerability.importing import ImportOptions, import_from

    options = ImportOptions(
        checksum=args.checksum, adds=args.add, keep_going=args.keep_going, is_sample=args.sample
    )
    _, imported = import_from(_updater(settings), args.source, options, now=now)
    if imported is not None:
        hint(f"imported {imported.records} OSV records")
        for name, reason in imported.refused:
            hint(f"not imported: {name}: {reason}")
        if imported.refused:
            hint(f"{len(imported.refused)} files were not OSV and were passed over")
        for reason, count in summary(imported.skipped):
            hint(f"{count} affected entries left out: {reason}")
    return _after(args, settings, now)


def _after(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    """Show what is in use now; an old one that was asked for is no failure."""
    with Store.open(_path(settings)) as store:
        problem = staleness(store.identity, settings.max_age, now=now)
        print_database(store, settings, problem=problem, now=now, as_json=args.json)
    return 0


def _export(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    from anchore_gate.vulnerability.importing import export_to

    path, digest = export_to(_path(settings), args.target)
    _said(args, {"path": str(path), "digest": digest}, f"wrote {path}\n{digest}")
    return 0


def _check(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    listing = _updater(settings).look()
    path = settings.cache.current()
    built = None
    if path is not None:
        with Store.open(path) as store:
            built = store.identity.built_at
    is_newer = built is None or listing.built_at > built
    print_listing(listing, built, now=now, as_json=args.json)
    return int(is_newer)


def _list(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    current = settings.cache.current()
    names = settings.cache.names()
    used = current.parent.name if current else ""
    if args.json:
        say(json.dumps([{"name": name, "in_use": name == used} for name in names], indent=2))
    elif names:
        table(("DATABASE", "IN USE"), [(name, "yes" if name == used else "-") for name in names])
    else:
        say(f"no database in {settings.cache.folder}")
    return 0


def _use(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    with settings.cache.lock(waiting=settings.waiting):
        settings.cache.use(args.name)
    return _after(args, settings, now)


def _delete(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    with settings.cache.lock(waiting=settings.waiting):
        names = settings.cache.delete()
    _said(args, {"deleted": list(names)}, f"deleted {len(names)} databases in {settings.cache.folder}")
    return 0


def _search(args: argparse.Namespace, settings: DatabaseSettings, now: datetime) -> int:
    from anchore_gate.vulnerability.lookup import look_up

    with Store.open(_path(settings)) as store:
        hits = look_up(store, args.term)
    if args.json:
        say(json.dumps([asdict(hit) for hit in hits], indent=2))
    elif hits:
        header = ("VULNERABILITY", "PACKAGE", "TYPE", "SYSTEM", "AFFECTED", "FIX", "PROVIDER")
        table(
            header,
            [
                (
                    hit.vulnerability + (" (withdrawn)" if hit.is_withdrawn else ""),
                    hit.package,
                    hit.ecosystem,
                    hit.system or "-",
                    hit.affected,
                    hit.fix,
                    hit.provider,
                )
                for hit in hits
            ],
        )
    else:
        hint(f"the database says nothing of {args.term!r}")
    return 0 if hits else 1


def _path(settings: DatabaseSettings) -> Path:
    path = settings.path or settings.cache.current()
    if path is None:
        where = str(settings.cache.folder)
        raise MissingDatabase(f"no vulnerability database in {where!r}: run `anchore-gate db update`")
    return path


def _updater(settings: DatabaseSettings) -> Updater:
    if settings.path is not None:
        raise ConfigError("--db FILE is used as it is: `update`, `import` and `check` are about the cache")
    return Updater(settings=settings)


def _said(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    say(json.dumps(value, indent=2) if args.json else text)
