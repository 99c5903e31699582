"""Tokens: kept, renewed, asked for again, exchanged at Azure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anchore_gate.image.registry import Registry
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.model.image import ImageReference
from anchore_gate.net.retry import Clock
from tests.support.registry import build_image, fake_registry
from tests.support.web import Asked, Reply, Site, serve

IMAGE = build_image({"app": b"x"})
ALONE = RegistrySettings()


def jwt(**claims: Any) -> str:
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".sig"


@dataclass
class Service:
    """A registry and its token service on one host; the newest token counts."""

    life: int = 300
    needed: str = ""  # a scope the challenge names besides what is asked for
    posts: bool = True
    issued: int = 0
    forms: list[dict[str, str]] = field(default_factory=list)
    queries: list[dict[str, list[str]]] = field(default_factory=list)

    def respond(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.path)
        if parts.path == "/oauth2/exchange":
            self.forms.append({k: v[0] for k, v in parse_qs(asked.body.decode()).items()})
            return Reply(body=b'{"refresh_token": "exchanged"}')
        if parts.path == "/token":
            return self._token(asked)
        if (
            parts.path == "/v2/"
            or asked.headers.get("authorization") == f"Bearer t{self.issued}" != "Bearer t0"
        ):
            return Reply(0)
        scope = f',scope="{self.needed}"' if self.needed else ""
        challenge = f'Bearer realm="http://{asked.headers["host"]}/token?own=1",service="svc"{scope}'
        return Reply(401, headers={"WWW-Authenticate": challenge})

    def _token(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            if not self.posts:
                return Reply(405)
            self.forms.append({k: v[0] for k, v in parse_qs(asked.body.decode()).items()})
        else:
            self.queries.append(parse_qs(urlsplit(asked.path).query))
        self.issued += 1
        return Reply(body=json.dumps({"access_token": f"t{self.issued}", "expires_in": self.life}).encode())


@contextmanager
def asking(
    service: Service, settings: RegistrySettings = ALONE
) -> Iterator[tuple[Registry, Site, list[float]]]:
    now = [0.0]
    clock = Clock(sleep=lambda _: None, monotonic=lambda: now[0])
    with (
        serve(fake_registry(IMAGE, service.respond)) as site,
        Registry(settings.bound_to(site.host), clock=clock) as registry,
    ):
        yield registry, site, now


def ask(registry: Registry, site: Site) -> None:
    assert str(registry.manifest(ImageReference.parse(f"{site.host}/team/app:1")).digest) == IMAGE.digest


def test_a_token_is_kept_and_renewed_before_it_ends() -> None:
    service = Service(life=300)
    with asking(service) as (registry, site, now):
        ask(registry, site)
        now[0] = 269.0
        ask(registry, site)
        assert service.issued == 1
        now[0] = 271.0
        ask(registry, site)
    assert service.issued == 2


def test_a_realms_own_query_is_kept_and_the_scope_is_asked_for() -> None:
    service = Service()
    with asking(service) as (registry, site, _):
        ask(registry, site)
    assert service.queries == [{"own": ["1"], "service": ["svc"], "scope": ["repository:team/app:pull"]}]


def test_a_scope_the_challenge_names_comes_first() -> None:
    service = Service(needed="repository:team/app:pull,meta")
    with asking(service) as (registry, site, _):
        ask(registry, site)
    assert service.queries[0]["scope"] == ["repository:team/app:pull,meta", "repository:team/app:pull"]


def test_a_token_that_was_revoked_is_replaced() -> None:
    service = Service()
    with asking(service) as (registry, site, _):
        ask(registry, site)
        service.issued += 1  # the old one no longer counts
        ask(registry, site)


def test_a_refresh_token_goes_by_get_where_post_is_unknown() -> None:
    service = Service(posts=False)
    with serve(fake_registry(IMAGE, service.respond)) as site:
        config = json.dumps({"auths": {site.host: {"identitytoken": "refresh"}}})
        with Registry(replace(ALONE, auth_config=config)) as registry:
            ask(registry, site)
        basic = base64.b64encode(b"<token>:refresh").decode()
        assert [
            a.headers["authorization"]
            for a in site.asked
            if a.path.startswith("/token") and a.method == "GET"
        ] == [f"Basic {basic}"]


@pytest.mark.parametrize(
    "issuer", ["https://sts.windows.net/tenant/", "https://login.microsoftonline.com/tenant/v2.0"]
)
def test_an_entra_token_is_exchanged_for_a_refresh_token(issuer: str) -> None:
    service = Service()
    entra = jwt(iss=issuer, tid="tenant")
    with asking(service, replace(ALONE, token=entra)) as (registry, site, _):
        ask(registry, site)
    exchange, token = service.forms
    assert exchange == {
        "grant_type": "access_token",
        "service": "svc",
        "access_token": entra,
        "tenant": "tenant",
    }
    assert (token["grant_type"], token["refresh_token"]) == ("refresh_token", "exchanged")


def test_azures_refresh_token_is_used_as_one() -> None:
    service = Service()
    refresh = jwt(grant_type="refresh_token", iss="Azure Container Registry")
    with asking(service, replace(ALONE, token=refresh)) as (registry, site, _):
        ask(registry, site)
    assert [form["refresh_token"] for form in service.forms] == [refresh]
