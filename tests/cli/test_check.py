"""`anchore-gate check`: verdicts, exit codes, one clear line for what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from anchore_gate.cli import main
from tests.support.databases import publish
from tests.support.registry import run_registry
from tests.support.web import serve

ROOT = Path(__file__).parents[2]
TEAM = str(ROOT / "examples" / "policies" / "team.json")

Images = tuple[Path, Path]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_good_image_passes(demo_images: Images, capsys: Capture) -> None:
    assert main(["check", str(demo_images[0]), "--policy", TEAM]) == 0
    assert capsys.readouterr().out.startswith("PASS")


def test_a_bad_image_is_stopped_and_the_reason_is_said(demo_images: Images, capsys: Capture) -> None:
    assert main(["check", str(demo_images[1]), "--policy", TEAM]) == 1
    told = capsys.readouterr().out
    for reason in (
        "containers run as root",
        "port 22/tcp is exposed",
        "/root/.ssh/id_rsa",
        "/root/.aws/credentials",
    ):
        assert reason in told


@pytest.mark.parametrize(("fail_on", "code"), [("stop", 1), ("warn", 1), ("never", 0)])
def test_the_user_says_what_fails(demo_images: Images, fail_on: str, code: int) -> None:
    assert main(["check", str(demo_images[1]), "--policy", TEAM, "--fail-on", fail_on]) == code


@pytest.mark.parametrize(("word", "code"), [("go", 0), ("warn", 0), ("stop", 1)])
def test_an_unmapped_image_is_stopped_unless_the_user_says_otherwise(
    demo_images: Images, tmp_path: Path, word: str, code: int
) -> None:
    policy = json.loads(Path(TEAM).read_text())
    policy["mappings"][0]["registry"] = "other.example.com"
    (tmp_path / "p.json").write_text(json.dumps(policy))
    assert main(["check", str(demo_images[0]), "--policy", "p.json", "--unmapped", word]) == code


def test_the_worst_of_several_images_decides_and_all_are_reported(
    demo_images: Images, capsys: Capture, tmp_path: Path
) -> None:
    words = [str(demo_images[0]), "docker-archive:nowhere.tar", str(demo_images[1])]
    assert (
        main(["check", *words, "--policy", TEAM, "--format", "json=r.json", "--format", "junit=j.xml"]) == 3
    )
    results = json.loads((tmp_path / "r.json").read_text())
    text = json.dumps(results)
    assert "demo/good" in text
    assert "demo/bad" in text
    assert "nowhere.tar" in text
    assert "<error" in (tmp_path / "j.xml").read_text()
    assert capsys.readouterr().out


def test_the_tag_is_what_mappings_see(demo_images: Images, capsys: Capture) -> None:
    words = ["check", str(demo_images[0]), "--policy", TEAM, "--tag", "registry.example.com/team/app:1.2"]
    assert main(words) == 0
    assert "registry.example.com/team/app:1.2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["IMAGE", "--policy", "nothing.json"], 2, "nothing.json"),
        (["IMAGE", "--policy", "no-such-policy"], 2, "no-such-policy"),
        (["IMAGE", "--format", "junit"], 2, "NAME=PATH is expected"),
        (["IMAGE", "--format", "jnit=x.xml"], 2, "no report format 'jnit': known are"),
        (["IMAGE", "--format", "junit=/nothing/at/all/x.xml"], 2, "/nothing/at/all"),
        (["IMAGE", "--format", "junit=a", "--format", "json=a"], 2, "two reports on one path"),
        (["IMAGE", "--format", "junit=."], 2, "folder"),
        (["IMAGE", "--annotation", "novalue"], 2, "KEY=VALUE is expected"),
        (["IMAGE", "--platform", "linux"], 2, "not a platform"),
        (["IMAGE", "--dockerfile", "nothing"], 2, "nothing"),
        (["IMAGE", "IMAGE", "--tag", "a/b:c"], 2, "--tag names one image"),
        (["IMAGE", "--timeout", "soon"], 2, "not a whole number"),
        (["IMAGE", "--policy-id", "p"], 2, "the embedded engine takes --policy"),
        ([], 2, "no image"),
        (["--images-file", "nothing"], 2, "nothing"),
        (["docker-archive:nothing.tar"], 3, "nothing.tar"),
        (["oci-dir:nothing"], 3, "nothing"),
        (["dir:nothing"], 3, "nothing"),
        (["registry.example.com/a/b:1", "--offline"], 3, "--offline asks none"),
        (["Registry/UPPER"], 2, "not an image reference"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    demo_images: Images, capsys: Capture, words: list[str], code: int, told: str
) -> None:
    asked = [str(demo_images[0]) if word == "IMAGE" else word for word in words]
    if "--policy" not in asked:
        asked += ["--policy", TEAM]
    if os.geteuid() == 0 and "/nothing/at/all" in told:
        asked = [word.replace("/nothing/at/all", "/proc/nothing") for word in asked]
        told = "/proc/nothing"
    assert main(["check", *asked]) == code
    shown = capsys.readouterr()
    assert told in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err
    assert shown.err.count("\n") <= 1


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08\x00cut", b"\x00" * 10240])
def test_a_file_that_is_no_image_gives_no_verdict(tmp_path: Path, content: bytes, capsys: Capture) -> None:
    (tmp_path / "x.tar").write_bytes(content)
    assert main(["check", "x.tar", "--policy", TEAM]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_a_cut_image_gives_no_verdict(tmp_path: Path, demo_images: Images) -> None:
    whole = demo_images[0].read_bytes()
    for share in (0.2, 0.5, 0.9):
        (tmp_path / "x.tar").write_bytes(whole[: int(len(whole) * share)])
        assert main(["check", "x.tar", "--policy", TEAM]) == 3


def test_images_come_from_a_file_with_a_dockerfile_each(demo_images: Images, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nUSER app\nHEALTHCHECK CMD true\n")
    (tmp_path / "images").write_text(f"# two\n{demo_images[0]} Dockerfile\n\n{demo_images[0]}\n")
    assert main(["check", "--images-file", "images", "--policy", TEAM, "--format", "json=r.json"]) == 0
    assert (tmp_path / "r.json").read_text().count('"Actual"') == 1


def test_a_list_of_images_that_is_too_long_is_refused_and_never_cut(
    demo_images: Images, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "images").write_text(f"{demo_images[0]}\n" + "#\n" * 600_000 + f"{demo_images[1]}\n")
    assert main(["check", "--images-file", "images", "--policy", TEAM]) == 2
    assert "larger than 1 MiB" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["variable", "file"])
def test_images_come_from_a_variable_or_the_config_file(
    demo_images: Images, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    spaced = tmp_path / "with a space.tar"
    spaced.write_bytes(demo_images[0].read_bytes())
    if place == "variable":
        monkeypatch.setenv("ANCHORE_GATE_IMAGES", f"{spaced}\n{demo_images[0]} {demo_images[1]}")
    else:
        listed = json.dumps([str(spaced), *(str(path) for path in demo_images)])
        (tmp_path / ".anchore-gate.toml").write_text(f"images = {listed}\n")
    assert main(["check", "--policy", TEAM]) == 1
    assert "(1 fail, 2 pass)" in capsys.readouterr().out


def test_a_password_in_a_reference_is_neither_said_nor_written(tmp_path: Path, capsys: Capture) -> None:
    image = "localhost:5000/app:1"
    assert main(["check", image, f"me:hunter2@{image}", "--policy", TEAM, "--report-dir", "reports"]) == 2
    said, told = capsys.readouterr()
    assert "an image reference holds no user and password" in told
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "hunter2" not in said + told + written


def test_an_argument_that_is_empty_is_no_image(demo_images: Images, capsys: Capture) -> None:
    assert main(["check", str(demo_images[0]), "", "--policy", TEAM]) == 2


def test_no_verdict_can_be_let_through_by_the_users_own_word(capsys: Capture) -> None:
    assert main(["check", "docker-archive:no.tar", "--policy", TEAM, "--on-error", "warn"]) == 0
    assert "no verdict" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_still_writes_its_reports(tmp_path: Path, number: int, code: int) -> None:
    os.mkfifo(tmp_path / "slow.tar")  # nobody ever writes into it: the scan waits for ever
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "anchore_gate",
            *["check", "docker-archive:slow.tar", "--format", "junit=j.xml"],
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "ANCHORE_GATE_POLICY": TEAM},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)
    if process.poll() is not None:
        pytest.skip("a pipe is refused as an image, so there is nothing to interrupt")
    process.send_signal(number)
    said, told = process.communicate(timeout=20)
    assert process.returncode == code
    assert f"exit code {code}" in said
    assert "Traceback" not in told
    assert "<error" in (tmp_path / "j.xml").read_text()


def test_the_run_ends_at_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(*_words: object) -> None:
        time.sleep(60)

    monkeypatch.setattr("anchore_gate.api.judge", forever)
    assert main(["check", "a.tar", "--policy", TEAM, "--timeout", "0", "--format", "junit=j.xml"]) == 3
    assert "timeout" in (tmp_path / "j.xml").read_text()


def test_on_github_outputs_summary_and_annotations_are_written(
    demo_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "out"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    assert main(["check", str(demo_images[1]), "--policy", TEAM, "--format", "junit=j.xml"]) == 1
    outputs = dict(line.split("=", 1) for line in (tmp_path / "out").read_text().splitlines())
    assert (outputs["verdict"], outputs["exit-code"], outputs["junit-path"]) == ("fail", "1", "j.xml")
    assert "## anchore_gate: fail" in (tmp_path / "summary").read_text()
    assert "::error file=" in capsys.readouterr().out


def test_the_verdict_is_shown_where_githubs_files_cannot_be_written(
    demo_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path))
    assert main(["check", str(demo_images[1]), "--policy", TEAM]) == 2
    said = capsys.readouterr()
    assert "verdict: fail" in said.out
    assert f"cannot write {tmp_path}" in said.err


@pytest.mark.skipif(shutil.which("docker-registry") is None, reason="no `docker-registry` (Debian package)")
@pytest.mark.skipif(shutil.which("skopeo") is None, reason="no `skopeo` (Debian package)")
def test_an_image_in_a_registry_is_judged_like_its_archive(
    demo_images: Images, tmp_path: Path, capsys: Capture
) -> None:
    with run_registry(tmp_path / "registry") as registry:
        name = f"{registry}/team/bad:1.0"
        copy = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", "--insecure-policy"]
        subprocess.run([*copy, f"docker-archive:{demo_images[1]}", f"docker://{name}"], check=True)
        assert main(["check", name, "--policy", TEAM, "--format", "json=registry.json"]) == 1
        assert main(["check", name, "--resolve"]) == 0
        digest = capsys.readouterr().out.strip().splitlines()[-1]
        assert main(["check", name, "--policy", TEAM, "--format", "dotenv=gate.env"]) == 1
        assert f"ANCHORE_GATE_DIGEST={digest.partition('@')[2]}\n" in (tmp_path / "gate.env").read_text()
        assert main(["check", digest, "--policy", TEAM]) == 1
    assert main(["check", str(demo_images[1]), "--policy", TEAM, "--format", "json=archive.json"]) == 1
    assert _ids(tmp_path / "registry.json") == _ids(tmp_path / "archive.json") != []


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="no `skopeo` (Debian package)")
def test_every_form_of_an_image_gives_the_same_findings(demo_images: Images, tmp_path: Path) -> None:
    found = []
    for form in ("docker-archive", "oci-archive", "oci"):
        place = f"{form}:{tmp_path / form}" + ("" if form == "oci" else ":demo/bad:1.0")
        copy = ["skopeo", "copy", "--quiet", "--insecure-policy"]
        subprocess.run([*copy, f"docker-archive:{demo_images[1]}", place], check=True)
        words = ["check", str(tmp_path / form), "--tag", "demo/bad:1.0", "--policy", TEAM]
        assert main([*words, "--format", f"json={form}.json"]) == 1
        found.append(_ids(tmp_path / f"{form}.json"))
    assert found[0] == found[1] == found[2] != []


def test_findings_of_the_baseline_do_not_count_but_are_shown(
    demo_images: Images, tmp_path: Path, capsys: Capture
) -> None:
    bad = str(demo_images[1])
    assert main(["check", bad, "--policy", TEAM, "--format", "json=before.json"]) == 1
    words = ["--baseline", "before.json", "--new-only", "--format", "json=after.json"]
    assert main(["check", bad, "--policy", TEAM, *words]) == 0
    assert _ids(tmp_path / "before.json") == _ids(tmp_path / "after.json")
    assert "known from the baseline" in (tmp_path / "after.json").read_text()
    assert main(["check", bad, "--policy", TEAM, "--new-only"]) == 2
    assert "--new-only needs --baseline" in capsys.readouterr().err
    assert main(["check", bad, "--policy", TEAM, "--baseline", "gone.json"]) == 2
    assert "gone.json" in capsys.readouterr().err


def test_what_the_base_image_brought_does_not_count_when_so_asked(
    demo_images: Images, tmp_path: Path, capsys: Capture
) -> None:
    good, bad = (str(path) for path in demo_images)
    inherited = ["--base-image", bad, "--exclude-inherited"]
    assert (
        main(["check", bad, "--policy", TEAM, *inherited, "--format", "json=r.json"]) == 1
    )  # its USER is its own
    assert "inherited from the base image" in (tmp_path / "r.json").read_text()
    assert main(["check", good, "--policy", TEAM, *inherited]) != 0
    assert "was not built on" in capsys.readouterr().out


def test_a_report_on_standard_output_is_all_that_stands_there(demo_images: Images, capsys: Capture) -> None:
    assert main(["check", str(demo_images[0]), "--policy", TEAM, "--format", "json=-"]) == 0
    shown = capsys.readouterr()
    json.loads(shown.out)
    assert "PASS" in shown.err


@pytest.mark.parametrize("what", ["app.tar", "policy.json", "Dockerfile"])
def test_no_report_replaces_what_is_read(
    demo_images: Images, tmp_path: Path, what: str, capsys: Capture
) -> None:
    shutil.copy(demo_images[0], tmp_path / "app.tar")
    shutil.copy(TEAM, tmp_path / "policy.json")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    before = (tmp_path / what).read_bytes()
    words = ["--policy", "policy.json", "--dockerfile", "Dockerfile", "--format", f"json={what}"]
    assert main(["check", "docker-archive:app.tar", *words]) == 2
    assert f"a report would replace what is read: {what}" in capsys.readouterr().err
    assert (tmp_path / what).read_bytes() == before


def test_a_pipe_is_written_to_and_never_replaced(demo_images: Images, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    assert main(["check", str(demo_images[0]), "--policy", TEAM, "--format", "json=pipe"]) == 0
    json.loads(reader.communicate(timeout=20)[0])
    assert not (tmp_path / "pipe").is_file()


def test_a_further_allowlist_sets_findings_aside_for_every_mapping(
    demo_images: Images, tmp_path: Path, capsys: Capture
) -> None:
    bad = str(demo_images[1])
    items = [
        {
            "id": f"i{number}",
            "gate": gate,
            "trigger_id": "*",
            "reason": "known",
            "expires_on": "2999-01-01T00:00:00Z",
        }
        for number, gate in enumerate(("dockerfile", "secret_scans"))
    ]
    (tmp_path / "allow.json").write_text(
        json.dumps({"id": "team", "name": "team", "version": "2", "items": items})
    )
    assert main(["check", bad, "--policy", TEAM, "--allowlist", "allow.json"]) == 0
    (tmp_path / "broken.json").write_text('{"id": "x", "version": "2", "items": [{"gate": 1}]}')
    assert main(["check", bad, "--policy", TEAM, "--allowlist", "broken.json"]) == 2
    (tmp_path / "none.json").write_text("[]")
    assert main(["check", bad, "--policy", TEAM, "--allowlist", "none.json"]) == 2
    assert "not an allowlist" in capsys.readouterr().err


def test_a_reader_that_goes_away_does_not_change_the_verdict(demo_images: Images) -> None:
    command = f'"{sys.executable}" -m anchore_gate check "{demo_images[1]}" -v --policy "{TEAM}" | true'
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")


DEMO = str(ROOT / "examples" / "policies" / "demo.json")


def test_vulnerabilities_are_found_and_the_data_is_named_a_sample(
    demo_images: Images, sample_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
    words = ["check", str(demo_images[1]), "--policy", DEMO, "--offline", "--format", "json=r.json"]
    assert main(words) == 1
    assert "SAMPLE" in capsys.readouterr().out
    assert any("+openssl" in one for one in _ids(tmp_path / "r.json"))


def test_a_missing_database_is_fetched_and_that_is_said_on_standard_error(
    demo_images: Images, monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(tmp_path / "cache"))
    built = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=30)
    with serve(publish(tmp_path, built_at=built).respond) as site:
        words = ["check", str(demo_images[0]), str(demo_images[1]), "--policy", DEMO, "--db-url", site.url]
        main(words)
    shown = capsys.readouterr()
    assert shown.err.count("fetching the vulnerability database (0.0 MB)") == 1
    assert "fetching" not in shown.out


def test_missing_vulnerability_data_is_no_verdict_when_a_rule_needs_it(
    demo_images: Images, monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(tmp_path / "nothing"))
    assert main(["check", str(demo_images[0]), "--policy", DEMO, "--offline"]) == 3
    assert "no vulnerability database" in capsys.readouterr().out
    assert main(["check", str(demo_images[0]), "--policy", TEAM, "--offline"]) == 0  # no rule asks for it


def test_a_policy_may_say_itself_what_missing_data_means_and_never_passes_without_it(
    demo_images: Images, monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(tmp_path / "nothing"))
    words = [
        "check",
        str(demo_images[0]),
        "--policy",
        "anchore-default",
        "--offline",
        "--format",
        "json=r.json",
    ]
    assert main(words) == 1
    told = (tmp_path / "r.json").read_text()
    assert "Distro-specific feed data not found" in told
    assert "no vulnerability data is at hand" in told


def test_a_severity_stands_for_a_policy(
    demo_images: Images, sample_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
    good, bad = (str(path) for path in demo_images)
    assert main(["check", good, "--severity-cutoff", "negligible", "--offline"]) == 0
    assert main(["check", bad, "--severity-cutoff", "unknown", "--offline"]) == 1
    assert main(["check", bad, "--severity-cutoff", "unknown", "--only-fixed", "--offline"]) == 1
    capsys.readouterr()
    assert main(["policy", "show", "severity-cutoff-high"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "severity-cutoff-high"
    assert main(["check", bad, "--severity-cutoff", "hihg"]) == 2
    assert "none of unknown, negligible" in capsys.readouterr().err


def test_what_vex_denies_does_not_count_and_is_shown(
    demo_images: Images, sample_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
    words = [
        "check",
        str(demo_images[1]),
        "--severity-cutoff",
        "unknown",
        "--offline",
        "--format",
        "json=r.json",
    ]
    assert main(words) == 1
    found = sorted({one.partition("+")[0] for one in _ids(tmp_path / "r.json") if "+openssl" in one})
    statements = [
        {
            "vulnerability": {"name": name},
            "products": [{"@id": "pkg:deb/debian/openssl"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }
        for name in found
    ]
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "a team",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": statements,
    }
    (tmp_path / "vex.json").write_text(json.dumps(document))
    assert main([*words, "--vex", "vex.json"]) == 0
    assert "vulnerable_code_not_in_execute_path" in (tmp_path / "r.json").read_text()


def _ids(path: Path) -> list[str]:
    def walk(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if "trigger_id" in value:
                yield str(value["trigger_id"])
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    return sorted(walk(json.loads(path.read_text())))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"gate": "nogate"}, "rules[0].gate: no gate 'nogate'"),
        ({"trigger": "nope"}, "rules[0].trigger: no trigger 'nope'"),
        ({"action": "MAYBE"}, "rules[0].action: no action 'MAYBE'"),
        (
            {"params": [{"name": "colour", "value": "x"}]},
            "rules[0].params[0].name: no parameter 'colour'",
        ),
    ],
    ids=["gate", "trigger", "action", "parameter"],
)
def test_a_faulty_rule_is_named_with_its_place_and_nothing_is_scanned(
    demo_images: Images, tmp_path: Path, capsys: Capture, change: dict[str, object], told: str
) -> None:
    policy = json.loads(Path(TEAM).read_text())
    policy["rule_sets"][0]["rules"][0].update(change)
    (tmp_path / "p.json").write_text(json.dumps(policy))
    asked = ["check", str(demo_images[0]), "--policy", "p.json"]
    assert main([*asked, "--format", "json=r.json", "--format", "junit=r.xml"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("anchore-gate: error: policy 'p.json': ")
    assert told in last
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["exit_code"] == 2
    assert "the image was not scanned" in json.dumps(result)
    assert "<error" in (tmp_path / "r.xml").read_text()


@pytest.mark.parametrize("content", ["{nope", "[]", '{"id": "x", "version": "9", "policies": []}'])
def test_reports_are_written_when_the_policy_is_none(
    demo_images: Images, tmp_path: Path, capsys: Capture, content: str
) -> None:
    (tmp_path / "p.json").write_text(content)
    assert main(["check", str(demo_images[0]), "--policy", "p.json", "--format", "junit=r.xml"]) == 2
    assert capsys.readouterr().err.startswith("anchore-gate: error: policy 'p.json': ")
    assert "<error" in (tmp_path / "r.xml").read_text()


def test_a_vex_file_that_is_not_there_is_said_whatever_the_policy_asks(
    demo_images: Images, capsys: Capture
) -> None:
    assert main(["check", str(demo_images[0]), "--policy", TEAM, "--vex", "gone.json"]) == 2
    assert "gone.json" in capsys.readouterr().err
