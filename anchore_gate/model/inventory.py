"""What the catalogers saw inside an image."""

from __future__ import annotations

from anchore_gate.values import dataclass

OS_TYPES = frozenset({"apk", "deb", "rpm", "alpm", "portage"})
# Distributions whose package databases no cataloger reads: without packages says nothing there.
_UNREAD = frozenset(
    {
        *("arch", "archlinux", "archarm", "manjaro", "endeavouros", "cachyos", "artix", "gentoo", "flatcar"),
        *("nixos", "guix", "void", "slackware", "solus", "clear-linux-os", "kiss", "crux", "exherbo"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distro:
    """The distribution (os-release(5), or the older files)."""

    id: str
    version_id: str = ""
    name: str = ""
    id_like: tuple[str, ...] = ()
    version_codename: str = ""
    pretty_name: str = ""
    variant_id: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.version_id}".strip()

    @property
    def is_unread(self) -> bool:
        """Whether its package manager's database is one that no cataloger reads."""
        return self.id.lower() in _UNREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A file as the package database records it, for `packages/verify`."""

    path: str
    digest: str = ""  # hex
    algorithm: str = ""  # sha256 sha1 md5
    mode: int | None = None  # permission bits, with or without type bits
    size: int | None = None
    user: str = ""
    group: str = ""
    is_config: bool = False
    type: str = "file"  # file, dir, link: as far as the database says


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Package:
    """One installed package."""

    type: str  # Syft's word: apk deb rpm npm gem python java-archive go-module rust-crate
    name: str
    version: str  # as its own tool prints it: rpm `epoch:version-release`, epoch only where recorded
    purl: str = ""
    architecture: str = ""
    licenses: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()  # absolute paths; the first is the evidence file
    layer: int | None = None  # index of the layer that brought it
    upstream: str = ""  # source package name ("" = the same as name)
    upstream_version: str = ""  # "" = the same as version
    epoch: int | None = None  # rpm
    modularity: str | None = None  # rpm: the label, "" for none, None for not recorded
    vendor: str = ""
    maintainer: str = ""
    group_id: str = ""  # java
    cpes: tuple[str, ...] = ()
    owned_by: str = ""  # purl of the OS package that owns its files; "" = nobody
    found_by: str = ""
    main_module: str = ""  # go: of the program that it is linked into
    spelling: str = ""  # python: the name as its own metadata writes it ("" = the same)

    @property
    def is_os(self) -> bool:
        """Whether it belongs to the distribution's package manager."""
        return self.type in OS_TYPES


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A file that looked like evidence and could not be read."""

    path: str
    cataloger: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything catalogued. `unknowns` say what the packages may be missing."""

    distro: Distro | None = None
    packages: tuple[Package, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    # (package purl, its files), only when the policy asks for them
    files: tuple[tuple[Package, tuple[PackageFile, ...]], ...] = ()
