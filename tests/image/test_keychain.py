"""Credentials: where they are looked for, in which order, and what never shows."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.errors import ConfigError, RegistryAuthError
from anchore_gate.image import ecr
from anchore_gate.image.keychain import Credential, Keychain
from anchore_gate.image.registry_settings import Mirror, RegistrySettings, credential_files

AUTH = base64.b64encode(b"app:known:secret").decode()


def settings_of(folder: Path, document: dict[str, Any], **more: Any) -> RegistrySettings:
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    return RegistrySettings(credential_files=(path,), **more)


def helper(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("r.example.com:5000", "r.example.com:5000"),
        ("https://r.example.com/v1/", "r.example.com"),
        ("http://r.example.com/v2/", "r.example.com"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "index.docker.io"),
        ("r.example.com/team", "r.example.com"),
    ],
)
def test_every_way_to_write_a_key_is_found(tmp_path: Path, key: str, registry: str) -> None:
    found = Keychain(settings_of(tmp_path, {"auths": {key: {"auth": AUTH}}})).find(registry, "team/app")
    assert found == Credential(username="app", password="known:secret")


def test_the_longest_path_wins(tmp_path: Path) -> None:
    entries = {
        "r.io": {"username": "host", "password": "x"},
        "r.io/team": {"username": "team", "password": "x"},
        "r.io/team/app": {"username": "app", "password": "x"},
    }
    keychain = Keychain(settings_of(tmp_path, {"auths": entries}))
    names = [found.username for path in ("team/app", "team/b", "c") if (found := keychain.find("r.io", path))]
    assert names == ["app", "team", "host"]


@pytest.mark.parametrize(
    ("entry", "credential"),
    [
        ({"auth": AUTH.rstrip("=")}, Credential(username="app", password="known:secret")),
        (
            {"auth": base64.b64encode(b"a:b\0\0").decode()},
            Credential(username="a", password="b"),
        ),
        ({"username": "a", "password": "b"}, Credential(username="a", password="b")),
        ({"identitytoken": "t", "auth": AUTH}, Credential(identity_token="t")),
        ({"registrytoken": "t"}, Credential(registry_token="t")),
        ({}, None),
        ({"auth": ""}, None),
        ({"auth": 5}, None),
    ],
)
def test_every_form_of_an_entry_is_read(
    tmp_path: Path, entry: dict[str, Any], credential: Credential | None
) -> None:
    assert Keychain(settings_of(tmp_path, {"auths": {"r.io": entry}})).find("r.io", "a") == credential


def test_options_win_over_the_environment_and_that_over_files(tmp_path: Path) -> None:
    in_file = {"auths": {"r.io": {"username": "file", "password": "x"}}}
    in_variable = json.dumps({"auths": {"r.io": {"username": "variable", "password": "x"}}})
    assert Keychain(settings_of(tmp_path, in_file)).find("r.io", "a") == Credential(
        username="file", password="x"
    )
    both = settings_of(tmp_path, in_file, auth_config=in_variable)
    assert Keychain(both).find("r.io", "a") == Credential(username="variable", password="x")
    all_three = settings_of(
        tmp_path, in_file, auth_config=in_variable, username="option", password="x", registry="r.io"
    )
    assert Keychain(all_three).find("r.io", "a") == Credential(username="option", password="x")


def test_options_reach_neither_a_mirror_nor_another_registry() -> None:
    keychain = Keychain(RegistrySettings(username="a", password="b", registry="R.io"))
    assert keychain.find("r.io", "a") is not None
    assert keychain.find("other.io", "a") is None
    assert keychain.find("r.io:5000", "a") is None
    assert keychain.find("r.io", "a", is_mirror=True) is None


def test_options_of_no_registry_reach_none_until_they_are_bound() -> None:
    loose = RegistrySettings(username="a", password="b")
    assert Keychain(loose).find("r.io", "a") is None
    assert Keychain(loose.bound_to("r.io")).find("r.io", "a") is not None
    assert loose.bound_to("r.io").bound_to("other.io").registry == "r.io"


def test_every_name_of_docker_hub_is_the_same_registry() -> None:
    keychain = Keychain(RegistrySettings(token="t", registry="index.docker.io"))
    assert keychain.find("docker.io", "library/a") is not None


def test_files_are_asked_in_the_order_of_docker_and_podman() -> None:
    environ = {"HOME": "/h", "DOCKER_CONFIG": "/d", "REGISTRY_AUTH_FILE": "/r", "XDG_RUNTIME_DIR": "/x"}
    assert [str(path) for path in credential_files(environ)] == [
        "/d/config.json",
        "/r",
        "/x/containers/auth.json",
        "/h/.config/containers/auth.json",
    ]


def test_a_helper_is_asked_once_with_the_server_on_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f'cat >> {tmp_path}/asked; echo \'{{"Username": "u", "Secret": "known-secret"}}\''
    helper(tmp_path, "fake", script, monkeypatch)
    keychain = Keychain(settings_of(tmp_path, {"credHelpers": {"docker.io": "fake"}}))
    for _ in range(2):
        assert keychain.find("docker.io", "a") == Credential(username="u", password="known-secret")
    assert (tmp_path / "asked").read_text() == "https://index.docker.io/v1/"


def test_a_helper_may_give_a_refresh_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, "fake", 'echo \'{"Username": "<token>", "Secret": "t"}\'', monkeypatch)
    found = Keychain(settings_of(tmp_path, {"credsStore": "fake"})).find("r.io", "a")
    assert found == Credential(identity_token="t")


def test_a_helper_that_knows_nothing_leaves_it_to_the_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, "fake", "echo credentials not found in native keychain; exit 1", monkeypatch)
    document = {"credsStore": "fake", "auths": {"r.io": {"auth": AUTH}}}
    found = Keychain(settings_of(tmp_path, document)).find("r.io", "a")
    assert found == Credential(username="app", password="known:secret")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "echo the store is locked password=known-secret; exit 1",
            "docker-credential-fake fails for r.io: the store",
        ),
        ("exit 3", "fails for r.io: exit code 3"),
        ("echo known-secret", "answers something that is no credential"),
        ('echo \'{"Username": 5, "Secret": "known-secret"}\'', "no credential"),
    ],
)
def test_a_helper_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    helper(tmp_path, "fake", script, monkeypatch)
    with pytest.raises(RegistryAuthError, match=message) as caught:
        Keychain(settings_of(tmp_path, {"credsStore": "fake"})).find("r.io", "a")
    assert "known-secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["none-such", "../../bin/sh", "a b", "x;id"])
def test_a_helper_that_is_not_there_or_no_name_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(RegistryAuthError, match="helper"):
        Keychain(settings_of(tmp_path, {"credsStore": name})).find("r.io", "a")


@pytest.mark.parametrize("text", ["[]", "{", "known-secret"])
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "c").write_text(text)
    with pytest.raises(ConfigError, match="not a JSON object") as caught:
        Keychain(RegistrySettings(credential_files=(tmp_path / "c",))).find("r.io", "a")
    assert "known-secret" not in str(caught.value)


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {}, username="u", password="known-secret", token="known-secret")
    credential = Credential(username="u", password="known-secret", identity_token="known-secret")
    assert "known-secret" not in repr(settings) + repr(credential)


def test_half_a_login_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="without a password"):
        Keychain(RegistrySettings(username="u")).find("r.io", "a")


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", None),
        ("r.io", None),
    ],
)
def test_ecr_hosts_are_known(host: str, region: str | None) -> None:
    assert ecr.region_of(host) == region


def test_ecr_gives_a_password_through_boto3() -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed (extra [ecr])")

    class Client:
        def get_authorization_token(self, registryIds: list[str]) -> dict[str, Any]:  # noqa: N803
            assert registryIds == ["123456789012"]
            token = base64.b64encode(b"AWS:known-secret").decode()
            return {"authorizationData": [{"authorizationToken": token}]}

    host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert ecr.find_login(host, "eu-west-1", client=Client()) == ("AWS", "known-secret")


@pytest.mark.parametrize(
    ("text", "mirror"),
    [
        ("docker.io=m.corp", Mirror("docker.io", "m.corp")),
        ("index.docker.io=m.corp:5000/hub,tags", Mirror("docker.io", "m.corp:5000", "hub", True)),
    ],
)
def test_mirrors_are_read(text: str, mirror: Mirror) -> None:
    assert Mirror.parse(text) == mirror


@pytest.mark.parametrize("text", ["", "a", "=b", "a=", "a=b,often"])
def test_what_is_no_mirror_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigError, match="not a mirror"):
        Mirror.parse(text)
