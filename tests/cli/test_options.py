"""Settings: a flag wins over the environment, the environment over the file, the file over the default."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from anchore_gate.cli import check
from anchore_gate.cli.config import ALL_GROUPS, config_file, run
from anchore_gate.cli.options import OPTIONS, Option, Setting, add_options, settle
from anchore_gate.errors import ConfigError


def parsed(*words: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_options(parser, *ALL_GROUPS)
    return vars(parser.parse_args(words))


def check_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    check.configure(parser)
    return parser


@pytest.mark.parametrize(
    ("words", "environ", "file", "value", "origin"),
    [
        (["--fail-on", "warn"], {"ANCHORE_GATE_FAIL_ON": "never"}, "stop", "warn", "flag"),
        ([], {"ANCHORE_GATE_FAIL_ON": "never"}, "stop", "never", "ANCHORE_GATE_FAIL_ON"),
        ([], {"ANCHORE_GATE_FAIL_ON": ""}, "warn", "warn", "f.toml"),
        ([], {}, None, "stop", "default"),
    ],
)
def test_the_nearest_origin_wins(
    words: list[str], environ: dict[str, str], file: str | None, value: str, origin: str
) -> None:
    from_file = {"fail-on": Setting(file, "f.toml")} if file else {}
    settings = settle(parsed(*words), environ, from_file, ALL_GROUPS)
    assert (settings.text("fail-on"), settings.origin("fail-on")) == (value, origin)


def value_of(option: Option) -> str:
    """A value that is not the default."""
    others = [choice for choice in option.choices if choice != option.default]
    return others[0] if others else {"flag": "true", "number": "7"}.get(option.kind, "x=y")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_a_flag_a_variable_and_a_key_of_the_file(option: Option, tmp_path: Path) -> None:
    value = value_of(option)
    by_variable = settle({}, {option.variable: value}, {}, ALL_GROUPS)
    assert (by_variable.text(option.name), by_variable.origin(option.name)) == (value, option.variable)
    (tmp_path / ".anchore-gate.toml").write_text(f'{option.name.replace("-", "_")} = "{value}"\n')
    if option.is_secret:
        with pytest.raises(ConfigError, match=f"by the environment only .{option.variable}."):
            config_file(tmp_path)
        return
    by_file = settle({}, {}, config_file(tmp_path), ALL_GROUPS)
    assert (by_file.text(option.name), by_file.origin(option.name)) == (value, ".anchore-gate.toml")
    words = (
        [value] if option.is_argument else [f"--{option.name}", *([] if option.kind == "flag" else [value])]
    )
    by_flag = settle(vars(check_parser().parse_args(words)), {}, {}, ALL_GROUPS)
    assert (by_flag.text(option.name), by_flag.origin(option.name)) == (value, "flag")


def test_check_has_no_option_that_is_not_a_setting() -> None:
    asked = {action.dest.replace("_", "-") for action in check_parser()._actions}
    assert asked == {option.name for option in OPTIONS if not option.is_secret} | {"help", "resolve"}


def test_show_tells_of_every_option_where_it_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    in_file, in_environment = OPTIONS[::2], OPTIONS[1::2]
    lines = [f'{option.name} = "{value_of(option)}"' for option in in_file if not option.is_secret]
    (tmp_path / ".anchore-gate.toml").write_text("\n".join(lines))
    for option in in_environment:
        monkeypatch.setenv(option.variable, value_of(option))
    assert run(argparse.Namespace()) == 0
    rows = {words[0]: words[1:] for line in capsys.readouterr().out.splitlines() if (words := line.split())}
    for option in OPTIONS:
        shown, origin = rows[option.name]
        wanted = (value_of(option), option.variable)
        if option in in_file:
            wanted = ("-", "default") if option.is_secret else (value_of(option), ".anchore-gate.toml")
        elif option.is_secret:
            wanted = ("(set)", option.variable)
        assert (shown, origin) == wanted, option.name


def test_a_choice_outside_its_words_is_refused_where_it_was_written() -> None:
    with pytest.raises(
        ConfigError, match=r"fail-on \(ANCHORE_GATE_FAIL_ON\): 'sometimes' is none of stop, warn"
    ):
        settle({}, {"ANCHORE_GATE_FAIL_ON": "sometimes"}, {}, ALL_GROUPS)


def test_a_switch_can_be_turned_off_against_the_environment() -> None:
    settings = settle(parsed("--no-offline"), {"ANCHORE_GATE_OFFLINE": "true"}, {}, ALL_GROUPS)
    assert settings.flag("offline") is False


@pytest.mark.parametrize("word", ["-1", "1.5", "ten", "", "9" * 40])
def test_a_number_that_is_none_is_refused(word: str) -> None:
    settings = settle({"timeout": word}, {}, {}, ALL_GROUPS)
    with pytest.raises(ConfigError, match="--timeout: not a whole number"):
        settings.number("timeout")


def test_lists_are_lines_wherever_they_come_from(tmp_path: Path) -> None:
    (tmp_path / ".anchore-gate.toml").write_text(
        'vex = ["a.json", "b.json"]\nonly_fixed = true\ntimeout = 60\n'
    )
    settings = settle({}, {}, config_file(tmp_path), ALL_GROUPS)
    assert settings.items("vex") == ("a.json", "b.json")
    assert settings.flag("only-fixed") is True
    assert settings.number("timeout") == 60


def test_pyproject_can_hold_the_settings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.anchore-gate]\npolicy = "p.json"\n')
    assert config_file(tmp_path)["policy"] == Setting("p.json", "pyproject.toml [tool.anchore-gate]")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('polcy = "p.json"', "no setting 'polcy'; known are images, "),
        ('password = "x"', "secrets come by the environment only"),
        ("policy = 1.5", "policy: text, a whole number"),
        ("policy", "not TOML"),
        ("x = " + "[" * 5000, "not TOML"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / ".anchore-gate.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        config_file(tmp_path)
    assert complaint in str(caught.value)


def test_show_says_that_a_secret_is_set_and_not_what_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_REGISTRY_PASSWORD", "hunter2")
    assert run(argparse.Namespace()) == 0
    shown = capsys.readouterr().out
    assert "hunter2" not in shown
    assert "(set)" in shown
