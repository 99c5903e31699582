"""What an Anchore service is doing: why a gate waits, and what it would decide by."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable

from anchore_gate.cli.config import settings_of
from anchore_gate.cli.options import add_options
from anchore_gate.cli.service import service_engine
from anchore_gate.cli.terminal import say, sentence, table
from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchore_gate.remote.service import Service

Record = dict[str, Any]
_GROUPS = ("remote", "run")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (summary, _) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=sentence(summary))
        action.add_argument("--json", action="store_true", help="write JSON")
        add_options(action, *_GROUPS)


def run(args: argparse.Namespace) -> int:
    """Do it."""
    settings = settings_of(args, *_GROUPS)
    with service_engine(settings, os.environ).open() as service:
        found = _ACTIONS[args.action][1](service)
    if args.json:
        say(json.dumps(found, indent=2))
    elif found:
        header = tuple(found[0])
        table([name.upper() for name in header], ([_shown(one[name]) for name in header] for one in found))
    else:
        say(f"no {args.action}")
    return 0


def _status(service: Service) -> list[Record]:
    """The API that answers, then each of its services."""
    spoken = {"name": service.source, "state": f"API {service.api.PREFIX[1:]}", "version": service.version}
    return [
        spoken,
        *(
            {
                "name": _word(one, "servicename", "service_name"),
                "state": _word(one, "status_message") or ("up" if one.get("status") else "down"),
                "version": _word(one.get("service_detail"), "version"),
            }
            for one in service.records("/system/services")
        ),
    ]


def _policies(service: Service) -> list[Record]:
    return [
        {
            "id": _word(one, "policyId", "policy_id"),
            "name": _word(one, "name"),
            "active": one.get("active") is True,
            "updated": _word(one, "last_updated"),
        }
        for one in service.records("/policies")
    ]


def _images(service: Service) -> list[Record]:
    return [
        {
            "tag": _word(detail, "fulltag", "full_tag"),
            "digest": _word(one, "imageDigest", "image_digest"),
            "state": _word(one, "analysis_status"),
            "analyzed": _word(one, "analyzed_at"),
        }
        for one in service.records("/images")
        for detail in _details(one)
    ]


def _details(image: Record) -> list[Any]:
    found = image.get("image_detail")
    return found if isinstance(found, list) and found else [{}]


def _feeds(service: Service) -> list[Record]:
    from anchore_gate.errors import RemoteError

    feeds = service.feeds()
    if feeds is None:
        raise RemoteError("the service does not show its feeds to this user")
    return [
        {
            "name": one.name,
            "group": one.group,
            "records": one.records,
            "synced": one.synced or "never",
            "enabled": one.enabled,
        }
        for one in feeds
    ]


def _subscriptions(service: Service) -> list[Record]:
    return [
        {
            "key": _word(one, "subscription_key"),
            "type": _word(one, "subscription_type"),
            "active": one.get("active") is True,
        }
        for one in service.records("/subscriptions")
    ]


def _registries(service: Service) -> list[Record]:
    return [
        {
            "registry": _word(one, "registry"),
            "type": _word(one, "registry_type"),
            "user": _word(one, "registry_user"),
            "verified": one.get("registry_verify") is True,
        }
        for one in service.records("/registries")
    ]


_ACTIONS: dict[str, tuple[str, Callable[[Service], list[Record]]]] = {
    "status": ("which API answers, and how its services are", _status),
    "policies": ("the account's policies, and which one is active", _policies),
    "images": ("the images, and how far their analysis is", _images),
    "feeds": ("the vulnerability data, and when it came", _feeds),
    "subscriptions": ("what is watched", _subscriptions),
    "registries": ("the registries that the service has credentials for", _registries),
}


def _word(record: Any, *names: str) -> str:
    if not isinstance(record, dict):
        return ""
    return next((value for name in names if isinstance(value := record.get(name), str)), "")


def _shown(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
