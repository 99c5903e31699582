"""Images that a service cannot pull: what was catalogued elsewhere is handed over, or scanned once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from anchore_gate.errors import NetworkError, RemoteError, TimedOut
from anchore_gate.remote import v2
from anchore_gate.remote.service import Service
from anchore_gate.remote.told import Told
from anchore_gate.remote.values import Imported, Judgement, listing, mapping, text
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_FIRST_SCAN = (5, 21)  # the Enterprise that brought `POST /scan`
_NO_SUCH_PATH = frozenset({404, 405, 501})
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an import consists of, byte for byte."""

    manifest: bytes
    manifest_type: str
    config: bytes
    packages: bytes  # Syft JSON
    dockerfile: bytes | None = None
    files: tuple[tuple[str, bytes], ...] = ()  # searches and contents, by their names in the import


@contextmanager
def uploaded(service: Service, parts: Parts) -> Iterator[Imported]:
    """
    The parts, uploaded and ready to be submitted; a `with` that fails leaves nothing on the service.

    Raises `RemoteError`, also for a service that takes no imports.
    """
    place = service.api.PREFIX + "/imports/images"
    told = service.client.tell("POST", place)
    if told.status in _NO_SUCH_PATH:
        raise RemoteError("this service takes no images from outside a registry (it has no imports)")
    if not told.is_success:
        raise service.client.error(told, "the import is not accepted")
    operation = text(mapping(told.value, "the import"), "uuid", "the import")
    if not operation.replace("-", "").isalnum():
        raise RemoteError("the service's answer cannot be understood: the import's uuid")
    try:
        yield Imported(
            operation=operation,
            digest=f"sha256:{sha256(parts.manifest).hexdigest()}",
            image_id=sha256(parts.config).hexdigest(),
            contents=tuple(_upload_all(service, f"{place}/{operation}", parts)),
        )
    except BaseException:
        _invalidate(service, f"{place}/{operation}")
        raise


def _upload_all(service: Service, place: str, parts: Parts) -> Iterator[tuple[str, str]]:
    config = f"{place}/{service.api.IMAGE_CONFIG}"
    yield "packages", _upload(service, f"{place}/packages", parts.packages, _JSON)
    for name, content in parts.files if service.api is v2 else ():
        path = f"{place}/{name.replace('_', '-')}"
        told = service.client.tell("POST", path, body=content)
        if told.status not in _NO_SUCH_PATH:  # an older one: what it was not shown, it does not answer
            yield name, _digest(service, told, path, content)
    if parts.dockerfile is not None:
        yield "dockerfile", _upload(service, f"{place}/dockerfile", parts.dockerfile, "text/plain")
    yield "manifest", _upload(service, f"{place}/manifest", parts.manifest, parts.manifest_type)
    yield "image_config", _upload(service, config, parts.config, _JSON)


def _upload(service: Service, place: str, content: bytes, kind: str) -> str:
    told = service.client.tell("POST", place, body=content, kind=kind)
    if told.status == 415 and kind != _JSON:  # a manifest's own type is not known to every version
        told = service.client.tell("POST", place, body=content, kind=_JSON)
    return _digest(service, told, place, content)


def _digest(service: Service, told: Told, place: str, content: bytes) -> str:
    """The digest under which a part is kept there. Raises `RemoteError` where it is not."""
    what = place.rpartition("/")[2]
    if told.status == 413:
        raise RemoteError(f"the {what} of the import: {len(content)} bytes are more than the service takes")
    if not told.is_success:
        raise service.client.error(told, f"the {what} of the import: not accepted")
    return text(mapping(told.value, "the upload"), "digest", "the upload")


def _invalidate(service: Service, place: str) -> None:
    try:
        with service.client.grace():
            service.client.tell("DELETE", place, attempts=1)
    except (RemoteError, NetworkError, TimedOut):
        return  # it expires by itself after a day


def scans(service: Service) -> bool:
    """Whether the API has a scan that stores nothing."""
    return service.api is v2 and service.is_at_least(*_FIRST_SCAN)


def scan(
    service: Service, packages: bytes, tag: str, *, policy_id: str
) -> tuple[Judgement, tuple[dict[str, Any], ...]] | None:
    """
    The judgement on a list of packages and its vulnerabilities, nothing stored; None where it cannot scan.

    Raises `RemoteError`, `PolicyMissing`.
    """
    query = {"tag": tag} | ({"policy_id": policy_id} if policy_id else {})
    told = service.client.tell("POST", "/v2/scan", query, body={"sbom": json.loads(packages)})
    if told.status in _NO_SUCH_PATH and "policy" not in told.message.lower():
        return None
    if not told.is_success:
        raise service.refusal(told, policy_id)
    answer = mapping(told.value, "the scan")
    judgement = service.checked(v2.judgement_of(answer.get("policy_scan")), policy_id)
    found = mapping(answer.get("vuln_scan"), "vuln_scan")
    flaws = listing(found.get("vulnerabilities"), "the vulnerabilities")
    return judgement, tuple(mapping(one, "a vulnerability") for one in flaws)
