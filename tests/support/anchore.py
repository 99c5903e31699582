"""An Anchore Engine on 127.0.0.1 that answers what a real one was recorded to answer."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.web import Asked, Reply, Site, serve

RECORDED = Path(__file__).parent.parent / "vectors" / "anchore-v1"
ALPINE = "localhost:15000/traces/alpine:3.18"  # judged go: an allowlist covers what is found
ALPINE_DIGEST = "sha256:0b70e2da6f967d3eff6d39db5f67fc497a855c05e48fefcae692bac2e7a77e71"
IMPORTED = "docker.io/import/alpine:3.18"  # judged stop by the default bundle
IMPORTED_DIGEST = "sha256:b0c8a093696813e0c21e8d775a6fa4b462db0dfbeaae829346f350d5d2c3f4bc"
PASSWORD = "wonderful-secret"
_LISTS = {
    "system/feeds": "007_GET_system_feeds",
    "status": "004_GET_status",
    "system/services": "006_GET_system_services",
    "images": "024_GET_images_list",
    "policies": "058_GET_policies",
    "registries": "012_GET_registries",
}


def recorded(name: str) -> Any:
    """One exchange: `request` and `response`."""
    return json.loads((RECORDED / f"{name}.json").read_text())


def answer(name: str) -> Reply:
    """The recorded answer, as it was."""
    response = recorded(name)["response"]
    return reply(response["body"], response["status"])


def reply(body: Any, status: int = 200) -> Reply:
    """Any JSON."""
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@dataclass
class Engine:
    """What the service will say; tests change it."""

    states: list[str] = field(default_factory=lambda: ["not_analyzed", "analyzing", "analyzed"])
    policies: dict[str, Any] = field(default_factory=dict)
    instead: dict[tuple[str, str], list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    site: Site | None = None
    ignores_policy: bool = False  # judges by the recorded policy, whichever is asked for
    images: dict[str, Any] = field(default_factory=dict)  # imported ones, by their digests
    subscriptions: list[Any] = field(
        default_factory=lambda: list(recorded("102_GET_subscriptions_by_key")["response"]["body"])
    )
    uploads: dict[str, Asked] = field(default_factory=dict)  # what was uploaded, by part
    rewrite: Callable[[Any], None] | None = None  # changes the evaluation before it is sent

    @property
    def url(self) -> str:
        assert self.site is not None
        return self.site.url

    def sent(self, method: str, path: str) -> list[Asked]:
        """The requests to a path, its query left out."""
        return [one for one in self.asked if one.method == method and urlsplit(one.path).path == path]

    def respond(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        parts = urlsplit(asked.path)
        waiting = self.instead.get((asked.method, parts.path))
        if waiting:
            return waiting.pop(0)
        if parts.path == "/v1/version":
            return answer("003_GET_version")
        if not parts.path.startswith("/v1/"):
            return Reply(404, b"<html>no such page</html>", {"Content-Type": "text/html"})
        token = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {token}":
            return answer("011_GET_images_bad_password")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self._resource(asked, parts.path.removeprefix("/v1").strip("/").split("/"), query)

    def _resource(self, asked: Asked, path: list[str], query: dict[str, str]) -> Reply:
        match (asked.method, path):
            case "POST", ["images"]:
                return self._submit(json.loads(asked.body))
            case _, ["imports", "images", *_]:
                return self._import(asked, path[2:])
            case "GET", ["images", digest]:
                state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
                return _image(digest, state, self.images.get(digest))
            case "GET", ["images", digest, "check"]:
                return self._check(digest, query.get("policyId", ""))
            case "GET", ["images", _, "content"]:
                return reply(["os", "files", "npm"])
            case "GET", ["images", digest, "content", "os"]:
                is_alpine = digest == ALPINE_DIGEST
                return answer("032_GET_content_os" if is_alpine else "130_GET_import_content_os")
            case "GET", ["images", _, "content", "npm"]:
                return answer("033_GET_content_npm")
            case "GET", ["images", digest, "vuln", "all"]:
                is_alpine = digest == ALPINE_DIGEST
                return answer("050_GET_vuln_all_vendor_only_false" if is_alpine else "132_GET_import_vuln")
            case "GET", _ if "/".join(path) in _LISTS:
                return answer(_LISTS["/".join(path)])
            case _, ["subscriptions", *rest]:
                return self._subscriptions(asked, rest, query)
            case _, ["policies", *_]:
                return self._policies(asked, path[1:])
        return reply({"message": "no such page", "httpcode": 404}, 404)

    def _submit(self, body: Any) -> Reply:
        source = next(iter(body["source"].values()))
        if "import" in body["source"]:
            record = recorded("127_POST_import_finalize")["response"]["body"][0]
            record["imageDigest"] = source["digest"]
            record["image_detail"][0]["fulltag"] = source["tags"][0]
            record["image_detail"][0]["imageId"] = source["local_image_id"]
            self.images[source["digest"]] = record
            return reply([record])
        tag = source.get("tag", source["pullstring"])
        if tag == ALPINE:
            return answer("017_POST_images_add_source_tag")
        if tag == IMPORTED:
            return _image(IMPORTED_DIGEST, "not_analyzed")
        return answer("020_POST_images_add_missing_tag")

    def _subscriptions(self, asked: Asked, path: list[str], query: dict[str, str]) -> Reply:
        if asked.method == "POST":
            made = {"subscription_id": "new", "userId": "admin", "active": False, **json.loads(asked.body)}
            self.subscriptions.append(made)
            return reply([made])
        if asked.method == "PUT":
            (found,) = [one for one in self.subscriptions if one["subscription_id"] == path[0]]
            found |= json.loads(asked.body)
            return reply([found])
        return reply([one for one in self.subscriptions if query.items() <= one.items()])

    def _import(self, asked: Asked, path: list[str]) -> Reply:
        match (asked.method, path):
            case "POST", []:
                return answer("120_POST_import_create")
            case "POST", [_, part]:
                self.uploads[part] = asked
                digest = hashlib.sha256(asked.body).hexdigest()
                return reply({"created_at": "2026-11-24T04:57:49Z", "digest": digest})
        return reply({}) if asked.method == "DELETE" else answer("133_GET_import_get_done")

    def _check(self, digest: str, policy_id: str) -> Reply:
        if policy_id and policy_id not in self.policies:
            return answer("092_GET_check_missing_policy")
        name = "088_GET_check_detail" if digest == ALPINE_DIGEST else "129_GET_import_check"
        body = copy.deepcopy(recorded(name)["response"]["body"])
        if policy_id and not self.ignores_policy:
            record_of(body)["policyId"] = policy_id
        if self.rewrite is not None:
            self.rewrite(body)
        return reply(body)

    def _policies(self, asked: Asked, path: list[str]) -> Reply:
        if asked.method == "POST":
            policy = json.loads(asked.body)
            self.policies[policy["id"]] = policy
            return reply({"policyId": policy["id"], "active": False})
        if asked.method == "DELETE" and self.policies.pop(path[0], None) is not None:
            return reply("deleted")
        if path and path[0] in self.policies:
            return reply([{"policyId": path[0], "active": False}])
        return answer("061_GET_policy_missing")


def _image(digest: str, state: str, imported: Any = None) -> Reply:
    name = "027_GET_image_get" if digest == ALPINE_DIGEST else "128_GET_import_image_get"
    body = [dict(imported)] if imported else copy.deepcopy(recorded(name)["response"]["body"])
    body[0]["analysis_status"] = state
    return reply(body)


@contextmanager
def anchore(engine: Engine | None = None) -> Iterator[Engine]:
    """The service, until the `with` ends."""
    made = engine or Engine()
    with serve(made.respond) as site:
        made.site = site
        yield made


def record_of(body: Any) -> Any:
    """The one record of a recorded evaluation."""
    by_tag = next(iter(body[0].values()))
    return next(iter(by_tag.values()))[0]


def table_of(body: Any) -> Any:
    """`detail.result` of a recorded evaluation."""
    return record_of(body)["detail"]["result"]
