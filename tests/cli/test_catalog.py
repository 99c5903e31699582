"""`anchore-gate catalog`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchore_gate.cli import main
from tests.support.images import docker_archive, make_layer
from tests.support.zips import jar, pom_properties


@pytest.fixture
def image(tmp_path: Path) -> str:
    layers = [
        make_layer({"etc/os-release": "ID=debian\nVERSION_ID=12\n"}),
        make_layer(
            {
                "app/node_modules/left-pad/package.json": '{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}',
                "app/lib/tool-1.0.jar": jar(**pom_properties("org.example", "tool", "1.0")),
                "app/lib/bad.jar": b"no zip",
            }
        ),
    ]
    return f"docker-archive:{docker_archive(tmp_path / 'image.tar', layers)}"


def test_the_table_names_every_package(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", image]) == 0
    said = capsys.readouterr()
    assert [line.split() for line in said.out.splitlines()] == [
        ["NAME", "VERSION", "TYPE", "LICENSES", "LOCATION"],
        ["tool", "1.0", "java-archive", "/app/lib/tool-1.0.jar"],
        ["left-pad", "1.3.0", "npm", "WTFPL", "/app/node_modules/left-pad/package.json"],
    ]
    assert "/app/lib/bad.jar: no zip directory (java)" in said.err


def test_json_holds_distro_packages_and_unknowns(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", image, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["distro", "packages", "unknowns"]
    assert document["distro"]["id"] == "debian"
    assert [(one["name"], one["layer"]) for one in document["packages"]] == [("tool", 1), ("left-pad", 1)]
    assert document["unknowns"] == [
        {"path": "/app/lib/bad.jar", "cataloger": "java", "reason": "no zip directory"}
    ]


def test_several_outputs_go_to_files(image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    files = {kind: tmp_path / f"x.{kind}" for kind in ("cyclonedx", "spdx", "json", "table")}
    outputs = [word for kind, file in files.items() for word in ("-o", f"{kind}={file}")]
    assert main(["catalog", image, *outputs]) == 0
    assert json.loads(files["cyclonedx"].read_text())["metadata"]["timestamp"] == "2026-01-01T00:00:00+00:00"
    assert json.loads(files["spdx"].read_text())["creationInfo"]["created"] == "2026-01-01T00:00:00Z"
    assert "left-pad\t1.3.0\tnpm" in files["table"].read_text()


@pytest.mark.parametrize("format", ["cyclonedx", "spdx"])
def test_a_manifest_says_what_the_image_said(
    format: str, image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", image, "-o", f"{format}={tmp_path / 'sbom'}", "-o", "json"]) == 0
    from_image = capsys.readouterr().out
    assert main(["catalog", f"sbom:{tmp_path / 'sbom'}", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(from_image)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["x.tar", "-o", "yaml"], 2, "FORMAT"),
        (["x.tar", "-o", "json="], 2, "FORMAT"),
        (["x.tar", "--platform", "linux"], 2, "not a platform"),
        (["./nowhere.tar"], 3, "no such file"),
        (["sbom:nowhere.json"], 3, "no such SBOM"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", *arguments]) == code
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert reason in said.err


def test_an_output_that_cannot_be_written_is_a_report_error(
    image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", image, "-o", "json=/nowhere/x"]) == 2
    assert "/nowhere/x" in capsys.readouterr().err


def test_control_characters_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = make_layer({"a/package.json": '{"name": "x\\u001b[2J", "version": "1"}'})
    archive = docker_archive(tmp_path / "image.tar", [layer])
    assert main(["catalog", f"docker-archive:{archive}"]) == 0
    assert "\x1b" not in capsys.readouterr().out
