"""What a Java archive calls itself: its file name, its manifest (JAR File Specification), its group."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.regex import regex
from anchore_gate.values import dataclass

_NAME = regex(r"[A-Za-z][A-Za-z0-9_.]*(?:-[A-Za-z][A-Za-z0-9_.]*)*-?")
_VERSION = regex(r"(?:[0-9].*|build[0-9].*|rc?[0-9]+)", re.IGNORECASE)
_LATE_VERSION = regex(r"[._-]((?:[0-9].*|build[0-9].*|rc?[0-9]+))$")
_DOMAINS = ("com.", "org.", "net.", "io.", "be.")
_MAX_READ = 2 * 1024 * 1024  # bytes; what names an archive stands in front, signatures follow
_MAX_VALUE = 4096  # characters of a field; joining lines must not cost the square of their number
_GROUP_FIELDS = (
    ("Bundle-SymbolicName", "Extension-Name", "Specification-Vendor", "Implementation-Vendor",
     "Implementation-Vendor-Id", "Implementation-Title", "Bundle-Activator"),
    ("Automatic-Module-Name", "Main-Class", "Package"),
)  # fmt: skip
_NAME_FIELDS = ("Name", "Bundle-Name", "Short-Name", "Extension-Name", "Implementation-Title")
_VERSION_FIELDS = ("Implementation-Version", "Specification-Version", "Plugin-Version", "Bundle-Version")
_LICENSE_FIELDS = ("Bundle-License", "Plugin-License-Name")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`META-INF/MANIFEST.MF`: the main section first, then the named ones."""

    sections: tuple[dict[str, str], ...]

    @classmethod
    def parse(cls, content: bytes) -> Manifest:
        """Read a manifest; a line that is none is passed over."""
        sections: list[dict[str, str]] = []
        last = ""
        for line in content[:_MAX_READ].decode("utf-8", "replace").splitlines():
            key, colon, value = line.partition(":")
            if not line:
                last = ""
            elif line[0] == " ":
                if last and len(sections[-1][last]) < _MAX_VALUE:
                    sections[-1][last] += line.strip()
            elif colon and (key := key.strip()):
                if not last:
                    sections.append({})
                sections[-1].setdefault(key, value.strip())
                last = key
        return cls(tuple(sections) or ({},))

    @property
    def main(self) -> dict[str, str]:
        """The main section."""
        return self.sections[0]

    def find(self, field: str) -> str:
        """A field's value in the first section that has one, "" for none."""
        return next((value for section in self.sections if (value := section.get(field))), "")

    @property
    def licenses(self) -> tuple[str, ...]:
        """What `Bundle-License` (OSGi) and `Plugin-License-Name` (Jenkins) say."""
        return tuple(dict.fromkeys(value for field in _LICENSE_FIELDS if (value := self.find(field))))


def split_file_name(path: str) -> tuple[str, str]:
    """Name and version that the file name carries: `log4j-core-2.17.1.jar`; "" for what it does not."""
    stem = path.rpartition("/")[2]
    stem = stem[: stem.rfind(".")] if "." in stem else stem
    stem = stem[:512]
    for dash in (at for at, letter in enumerate(stem) if letter == "-"):
        if _VERSION.fullmatch(stem, dash + 1):
            return (stem[:dash], stem[dash + 1 :]) if _NAME.fullmatch(stem, 0, dash) else ("", "")
    if not _NAME.fullmatch(stem):
        return "", ""
    late = _LATE_VERSION.search(stem)
    return (stem[: late.start()], late[1]) if late is not None else (stem, "")


def name_of(manifest: Manifest, file_name: str) -> str:
    """The artifact's name where no pom says it; `file_name` is what `split_file_name` gave."""
    bundle = manifest.main.get("Bundle-SymbolicName", "")
    is_made_by_bnd = "Apache Maven Bundle Plugin" in manifest.main.get("Created-By", "")
    if bundle and is_made_by_bnd and manifest.main.get("Implementation-Vendor-Id") != bundle:
        # maven-bundle-plugin writes ${groupId}.${artifactId}, unless it is told otherwise
        return bundle.rpartition(".")[2]
    if file_name:
        return _without_group(file_name)
    return next((value for field in _NAME_FIELDS if (value := manifest.main.get(field))), "")


def _without_group(name: str) -> str:
    """`org.example.tool` is `tool`; Eclipse names its artifacts with the group in front."""
    parts = name.split(".")
    is_group = len(parts) > 1 and not name.startswith("org.eclipse.")
    return parts[-1] if is_group and all(p and (p[0].isalpha() or p[0] in "_$") for p in parts) else name


def version_of(manifest: Manifest, file_version: str) -> str:
    """The artifact's version where no pom says it."""
    return file_version or next((v for field in _VERSION_FIELDS if (v := manifest.find(field))), "")


def group_of(manifest: Manifest) -> str:
    """What looks most like a group id among the manifest's fields, "" for none."""
    for fields in _GROUP_FIELDS:
        if found := sorted(_groups(manifest, fields)):
            return found[0]
    return ""


def _groups(manifest: Manifest, fields: tuple[str, ...]) -> Iterator[str]:
    for section in manifest.sections:
        for field in fields:
            if (value := section.get(field, "")).startswith(_DOMAINS):
                yield re.split("[;#]", value, maxsplit=1)[0].strip()
