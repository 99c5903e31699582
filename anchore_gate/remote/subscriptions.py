"""What a service keeps an eye on after the run."""

from __future__ import annotations

from urllib.parse import quote

from anchore_gate.errors import RemoteError
from anchore_gate.remote import v1
from anchore_gate.remote.pages import rows
from anchore_gate.remote.service import Service
from anchore_gate.remote.values import mapping, text, words
from anchore_gate.typed import Any


def subscribe(service: Service, tag: str, kind: str) -> None:
    """Have the service watch a tag. Raises `RemoteError` where it does not."""
    found = _find(service, tag, kind) or _added(service, tag, kind)
    if found.get("active") is True:
        return
    number = quote(text(found, "subscription_id", "a subscription"), safe="")
    named = {"subscription_key": tag, "subscription_type": kind} if service.api is v1 else {}
    body = {"active": True, "subscription_value": None, **named}
    service.client.send("PUT", f"{service.api.PREFIX}/subscriptions/{number}", body)


def _find(service: Service, tag: str, kind: str) -> dict[str, Any] | None:
    query = {"subscription_key": tag, "subscription_type": kind}
    for one in rows(service.client, service.api.PREFIX + "/subscriptions", query):
        record = mapping(one, "a subscription")
        if (words(record, "subscription_key"), words(record, "subscription_type")) == (tag, kind):
            return record
    return None


def _added(service: Service, tag: str, kind: str) -> dict[str, Any]:
    """A new one; it may not be active yet, and another image of the run may have been quicker."""
    body: dict[str, Any] = {"subscription_key": tag, "subscription_type": kind, "subscription_value": ""}
    body |= {"active": True} if service.api is v1 else {}
    told = service.client.tell("POST", service.api.PREFIX + "/subscriptions", body=body)
    if not told.is_success and told.status != 409 and "already exists" not in told.message:
        raise service.client.error(told, f"{tag}: no subscription to {kind}")
    found = _find(service, tag, kind)
    if found is None:
        raise RemoteError(f"{tag}: the service keeps no subscription to {kind}")
    return found
