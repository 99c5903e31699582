"""
The command line: arguments in, exit code out, nothing decided here.

One subcommand per module: its `configure(parser)` declares arguments, its `run(args)` returns the exit code.
Only the module of the command that was asked for is imported.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from anchore_gate.errors import GateError, UsageError
from anchore_gate.typed import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import argparse

COMMANDS = {
    "check": "judge images: scan, evaluate the policy, write reports",
    "catalog": "list what is installed in an image (table, JSON, CycloneDX, SPDX)",
    "vulnerabilities": "list what is known against an image's packages",
    "policy": "validate, explain, show and convert policies",
    "allow": "add a finding to an allowlist, with expiry and reason",
    "db": "the vulnerability database: status, update, import, export, search",
    "report": "render reports again from a result's JSON",
    "compliance": "list the controls that findings speak to",
    "registry": "list repositories, tags and digests of a registry",
    "remote": "see what an Anchore service is doing",
    "config": "show every setting and where it came from",
    "init": "write a working pipeline into this repository",
}
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
PASSED, FAILED, USAGE, NO_VERDICT, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143


def run_process() -> NoReturn:
    """
    The process `anchore-gate`, from its first to its last moment.

    It is short and makes few cycles, so garbage is hardly looked for; and it ends without taking apart, piece
    by piece, what the system takes back at once.
    """
    import gc

    gc.set_threshold(100_000, 20, 100)
    import argparse
    import atexit
    import os
    from pathlib import Path

    sys.setswitchinterval(0.0005)  # seconds: inflating and hashing wait less for the thread that walks
    vars(argparse)["_"] = str  # its words are not translated: `gettext` looks for six catalogues otherwise
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this: the exit code has to be enough
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  # as long as the process lives
    code = NO_VERDICT  # whatever happens, an end that nobody thought of is no "the policy said no"
    try:
        code = _ended(main)
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError:  # something could not be written that should be read
        code = code or NO_VERDICT
    finally:
        os._exit(code)


def _ended(run: Callable[[], int]) -> int:
    try:
        return run()
    except SystemExit as ended:  # argparse
        return ended.code if isinstance(ended.code, int) else PASSED


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 pass, 1 the policy said no, 2 usage, 3 no verdict."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where it can be told that there is no room
        return code
    except GateError as error:
        return _end(f"error: {error}", error.exit_code)
    except KeyboardInterrupt:
        return _end("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`anchore-gate ... | head`): nothing more can be said to it.
        sys.stdout = None  # keeps the interpreter from flushing it again
        return NO_VERDICT
    except Exception as error:  # the last door: a crash is "no verdict", never a pass
        if isinstance(error, OSError) and error.errno in _FULL:
            sys.stdout = None
            return _end(f"error: {error.strerror}", NO_VERDICT)
        import logging

        logging.getLogger(__name__).debug("crash", exc_info=True)
        return _end(f"error: internal: {type(error).__name__}: {error} (run with --verbose)", NO_VERDICT)


def _run(arguments: list[str]) -> int:
    named = next((word for word in arguments if not word.startswith("-")), "")
    is_plain = arguments[:1] == [named] and named in COMMANDS  # then no other command can be meant
    parser, subparsers = _parsers([named] if is_plain else COMMANDS)
    if named not in COMMANDS:
        parser.parse_args(arguments)  # --help and --version end here, anything else is refused
        parser.print_help()
        return USAGE
    from importlib import import_module

    command = import_module(f"anchore_gate.cli.{named}")
    command.configure(subparsers[named])
    result: int = command.run(parser.parse_args(arguments))
    return result


def _parsers(names: Iterable[str]) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    import argparse

    from anchore_gate import __version__
    from anchore_gate.cli.terminal import sentence, terminal_width

    width = terminal_width() - 2

    def formatter(prog: str) -> argparse.HelpFormatter:  # asked for by every argument that is declared
        return argparse.HelpFormatter(prog, width=width)

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError(f"{message} (see `{self.prog} --help`)")  # a line, not the whole usage

    parser = Parser(
        formatter_class=formatter,
        prog="anchore-gate",
        description="One gate for container images: may this image go on?",
        epilog="Exit codes: 0 pass, 1 the policy said no, 2 usage or configuration, 3 no verdict.",
    )
    parser.add_argument("--version", action="version", version=f"anchore-gate {__version__}")
    children = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    return parser, {
        name: children.add_parser(
            name,
            help=COMMANDS[name],
            description=sentence(COMMANDS[name]),
            formatter_class=formatter,
        )
        for name in names
    }


def _end(message: str, code: int) -> int:
    line = " ".join(message.split())
    with suppress(OSError):  # where even this cannot be said, the exit code says it
        sys.stderr.write(f"anchore-gate: {line}\n")
    return code
