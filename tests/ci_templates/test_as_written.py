"""What the README shows and what `init` writes, run as it stands by the runner of each system, red and green."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from junitparser import JUnitXml

from anchore_gate.cli import main
from tests.support import pipelines
from tests.support.act import needs_act, run_act
from tests.support.gitlab import copy_template, needs_gitlab, needs_rsync, run_gitlab
from tests.support.jenkins import Case, Ended, needs_jenkins, run_jenkins
from tests.support.pipelines import TEAM_POLICY
from tests.support.tools import ROOT

SNIPPETS = re.findall(r"```(?:yaml|groovy)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
GITHUB, GITLAB, JENKINS = SNIPPETS
REASON = "port 22"
# The shipped default policy stops it, as nobody wrote another; the sample stands for data that would be fetched.
REASONS = ("port 22 is exposed", "verdict: fail (1 fail), exit code 1")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH on which installing works without a network."""
    folder = tmp_path / "tools"
    folder.mkdir()
    pipelines.pip_commands(folder)
    return folder


def project(folder: Path, image: Path) -> Path:
    """A repository with what the snippets name."""
    (folder / ".anchore").mkdir(parents=True)
    shutil.copy(TEAM_POLICY, folder / ".anchore" / "policy.json")
    shutil.copy(image, folder / "app.tar")
    return folder


def strangers_project(
    folder: Path, image: Path, monkeypatch: pytest.MonkeyPatch, system: str, *, is_built: bool = False
) -> Path:
    """A repository with a Dockerfile and an image archive alone, where somebody typed `anchore-gate init`."""
    folder.mkdir()
    if not is_built:
        shutil.copy(image, folder / "app.tar")
    (folder / "Dockerfile").write_text("FROM debian:12\nEXPOSE 22\n")
    monkeypatch.chdir(folder)
    assert main(["init", system]) == 0
    if is_built:
        shutil.copy(image, folder / "built.tar")  # by a `docker` that builds nothing
    return folder


def red_cases(report: Path) -> int:
    found = JUnitXml.fromfile(str(report))
    return int(found.failures) + int(found.errors)


@needs_act
class TestGithub:
    def test_the_readme_is_red_and_green(
        self, tmp_path: Path, demo_images: tuple[Path, Path], tools: Path
    ) -> None:
        good, bad = demo_images
        folder = project(tmp_path / "app", bad)
        shutil.copy(good, folder / "good.tar")
        steps = re.sub(r"^", "      ", GITHUB, flags=re.MULTILINE)
        job = "    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
        green = f"  green:\n{job}      - run: mv good.tar app.tar\n{steps}"
        workflow = folder / ".github" / "workflows" / "gate.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text(f"on: push\njobs:\n  red:\n{job}{steps}\n{green}\n")
        action = tmp_path / "published"  # the repository that `uses:` names
        shutil.copytree(ROOT / "ci-templates", action / "ci-templates")
        build = run_act(folder, tools, "--local-repository", f"OWNER/anchore_gate@v1={action}")
        assert build.result("red") == "failure"
        assert REASON in build.log("red")
        assert build.result("green") == "success", build.log("green")
        assert "-m pip install" in (tools / "installed").read_text()

    @pytest.mark.parametrize("is_built", [False, True], ids=["archive", "dockerfile"])
    def test_a_strangers_build_is_red_with_a_reason(
        self,
        tmp_path: Path,
        demo_images: tuple[Path, Path],
        tools: Path,
        sample_data: Path,
        monkeypatch: pytest.MonkeyPatch,
        is_built: bool,
    ) -> None:
        pipelines.stub_commands(tools)
        folder = strangers_project(tmp_path / "app", demo_images[1], monkeypatch, "github", is_built=is_built)
        build = run_act(folder, tools, "--env", f"ANCHORE_GATE_CACHE_DIR={sample_data}")
        assert build.result("gate") == "failure"
        for reason in REASONS:
            assert reason in build.log("gate")
        assert red_cases(build.reports("anchore-gate") / "junit.xml") > 0


@needs_gitlab
@needs_rsync
class TestGitlab:
    @pytest.mark.parametrize(("which", "result"), [(0, "PASS"), (1, "FAIL")], ids=["green", "red"])
    def test_the_readme_is_red_and_green(
        self, tmp_path: Path, demo_images: tuple[Path, Path], tools: Path, which: int, result: str
    ) -> None:
        folder = project(tmp_path / "app", demo_images[which])
        copy_template(folder, ROOT)
        elsewhere = re.compile(r"project: OWNER/anchore_gate\n +file: ci-templates/gitlab/anchore-gate.yml")
        text, times = elsewhere.subn("local: anchore-gate.yml", GITLAB)
        assert times == 1
        (folder / ".gitlab-ci.yml").write_text(text)
        pipeline = run_gitlab(folder, tools)
        assert pipeline.result("anchore_gate") == result, pipeline.text
        assert (REASON in pipeline.log("anchore_gate")) == (result == "FAIL")
        assert (red_cases(pipeline.reports("anchore_gate") / "junit.xml") > 0) == (result == "FAIL")
        assert "anchore-gate" in (tools / "installed").read_text()

    @pytest.mark.parametrize("is_built", [False, True], ids=["archive", "dockerfile"])
    def test_a_strangers_pipeline_is_red_with_a_reason(
        self,
        tmp_path: Path,
        demo_images: tuple[Path, Path],
        tools: Path,
        sample_data: Path,
        monkeypatch: pytest.MonkeyPatch,
        is_built: bool,
    ) -> None:
        pipelines.stub_commands(tools)
        folder = strangers_project(tmp_path / "app", demo_images[1], monkeypatch, "gitlab", is_built=is_built)
        written = folder / ".gitlab-ci.yml"
        text, times = re.subn(r"  services: .*\n", "", written.read_text())  # needs a real Docker
        assert times == is_built
        written.write_text(text)
        pipeline = run_gitlab(folder, tools, variables={"ANCHORE_GATE_CACHE_DIR": str(sample_data)})
        assert pipeline.result("anchore_gate") == "FAIL"
        for reason in REASONS:
            assert reason in pipeline.log("anchore_gate")
        assert red_cases(pipeline.reports("anchore_gate") / "junit.xml") > 0


@pytest.fixture(scope="module")
def builds(
    tmp_path_factory: pytest.TempPathFactory, demo_images: tuple[Path, Path], sample_data: Path
) -> dict[str, Ended]:
    folder = tmp_path_factory.mktemp("jenkins")
    for name, image in zip(("green", "red"), demo_images, strict=True):
        project(folder / name, image)
    with pytest.MonkeyPatch.context() as patch:
        stranger = strangers_project(folder / "stranger", demo_images[1], patch, "jenkins")
        maker = strangers_project(folder / "maker", demo_images[1], patch, "jenkins", is_built=True)
    pipelines.stub_commands(folder / "tools")
    cases = {"green": JENKINS, "red": JENKINS}
    cases |= {one.name: (one / "Jenkinsfile").read_text() for one in (stranger, maker)}
    data = {"ANCHORE_GATE_CACHE_DIR": str(sample_data)}
    return run_jenkins(
        folder, {name: Case(jenkinsfile=text, environment=data) for name, text in cases.items()}
    )


@needs_jenkins
class TestJenkins:
    def test_the_readme_is_red_and_green(self, builds: dict[str, Ended]) -> None:
        assert builds["green"].result == "SUCCESS", builds["green"].log
        assert builds["red"].result == "UNSTABLE"
        assert REASON in builds["red"].log

    @pytest.mark.parametrize("name", ["stranger", "maker"])
    def test_a_strangers_build_is_red_with_a_reason(self, builds: dict[str, Ended], name: str) -> None:
        build = builds[name]
        assert build.result == "FAILURE"
        for reason in REASONS:
            assert reason in build.log
        assert build.junit[0]["red"] > 0
