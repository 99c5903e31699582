"""
The shape of a trigger, of the gate that groups triggers, and of the evidence they see.

A new gate is one file in `policy/gates/`, named like the gate, with a `GATE`; nothing else is told of it:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Denylist(Trigger):
        \"\"\"Fires for each installed package of a name.\"\"\"  # its first paragraph documents it

        GATE: ClassVar[str] = "packages"
        NAME: ClassVar[str] = "denylist"  # today's word; `policy/legacy.py` knows Engine's

        name: str = parameter(TEXT, description="Package name", example="openssh-server")
        version: str | None = parameter(TEXT, description="Its version", default=None)

        def needs(self, settings: AnalyzerSettings) -> Needs:   # only what this rule must see
            return Needs(packages=True)

        def fire(self, evidence: Evidence) -> Iterator[Finding]:
            for package in evidence.packages_named(self.name):
                yield self.found(f"Package is denylisted: {self.name}", package=package)

    GATE: Final = Gate("packages", "Installed packages.", (Denylist,))

`found` leaves `trigger_id` empty: the evaluation hashes gate, trigger and message in the words of the
policy's dialect (`policy/identity.py`). A finding with an id of its own (`CVE-2024-1+openssl`) passes
`trigger_id=`. A check of several parameters together is a `__post_init__` that raises `ValueError`. A
trigger that cannot see raises `PolicyError` (any `GateError`): its rule gets a problem and stops the
image. A trigger never reads the network or the clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from anchore_gate.errors import PolicyError
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.model.image import Dockerfile, Image
from anchore_gate.model.inventory import Inventory, Package
from anchore_gate.model.vulnerability import DatabaseIdentity, Incomparable, Match
from anchore_gate.policy import legacy
from anchore_gate.policy.identity import hashed_id
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.wording import kept_path
from anchore_gate.regex import regex
from anchore_gate.typed import Any, ClassVar
from anchore_gate.values import dataclass, field


class NotKnownHere(PolicyError):
    """What a rule asks is known to a service and not here; `unsupported` decides what the image gets."""


class IncomparableVersions(PolicyError):
    """A rule met versions that nobody can compare: the user may have that as a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MalwareFinding:
    """A file that a scanner knows."""

    scanner: str
    path: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a trigger may look at."""

    image: Image
    files: Filesystem | None  # None: only a package manifest is at hand (an SBOM)
    inventory: Inventory
    dockerfile: Dockerfile
    now: datetime
    matches: tuple[Match, ...] = ()
    incomparable: tuple[Incomparable, ...] = ()
    database: DatabaseIdentity | None = None
    distro_has_data: bool | None = None  # whether the database has rows for the distro; None: not asked
    malware: tuple[MalwareFinding, ...] | None = None  # None: no scan was run
    base: Image | None = None  # the base image, where it is known
    retrieve: tuple[str, ...] | None = (
        None  # the only files the analyzer retrieves; None: any that rules name
    )
    previous: Inventory | None = None  # of the image that had this tag before, where it is known
    reads_links: bool = True  # whether what is behind a link is read where the link is to be retrieved
    _by_name: dict[tuple[bool, str], list[Package]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def filesystem(self) -> Filesystem:
        """The image's files. Raises `PolicyError` where only a package manifest is at hand."""
        if self.files is None:
            raise PolicyError("the image's files are not at hand (only a list of its packages)")
        return self.files

    @property
    def build(self) -> Dockerfile:
        """How the image was built. Raises `PolicyError` where nothing tells (an SBOM alone)."""
        if self.dockerfile.mode == "Unknown":
            raise PolicyError("how the image was built is not known: only a list of its packages is at hand")
        return self.dockerfile

    def text_of(self, path: str) -> str | None:
        """A wanted file's text, None where the image has none. Raises `PolicyError` for one too long."""
        files, path = self.filesystem, absolute(path)
        if not self.reads_links and self.is_link(path):
            return None
        if files.has(path):
            return files.read(path).decode("utf-8", "surrogateescape")
        if size := dict(files.oversized).get(path):
            raise PolicyError(f"{path} is too long to be read: {size} bytes (analyzer: retrieve, max-size)")
        return None

    def is_retrieved(self, path: str) -> bool:
        """Whether Anchore's analyzer keeps the file: one that is to be kept, and no link to one."""
        is_listed = self.retrieve is None or path in self.retrieve  # as it is written: so does Engine
        path = absolute(path)
        entry = self.filesystem.entry(path) if is_listed else None
        return entry is not None and entry.type == "file" and self.filesystem.has(path)

    def is_link(self, path: str) -> bool:
        """Whether a symbolic link stands there. Raises `PolicyError` where files are not at hand."""
        entry = self.filesystem.entry(absolute(path))
        return entry is not None and entry.type == "symlink"

    def packages_named(self, name: str) -> tuple[Package, ...]:
        """The packages of a name, in the inventory's order: a thousand rules ask, one index answers."""
        if not self._by_name:
            index: defaultdict[tuple[bool, str], list[Package]] = defaultdict(list)
            for package in self.inventory.packages:
                index[name_key(package.name, is_python=package.type == "python")].append(package)
            self._by_name.update(index)
        keys = (name_key(name, is_python=is_python) for is_python in (False, True))
        return tuple(package for key in keys for package in self._by_name.get(key, ()))


def name_key(name: str, *, is_python: bool) -> tuple[bool, str]:
    """What the spellings of a package's name have in common: Python's go by any of theirs (PEP 503)."""
    return is_python, _RUN.sub("-", name).lower() if is_python else name


_RUN = regex(r"[-_.]+")


def absolute(path: str) -> str:
    """The path of a file to be retrieved, which Anchore lets begin with a slash, none or several."""
    return "/" + path.lstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One question with its parameters filled in. Pure: evidence in, findings out."""

    GATE: ClassVar[str] = ""
    NAME: ClassVar[str] = ""

    rule_id: str | None = None

    @classmethod
    def also_wrong(cls, values: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG003  # most compare none with another
        """What else is wrong with the parameters, as far as the values of some could be read."""
        return iter(())

    def needs(self, settings: AnalyzerSettings) -> Needs:  # noqa: ARG002  # a trigger of the Dockerfile needs none
        """What must be looked at for it."""
        return Needs()

    @property
    def reads(self) -> str:
        """The file whose text it asks for, if any."""
        return ""

    def unseen(self, settings: AnalyzerSettings) -> str:  # noqa: ARG002  # most triggers see what they ask for
        """Why it can find nothing under these settings, whatever the image; empty where it can."""
        return ""

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield once per thing found. Raises `GateError` when it cannot see."""
        raise NotImplementedError

    def found(
        self,
        message: str,
        *,
        trigger_id: str = "",
        earlier: tuple[str, ...] = (),
        path: str = "",
        line: int | None = None,
        layer: int | None = None,
        package: Package | None = None,
        match: Match | None = None,
        fix: str = "",
    ) -> Finding:
        """A finding; `earlier` are messages it has in Engine, whose ids allowlists may still name."""
        kept = kept_path(path)
        if kept != path:
            earlier = (*earlier, message.replace(path, kept, 1))
        return Finding(
            trigger_id=trigger_id,
            message=message,
            other_ids=tuple(self._ids(text for text in earlier if text != message)),
            path=path,
            line=line,
            layer=layer,
            package=package,
            match=match,
            fix=fix,
        )

    def _ids(self, messages: Iterable[str]) -> dict[str, None]:
        """What messages hash to, in the words of both dialects."""
        return dict.fromkeys(
            hashed_id(
                self.GATE,
                legacy.trigger_name(self.GATE, self.NAME, dialect=dialect),
                legacy.message(self.GATE, self.NAME, text, dialect=dialect),
            )
            for text in messages
            for dialect in (legacy.ENGINE, legacy.ENTERPRISE)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagesTrigger(Trigger):
    """A question about what is installed."""

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        return Needs(packages=True)

    def found_package(self, message: str, package: Package, *, fix: str = "") -> Finding:
        """A finding of a package, where it lies."""
        path = next(iter(package.locations), "")
        return self.found(message, package=package, path=path, layer=package.layer, fix=fix)


def description(trigger: type[Trigger]) -> str:
    """What a trigger asks, in one paragraph: its own words, or those of what it is made from."""
    text = next((one.__doc__ for one in trigger.__mro__ if one.__doc__), "")
    return " ".join(text.split("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class Gate:
    """A named group of triggers."""

    name: str
    description: str
    triggers: tuple[type[Trigger], ...]
    notes: tuple[str, ...] = field(default=())
