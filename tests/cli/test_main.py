"""The command line's edges: help, unknown words, crashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import anchore_gate.cli
from anchore_gate.cli import COMMANDS, main
from anchore_gate.errors import ImageError, InvalidBundle

CLI = Path(anchore_gate.cli.__file__).parent


def test_help_lists_every_command_and_imports_no_third_party_library() -> None:
    program = (
        "import sys; from anchore_gate.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'requests','jsonschema','rich','jinja2','packaging','tenacity','junit_xml','isal'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


def test_every_command_has_a_module_and_tells_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert (CLI / f"{name}.py").exists()
        with pytest.raises(SystemExit) as caught:
            main([name, "--help"])
        assert caught.value.code == 0
        assert f"anchore-gate {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["chek"], "'chek'"),
        ([], "required: COMMAND"),
        (["--nope"], "see `anchore-gate --help`"),
        (["check", "app.tar", "--fail-on", "never-ever"], "see `anchore-gate check --help`"),
        (["registry", "list"], "see `anchore-gate registry list --help`"),
    ],
)
def test_a_word_that_is_not_known_is_a_usage_error_in_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    line = capsys.readouterr().err
    assert line.startswith("anchore-gate: error: ")
    assert told in line
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ImageError("not\na tar"), 3, "anchore-gate: error: not a tar\n"),
        (InvalidBundle("required", path="policies[0]"), 2, "anchore-gate: error: policies[0]: required\n"),
        (KeyboardInterrupt(), 130, "anchore-gate: interrupted\n"),
        (ZeroDivisionError("by zero"), 3, None),
    ],
)
def test_every_end_without_a_verdict_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str | None,
) -> None:
    def crash(arguments: list[str]) -> int:
        raise error

    monkeypatch.setattr("anchore_gate.cli._run", crash)
    assert main(["check"]) == code
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert line is None or shown == line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["catalog"], "List what is installed in an image (table, JSON, CycloneDX, SPDX)."),
        (["remote"], "See what an Anchore service is doing."),
        (["remote", "status"], "Which API answers, and how its services are."),
        (["db", "import"], "Install a database file, an archive, a URL, or one built from OSV records."),
    ],
)
def test_names_keep_their_capitals_in_help(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    assert told in " ".join(capsys.readouterr().out.split())
