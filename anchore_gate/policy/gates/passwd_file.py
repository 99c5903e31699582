"""Gate `passwd_file`: the accounts of `/etc/passwd`."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.image.needs import Needs, Want
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.parameter import NUMBERS, TEXT, WORDS, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

_PATH = "/etc/passwd"
_USER, _UID, _GID, _SHELL = 0, 2, 3, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passwd(Trigger):
    GATE: ClassVar[str] = "passwd_file"

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        return Needs(wants=(Want.exact(_PATH, limit=settings.retrieve_max_size),))

    @property
    def reads(self) -> str:
        """See `Trigger.reads`."""
        return _PATH

    def denied(self, word: str, listed: tuple[str, ...], field: int, evidence: Evidence) -> Iterator[Finding]:
        """A finding for each account whose field is listed."""
        for line, parts in _entries(evidence):
            if len(parts) > field and parts[field] in listed:
                yield self.entry(word, parts[field], line)

    def entry(self, word: str, value: str, line: str) -> Finding:
        """The finding of one line."""
        return self.found(
            f"Denylisted {word} '{value}' found in image's /etc/passwd: pentry={line}", path=_PATH
        )


def _entries(evidence: Evidence) -> list[tuple[str, list[str]]]:
    by_user: dict[str, tuple[str, list[str]]] = {}
    for written in (evidence.text_of(_PATH) or "").split("\n"):
        line = written.strip()
        parts = line.split(":")
        if line:
            by_user[parts[_USER]] = (line, parts)
    return list(by_user.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentNotAvailable(_Passwd):
    """Fires when the image has no `/etc/passwd`, an empty one, or a link in its place."""

    NAME: ClassVar[str] = "content_not_available"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if not evidence.is_retrieved(_PATH) or not evidence.filesystem.read(_PATH):
            yield self.found(
                "Cannot locate /etc/passwd in image stored files archive: check analyzer settings."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistUsernames(_Passwd):
    """Fires for each account with one of the names."""

    NAME: ClassVar[str] = "denylist_usernames"

    user_names: tuple[str, ...] = parameter(WORDS, description="User names", example="daemon,ftp")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        for line, parts in _entries(evidence):
            if parts[_USER] in self.user_names:
                yield self.entry("user", parts[_USER], line)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistUserids(_Passwd):
    """Fires for each account with one of the user ids."""

    NAME: ClassVar[str] = "denylist_userids"

    user_ids: tuple[int, ...] = parameter(NUMBERS, description="User ids", example="0,1")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        yield from self.denied("uid", tuple(map(str, self.user_ids)), _UID, evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistGroupids(_Passwd):
    """Fires for each account with one of the primary group ids."""

    NAME: ClassVar[str] = "denylist_groupids"

    group_ids: tuple[int, ...] = parameter(NUMBERS, description="Group ids", example="999,20")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        yield from self.denied("gid", tuple(map(str, self.group_ids)), _GID, evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistShells(_Passwd):
    """Fires for each account with one of the login shells."""

    NAME: ClassVar[str] = "denylist_shells"

    shells: tuple[str, ...] = parameter(WORDS, description="Login shells", example="/bin/bash,/bin/zsh")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        yield from self.denied("shell", self.shells, _SHELL, evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistFullEntry(_Passwd):
    """Fires when the whole line is in the file."""

    NAME: ClassVar[str] = "denylist_full_entry"

    full_entry: str = parameter(
        TEXT, name="entry", description="The line", example="ftp:x:14:50:FTP:/var/ftp:/sbin/nologin"
    )

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        wanted = self.full_entry.strip()
        for line, _ in _entries(evidence):
            if line == wanted:
                yield self.entry("pentry", line, line)


GATE: Final = Gate(
    "passwd_file",
    "The accounts of /etc/passwd.",
    (
        *(ContentNotAvailable, DenylistUsernames, DenylistUserids, DenylistGroupids, DenylistShells),
        DenylistFullEntry,
    ),
)
