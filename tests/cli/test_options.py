"""Settings: a flag wins over the environment, the environment over the file, the file over the default."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from anchore_gate.cli.config import ALL_GROUPS, config_file, run
from anchore_gate.cli.options import OPTIONS, Setting, add_options, settle
from anchore_gate.errors import ConfigError


def parsed(*words: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_options(parser, *ALL_GROUPS)
    return vars(parser.parse_args(words))


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


def test_every_option_can_be_set_by_its_variable() -> None:
    for option in OPTIONS:
        value = option.choices[-1] if option.choices else "1"
        settings = settle({}, {option.variable: value}, {}, ALL_GROUPS)
        assert settings.text(option.name) == value
        assert settings.origin(option.name) == option.variable


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
        ('polcy = "p.json"', "no setting 'polcy'; known are images-file, "),
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
