"""What an image was before, and what it was built on: `check --baseline`, `check --base-image`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchore_gate.cli import main
from tests.policy.support import enterprise, rule
from tests.support.images import docker_archive, make_layer

STATUS = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def image(name: str, *packages: tuple[str, str], tag: str = "app:1.0") -> str:
    status = "".join(STATUS.format(*package) for package in packages)
    files: dict[str, bytes | str] = {
        "etc/os-release": "ID=debian\nVERSION_ID=12\n",
        "var/lib/dpkg/status": status,
    }
    docker_archive(Path(name), [make_layer(files)], tag=tag)
    return name


def policy(*rules: dict[str, object]) -> str:
    Path("policy.json").write_text(json.dumps(enterprise(*rules)))
    return "policy.json"


def test_packages_that_came_since_the_last_run_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    asked = policy(
        rule("tag_drift", "packages_added"), {**rule("tag_drift", "packages_modified"), "id": "r2"}
    )
    before, after = image("before.tar", ("bash", "1")), image("after.tar", ("bash", "2"), ("curl", "1"))

    assert main(["check", before, "--policy", asked, "--format", "json=before.json"]) == 1
    assert "the image that had this tag before is not known" in capsys.readouterr().out
    assert main(["check", before, "--policy", asked, "--baseline", "before.json"]) == 0
    capsys.readouterr()
    assert main(["check", after, "--policy", asked, "--baseline", "before.json"]) == 1
    said = capsys.readouterr().out
    assert "Package added since the previous image of the tag: curl 1 (deb)" in said
    assert "Package modified since the previous image of the tag: bash 1 to 2 (deb)" in said


@pytest.mark.parametrize(("allowed", "code"), [("base:1", 0), ("base:2", 1)])
def test_the_base_image_that_is_named_is_judged(allowed: str, code: int) -> None:
    asked = policy(rule("ancestry", "allowed_base_image_tag", base_tag=allowed))
    base, app = image("base.tar", tag="base:1"), image("app.tar", ("bash", "1"))

    assert main(["check", app, "--policy", asked, "--base-image", base]) == code
