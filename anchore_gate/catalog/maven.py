"""What Maven leaves inside an archive: `pom.properties` and `pom.xml` (read without DTD or entities)."""

from __future__ import annotations

from xml.parsers import expat

from anchore_gate.values import dataclass

_MAX_DEPTH = 64
_MAX_PROPERTIES = 64 * 1024  # bytes; five lines are usual
_MAX_TEXT = 1024  # characters of one element that is kept
_MAX_LICENSES = 32
_PROJECT = ("project",)
_PARENT = ("project", "parent")
_LICENSE = ("project", "licenses", "license")
_FIELDS = {
    (*_PROJECT, "groupId"): "group_id",
    (*_PROJECT, "artifactId"): "artifact_id",
    (*_PROJECT, "version"): "version",
    (*_PARENT, "groupId"): "parent_group_id",
    (*_PARENT, "version"): "parent_version",
}


class BadPom(ValueError):
    """The file is no pom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PomProperties:
    """`META-INF/maven/<group>/<artifact>/pom.properties`."""

    group_id: str
    artifact_id: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pom:
    """The parts of a `pom.xml` that name its artifact. Parent values fill what it leaves out."""

    group_id: str = ""
    artifact_id: str = ""
    version: str = ""
    licenses: tuple[str, ...] = ()


def parse_properties(content: bytes) -> PomProperties | None:
    """Read `pom.properties`; None where it does not name artifact and version."""
    values: dict[str, str] = {}
    for raw in content[:_MAX_PROPERTIES].decode("utf-8", "replace").splitlines():
        line = raw.strip()
        if not line or line[0] in "#!":
            continue
        cut = min((at for at in (line.find("="), line.find(":")) if at >= 0), default=-1)
        if cut < 0:
            return None
        values[line[:cut].strip()] = line[cut + 1 :].strip()[:_MAX_TEXT]
    artifact, version = values.get("artifactId", ""), values.get("version", "")
    if not artifact or not version:
        return None
    return PomProperties(group_id=values.get("groupId", ""), artifact_id=artifact, version=version)


def parse_pom(content: bytes) -> Pom:
    """Read `pom.xml`. Raises `BadPom`, for a document type declaration too: poms have none."""
    reader = _Reader()
    try:
        reader.parse(content)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise BadPom(f"not a pom.xml: {problem}") from problem
    return reader.pom()


class _Reader:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._fields: dict[str, str] = {}
        self._licenses: list[str] = []
        self._license: dict[str, str] = {}

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.ExternalEntityRefHandler = _refuse
        parser.Parse(content, True)

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._path) >= _MAX_DEPTH:
            raise BadPom("elements too deep")
        self._path.append(name.rpartition(":")[2])
        self._text, self._size = [], 0

    def _data(self, text: str) -> None:
        if self._size < _MAX_TEXT and len(self._path) <= 4:
            self._text.append(text)
            self._size += len(text)

    def _end(self, _name: str) -> None:
        path, text = tuple(self._path), "".join(self._text).strip()[:_MAX_TEXT]
        if (field := _FIELDS.get(path)) is not None:
            self._fields.setdefault(field, text)
        elif path[:-1] == _LICENSE:
            self._license[path[-1]] = text
        elif path == _LICENSE:
            if text := self._license.get("name") or self._license.get("url", ""):
                self._licenses = [*self._licenses, text][:_MAX_LICENSES]
            self._license = {}
        self._path.pop()
        self._text, self._size = [], 0

    def pom(self) -> Pom:
        get = self._fields.get
        return Pom(
            group_id=get("group_id") or get("parent_group_id", ""),
            artifact_id=get("artifact_id", ""),
            version=get("version") or get("parent_version", ""),
            licenses=tuple(dict.fromkeys(self._licenses)),
        )


def _refuse(*_declaration: object) -> int:
    raise BadPom("a document type or entity declaration")
