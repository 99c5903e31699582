"""The example pipelines, run as they stand: what stands for a registry or a container engine notes what it was asked."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from anchore_gate.cli import main
from tests.support import pipelines
from tests.support.act import Build, needs_act, run_act
from tests.support.gitlab import Pipeline, copy_template, needs_gitlab, needs_rsync, run_gitlab
from tests.support.jenkins import Case, Ended, needs_jenkins, run_jenkins
from tests.support.pipelines import TEAM_POLICY
from tests.support.tools import ROOT

EXAMPLES = ROOT / "examples" / "pipelines"
SHIPPED = ROOT / "anchore_gate" / "policy" / "bundles" / "nist-sp-800-190.json"
STUB = """
name: stub
description: takes anything
inputs: {path: {}, key: {}, restore-keys: {}, sarif_file: {}}
runs: {using: composite, steps: [{run: 'echo "stub ${WORD}"', shell: bash, env: {WORD: "${{ inputs.sarif_file }}"}}]}
"""

Images = tuple[Path, Path]


@pytest.fixture(scope="module")
def nist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policy without the rule that a sample, which lists nothing as exploited, cannot answer."""
    policy = json.loads(SHIPPED.read_text())
    for rules in policy["rule_sets"]:
        rules["rules"] = [rule for rule in rules["rules"] if rule["trigger"] != "kev_list"]
    path = tmp_path_factory.mktemp("policy") / "nist.json"
    path.write_text(json.dumps(policy))
    return path


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """Vulnerability data in a file, as somebody carries it over an air gap."""
    path = tmp_path_factory.mktemp("carried") / "vulnerability-db.tar.zst"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
        assert main(["db", "export", str(path)]) == 0
    return path


def project(folder: Path, built: Path, policy: Path = TEAM_POLICY) -> Path:
    """A repository whose build makes the image `built`."""
    (folder / ".anchore").mkdir(parents=True)
    shutil.copy(policy, folder / ".anchore" / "policy.json")
    shutil.copy(built, folder / "built.tar")
    (folder / "Dockerfile").write_text("FROM debian:12\nUSER app\nHEALTHCHECK CMD true\n")
    return folder


def example(name: str, images: Images) -> str:
    """The text of an example; the images that it names are these two."""
    text = (EXAMPLES / name).read_text()
    good, bad = (str(path) for path in images)
    text = re.sub(r"(ghcr\.io/acme|registry\.example\.com/team)/app:latest", good, text)
    return re.sub(r"(ghcr\.io/acme|registry\.example\.com/team)/worker:latest", bad, text)


@needs_act
class TestGithub:
    def run(self, folder: Path, name: str, images: Images, *words: str, event: str = "push") -> Build:
        tools = folder.parent / "tools"
        pipelines.stub_commands(tools)
        pipelines.pip_commands(tools)
        for stub in ("cache", "codeql-action/upload-sarif"):
            (tools / stub).mkdir(parents=True)
            (tools / stub / "action.yml").write_text(STUB)
        shutil.copytree(ROOT / "ci-templates", tools / "gate" / "ci-templates")
        workflow = folder / ".github" / "workflows" / name
        workflow.parent.mkdir(parents=True)
        workflow.write_text(example(name, images))
        local = {
            "acme/anchore_gate@v1": tools / "gate",
            "actions/cache@v4": tools / "cache",
            "github/codeql-action@v4": tools / "codeql-action",
        }
        mapped = [word for use, at in local.items() for word in ("--local-repository", f"{use}={at}")]
        mapped += ["-P", "self-hosted=-self-hosted", "-s", "GITHUB_TOKEN=t0ken"]
        return run_act(folder, tools, *mapped, *words, event=event)

    @pytest.mark.parametrize("which", [0, 1], ids=["green", "red"])
    def test_only_an_image_that_passed_is_pushed(
        self, tmp_path: Path, demo_images: Images, which: int
    ) -> None:
        folder = project(tmp_path / "app", demo_images[which])
        build = self.run(folder, "github-build-gate-publish.yml", demo_images)
        assert build.result("image") == ("failure" if which else "success"), build.log()
        assert ("docker push" in (tmp_path / "tools" / "asked").read_text()) == (which == 0)
        assert (build.reports("anchore-gate") / "junit.xml").is_file()

    def test_a_pull_request_is_told_even_when_it_is_red(self, tmp_path: Path, demo_images: Images) -> None:
        event = tmp_path / "event.json"
        head = {"repo": {"full_name": "team/app"}}
        event.write_text(json.dumps({"pull_request": {"number": 7, "head": head}}))
        folder = project(tmp_path / "app", demo_images[1])
        name = "github-pull-request.yml"
        build = self.run(folder, name, demo_images, "-e", str(event), event="pull_request")
        assert build.result("gate") == "failure"
        assert "stub anchore-gate-reports/results.sarif" in build.log("gate")
        told = (tmp_path / "tools" / "asked").read_text()
        assert "gh pr comment 7" in told
        assert "--body-file anchore-gate-reports/summary.md" in told

    @pytest.mark.parametrize(
        ("name", "event"), [("github-matrix.yml", "workflow_dispatch"), ("github-nightly.yml", "schedule")]
    )
    def test_every_image_is_judged(self, tmp_path: Path, demo_images: Images, name: str, event: str) -> None:
        build = self.run(project(tmp_path / "app", demo_images[0]), name, demo_images, event=event)
        assert "PASS  docker.io/demo/good:1.0" in build.log()
        assert "FAIL  docker.io/demo/bad:1.0" in build.log()

    def test_an_air_gap_is_no_reason_not_to_look(
        self, tmp_path: Path, demo_images: Images, carried: Path, nist: Path
    ) -> None:
        folder = project(tmp_path / "app", demo_images[0], nist)
        shutil.copy(demo_images[0], folder / "image.tar")
        shutil.copy(carried, folder)
        build = self.run(folder, "github-air-gapped.yml", demo_images, event="workflow_dispatch")
        assert build.result("gate") == "success", build.log()
        assert "vulnerability data: osv" in build.log("gate")


@needs_gitlab
@needs_rsync
class TestGitlab:
    def run(self, folder: Path, name: str, images: Images, variables: dict[str, str]) -> Pipeline:
        tools = folder.parent / "tools"
        pipelines.stub_commands(tools)
        pipelines.pip_commands(tools)
        copy_template(folder, ROOT)
        elsewhere = re.compile(r"project: acme/anchore_gate\n +file: ci-templates/gitlab/anchore-gate.yml")
        text, times = elsewhere.subn("local: anchore-gate.yml", example(name, images))
        assert times == 1
        text = re.sub(r"  services: .*\n", "", text)  # needs a real Docker
        (folder / ".gitlab-ci.yml").write_text(text)
        return run_gitlab(folder, tools, variables=variables)

    @pytest.mark.parametrize("which", [0, 1], ids=["green", "red"])
    def test_only_an_image_that_passed_is_pushed(
        self, tmp_path: Path, demo_images: Images, which: int
    ) -> None:
        folder = project(tmp_path / "app", demo_images[which])
        pipeline = self.run(folder, "gitlab-build-gate-publish.yml", demo_images, {})
        assert pipeline.result("anchore_gate") == ("FAIL" if which else "PASS"), pipeline.text
        asked = (tmp_path / "tools" / "asked").read_text()
        assert ("docker push" in asked) == (which == 0)
        assert ("docker login" in asked.partition("docker push")[0]) == (which == 0)

    def test_a_merge_request_is_told_even_when_it_is_red(self, tmp_path: Path, demo_images: Images) -> None:
        folder = project(tmp_path / "app", demo_images[1])
        asked = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": "7",
            "GATE_BOT_TOKEN": "t0k",
        }
        pipeline = self.run(folder, "gitlab-merge-request.yml", demo_images, asked)
        assert pipeline.result("gate") == "FAIL", pipeline.text
        told = (tmp_path / "tools" / "asked").read_text()
        assert "body@anchore-gate-reports/summary.md" in told
        assert "merge_requests/7/notes" in told
        assert "t0k" not in told

    @pytest.mark.parametrize(
        ("name", "source"), [("gitlab-matrix.yml", "push"), ("gitlab-nightly.yml", "schedule")]
    )
    def test_every_image_is_judged(self, tmp_path: Path, demo_images: Images, name: str, source: str) -> None:
        folder = project(tmp_path / "app", demo_images[0])
        pipeline = self.run(folder, name, demo_images, {"CI_PIPELINE_SOURCE": source})
        assert "PASS  docker.io/demo/good:1.0" in pipeline.text
        assert "FAIL  docker.io/demo/bad:1.0" in pipeline.text

    def test_an_air_gap_is_no_reason_not_to_look(
        self, tmp_path: Path, demo_images: Images, carried: Path, nist: Path
    ) -> None:
        folder = project(tmp_path / "app", demo_images[0], nist)
        shutil.copy(demo_images[0], folder / "image.tar")
        shutil.copy(carried, folder)
        pipeline = self.run(folder, "gitlab-air-gapped.yml", demo_images, {})
        assert pipeline.result("gate") == "PASS", pipeline.text
        assert "vulnerability data: osv" in pipeline.text


@pytest.fixture(scope="module")
def builds(
    tmp_path_factory: pytest.TempPathFactory, demo_images: Images, carried: Path, nist: Path
) -> dict[str, Ended]:
    folder = tmp_path_factory.mktemp("jenkins")
    pipelines.stub_commands(folder / "tools")
    good, bad = (path.read_bytes() for path in demo_images)
    team = {".anchore/policy.json": TEAM_POLICY.read_text(), "Dockerfile": "FROM debian:12\nUSER app\n"}
    home = {"HOME": str(folder), "GIT_COMMIT": "abc"}
    publish = example("Jenkinsfile.build-gate-publish", demo_images)
    gap: dict[str, str | bytes] = {
        ".anchore/policy.json": nist.read_text(),
        "image.tar": good,
        carried.name: carried.read_bytes(),
    }
    return run_jenkins(
        folder,
        {
            "green": Case(jenkinsfile=publish, files={**team, "built.tar": good}, environment=home),
            "red": Case(jenkinsfile=publish, files={**team, "built.tar": bad}, environment=home),
            "matrix": Case(jenkinsfile=example("Jenkinsfile.matrix", demo_images), files=team),
            "nightly": Case(
                jenkinsfile=example("Jenkinsfile.nightly", demo_images), files=team, environment=home
            ),
            "change": Case(
                jenkinsfile=example("Jenkinsfile.change-request", demo_images),
                files={**team, "built.tar": bad},
                environment={"CHANGE_ID": "7"},
            ),
            "branch": Case(jenkinsfile=example("Jenkinsfile.change-request", demo_images)),
            "gap": Case(
                jenkinsfile=example("Jenkinsfile.air-gapped", demo_images), files=gap, environment=home
            ),
        },
    )


@needs_jenkins
class TestJenkins:
    def test_only_an_image_that_passed_is_pushed(self, builds: dict[str, Ended]) -> None:
        green, red = builds["green"], builds["red"]
        assert (green.result, green.stages) == ("SUCCESS", ["Build", "Gate", "Publish"]), green.log
        assert (red.result, red.stages) == ("FAILURE", ["Build", "Gate"])

    def test_a_change_request_shows_the_page_and_the_verdict(self, builds: dict[str, Ended]) -> None:
        change = builds["change"]
        assert (change.result, change.description) == ("UNSTABLE", "gate: fail"), change.log
        assert change.pages == ["anchore-gate-reports/report.html"]
        assert builds["branch"].stages == []

    @pytest.mark.parametrize(("name", "result"), [("matrix", "FAILURE"), ("nightly", "UNSTABLE")])
    def test_every_image_is_judged(self, builds: dict[str, Ended], name: str, result: str) -> None:
        assert builds[name].result == result, builds[name].log
        assert "PASS  docker.io/demo/good:1.0" in builds[name].log
        assert "FAIL  docker.io/demo/bad:1.0" in builds[name].log

    def test_an_air_gap_is_no_reason_not_to_look(self, builds: dict[str, Ended]) -> None:
        assert builds["gap"].result == "SUCCESS", builds["gap"].log
        assert "vulnerability data: osv" in builds["gap"].log


def test_every_system_has_each_kind_of_pipeline() -> None:
    names = {path.name for path in EXAMPLES.iterdir()}
    kinds = ("build-gate-publish", "matrix", "nightly", "air-gapped")
    for kind in kinds:
        assert {f"github-{kind}.yml", f"gitlab-{kind}.yml", f"Jenkinsfile.{kind}"} <= names
    assert {"github-pull-request.yml", "gitlab-merge-request.yml", "Jenkinsfile.change-request"} <= names
    assert {"azure-pipelines.yml", "circleci.yml", "tekton.yml", "air-gapped.sh"} <= names
