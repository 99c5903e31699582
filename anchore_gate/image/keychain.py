"""Who we are at a registry: options, `DOCKER_AUTH_CONFIG`, docker's and podman's files, helpers, ECR."""

from __future__ import annotations

import base64
import binascii
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from anchore_gate.errors import ConfigError, RegistryAuthError
from anchore_gate.image import ecr
from anchore_gate.image.registry_settings import HUB, RegistrySettings, canonical
from anchore_gate.net.redact import redact_text
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, field

_FILE_LIMIT = 1024 * 1024
_HELPER_TIMEOUT = 30  # seconds
_HELPER_LIMIT = 64 * 1024
_HUB_KEY = "https://index.docker.io/v1/"
_HUB_KEYS = (_HUB_KEY, "index.docker.io", HUB, "registry-1.docker.io")
# docker/docker-credential-helpers, credentials/error.go: the text is the protocol.
_NOT_FOUND = "credentials not found in native keychain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One way to be known. Its `repr` shows no secret."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)  # a refresh token
    registry_token: str = field(default="", repr=False)  # sent as bearer as it is

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        pair = f"{self.username}:{self.password}".encode()
        encoded = base64.b64encode(pair).decode() if self.password else ""
        return tuple(s for s in (self.password, encoded, self.identity_token, self.registry_token) if s)


class Keychain:
    """Finds credentials; asks each helper once per run."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, bool], Credential | None] = {}

    def find(self, registry: str, repository: str, *, is_mirror: bool = False) -> Credential | None:
        """
        The credential for a repository, None to ask anonymously.

        Options are for the registry they name, and for no mirror.

        Raises `RegistryAuthError` for a helper that is missing or fails, `ConfigError` for a damaged file.
        """
        key = (registry, repository, is_mirror)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._look_up(canonical(registry), repository, is_mirror=is_mirror)
            return self._known[key]

    def _look_up(self, registry: str, repository: str, *, is_mirror: bool) -> Credential | None:
        explicit = None if is_mirror else _explicit(self._settings, registry)
        if explicit is not None:
            return explicit
        for where, document in self._documents():
            found = self._in_document(document, where, registry, repository)
            if found is not None:
                return found
        return self._from_ecr(registry)

    def _documents(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if self._settings.auth_config.strip():
            yield "DOCKER_AUTH_CONFIG", _document(self._settings.auth_config, "DOCKER_AUTH_CONFIG")
        for path in self._settings.credential_files:
            text = _text(path)
            if text.strip():
                yield str(path), _document(text, str(path))

    def _in_document(
        self, document: Mapping[str, Any], where: str, registry: str, repository: str
    ) -> Credential | None:
        helper = _helper_for(document, registry)
        if helper and self._settings.use_helpers:
            found = ask_helper(helper, _HUB_KEY if registry == HUB else registry)
            if found is not None:
                return found
        return _entry(document, where, registry, repository)

    def _from_ecr(self, registry: str) -> Credential | None:
        region = ecr.region_of(registry)
        if region is None:
            return None
        if self._settings.use_helpers and shutil.which("docker-credential-ecr-login"):
            return ask_helper("ecr-login", registry)
        pair = ecr.find_login(registry, region)
        return None if pair is None else Credential(username=pair[0], password=pair[1])


def ask_helper(name: str, server: str) -> Credential | None:
    """
    What `docker-credential-<name> get` says of a server, None for "not found". Runs no shell.

    Raises `RegistryAuthError`, with the helper's name, when it is missing, fails or is silent.
    """
    program = f"docker-credential-{name}"
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise RegistryAuthError(f"not a credential helper: {name[:80]!r}")
    path = shutil.which(program)
    if path is None:
        raise RegistryAuthError(f"the credential helper {program} is not on PATH (asked for {server})")
    try:
        done = subprocess.run(  # noqa: S603  # no shell, a checked name
            [path, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RegistryAuthError(f"{program} gave no answer within {_HELPER_TIMEOUT} s") from None
    except OSError as problem:
        raise RegistryAuthError(f"{program} cannot be run: {problem.strerror}") from problem
    said = done.stdout[:_HELPER_LIMIT].decode(errors="replace")
    if done.returncode:
        if _NOT_FOUND in said:
            return None
        reason = redact_text(said or done.stderr[:_HELPER_LIMIT].decode(errors="replace"))
        raise RegistryAuthError(f"{program} fails for {server}: {reason or f'exit code {done.returncode}'}")
    return _helper_answer(said, program)


def _helper_answer(said: str, program: str) -> Credential | None:
    try:
        answer = json.loads(said)
        username, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RegistryAuthError(f"{program} answers something that is no credential") from None
    if not isinstance(username, str) or not isinstance(secret, str):
        raise RegistryAuthError(f"{program} answers something that is no credential")
    if not secret:
        return None
    if username == "<token>":
        return Credential(identity_token=secret)
    return Credential(username=username, password=secret)


def _explicit(settings: RegistrySettings, registry: str) -> Credential | None:
    if settings.username and not settings.password and not settings.token:
        raise ConfigError("a registry user without a password (ANCHORE_GATE_REGISTRY_PASSWORD)")
    if settings.password and not settings.username and not settings.token:
        raise ConfigError("a registry password without a user (--registry-username)")
    if not settings.are_for(registry):
        return None
    if settings.token:
        return Credential(registry_token=settings.token)
    if settings.username:
        return Credential(username=settings.username, password=settings.password)
    return None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as problem:
        raise ConfigError(f"cannot read the credentials in {str(path)!r}: {problem.strerror}") from problem
    if len(content) > _FILE_LIMIT:
        raise ConfigError(f"the credentials file {str(path)!r} is longer than {_FILE_LIMIT} bytes")
    return content.decode(errors="replace")


def _document(text: str, where: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ConfigError(f"the credentials in {where!r} are not a JSON object")
    return document


def _helper_for(document: Mapping[str, Any], registry: str) -> str:
    helpers = document.get("credHelpers")
    if isinstance(helpers, dict):
        for key in _HUB_KEYS if registry == HUB else (registry,):
            if isinstance(name := helpers.get(key), str) and name:
                return name
    store = document.get("credsStore")
    return store if isinstance(store, str) else ""


def _entry(document: Mapping[str, Any], where: str, registry: str, repository: str) -> Credential | None:
    entries = document.get("auths")
    if not isinstance(entries, dict):
        return None
    by_place = {_place(key): value for key, value in reversed(entries.items())}
    for place in _places(registry, repository):
        entry = by_place.get(place)
        if isinstance(entry, dict) and (found := _credential(entry, where, place)) is not None:
            return found
    return None


def _place(key: str) -> str:
    """A key of `auths` without scheme and API version: `https://host/v1/` is `host`."""
    rest = re.sub(r"^https?://", "", key)
    return re.sub(r"/v[12]/?$", "", rest).rstrip("/")


def _places(registry: str, repository: str) -> Iterator[str]:
    """Podman's keys may hold a path: the longest fits best."""
    parts = repository.split("/")
    hosts = tuple(dict.fromkeys(_place(key) for key in _HUB_KEYS)) if registry == HUB else (registry,)
    for host in hosts:
        for count in range(len(parts), 0, -1):
            yield "/".join((host, *parts[:count]))
    yield from hosts


def _credential(entry: Mapping[str, Any], where: str, place: str) -> Credential | None:
    """The secret of one entry, None for `{}`: "ask the store"."""
    words = {name: str(value) for name, value in entry.items() if isinstance(value, str) and value}
    if "registrytoken" in words:
        return Credential(registry_token=words["registrytoken"])
    if "identitytoken" in words:
        return Credential(identity_token=words["identitytoken"])
    if "auth" in words:
        return _decoded(words["auth"], where, place)
    if "username" in words and "password" in words:
        return Credential(username=words["username"], password=words["password"])
    return None


def _decoded(auth: str, where: str, place: str) -> Credential:
    try:
        text = base64.b64decode(auth.strip() + "=" * (-len(auth.strip()) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise ConfigError(f"the entry for {place!r} in {where!r} is not base64") from None
    username, colon, password = text.rstrip("\0").partition(":")
    if not colon:
        raise ConfigError(f"the entry for {place!r} in {where!r} has no password")
    return Credential(username=username, password=password)
