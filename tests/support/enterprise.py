"""An Anchore Enterprise (API v2) on 127.0.0.1, built from its reference."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.anchore import reply
from tests.support.web import Asked, Reply, Site, serve

DIGEST = "sha256:" + "a" * 64
TAG = "docker.io/team/app:1.2"
IMAGE = {
    "image_digest": DIGEST,
    "analysis_status": "analyzed",
    "image_detail": [{"full_tag": TAG, "image_id": "b" * 64}],
    "image_content": {"metadata": {"distro": "debian", "distro_version": "12", "arch": "amd64"}},
}
FLAW = {
    "vuln": "CVE-2022-1",
    "severity": "High",
    "url": "https://example.org/CVE-2022-1",
    "fix": "None",
    "package_name": "libssl",
    "package_version": "3.0",
    "package_type": "dpkg",
    "will_not_fix": True,
    "is_kev": True,
    "nvd_data": [{"id": "CVE-2022-1", "cvss_v2": None, "cvss_v3": {"base_score": 7.5}}],
}
POLICY = {
    "id": "p1",
    "name": "ours",
    "version": "2",
    "mappings": [],
    "rule_sets": [
        {
            "id": "s1",
            "name": "set",
            "version": "1.0.0",
            "rules": [
                {
                    "id": name,
                    "gate": "vulnerabilities",
                    "trigger": "package",
                    "action": "STOP",
                    "params": [{"name": "package_type", "value": "all"}],
                }
                for name in ("r1", "r2")
            ],
        }
    ],
    "allowlists": [],
}


def finding(rule: str, **more: Any) -> dict[str, Any]:
    return {
        "trigger_id": "CVE-2022-1+libssl",
        "gate": "vulnerabilities",
        "trigger": "package",
        "message": "HIGH Vulnerability found",
        "action": "stop",
        "policy_id": "s1",
        "rule_id": rule,
        "recommendation": "",
        "allowlisted": False,
        "allowlist_match": None,
        "inherited_from_base": None,
        **more,
    }


def evaluation(**more: Any) -> dict[str, Any]:
    one: dict[str, Any] = {
        "status": "fail",
        "final_action": "stop",
        "final_action_reason": "policy_evaluation",
        "evaluation_problems": [],
        "matched_allowlisted_images_rule": None,
        "matched_denylisted_images_rule": None,
        "image_mapped_to_rule": True,
        "matched_mapping_rule": {"id": "m", "name": "all", "rule_set_ids": ["s1"], "allowlist_ids": []},
        "details": {"policy": POLICY, "findings": [finding("r1")]},
    }
    return {"policy_id": "p1", "evaluated_tag": TAG, "evaluations": [{**one, **more}]}


@dataclass
class Enterprise:
    """What the service will say; tests change it."""

    version: str = "5.8.0"
    checked: Any = field(default_factory=evaluation)
    flaws: Any = field(default_factory=lambda: {"vulnerabilities": [FLAW]})
    answers: dict[str, Any] = field(default_factory=dict)  # by path, before all others
    asked: list[Asked] = field(default_factory=list)
    uploads: dict[str, Asked] = field(default_factory=dict)  # what was uploaded, by part
    imported: dict[str, Any] = field(default_factory=dict)  # images, by their digests
    site: Site | None = None

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
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = self.answers.get(parts.path)
        if callable(found):
            found = found(asked, query)
        if isinstance(found, Reply):
            return found
        if found is not None:
            return reply(found)
        if parts.path == "/version":
            return reply({"service": {"version": self.version}, "api": {"version": "2.13.0"}})
        if parts.path == "/v2/status":
            return reply({"available": True, "busy": False, "up": True, "version": self.version})
        return self._resource(asked, parts.path.removeprefix("/v2").strip("/").split("/"), query)

    def _resource(self, asked: Asked, path: list[str], query: dict[str, str]) -> Reply:
        match (asked.method, path):
            case "POST", ["images"]:
                return reply(self._submitted(json.loads(asked.body)["source"]))
            case "GET", ["images", digest]:
                return reply(self.imported.get(digest, IMAGE))
            case "GET", ["images", _, "check"]:
                return reply(self._judged(query))
            case "GET", ["images", _, "vuln", "all"]:
                return reply(self.flaws)
            case "GET", ["images", _, "content"]:
                return reply(["os", "files"])
            case "GET", ["images", _, "content", "os"]:
                return reply({"content": [{"package": "libssl", "type": "dpkg"}]})
            case "GET", ["system", "feeds"]:
                return reply([{"name": "vulnerability_db", "dataset_checksum": "c0ffee", "groups": []}])
            case "POST", ["scan"] if self.version >= "5.21":
                return reply({"vuln_scan": self.flaws, "policy_scan": self._judged(query)})
            case "POST", ["imports", "images", *rest]:
                return self._import(asked, rest)
            case "POST", ["policies"]:
                return reply({})
            case "DELETE", _:
                return Reply(204)
        return reply({"message": "not found"}, 404)

    def _judged(self, query: dict[str, str]) -> Any:
        return {**self.checked, "policy_id": query["policy_id"]} if "policy_id" in query else self.checked

    def _submitted(self, source: Any) -> Any:
        if "import" not in source:
            return IMAGE
        one = source["import"]
        self.imported[one["digest"]] = {
            **IMAGE,
            "image_digest": one["digest"],
            "image_detail": [{"full_tag": one["tags"][0], "image_id": one["local_image_id"]}],
        }
        return self.imported[one["digest"]]

    def _import(self, asked: Asked, path: list[str]) -> Reply:
        if not path:
            return reply({"uuid": "0a1b-2c3d", "status": "pending"})
        self.uploads[path[-1]] = asked
        return reply({"digest": hashlib.sha256(asked.body).hexdigest()})


@contextmanager
def enterprise(made: Enterprise) -> Iterator[Enterprise]:
    """The service, until the `with` ends."""
    with serve(made.respond) as site:
        made.site = site
        yield made
