"""The registry client against Debian's real registry: every way in, every list."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from anchore_gate.errors import ImageNotFound, NetworkError, RegistryAuthError
from anchore_gate.image.registry import Registry
from anchore_gate.image.registry_settings import Mirror, RegistrySettings
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import ImageReference, Layer
from anchore_gate.net.session import Session
from tests.support.certificates import Authority, make_authority
from tests.support.registry import (
    INDEX,
    BuiltImage,
    TokenServer,
    build_image,
    digest_of,
    free_port,
    index_of,
    push,
    push_manifest,
    run_registry,
)
from tests.support.web import Site, serve

IMAGE = build_image({"etc/os-release": b"ID=debian\n"}, {"app": b"x" * 5000})
# "known-secret-password" by bcrypt, cost 4, as `htpasswd -nbBC 4` writes it.
HTPASSWD = "app:$2y$04$abcdefghijklmnopqrstuuS6f0b.rG3tZ6g3LNzzCTDV6s59zSxh.\n"
ALONE = RegistrySettings()  # no environment, no files


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_registry(tmp_path_factory.mktemp("registry")) as host:
        push(f"http://{host}", "team/app", "1.2", IMAGE)
        push(f"http://{host}", "team/app", "1.3", IMAGE)
        push(f"http://{host}", "other", "latest", build_image({"a": b"a"}))
        yield host


@dataclass
class Guarded:
    host: str
    tokens: TokenServer
    site: Site


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Guarded]:
    tokens = TokenServer(authority)
    with (
        serve(tokens.respond) as site,
        run_registry(
            tmp_path_factory.mktemp("guarded"), auth=tokens.auth(f"{site.url}/token"), storage=True
        ) as host,
    ):
        push(f"http://{host}", "team/app", "1.2", IMAGE, authorization=f"Bearer {_push_token(tokens)}")
        yield Guarded(host, tokens, site)


def _push_token(tokens: TokenServer) -> str:
    scopes = ["repository:team/app:pull,push"]
    token: str = json.loads(tokens._token("token", scopes).body)["token"]
    return token


def named(host: str, rest: str = "team/app:1.2") -> ImageReference:
    return ImageReference.parse(f"{host}/{rest}")


def first_layer(image: BuiltImage) -> Layer:
    stored = image.layers[0]
    return Layer(index=0, diff_id=Digest.of(b""), digest=Digest.of(stored), size=len(stored))


def content_of(registry: Registry, reference: ImageReference, layer: Layer) -> bytes:
    with registry.layer(reference, layer).open() as stream:
        return b"".join(iter(lambda: stream.read(100), b""))


def test_a_manifest_comes_byte_for_byte_by_tag_and_by_digest(host: str) -> None:
    with Registry(ALONE) as registry:
        by_tag = registry.manifest(named(host))
        by_digest = registry.manifest(named(host, f"team/app@{IMAGE.digest}"))
    assert by_tag.body == by_digest.body == IMAGE.manifest
    assert str(by_tag.digest) == IMAGE.digest


def test_the_digest_of_a_tag_needs_no_pull(host: str) -> None:
    with Registry(ALONE) as registry:
        assert str(registry.digest_of(named(host))) == IMAGE.digest


def test_a_layer_streams(host: str) -> None:
    with Registry(ALONE) as registry:
        assert content_of(registry, named(host), first_layer(IMAGE)) == IMAGE.layers[0]


def test_an_index_is_accepted(host: str) -> None:
    body = index_of((IMAGE, {"os": "linux", "architecture": "amd64"}))
    with Session() as session:
        push_manifest(session, f"http://{host}", "team/app", "many", body, INDEX)
    with Registry(ALONE) as registry:
        assert registry.manifest(named(host, "team/app:many")).media_type == INDEX


def test_tags_and_repositories_are_listed(host: str) -> None:
    with Registry(ALONE) as registry:
        assert registry.tags(host, "team/app")[:2] == ("1.2", "1.3")
        assert registry.catalog(host) == ("other", "team/app")


def test_what_is_not_there_may_be_private(host: str) -> None:
    with Registry(ALONE) as registry, pytest.raises(ImageNotFound, match="private images without access"):
        registry.manifest(named(host, "team/app:9"))


def test_a_token_is_fetched_with_user_and_password(guarded: Guarded) -> None:
    settings = replace(ALONE, username="app", password=guarded.tokens.password)
    with Registry(settings.bound_to(guarded.host)) as registry:
        assert str(registry.manifest(named(guarded.host)).digest) == IMAGE.digest
        asked = len(guarded.site.asked)
        assert content_of(registry, named(guarded.host), first_layer(IMAGE)) == IMAGE.layers[0]
    assert len(guarded.site.asked) == asked, "the token was not kept"


def test_a_refresh_token_is_posted(guarded: Guarded) -> None:
    config = json.dumps({"auths": {guarded.host: {"identitytoken": guarded.tokens.refresh_token}}})
    with Registry(replace(ALONE, auth_config=config)) as registry:
        assert str(registry.manifest(named(guarded.host)).digest) == IMAGE.digest
    assert guarded.site.asked[-1].method == "POST"
    assert guarded.tokens.refresh_token not in guarded.site.asked[-1].path


def test_a_bearer_token_is_sent_as_it_is(guarded: Guarded) -> None:
    token = json.loads(guarded.tokens._token("token", ["repository:team/app:pull"]).body)["token"]
    asked = len(guarded.site.asked)
    with Registry(replace(ALONE, token=token, registry=guarded.host)) as registry:
        assert str(registry.manifest(named(guarded.host)).digest) == IMAGE.digest
    assert len(guarded.site.asked) == asked


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ALONE, "refuses to answer without a login"),
        (
            replace(ALONE, username="app", password="known-secret-wrong"),
            "refuses the credentials of user 'app'",
        ),
        (replace(ALONE, token="known-secret-token"), "refuses the token it was given"),
    ],
    ids=["nobody", "wrong password", "wrong token"],
)
def test_refused_credentials_are_an_auth_error(
    guarded: Guarded, settings: RegistrySettings, message: str
) -> None:
    with (
        Registry(settings.bound_to(guarded.host)) as registry,
        pytest.raises(RegistryAuthError, match=message) as caught,
    ):
        registry.manifest(named(guarded.host))
    assert "known-secret" not in str(caught.value)
    assert caught.value.category == "auth"


def test_htpasswd_takes_basic_and_refuses_others_once(tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "here", "path": str(tmp_path / "htpasswd")}}
    with run_registry(tmp_path / "registry", auth=auth) as host:
        good = replace(ALONE, username="app", password="known-secret-password", registry=host)
        with Registry(good) as registry:
            assert registry.catalog(host) == ()
        with (
            Registry(replace(good, password="known-secret-wrong")) as registry,
            pytest.raises(RegistryAuthError, match="refuses the credentials of user 'app'"),
        ):
            registry.catalog(host)
        with Registry(ALONE) as registry, pytest.raises(RegistryAuthError, match="none are known"):
            registry.catalog(host)


def test_tls_with_a_private_authority(tmp_path: Path, authority: Authority) -> None:
    with run_registry(tmp_path / "registry", tls=authority) as host:
        push(f"https://{host}", "team/app", "1.2", IMAGE, ca=authority.ca)
        with Registry(replace(ALONE, ca=authority.ca)) as registry:
            assert str(registry.manifest(named(host)).digest) == IMAGE.digest
        with Registry(replace(ALONE, insecure=True)) as registry:
            assert str(registry.manifest(named(host)).digest) == IMAGE.digest
        folder = tmp_path / "certs.d" / host
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(authority.ca.read_bytes())
        with Registry(replace(ALONE, certificate_folders=(tmp_path / "certs.d",))) as registry:
            assert str(registry.manifest(named(host)).digest) == IMAGE.digest
        with Registry(ALONE) as registry, pytest.raises(NetworkError, match="--registry-ca"):
            registry.manifest(named(host))


def test_a_client_certificate_is_shown_where_it_is_asked_for(tmp_path: Path, authority: Authority) -> None:
    with run_registry(tmp_path / "registry", tls=authority, client_certificates=True) as host:
        known = replace(ALONE, ca=authority.ca, client_cert=authority.certificate, client_key=authority.key)
        with Registry(known.bound_to(host)) as registry:
            assert registry.catalog(host) == ()
        once = replace(ALONE.retry, attempts=1)
        for unknown in (replace(ALONE, ca=authority.ca), known.bound_to("another.example.com")):
            with (
                Registry(replace(unknown, retry=once)) as registry,
                pytest.raises(NetworkError, match="it asks for a client certificate"),
            ):
                registry.catalog(host)


def test_a_mirror_serves_digests_and_the_registry_tags(host: str) -> None:
    gone = f"127.0.0.1:{free_port()}"
    settings = replace(ALONE, mirrors=(Mirror(gone, host),), retry=replace(ALONE.retry, attempts=1))
    with Registry(settings) as registry:
        found = registry.manifest(named(gone, f"team/app@{IMAGE.digest}"))
        assert content_of(registry, named(gone), first_layer(IMAGE)) == IMAGE.layers[0]
        with pytest.raises(NetworkError, match="Connection refused"):
            registry.manifest(named(gone))
    assert str(found.digest) == IMAGE.digest


def test_a_mirror_that_has_nothing_is_passed_over(host: str) -> None:
    empty = f"127.0.0.1:{free_port()}"
    settings = replace(ALONE, mirrors=(Mirror(host, empty),), retry=replace(ALONE.retry, attempts=1))
    with Registry(settings) as registry:
        assert registry.manifest(named(host, f"team/app@{IMAGE.digest}")).body == IMAGE.manifest


def test_what_skopeo_pushed_is_read(host: str, tmp_path: Path) -> None:
    if shutil.which("skopeo") is None:
        pytest.skip("skopeo is not installed (apt install skopeo)")
    source, target = f"docker://{host}/team/app:1.2", f"docker://{host}/copied:1"
    subprocess.run(
        ["skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", source, target],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    with Registry(ALONE) as registry:
        assert registry.manifest(named(host, "copied:1")).digest == Digest.parse(digest_of(IMAGE.manifest))
