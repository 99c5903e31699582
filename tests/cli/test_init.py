"""`anchore-gate init`: a pipeline from what is found here, and nothing overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anchore_gate.cli import main


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo_images: tuple[Path, Path]) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(demo_images[1], tmp_path / "app.tar")
    (tmp_path / "Dockerfile").write_text("FROM debian:12\n")


@pytest.mark.parametrize(
    ("system", "place"),
    [
        ("github", ".github/workflows/anchore-gate.yml"),
        ("gitlab", ".gitlab-ci.yml"),
        ("jenkins", "Jenkinsfile"),
    ],
)
def test_what_is_found_here_goes_into_the_pipeline(tmp_path: Path, system: str, place: str) -> None:
    assert main(["init", system]) == 0
    text = (tmp_path / place).read_text()
    assert "app.tar" in text
    assert "Dockerfile" in text
    assert "anchore-default" in text
    assert "@" not in text.replace("actions/checkout@v4", "").replace("upload-artifact@v4", "")


def test_a_pipeline_that_is_there_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Jenkinsfile").write_text("mine")
    assert main(["init", "jenkins"]) == 2
    assert (tmp_path / "Jenkinsfile").read_text() == "mine"
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("image", ["x'; touch pwned; '", "a\nb", "$(id)", 'x"y'])
def test_a_value_that_a_shell_would_read_is_refused(tmp_path: Path, image: str) -> None:
    assert main(["init", "gitlab", "--image", image]) == 2
    assert not (tmp_path / ".gitlab-ci.yml").exists()


def test_a_reference_is_judged_under_its_own_name(tmp_path: Path) -> None:
    assert (
        main(["init", "gitlab", "--image", "registry.example.com/team/app:1.2", "--policy", "cis-docker-4"])
        == 0
    )
    text = (tmp_path / ".gitlab-ci.yml").read_text()
    assert text.count("registry.example.com/team/app:1.2") == 2
    assert "cis-docker-4" in text


@pytest.mark.parametrize("system", ["github", "gitlab", "jenkins"])
def test_without_an_archive_the_pipeline_builds_one_from_what_is_found(tmp_path: Path, system: str) -> None:
    (tmp_path / "app.tar").unlink()
    (tmp_path / "Dockerfile").rename(tmp_path / "Containerfile")
    assert main(["init", system]) == 0
    (written,) = (path for path in tmp_path.rglob("*") if path.is_file() and path.name != "Containerfile")
    text = written.read_text()
    assert 'docker build --file "Containerfile" --tag' in text
    assert 'docker save --output "image.tar"' in text


@pytest.mark.parametrize("system", ["github", "gitlab", "jenkins"])
def test_an_image_in_a_registry_is_not_built(tmp_path: Path, system: str) -> None:
    (tmp_path / "app.tar").unlink()
    assert main(["init", system, "--image", "registry.example.com/team/app:1.2"]) == 0
    (written,) = (path for path in tmp_path.rglob("*") if path.is_file() and path.name != "Dockerfile")
    assert "docker" not in written.read_text().replace("ANCHORE_GATE_DOCKERFILE", "")


def test_where_nothing_can_be_judged_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.tar").unlink()
    (tmp_path / "Dockerfile").unlink()
    assert main(["init", "gitlab"]) == 2
    assert "--image" in capsys.readouterr().err
    assert not (tmp_path / ".gitlab-ci.yml").exists()
