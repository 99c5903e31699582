"""How registries are asked: credentials, trust, mirrors, patience."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from anchore_gate.errors import ConfigError
from anchore_gate.net.retry import RetryPolicy
from anchore_gate.values import dataclass, field, replace

HUB = "docker.io"
HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})
_CERTIFICATE_FOLDERS = (Path("/etc/docker/certs.d"), Path("/etc/containers/certs.d"))


@dataclass(frozen=True, slots=True)
class Mirror:
    """A host that holds copies: asked first for what a digest names, for tags only where told so."""

    registry: str
    host: str
    prefix: str = ""  # before every repository, e.g. `proxy/hub`
    serves_tags: bool = False

    @classmethod
    def parse(cls, text: str) -> Mirror:
        """Read `REGISTRY=HOST[/PREFIX][,tags]`. Raises `ConfigError`."""
        registry, equals, target = text.partition("=")
        target, comma, word = target.partition(",")
        host, _, prefix = target.strip().partition("/")
        if not equals or not registry.strip() or not host or (comma and word.strip() != "tags"):
            raise ConfigError(f"not a mirror (REGISTRY=HOST[/PREFIX][,tags]): {text[:200]!r}")
        return cls(canonical(registry.strip()), host, prefix.strip("/"), bool(comma))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """
    What options and environment say about registries. No secret shows in its `repr`.

    User, password, token and client certificate are for one `registry`, and go nowhere else: not to a mirror,
    not to where an answer leads, not to another image's registry.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    registry: str = ""  # whose these are; "" = nobody's yet (see `bound_to`)
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    insecure: bool = False  # http and unknown certificates, everywhere
    http_hosts: tuple[str, ...] = ()  # may be asked by http
    unverified_hosts: tuple[str, ...] = ()  # may show any certificate
    allow_internal: bool = False  # answers may lead to private addresses (on-premise storage)
    mirrors: tuple[Mirror, ...] = ()
    auth_config: str = field(default="", repr=False)  # the text of DOCKER_AUTH_CONFIG
    credential_files: tuple[Path, ...] = ()
    certificate_folders: tuple[Path, ...] = ()
    use_helpers: bool = True  # run docker-credential-*
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    connections: int = 4  # layers downloaded at once
    retry: RetryPolicy = RetryPolicy()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> RegistrySettings:
        """The settings of a machine where docker, podman or nothing at all has logged in."""
        environ = os.environ if environ is None else environ
        return cls(
            username=environ.get("ANCHORE_GATE_REGISTRY_USERNAME", ""),
            password=environ.get("ANCHORE_GATE_REGISTRY_PASSWORD", ""),
            token=environ.get("ANCHORE_GATE_REGISTRY_TOKEN", ""),
            registry=environ.get("ANCHORE_GATE_REGISTRY_HOST", ""),
            auth_config=environ.get("DOCKER_AUTH_CONFIG", ""),
            credential_files=credential_files(environ),
            certificate_folders=_CERTIFICATE_FOLDERS,
        )

    @property
    def has_identity(self) -> bool:
        """Whether anything here is for one registry only."""
        return bool(self.username or self.password or self.token or self.client_cert)

    def bound_to(self, registry: str) -> RegistrySettings:
        """The same, for that registry, unless they are some registry's already."""
        return self if self.registry else replace(self, registry=registry)

    def are_for(self, registry: str) -> bool:
        """Whether user, password, token and client certificate may be shown to a registry."""
        return bool(self.registry) and canonical(self.registry).lower() == canonical(registry).lower()


def credential_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where docker and podman keep credentials, in the order they are asked."""
    home = Path(environ.get("HOME") or Path.home())
    docker = Path(environ["DOCKER_CONFIG"]) if environ.get("DOCKER_CONFIG") else home / ".docker"
    found = [docker / "config.json"]
    if environ.get("REGISTRY_AUTH_FILE"):
        found.append(Path(environ["REGISTRY_AUTH_FILE"]))
    if environ.get("XDG_RUNTIME_DIR"):
        found.append(Path(environ["XDG_RUNTIME_DIR"]) / "containers" / "auth.json")
    settings = Path(environ["XDG_CONFIG_HOME"]) if environ.get("XDG_CONFIG_HOME") else home / ".config"
    found.append(settings / "containers" / "auth.json")
    return tuple(found)


def canonical(registry: str) -> str:
    """One name per registry: Docker Hub has three."""
    return HUB if registry.lower() in HUB_NAMES else registry


def api_host(registry: str) -> str:
    """The host that answers for a registry."""
    return "registry-1.docker.io" if canonical(registry) == HUB else registry


def api_repository(registry: str, repository: str) -> str:
    """The repository as the registry knows it: Docker Hub's own images live under `library`."""
    is_official = canonical(registry) == HUB and "/" not in repository
    return f"library/{repository}" if is_official else repository
