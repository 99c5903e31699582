"""A policy file that a command edits in place: read once, written whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.cli.terminal import hint
from anchore_gate.errors import ConfigError, PolicyError, UsageError
from anchore_gate.model.evaluation import Problem
from anchore_gate.values import dataclass

LONGEST = 2000  # of a line: the message that lists the known gates has 300 letters


def warn(text: str) -> None:
    """A line on standard error; what a policy holds must not move the cursor."""
    from anchore_gate.report.cleaning import line

    hint(line(text, limit=LONGEST))


def told(problem: Problem) -> str:
    """What is wrong with a policy, in one line."""
    return f"{problem.severity}: {problem.path or 'the policy'}: {problem.message} [{problem.type}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy file and what it held when it was read."""

    path: Path
    content: bytes

    @classmethod
    def read(cls, path: Path) -> PolicyFile:
        """Raises `ConfigError` for a file that cannot be edited, `PolicyError` for a faulty policy."""
        from anchore_gate.policy.document import locate, read_text, shipped_names
        from anchore_gate.policy.draft import read_draft

        name = str(path)
        if name in shipped_names() and not path.exists():
            raise UsageError(
                f"{name} ships: make your own copy (anchore-gate policy show {name} > policy.json)"
            )
        _check(locate(path))
        content = read_text(path)
        errors = read_draft(content, source=name).errors(now=datetime.now(timezone.utc))
        for problem in errors:
            warn(told(problem))
        if errors:
            raise PolicyError(
                f"policy {name!r}: faulty, so nothing was written (anchore-gate policy validate {name})"
            )
        return cls(path=path, content=content)

    @property
    def text(self) -> str:
        """What it holds. Raises `ConfigError`."""
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise ConfigError(f"policy {str(self.path)!r}: not UTF-8; only that is edited") from problem

    def write(self, text: str) -> None:
        """Whole or not at all, and only over what was read. Raises `ConfigError`."""
        place = self.path.resolve()
        made = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            made.write_bytes(text.encode("utf-8"))
            _make_alike(made, place)
            if place.read_bytes() != self.content:
                raise ConfigError(f"policy {str(self.path)!r}: changed meanwhile; nothing was written")
            made.replace(place)
        except OSError as problem:
            said = problem.strerror or problem
            raise ConfigError(f"policy {str(self.path)!r}: nothing was written: {said}") from problem
        except UnicodeEncodeError as problem:
            raise UsageError("an item holds what is no text: nothing was written") from problem
        finally:
            with suppress(OSError):
                made.unlink(missing_ok=True)


def _make_alike(made: Path, place: Path) -> None:
    before = place.stat()
    made.chmod(stat.S_IMODE(before.st_mode))
    with suppress(OSError):  # only root may give it to its owner
        os.chown(made, before.st_uid, before.st_gid)


def _check(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as problem:
        raise ConfigError(f"policy {str(path)!r}: {problem.strerror or problem}") from problem
    if not stat.S_ISREG(mode):
        raise ConfigError(f"policy {str(path)!r}: not a file that can be edited")
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise ConfigError(f"policy {str(path)!r}: read-only, so nothing was written")
