"""Which distribution this is: os-release(5), or the files that came before it."""

from __future__ import annotations

from collections.abc import Callable

from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro
from anchore_gate.regex import regex

MAX_TEXT = MIB
MAX_LINE = 1000
MAX_BUSYBOX = 16 * MIB

_ASSIGNMENT = regex(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_CPE = regex(r"cpe:/o:([^:\s]+):[^:\s]*:([^:\s]+)")
_RELEASE = regex(r"(\S[^\n]*?)\s+(?:Linux\s+)?release\s+(\d+(?:\.\d+)*)")
_BUSYBOX = regex(rb"BusyBox v(\d+(?:\.\d+)*)")
_ESCAPED = regex(r"\\([\\\"'$`])")
# First words of a release file, and the id that os-release of the same distribution has.
_RELEASE_IDS = {
    "red": "rhel",
    "redhat": "rhel",
    "oracle": "ol",
    "amazon": "amzn",
    "almalinux": "almalinux",
    "rocky": "rocky",
}


def needs() -> Needs:
    """The files that say it."""
    return _NEEDS


def find_distro(files: Filesystem) -> Distro | None:
    """The distribution of the image, from the first file that names one."""
    for path, read in _READERS.items():
        if files.has(path) and (distro := read(files.read(path))) is not None:
            return distro
    return None


def distro_qualifier(distro: Distro | None) -> str:
    """The `distro` qualifier of a package URL, e.g. `debian-12`."""
    return "-".join(filter(None, (distro.id, distro.version_id))) if distro else ""


def _os_release(content: bytes) -> Distro | None:
    values = _assignments(content)
    if not values.get("ID") and not values.get("NAME"):
        return None
    return Distro(
        id=values.get("ID", "linux").lower(),  # os-release(5): "If not set, defaults to linux"
        version_id=values.get("VERSION_ID", "") or values.get("BUILD_ID", ""),
        name=values.get("NAME", ""),
        id_like=tuple(values.get("ID_LIKE", "").lower().split()),
        version_codename=values.get("VERSION_CODENAME", ""),
        pretty_name=values.get("PRETTY_NAME", ""),
        variant_id=values.get("VARIANT_ID", ""),
    )


def _assignments(content: bytes) -> dict[str, str]:
    found = map(_ASSIGNMENT.match, _text(content).splitlines())
    return {match[1]: _unquoted(match[2].strip()) for match in found if match is not None}


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return _ESCAPED.sub(r"\1", value).strip()


def _system_release_cpe(content: bytes) -> Distro | None:
    found = _CPE.search(_text(content))
    if found is None:
        return None
    vendor = found[1].lower()
    word = _RELEASE_IDS.get(vendor, vendor)
    return Distro(id=word, version_id=found[2], name=vendor, id_like=(word,))


def _redhat_release(content: bytes) -> Distro | None:
    # a line and no more: the expression takes the square of a line's length
    found = _RELEASE.search(_text(content[:MAX_LINE]))
    if found is None:
        return None
    first = found[1].split()[0].lower()
    word = _RELEASE_IDS.get(first, first)
    whole = _text(content).strip()[:200]
    return Distro(id=word, version_id=found[2], name=found[1], id_like=(word,), pretty_name=whole)


def _alpine_release(content: bytes) -> Distro | None:
    version = _first_word(content)
    return Distro(id="alpine", version_id=version, name="Alpine Linux") if version else None


def _debian_version(content: bytes) -> Distro | None:
    version = _first_word(content)
    if not version:
        return None
    if version[0].isdigit():
        return Distro(id="debian", version_id=version.partition(".")[0], name="Debian GNU/Linux")
    # `trixie/sid`: a release that has no number yet
    return Distro(id="debian", version_codename=version.partition("/")[0], name="Debian GNU/Linux")


def _lsb_release(content: bytes) -> Distro | None:
    values = _assignments(content)
    if not values.get("DISTRIB_ID"):
        return None
    return Distro(
        id=values["DISTRIB_ID"].lower(),
        version_id=values.get("DISTRIB_RELEASE", ""),
        name=values.get("DISTRIB_ID", ""),
        version_codename=values.get("DISTRIB_CODENAME", ""),
        pretty_name=values.get("DISTRIB_DESCRIPTION", ""),
    )


def _busybox(content: bytes) -> Distro | None:
    found = _BUSYBOX.search(content)
    if found is None:
        return None
    version = found[1].decode("ascii")
    return Distro(id="busybox", version_id=version, name="busybox", pretty_name=f"BusyBox v{version}")


def _first_word(content: bytes) -> str:
    words = _text(content).split(maxsplit=1)
    return words[0][:100] if words else ""


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


# Busybox last: other distributions have its binary too.
_READERS: dict[str, Callable[[bytes], Distro | None]] = {
    "/etc/os-release": _os_release,
    "/usr/lib/os-release": _os_release,
    "/etc/system-release-cpe": _system_release_cpe,
    "/etc/redhat-release": _redhat_release,
    "/etc/centos-release": _redhat_release,
    "/etc/alpine-release": _alpine_release,
    "/etc/debian_version": _debian_version,
    "/etc/lsb-release": _lsb_release,
    "/bin/busybox": _busybox,
}
# What may lie behind a link or under a merged /usr is wanted too.
_LIMITS = {
    **dict.fromkeys(_READERS, MAX_TEXT),
    "/usr/lib/system-release-cpe": MAX_TEXT,
    "/usr/lib/redhat-release": MAX_TEXT,
    "/usr/lib/centos-release": MAX_TEXT,
    "/bin/busybox": MAX_BUSYBOX,
    "/usr/bin/busybox": MAX_BUSYBOX,
}
_NEEDS = Needs(
    wants=(
        *(Want.exact(path, limit=limit) for path, limit in _LIMITS.items()),
        # Fedora's /etc/os-release once was a link into this folder
        Want(
            names=frozenset(
                f"os-release-{kind}"
                for kind in ("fedora", "cloud", "container", "generic", "server", "workstation")
            ),
            pattern=r"/usr/lib/os\.release\.d/[^/]+",
            limit=MAX_TEXT,
        ),
    )
)
