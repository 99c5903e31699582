"""`anchore-gate registry list`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchore_gate.cli import main
from tests.support.registry import build_image, push, run_registry

ONE, TWO = build_image({"a": b"1"}), build_image({"a": b"2"})


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_registry(tmp_path_factory.mktemp("registry")) as host:
        for repository, tag, image in (
            ("team/app", "1", ONE),
            ("team/app", "latest", ONE),
            ("team/app", "2", TWO),
        ):
            push(f"http://{host}", repository, tag, image)
        push(f"http://{host}", "team/app", "sha256-" + "a" * 64 + ".sig", ONE)
        push(f"http://{host}", "other", "1", TWO)
        yield host


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_each_digest_is_listed_once_with_its_tags(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "list", host, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"repository": "other", "digest": TWO.digest, "tags": ["1"]},
        {"repository": "team/app", "digest": ONE.digest, "tags": ["1", "latest"]},
        {"repository": "team/app", "digest": TWO.digest, "tags": ["2"]},
    ]


def test_a_prefix_narrows_the_list(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "list", f"{host}/team/"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["REPOSITORY", "DIGEST", "TAGS"]
    assert len(out.splitlines()) == 3
    assert "other" not in out


def test_a_prefix_that_nothing_has_is_exit_3(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "list", f"{host}/taem"]) == 3
    assert capsys.readouterr().err == f"anchore-gate: error: {host} shows no image below 'taem'\n"


def test_a_registry_that_is_not_there_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "list", "registry.invalid"]) == 3
    error = capsys.readouterr().err
    assert "unknown host: registry.invalid" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("place", ["app", "team/app", "https://r.io", "r.io/UPPER", "r.io/app:1"])
def test_what_is_no_registry_is_exit_2(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "list", place]) == 2
    assert capsys.readouterr().err.count("\n") == 1
