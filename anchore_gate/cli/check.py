"""Judge images: scan, evaluate the policy, write reports."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from anchore_gate.cli.config import settings_of
from anchore_gate.cli.options import Settings, add_options
from anchore_gate.cli.progress import LayerProgress
from anchore_gate.cli.subjects import Subject, subjects_of
from anchore_gate.cli.terminal import hint, say
from anchore_gate.errors import GateError, ReportError, UsageError
from anchore_gate.model.image import Platform
from anchore_gate.typed import TYPE_CHECKING, TextIO
from anchore_gate.values import replace

if TYPE_CHECKING:
    from anchore_gate.cli.workers import Crew, Verdict
    from anchore_gate.model.result import GateRun
    from anchore_gate.report.reporter import ReportOptions
    from anchore_gate.report.writer import Plan

GROUPS = ("input", "policy", "report", "output", "registry", "remote", "db", "run")
_LONGEST_FAULTS = 4_000  # characters of the last line


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `anchore-gate check`."""
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="reference, archive, layout or folder")
    parser.add_argument("--resolve", action="store_true", help="print where references point, scan nothing")
    add_options(parser, *GROUPS)


def run(args: argparse.Namespace) -> int:
    """Judge, report, say so; the exit code is the verdict's."""
    from anchore_gate.report.writer import plan_reports

    settings = settings_of(args, *GROUPS)
    if settings.flag("verbose"):
        import logging

        # Only our own words: other libraries log addresses with what should not be seen in them.
        logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
        logging.getLogger("anchore_gate").setLevel(logging.DEBUG)
    subjects = subjects_of(args.images, settings)
    if args.resolve:
        return _resolve(subjects, settings)
    formats = [_format(text) for text in settings.items("format")]
    plan = plan_reports(formats, settings.path("report-dir"), read=_read(subjects, settings))
    with LayerProgress() as progress:
        return _judge(settings, subjects, plan, progress)


def _read(subjects: tuple[Subject, ...], settings: Settings) -> Iterator[Path]:
    """The files that the run reads, for no report to replace one."""
    for subject in subjects:
        yield from (Path(subject.image), Path(subject.image.partition(":")[2]))
        if subject.dockerfile is not None:
            yield subject.dockerfile
    named = (settings.path(word) for word in ("policy", "images-file", "db", "analyzer-config"))
    yield from filter(None, named)
    yield from map(Path, (*settings.items("allowlist"), *settings.items("vex")))


def _resolve(subjects: tuple[Subject, ...], settings: Settings) -> int:
    from anchore_gate.cli.engine import registry_of
    from anchore_gate.image.registry_source import resolve

    words = settings.text("platform")
    platform = Platform.parse(words) if words else None
    registry = registry_of(settings, [subject.image for subject in subjects])
    for subject in subjects:
        found = resolve(subject.image, platform=platform, settings=registry)
        index = f" index {found.index_digest}" if found.index_digest else ""
        say(f"{found.reference.registry}/{found.reference.repository}@{found.digest}{index}")
    return 0


def _judge(
    settings: Settings,
    subjects: tuple[Subject, ...],
    plan: Plan,
    progress: LayerProgress,
) -> int:
    from anchore_gate.api import judge
    from anchore_gate.cli.engine import question_of
    from anchore_gate.cli.service import jobs_of
    from anchore_gate.cli.workers import Crew
    from anchore_gate.engine.engine import run_of

    now = datetime.now(timezone.utc)
    names = [subject.image for subject in subjects]
    try:
        question = question_of(
            settings, images=names, now=now, want_packages=bool(plan.targets), progress=progress
        )
    except GateError as error:
        return _unbegun(settings, subjects, plan, now, error)
    with run_of(question.engine) as engine:
        asked = [replace(question, engine=engine, dockerfile=subject.dockerfile) for subject in subjects]
        tasks = [partial(judge, name, one) for name, one in zip(names, asked, strict=True)]
        crew = Crew(names, tasks, jobs=jobs_of(settings, os.environ))
        why, ended = _wait(crew, settings.number("timeout"), len(subjects))
    return _end(settings, crew, plan, now, why, ended)


def _wait(crew: Crew, seconds: int, images: int) -> tuple[str, int | None]:
    """Why an image that has no verdict then has none; and the exit code, where the run was ended."""
    from anchore_gate.cli.workers import Terminated, terminable

    try:
        with terminable():
            crew.wait(deadline=time.monotonic() + seconds, done=partial(_progress, images))
    except KeyboardInterrupt:
        return "interrupted before a verdict was reached", 130
    except Terminated:
        return "terminated before a verdict was reached", 143
    return f"no verdict within {seconds} s (--timeout)", None


def _unbegun(
    settings: Settings, subjects: tuple[Subject, ...], plan: Plan, now: datetime, error: GateError
) -> int:
    """Tell of a run that could not begin all that a pipeline reads; the exit code."""
    from anchore_gate import __version__
    from anchore_gate.model.result import GateRun, NoVerdict

    verdicts = tuple(NoVerdict.of(error, name=subject.image, now=now) for subject in subjects)
    run = GateRun(results=verdicts, version=__version__, started_at=now)
    lost: list[ReportError] = []
    with _kept(lost):
        plan.write(run, _report_options(settings))
    with _kept(lost), _beside_reports(plan):
        if spoken := _spoken(settings, run, plan):
            say(spoken)
    for one in (error, *lost):
        hint(f"anchore-gate: error: {' '.join(str(one).split())}")
    return max([_exit_code(run, settings), *(one.exit_code for one in lost)])


def _report_options(settings: Settings) -> ReportOptions:
    from anchore_gate.report.reporter import ReportOptions

    return ReportOptions(
        junit_warn=settings.text("junit-warn"), sarif_category=settings.text("sarif-category")
    )


def _end(
    settings: Settings,
    crew: Crew,
    plan: Plan,
    now: datetime,
    why: str,
    ended: int | None,
) -> int:
    from anchore_gate import __version__
    from anchore_gate.model.result import GateRun

    verdicts = crew.verdicts(now=now, why=why)
    run = GateRun(results=verdicts, version=__version__, started_at=now)
    code, spoken = _exit_code(run, settings), ""
    written: tuple[Path, ...] = ()
    lost: list[ReportError] = []  # told last: whoever waited for the verdict reads it all the same
    with _kept(lost):
        written = plan.write(run, _report_options(settings))
    with _kept(lost):
        spoken = _spoken(settings, run, plan)
    code = max([code, *(error.exit_code for error in lost)]) if ended is None else ended
    try:
        _tell(settings, run, plan, written, code, spoken)
    except BrokenPipeError:
        # The reader went away (`anchore-gate check ... | head`): the verdict stands all the same.
        _say_no_more()
    except OSError as problem:
        _say_no_more()
        hint(f"anchore-gate: warning: cannot write standard output: {problem.strerror}")
    for error in lost:
        hint(f"anchore-gate: error: {error}")
    return code


@contextmanager
def _kept(lost: list[ReportError]) -> Iterator[None]:
    """Keep what could not be written: it is no reason not to write the rest."""
    try:
        yield
    except ReportError as error:
        lost.append(error)


def _spoken(settings: Settings, run: GateRun, plan: Plan) -> str:
    """What GitHub's runner reads in the log; its files are written. Raises `ReportError`."""
    if not _is_github(settings):
        return ""
    from anchore_gate.report.github import speak

    return speak(run, os.environ, plan.named(_report_options(settings))).rstrip("\n")


def _tell(
    settings: Settings, run: GateRun, plan: Plan, written: tuple[Path, ...], code: int, spoken: str
) -> None:
    from anchore_gate.cli.verdict import show_run

    with _beside_reports(plan):
        if spoken:
            say(spoken)
        quiet, verbose = settings.flag("quiet"), settings.flag("verbose")
        show_run(run, written, code=code, quiet=quiet, verbose=verbose)
    if faults := _policy_faults(run):
        hint(f"anchore-gate: error: {faults}")


def _beside_reports(plan: Plan) -> redirect_stdout[TextIO]:
    """A report on standard output is all that stands there: what a person reads goes to standard error."""
    from anchore_gate.report.writer import STANDARD_OUTPUT

    taken = STANDARD_OUTPUT in (path for _, path in plan.targets)
    return redirect_stdout(sys.stderr if taken else sys.stdout)


def _say_no_more() -> None:
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # lives as long as the process


def _policy_faults(run: GateRun) -> str:
    """What is wrong with the policy, in a line; "" where nothing is."""
    from anchore_gate.model.result import GateResult
    from anchore_gate.report.cleaning import line
    from anchore_gate.report.evidence import faults

    judged = [result for result in run.results if isinstance(result, GateResult)]
    faulty = [result for result in judged if result.evaluation.has_error]
    return line(faults(*faulty), limit=_LONGEST_FAULTS) if faulty else ""


def _is_github(settings: Settings) -> bool:
    word = settings.text("ci")
    return word == "github" or (word == "auto" and os.environ.get("GITHUB_ACTIONS") == "true")


def _exit_code(run: GateRun, settings: Settings) -> int:
    if run.exit_code == 3 and settings.text("on-error") == "warn":
        hint("anchore-gate: no verdict; --on-error warn lets the pipeline go on")
        # Only what has no verdict goes on: a wrong setting of another image is as red as it is alone.
        return max((one.exit_code for one in run.results if one.exit_code != 3), default=0)
    return run.exit_code


def _format(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not name or not path:
        raise UsageError(f"--format {text!r}: NAME=PATH is expected, e.g. junit=report.xml")
    return name, Path(path)


def _progress(total: int, verdict: Verdict) -> None:
    if total > 1 and sys.stderr.isatty():
        hint(f"{verdict.verdict:7} {verdict.name}")
