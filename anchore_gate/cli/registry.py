"""List repositories, tags and digests of a registry; make registry settings out of options."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from anchore_gate.cli.config import settings_of
from anchore_gate.cli.options import Settings, add_options
from anchore_gate.cli.terminal import say, table
from anchore_gate.errors import (
    ConfigError,
    GateError,
    ImageNotFound,
    InvalidReference,
    RegistryAuthError,
    UsageError,
)
from anchore_gate.regex import regex
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import replace

if TYPE_CHECKING:
    from anchore_gate.image.registry import Registry
    from anchore_gate.image.registry_settings import RegistrySettings
    from anchore_gate.model.image import ImageReference

# Signatures, attestations and referrers of an image lie under such tags (cosign, OCI 1.1 fallback).
_ABOUT_AN_IMAGE = regex(r"sha256-[0-9a-f]{64}(\.(sig|att|sbom))?")
_ASKED_AT_ONCE = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="each image once, with all its tags")
    listing.add_argument(
        "place", metavar="REGISTRY[/PREFIX]", help="PREFIX: a repository, or how its path begins"
    )
    listing.add_argument("--json", action="store_true", help="write JSON")
    add_options(listing, "registry")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from anchore_gate.image.registry import Registry

    registry_name, _, prefix = args.place.removesuffix("/").partition("/")
    _check(registry_name, prefix)
    settings = registry_settings(settings_of(args, "registry")).bound_to(registry_name)
    with Registry(settings) as registry:
        found = list(_images(registry, registry_name, prefix))
    if prefix and not found:  # a typing error is no empty list
        raise ImageNotFound(f"{registry_name} shows no image below {prefix!r}")
    if args.json:
        say(
            json.dumps([{"repository": r, "digest": d, "tags": list(tags)} for r, d, tags in found], indent=2)
        )
    else:
        table(("REPOSITORY", "DIGEST", "TAGS"), ((r, d, " ".join(tags)) for r, d, tags in found))
    return 0


def registry_settings(settings: Settings) -> RegistrySettings:
    """How registries are asked: options over environment over files. Raises `ConfigError`."""
    from anchore_gate.image.registry_settings import Mirror, RegistrySettings

    return replace(
        RegistrySettings.from_environment(),
        username=settings.text("registry-username"),
        password=settings.text("registry-password"),
        token=settings.text("registry-token"),
        registry=_host(settings.text("registry-host")),
        ca=settings.path("registry-ca"),
        client_cert=settings.path("registry-cert"),
        client_key=settings.path("registry-key"),
        insecure=settings.flag("registry-insecure"),
        mirrors=tuple(Mirror.parse(text) for text in settings.items("registry-mirror")),
    )


def _host(text: str) -> str:
    from anchore_gate.image.registry_settings import HUB_NAMES
    from anchore_gate.model.image import ImageReference

    host = text.strip()
    try:
        if not host or host in HUB_NAMES or ImageReference.parse(f"{host}/any").registry == host:
            return host
    except InvalidReference:
        pass
    raise ConfigError(f"--registry-host {text[:200]!r} is no registry: HOST[:PORT] is expected")


def bound(found: RegistrySettings, images: Sequence[str]) -> RegistrySettings:
    """
    The settings, for the registry of the images that the command line names.

    Raises `UsageError` where user, token or certificate could be for several: none may see another's.
    """
    if found.registry or not found.has_identity:
        return found
    hosts = sorted({host for image in images if (host := _host_of(image))})
    if len(hosts) > 1:
        raise UsageError(
            f"whose are the registry's credentials? The images are of {', '.join(hosts)}: "
            "--registry-host HOST says it, or `docker login` each of them"
        )
    return found.bound_to(hosts[0]) if hosts else found


def _host_of(image: str) -> str:
    """The registry an image is read from, "" for none (or for what is no image: that is said later)."""
    from anchore_gate.image.registry_settings import canonical
    from anchore_gate.image.sources import scheme_of
    from anchore_gate.model.image import ImageReference

    if image.startswith("sbom:"):
        return ""
    try:
        scheme, location = scheme_of(image)
        return canonical(ImageReference.parse(location).registry) if scheme == "registry" else ""
    except GateError:
        return ""


def _check(registry: str, prefix: str) -> None:
    from anchore_gate.model.image import ImageReference

    name = ImageReference.parse(f"{registry}/{prefix or 'any'}")
    if name.registry != registry or name.tag is not None:
        raise InvalidReference(f"not a registry (host, host:port or localhost): {registry[:200]!r}")


def _images(registry: Registry, host: str, prefix: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Repository, digest and tags of every image below the prefix."""
    for repository in _repositories(registry, host, prefix):
        tags = [tag for tag in registry.tags(host, repository) if not _ABOUT_AN_IMAGE.fullmatch(tag)]
        by_digest: dict[str, list[str]] = {}
        for tag, digest in _digests(registry, host, repository, tags):
            by_digest.setdefault(digest, []).append(tag)
        for digest, names in sorted(by_digest.items(), key=lambda item: item[1]):
            yield repository, digest, tuple(names)


def _repositories(registry: Registry, host: str, prefix: str) -> Iterable[str]:
    try:
        known = registry.catalog(host)
    except (ImageNotFound, RegistryAuthError):
        # Docker Hub, GHCR and others have no catalog: a prefix that is a repository still has tags.
        if not prefix:
            raise
        return (prefix,)
    return (name for name in known if name == prefix or name.startswith(prefix))


def _digests(registry: Registry, host: str, repository: str, tags: list[str]) -> Iterator[tuple[str, str]]:
    from anchore_gate.model.image import ImageReference

    def ask(tag: str) -> str | None:
        reference: ImageReference = ImageReference(host, repository, tag)
        try:
            return str(registry.digest_of(reference))
        except ImageNotFound:  # deleted since it was listed
            return None

    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        for tag, digest in zip(tags, pool.map(ask, tags), strict=True):
            if digest is not None:
                yield tag, digest
