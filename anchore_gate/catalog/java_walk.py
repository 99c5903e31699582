"""
What is in a Java archive, and in the archives inside it.

Only the directory of an archive is read, and of its members the manifest, the Maven files and inner archives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import SEEK_END

from anchore_gate.catalog import java_archive, maven
from anchore_gate.catalog.java import EXTENSIONS
from anchore_gate.catalog.java_archive import Manifest
from anchore_gate.catalog.java_groups import known_group
from anchore_gate.catalog.license_text import LICENSE_NAMES, license_in
from anchore_gate.catalog.maven import Pom, PomProperties
from anchore_gate.catalog.zip_directory import BadZip, Member, Stream, ZipDirectory
from anchore_gate.image.needs import MIB
from anchore_gate.model.inventory import Package, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.values import dataclass, field

NO_VERSION = "UNKNOWN"  # what Syft writes for a package that does not say its version
MAX_INNER = 512 * MIB  # bytes of one inner archive
MAX_INFLATED = 2048 * MIB  # bytes of all inner archives of one file
MAX_ARCHIVES = 20_000  # inner archives of one file
MAX_DEPTH = 8  # archives within archives
MAX_MANIFEST = 16 * MIB
MAX_POM = 4 * MIB
MAX_POMS = 5_000  # of each kind in one archive
_MANIFEST = "META-INF/MANIFEST.MF"
_INNER = tuple(ending.encode() for ending in EXTENSIONS)
_LICENSE_FILES = tuple(f"{folder}{name}" for folder in ("META-INF/", "") for name in LICENSE_NAMES)
_WANTED = (
    *_INNER,
    b"META-INF/MANIFEST.MF",
    b"pom.properties",
    b"pom.xml",
    *(name.encode() for name in LICENSE_NAMES),
)
_JENKINS = ("io.jenkins.plugins", "org.jenkins.plugins", "org.jenkins-ci.plugins", "io.jenkins-ci.plugins",
            "com.cloudbees.jenkins.plugins")  # fmt: skip


@dataclass(slots=True)
class Walk:
    """One file of the image, with what may still be spent on it."""

    file: str
    bytes_left: int = MAX_INFLATED
    archives_left: int = MAX_ARCHIVES

    def archive(self, stream: Stream, path: str, *, depth: int) -> Iterator[Package | Unknown]:
        """Yield what the archive is, and what is in it, all the way down."""
        is_plain_zip = path.lower().endswith(".zip")
        try:
            directory = ZipDirectory(stream, _WANTED)
        except BadZip as problem:
            if not is_plain_zip:
                yield Unknown(path, "java", str(problem))
            return
        if not is_plain_zip:
            yield from _Archive(directory, path, self.file).packages()
        for member in directory.members:
            if member.name.endswith(EXTENSIONS):
                yield from self._inner(directory, member, f"{path}:{member.name}", depth)

    def _inner(
        self, directory: ZipDirectory, member: Member, path: str, depth: int
    ) -> Iterator[Package | Unknown]:
        self.archives_left -= 1
        if depth >= MAX_DEPTH or self.archives_left < 0 or member.size > self.bytes_left:
            if self.archives_left >= -1:
                yield Unknown(path, "java", "archives within archives beyond the limit")
            return
        try:
            stream = directory.open(member, limit=min(MAX_INNER, self.bytes_left))
        except BadZip as problem:
            yield Unknown(path, "java", str(problem))
            return
        self.bytes_left -= stream.seek(0, SEEK_END)  # what it is, not what the directory says
        with closing(stream):
            yield from self.archive(stream, path, depth=depth + 1)


@dataclass(slots=True)
class _Artifact:
    """A package as it becomes clear."""

    name: str
    version: str
    type: str
    group: str = ""
    is_maven: bool = False  # whether a pom.properties named it
    licenses: tuple[str, ...] = ()
    path: str = ""


@dataclass(slots=True)
class _Archive:
    """One archive: its own package, and those that were merged into it."""

    directory: ZipDirectory
    path: str  # `/outer.war:WEB-INF/lib/inner.jar` for an inner one
    file: str
    problems: list[Unknown] = field(default_factory=list)

    def packages(self) -> Iterator[Package | Unknown]:
        properties = self._properties()
        poms = self._poms(properties)
        try:
            main = self._main(properties, poms)
        except BadZip as problem:
            yield Unknown(self.path, "java", str(problem))
            return
        shaded = [] if main is _WEAVE else list(self._shaded(main, properties, poms))
        for artifact in shaded if main is None or main is _WEAVE else [main, *shaded]:
            if artifact.name:
                yield _package(artifact, self.file)
        yield from self.problems

    def _members(self, base: str) -> list[Member]:
        found = [member for member in self.directory.members if member.name.endswith(base)]
        if len(found) > MAX_POMS:
            self.problems.append(Unknown(self.path, "java", f"more than {MAX_POMS} {base} files"))
        return found[:MAX_POMS]

    def _properties(self) -> dict[str, PomProperties]:
        found = {}
        for member in self._members("pom.properties"):
            content = self._read(member)
            if content is not None and (one := maven.parse_properties(content)) is not None:
                found[member.name.rpartition("/")[0]] = one
        return dict(sorted(found.items()))

    def _poms(self, properties: dict[str, PomProperties]) -> dict[str, Pom]:
        found = {}
        for member in self._members("pom.xml"):
            content, where = self._read(member), member.name.rpartition("/")[0]
            # Beside a pom.properties that says the group, only licences are news.
            is_news = where not in properties or not properties[where].group_id
            try:
                if content is not None and (is_news or b"<license" in content):
                    found[where] = maven.parse_pom(content)
            except maven.BadPom as problem:
                self.problems.append(Unknown(f"{self.path}:{member.name}", "java", str(problem)))
        return found

    def _read(self, member: Member) -> bytes | None:
        try:
            return self.directory.read(member, limit=MAX_POM)
        except BadZip as problem:
            self.problems.append(Unknown(f"{self.path}:{member.name}", "java", str(problem)))
            return None

    def _main(self, properties: dict[str, PomProperties], poms: dict[str, Pom]) -> _Artifact | None:
        """The archive's own package: what its pom says, else its file name, else its manifest."""
        found = next((member for member in self.directory.members if member.name == _MANIFEST), None)
        if found is None:
            return None
        manifest = Manifest.parse(self.directory.read(found, limit=MAX_MANIFEST))
        if "Weave-Classes" in manifest.main:  # instruments the library it is named after
            return _WEAVE
        file_name, file_version = java_archive.split_file_name(self.path.rpartition(":")[2])
        where = _own(properties, file_name)
        own = properties.get(where) if where is not None else None
        name = own.artifact_id if own is not None else java_archive.name_of(manifest, file_name)
        version = own.version if own is not None else java_archive.version_of(manifest, file_version)
        pom = poms.get(where) if where is not None else _only(poms, name)
        group = _group(own, pom) or known_group(name) or java_archive.group_of(manifest)
        licenses = manifest.licenses or self._license_file() or (pom.licenses if pom is not None else ())
        # As in Syft: what the file's ending says holds only until a pom.properties names the group.
        is_plugin = _is_jenkins(group) or (own is None and self.path.lower().endswith((".jpi", ".hpi")))
        kind = "jenkins-plugin" if is_plugin else "java-archive"
        artifact = _Artifact(name, version, kind, group, own is not None, licenses, self.path)
        if own is not None and where is not None:
            del properties[where]
        return artifact

    def _license_file(self) -> tuple[str, ...]:
        names = {member.name: member for member in self.directory.members}
        for name in _LICENSE_FILES:
            if name in names and (content := self._read(names[name])) is not None:
                found = license_in(content)
                return (found,) if found else ()
        return ()

    def _shaded(
        self, main: _Artifact | None, properties: dict[str, PomProperties], poms: dict[str, Pom]
    ) -> Iterator[_Artifact]:
        for where, one in properties.items():
            pom = poms.get(where)
            group = _group(one, pom)
            if (
                main is not None
                and main.name == one.artifact_id
                and (not main.is_maven or main.group == group)
            ):
                main.version, main.group, main.is_maven = one.version, group or main.group, True
                continue
            yield _Artifact(
                one.artifact_id,
                one.version,
                "jenkins-plugin" if _is_jenkins(group) else "java-archive",
                group,
                True,
                pom.licenses if pom is not None else (),
                f"{self.path}:{one.group_id}:{one.artifact_id}",
            )


_WEAVE = _Artifact("", "", "")


def _own(properties: dict[str, PomProperties], file_name: str) -> str | None:
    """Where the archive's own pom.properties lies: its artifact must fit the file name."""
    if not file_name:
        return None
    exact = [where for where, one in properties.items() if one.artifact_id == file_name]
    near = (
        where
        for where, one in properties.items()
        if one.artifact_id.startswith(file_name) or file_name.endswith(one.artifact_id)
    )
    return exact[0] if exact else next(near, None)


def _only(poms: dict[str, Pom], name: str) -> Pom | None:
    """The one pom.xml that names the artifact, where there is no pom.properties."""
    found = [pom for pom in poms.values() if pom.artifact_id == name]
    return found[0] if len(found) == 1 else None


def _group(properties: PomProperties | None, pom: Pom | None) -> str:
    group = properties.group_id if properties is not None else ""
    return (group or (pom.group_id if pom is not None else "")).partition(";")[0].strip()


def _is_jenkins(group: str) -> bool:
    return group.startswith(_JENKINS) or ".jenkins.plugin" in group


def _package(artifact: _Artifact, file: str) -> Package:
    name, version = artifact.name[:512], artifact.version[:512]
    return Package(
        type=artifact.type,
        name=name,
        version=version or NO_VERSION,
        purl=purl("maven", artifact.group or name, name, version),
        licenses=artifact.licenses,
        locations=(artifact.path,) if artifact.path == file else (artifact.path, file),
        group_id=artifact.group,
        found_by="java",
    )
