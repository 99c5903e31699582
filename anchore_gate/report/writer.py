"""Reports to files: paths are checked before anything is scanned, each file appears whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from anchore_gate.errors import ConfigError, ReportError
from anchore_gate.model.result import GateRun
from anchore_gate.report import format_names, reporter
from anchore_gate.report.once import forget, uncollected
from anchore_gate.report.redaction import shareable
from anchore_gate.report.reporter import ReportOptions
from anchore_gate.values import dataclass, replace

STANDARD_OUTPUT = Path("-")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which formats go where."""

    targets: tuple[tuple[str, Path], ...]

    def named(self, options: ReportOptions) -> ReportOptions:
        """The options with the paths of this plan, for reports that tell where the others are."""
        return replace(options, paths=tuple((name, str(path)) for name, path in self.targets))

    def write(self, run: GateRun, options: ReportOptions) -> tuple[Path, ...]:
        """Write every report. Raises `ReportError` after all were tried."""
        shown = shareable(run)
        options = self.named(options)
        try:
            with uncollected():
                tried = [
                    _failure(path, name, shown, replace(options, path=str(path)))
                    for name, path in self.targets
                ]
        finally:
            forget()
        failures = [problem for problem in tried if problem]
        if failures:
            raise ReportError("; ".join(failures))
        return tuple(path for _, path in self.targets)


def _failure(path: Path, name: str, run: GateRun, options: ReportOptions) -> str:
    try:
        _write(path, name, run, options)
    except OSError as problem:
        return f"cannot write {path}: {problem.strerror or problem}"
    return ""


def plan_reports(
    formats: Sequence[tuple[str, Path]], report_dir: Path | None, *, read: Iterable[Path] = ()
) -> Plan:
    """
    Where reports go, checked; none may replace a file of `read`.

    Raises `ConfigError`, or `UsageError` for an unknown format.
    """
    named = {name for name, _ in formats}
    targets = [(reporter(name).name, path) for name, path in formats]
    if report_dir is not None:
        rest = (name for name in format_names() if name not in named)
        targets += [(name, report_dir / reporter(name).filename) for name in rest]
    inputs = {os.path.realpath(path) for path in read if os.path.isfile(path)}  # noqa: PTH113  # never raises
    taken: set[str] = set()
    for _, path in targets:
        place = os.path.realpath(path)
        if place in taken:
            raise ConfigError(f"two reports on one path: {path}")
        if place in inputs:
            raise ConfigError(f"a report would replace what is read: {path}")
        taken.add(place)
        _check(path)
    return Plan(tuple(targets))


def _check(path: Path) -> None:
    import tempfile

    if path == STANDARD_OUTPUT:
        return
    try:
        if stat.S_ISDIR(_mode(path)):
            raise ConfigError(f"report path is a folder: {path}")
        if _is_special(path):
            if not os.access(path, os.W_OK):
                raise ConfigError(f"cannot write {path}")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as problem:
        raise ConfigError(f"cannot write {path}: {problem.strerror or problem}") from problem


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device: written to, never replaced by a file."""
    mode = _mode(path)
    return mode != 0 and not stat.S_ISREG(mode)


def _mode(path: Path) -> int:
    """What is there; 0 for nothing. Raises `OSError` for a path that can lead nowhere."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _write(path: Path, name: str, run: GateRun, options: ReportOptions) -> None:
    if path == STANDARD_OUTPUT:
        sys.stdout.writelines(reporter(name).render(run, options))
        return
    if _is_special(path):
        with path.open("w", encoding="utf-8", errors="replace", newline="") as out:
            out.writelines(reporter(name).render(run, options))
        return
    import tempfile

    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".anchore-gate-")
    try:
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="") as out:  # noqa: PTH123  # a descriptor
            out.writelines(reporter(name).render(run, options))
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)  # noqa: PTH105  # atomic on POSIX
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
