"""What a check of a small image imports and compiles: most of its time is the start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policy.support import bundle, rule
from tests.support.images import docker_archive, make_layer

# What a check once imported and does not need; the milliseconds are of a run that takes 70.
UNWANTED = {
    *("typing", "dataclasses", "inspect"),  # 2.5, and 8 together
    *("gzip", "base64", "bisect", "isal.igzip"),  # 1.5
    *("tempfile", "shutil", "random", "logging", "subprocess", "textwrap"),
    *("requests", "jsonschema", "rich", "jinja2", "packaging", "packageurl", "re2", "sqlite3"),
    *("anchore_gate.image.literals", "anchore_gate.vulnerability", "anchore_gate.report.json"),
}
PROGRAM = """
import json, os, re, sys
try:
    import _colorize  # what argparse takes from Python 3.14 on
except ImportError:
    pass
before = set(sys.modules)
compiled = []
compile = re.compile
re.compile = lambda pattern, flags=0: compiled.append(str(pattern)) or compile(pattern, flags)
end = os._exit
def told(code):
    sys.stderr.write(json.dumps([sorted(set(sys.modules) - before), compiled]))
    sys.stderr.flush()
    end(code)
os._exit = told
from anchore_gate.cli import run_process
run_process()
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], list[str]]:
    """The modules that a check imports, and the expressions that it compiles."""
    here = tmp_path_factory.mktemp("startup")
    policy = bundle(
        rule("secret_scans", "content_regex_checks"),
        rule("dockerfile", "effective_user", users="root", type="blacklist"),
        rule("files", "suid_or_guid_set"),
        rule("packages", "blacklist", name="telnetd"),
    )
    (here / "policy.json").write_text(json.dumps(policy))
    layer = make_layer({"etc/os-release": "ID=debian\nVERSION_ID=12\n", "bin/sh": "x"}, compression="gzip")
    docker_archive(here / "app.tar", [layer])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "check", "app.tar", "--policy", "policy.json"],
        capture_output=True,
        text=True,
        cwd=here,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == 1, done.stderr + done.stdout  # it runs as root
    modules, compiled = json.loads(done.stderr.splitlines()[-1])
    return set(modules), compiled


def test_a_check_imports_nothing_it_does_not_need(told: tuple[set[str], list[str]]) -> None:
    assert "anchore_gate.image.decompress" in told[0]
    assert not UNWANTED & told[0]


def test_a_check_compiles_no_secret_expression_without_a_suspicious_line(
    told: tuple[set[str], list[str]],
) -> None:
    assert told[1]
    assert not [one for one in told[1] if "aws_" in one or "PRIVATE KEY" in one]
