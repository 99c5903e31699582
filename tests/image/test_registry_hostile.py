"""Registries that lie, cut, stall, redirect and flood."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from anchore_gate.errors import GateError, ImageNotFound, NetworkError, RegistryAuthError, RegistryError
from anchore_gate.image.registry import Registry
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import ImageReference, Layer
from anchore_gate.net.retry import Clock
from tests.support.certificates import make_authority
from tests.support.registry import build_image, fake_registry
from tests.support.web import Asked, Reply, Respond, Site, serve

IMAGE = build_image({"app": bytes(range(256)) * 40})
STORED = IMAGE.layers[0]
PASS = Reply(0)
ALONE = RegistrySettings(username="app", password="known-secret-password")


@contextmanager
def asking(
    change: Respond, settings: RegistrySettings = ALONE
) -> Iterator[tuple[Registry, Site, list[float]]]:
    slept: list[float] = []
    clock = Clock(
        sleep=slept.append,
        monotonic=lambda: 0.0,
        now=lambda: datetime(2026, 1, 1, tzinfo=timezone.utc),
        chance=lambda: 0.5,
    )
    with (
        serve(fake_registry(IMAGE, change)) as site,
        Registry(settings.bound_to(site.host), clock=clock) as registry,
    ):
        yield registry, site, slept


def of(site: Site, rest: str = "app:1") -> ImageReference:
    return ImageReference.parse(f"{site.host}/{rest}")


def read_layer(registry: Registry, site: Site, *, digest: str = "", size: int = len(STORED)) -> bytes:
    wanted = Digest.parse(digest) if digest else Digest.of(STORED)
    layer = Layer(index=0, diff_id=wanted, digest=wanted, size=size)
    with registry.layer(of(site), layer).open() as stream:
        return b"".join(iter(lambda: stream.read(100), b""))


def blobs(reply: Reply) -> Respond:
    return lambda asked: reply if "/blobs/" in asked.path else PASS


def test_a_cut_transfer_is_resumed_where_it_stopped() -> None:
    cuts = iter((30, 20))

    def change(asked: Asked) -> Reply:
        if "/blobs/" not in asked.path or (at := next(cuts, None)) is None:
            return PASS
        start = int(asked.headers.get("range", "bytes=0-")[6:-1])
        span = {"Content-Range": f"bytes {start}-{len(STORED) - 1}/{len(STORED)}"}
        return Reply(206 if start else 200, STORED[start:], headers=span if start else {}, cut=at)

    with asking(change) as (registry, site, _):
        assert read_layer(registry, site) == STORED
    assert [a.headers.get("range") for a in site.asked if "/blobs/" in a.path] == [
        None,
        "bytes=30-",
        "bytes=50-",
    ]


def test_a_server_without_ranges_is_resumed_too() -> None:
    cuts = iter((30,))

    def change(asked: Asked) -> Reply:
        if "/blobs/" not in asked.path:
            return PASS
        return Reply(200, STORED, cut=next(cuts, None))

    with asking(change) as (registry, site, _):
        assert read_layer(registry, site) == STORED


def test_a_transfer_that_is_always_cut_ends() -> None:
    with (
        asking(blobs(Reply(body=STORED, cut=0))) as (registry, site, slept),
        pytest.raises(NetworkError, match="was cut"),
    ):
        read_layer(registry, site)
    assert len(slept) == 3


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(body=STORED + b"?"), "longer than"),
        (Reply(endless=True), "longer than"),
    ],
    ids=["too long", "endless"],
)
def test_a_layer_that_is_not_what_it_should_be_is_refused(reply: Reply, message: str) -> None:
    with asking(blobs(reply)) as (registry, site, _), pytest.raises(RegistryError, match=message):
        read_layer(registry, site)


def test_a_layer_that_is_shorter_than_its_descriptor_never_ends_well() -> None:
    with asking(lambda _: PASS) as (registry, site, _), pytest.raises(GateError):
        read_layer(registry, site, size=len(STORED) + 1)


def test_a_layer_deleted_while_scanning_is_named() -> None:
    with (
        asking(blobs(Reply(404))) as (registry, site, _),
        pytest.raises(ImageNotFound, match="knows no blob sha256:"),
    ):
        read_layer(registry, site)


def test_a_redirect_to_storage_gets_no_login() -> None:
    with serve(lambda _: Reply(body=STORED), address="127.0.0.2") as storage:

        def change(asked: Asked) -> Reply:
            if "authorization" not in asked.headers:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            if "/blobs/" in asked.path:
                return Reply(307, headers={"Location": f"{storage.url}/b?sig=known-secret-signature"})
            return PASS

        with asking(change, replace(ALONE, allow_internal=True)) as (registry, site, _):
            assert read_layer(registry, site) == STORED
        assert "authorization" not in storage.asked[0].headers
        with (
            asking(change) as (registry, site, _),
            pytest.raises(RegistryError, match="internal address") as caught,
        ):
            read_layer(registry, site)
    assert "known-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://10.0.0.1/", "//[fe80::1]/x"],
)
def test_a_redirect_to_the_inside_is_refused(location: str) -> None:
    with (
        asking(blobs(Reply(307, headers={"Location": location}))) as (registry, site, _),
        pytest.raises(RegistryError, match="refused"),
    ):
        read_layer(registry, site)


def test_redirects_in_a_circle_end() -> None:
    with (
        asking(blobs(Reply(307, headers={"Location": "/v2/app/blobs/again"}))) as (registry, site, _),
        pytest.raises(RegistryError, match="redirects more than 5 times"),
    ):
        read_layer(registry, site)


@pytest.mark.parametrize(
    ("realm", "message"),
    [
        ("http://169.254.169.254/token", "internal address"),
        ("http://2852039166/token", "internal address"),
        ("ftp://example.com/token", "no usable token service"),
        ("/token", "no usable token service"),
    ],
)
def test_a_token_realm_on_the_inside_is_refused(realm: str, message: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'}
    with (
        asking(lambda _: Reply(401, headers=challenge)) as (registry, site, _),
        pytest.raises(RegistryError, match=message) as caught,
    ):
        registry.manifest(of(site))
    assert "known-secret" not in str(caught.value)


def test_a_token_realm_by_http_is_refused_by_an_https_registry(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca")
    challenge = {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token",service="s"'}
    with (
        serve(lambda _: Reply(401, headers=challenge), certificate=authority.server) as site,
        Registry(replace(ALONE, ca=authority.ca)) as registry,
        pytest.raises(RegistryError, match=r"not https.*X-Forwarded-Proto"),
    ):
        registry.manifest(of(site))


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"<html>", b'{"token": 5}', b'{"token": "a\\nb"}', b'{"token": ""}', b"x" * 70_000],
    ids=["empty", "list", "html", "number", "newline", "blank", "long"],
)
def test_a_token_answer_without_a_token_is_refused(body: bytes) -> None:
    def change(asked: Asked) -> Reply:
        if asked.path.startswith("/token"):
            return Reply(body=body)
        realm = f"http://{asked.headers['host']}/token"
        return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})

    with asking(change) as (registry, site, _), pytest.raises(RegistryError):
        registry.manifest(of(site))


def test_a_registry_that_never_accepts_its_own_tokens_is_left() -> None:
    def change(asked: Asked) -> Reply:
        if asked.path.startswith("/token"):
            return Reply(body=json.dumps({"token": f"t{len(asked.path)}", "expires_in": 1}).encode())
        realm = f"http://{asked.headers['host']}/token"
        return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})

    with asking(change) as (registry, site, _), pytest.raises(RegistryAuthError):
        registry.manifest(of(site))
    assert len(site.asked) < 10


def test_a_long_retry_after_ends_at_once_and_says_when_to_come_back() -> None:
    limited = Reply(
        429,
        b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "pull rate limit"}]}',
        headers={"Retry-After": "21600", "RateLimit-Remaining": "0;w=21600"},
    )
    with (
        asking(lambda _: limited) as (registry, site, slept),
        pytest.raises(
            RegistryError, match=r"limits requests \(0;w=21600 left\), come back in 21600 s: TOOMANY"
        ),
    ):
        registry.manifest(of(site))
    assert slept == []


def test_a_server_that_recovers_is_asked_again() -> None:
    failures = iter((503, 500, 429))
    with asking(lambda _: Reply(next(failures, 0), headers={"Retry-After": "2"})) as (registry, site, slept):
        assert str(registry.manifest(of(site)).digest) == IMAGE.digest
    assert slept
    assert set(slept) == {2.0}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(body=b"{}", headers={"Docker-Content-Digest": IMAGE.digest}), "its bytes are"),
        (Reply(endless=True), "longer than"),
        (Reply(500, b"<!DOCTYPE html><html>known-secret-password</html>"), "answers 500 .*: an HTML page"),
        (Reply(403, b'{"errors": [{"code": "DENIED"}]}'), "does not permit reading app: DENIED"),
        (Reply(418, b"Bearer known-secret-password and known-secret-password"), r"answers 418 .*\*\*\*"),
    ],
    ids=["wrong digest", "endless", "html", "denied", "echo"],
)
def test_a_bad_manifest_answer_is_one_line(reply: Reply, message: str) -> None:
    with (
        asking(lambda asked: reply if "/manifests/" in asked.path else PASS) as (registry, site, _),
        pytest.raises(RegistryError, match=message) as caught,
    ):
        registry.manifest(of(site))
    assert "known-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_manifest_asked_by_digest_must_have_it() -> None:
    other = Digest.of(b"other")
    with asking(lambda asked: Reply(body=IMAGE.manifest) if "/manifests/" in asked.path else PASS) as asked:
        registry, site, _ = asked
        with pytest.raises(RegistryError, match="other bytes than sha256:"):
            registry.manifest(of(site, f"app@{other}"))


@pytest.mark.parametrize(
    "link", ["<http://other.example/v2/_catalog?n=1>; rel=next", '<//[::1]:9/x>; rel="next"']
)
def test_a_next_page_on_another_host_is_refused(link: str) -> None:
    with (
        asking(lambda _: Reply(body=b'{"repositories": ["a"]}', headers={"Link": link})) as (
            registry,
            site,
            _,
        ),
        pytest.raises(RegistryError, match="another host"),
    ):
        registry.catalog(site.host)


def test_pages_are_followed_and_a_circle_is_left() -> None:
    def change(asked: Asked) -> Reply:
        if asked.path == "/v2/":
            return PASS
        if "last=a" in asked.path:
            return Reply(body=b'{"repositories": ["b", "a"]}')
        return Reply(
            body=b'{"repositories": ["a"]}', headers={"Link": '</v2/_catalog?last=a&n=1>; rel="next"'}
        )

    with asking(change) as (registry, site, _):
        assert registry.catalog(site.host) == ("a", "b")
    circle = Reply(body=b'{"repositories": null}', headers={"Link": '</v2/_catalog?n=1000>; rel="next"'})
    with asking(lambda _: circle) as (registry, site, _), pytest.raises(RegistryError, match="in a circle"):
        registry.catalog(site.host)


def test_no_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def change(asked: Asked) -> Reply:
        if asked.path.startswith("/token"):
            return Reply(body=b'{"token": "known-secret-token"}')
        if "authorization" not in asked.headers:
            realm = f"http://{asked.headers['host']}/token?sig=known-secret-query"
            return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})
        return Reply(500, json.dumps(asked.headers).encode()) if "/blobs/" in asked.path else PASS

    with asking(change) as (registry, site, _), pytest.raises(RegistryError) as caught:
        read_layer(registry, site)
    # urllib3's own debug lines name what was asked, with the query of the token service.
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("anchore_gate")]
    assert "known-secret" not in str(caught.value) + "\n".join(ours)
