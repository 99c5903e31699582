"""`anchore-gate policy`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from anchore_gate.cli import main
from tests.policy.support import bundle, enterprise, mapping, rule
from tests.support.images import docker_archive


def test_validate_says_everything_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = [{"gate": "nogate", "trigger": "x", "action": "STOP", "params": []}, {"gate": "always"}]
    policy = {
        "id": "b",
        "version": "1_0",
        "policies": [{"id": "p", "version": "1_0", "rules": rules}],
        "mappings": [],
    }
    path = tmp_path / "p.json"
    path.write_text(json.dumps(policy))

    assert main(["policy", "validate", str(path)]) == 2
    said = capsys.readouterr().out
    assert "policies[0].rules[0].gate: no gate 'nogate'" in said
    assert "policies[0].rules[1].trigger: required" in said
    assert "no mapping refers to 'p'" in said


def test_what_an_error_says_the_schema_does_not_say_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {**rule("packages", "denylist", nam="x", name="y"), "recomendation": "x"}
    path = tmp_path / "p.json"
    path.write_text(
        json.dumps(enterprise(odd, rule("dockerfile", "exposed_ports", ports=22, type="denylist")))
    )

    assert main(["policy", "validate", str(path)]) == 2
    kinds = [line.rpartition("[")[2] for line in capsys.readouterr().out.splitlines()[:-1]]
    assert kinds == ["InvalidParameterError]", "ParameterValueInvalidError]", "Schema]"]

    path.write_text(json.dumps(bundle(mappings=[{**mapping(), "policy_id": 7}])))
    assert main(["policy", "validate", str(path)]) == 2
    assert "Schema" not in capsys.readouterr().out


def test_gates_are_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "gates", "dockerfile"]) == 0
    assert "dockerfile/exposed_ports" in capsys.readouterr().out
    assert main(["policy", "gates", "nope"]) == 2
    for name, said in (
        ("Packages", "packages/denylist (in Engine blacklist): "),
        ("dockerfile", "type (one of allowlist, denylist (in Engine whitelist, blacklist); required)"),
        ("stig", "stig: only with a remote engine: "),
        ("anchoresec", "anchoresec: it has ended: use vulnerabilities"),
        ("pkgdiff", "pkgdiff: it has ended: nothing replaces it"),
    ):
        capsys.readouterr()
        assert main(["policy", "gates", name]) == 0
        assert said in capsys.readouterr().out


def test_shipped_policies_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list"]) == 0
    assert main(["policy", "show", "anchore-default"]) == 0
    assert '"id": "anchore-default"' in capsys.readouterr().out


@pytest.mark.parametrize("action", [("validate",), ("explain",), ("show",), ("convert", "--to", "v1")])
def test_what_a_cutoff_stands_for_is_a_policy_too(
    action: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", *action, "severity-cutoff-high"]) == 0
    assert "severity-cutoff-high" in capsys.readouterr().out
    assert main(["policy", *action, "severity-cutoff-huge"]) == 2


def test_a_name_that_names_no_image_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "cis-docker-4", "--image", "A B"]) == 2
    assert capsys.readouterr().err == "anchore-gate: error: not an image reference: 'A B'\n"


@pytest.mark.parametrize("name", ["", "*/*:*"])
def test_an_image_by_no_name_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "cis-docker-4", "--image", name]) == 0
    assert "without a name: only rules of wildcards fit it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nginx", "registry docker.io, repository nginx, tag latest"),
        ("r.io/a@sha256:" + "a" * 64, "registry r.io, repository a, digest sha256:" + "a" * 64),
        ("", "without a name: only rules of wildcards fit it"),
        ("a" * 64, "id " + "a" * 64),
        ("sha256:" + "a" * 64, "digest sha256:" + "a" * 64),
    ],
)
def test_names_ids_and_digests_are_explained(
    name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "explain", "cis-docker-4", "--image", name]) == 0
    assert f"image: {told}\n" in capsys.readouterr().out


def test_the_scheme_before_a_name_is_no_part_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "cis-docker-4", "--image", "docker:team/app:1"]) == 0
    assert "image: registry docker.io, repository team/app, tag 1\n" in capsys.readouterr().out


@pytest.mark.parametrize("scheme", ["", "docker-archive:", "oci-archive:"])
def test_a_file_is_no_name(scheme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = f"{scheme}{docker_archive(tmp_path / 'app.tar', [])}"

    assert main(["policy", "explain", "cis-docker-4", "--image", image]) == 2
    assert capsys.readouterr().err == (
        f"anchore-gate: error: --image {image}: a file; give the name it is judged by (its own, or --tag's)\n"
    )


def test_a_policy_is_explained_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "cis-docker-4", "--image", "team/app:1"]) == 0
    said = capsys.readouterr().out
    assert "mapping 1: every image" in said
    assert "STOP dockerfile/effective_user (users=root,0, type=denylist): Containers of the image run" in said


def test_a_policy_is_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = [{"name": "name", "value": "sudo"}]
    rules = [{"gate": "packages", "trigger": "blacklist", "action": "STOP", "params": params}]
    path = tmp_path / "p.json"
    path.write_text(
        json.dumps({"id": "b", "version": "1_0", "policies": [{"id": "p", "version": "1_0", "rules": rules}]})
    )

    assert main(["policy", "convert", str(path), "--to", "v2"]) == 0
    assert json.loads(capsys.readouterr().out)["rule_sets"][0]["rules"][0]["trigger"] == "denylist"

    rules[0]["action"] = "MAYBE"
    path.write_text(
        json.dumps({"id": "b", "version": "1_0", "policies": [{"id": "p", "version": "1_0", "rules": rules}]})
    )
    assert main(["policy", "convert", str(path), "--to", "v2"]) == 2
    assert "no action 'MAYBE'" in capsys.readouterr().err


@pytest.mark.parametrize("action", [("explain",), ("explain", "--image", "app:1"), ("show",)])
def test_a_faulty_policy_is_explained_and_shown_but_is_faulty(
    action: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps(enterprise(rule("always", "always"), rule("always", "always", "MAYBE"))))

    assert main(["policy", *action, str(path)]) == 2
    said = capsys.readouterr()
    assert "always" in said.out
    assert said.err == f"{path}: 1 error (anchore-gate policy validate {path})\n"


def test_every_error_is_said_where_a_policy_is_not_converted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"version": "1", "policies": [], "mappings": 7}))

    assert main(["policy", "convert", str(path), "--to", "v2"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(":")[1].strip() for line in said.err.splitlines()] == ["version", "id", "mappings"]


def test_what_a_policy_holds_moves_no_cursor_and_commands_no_ci(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "x\n::error::y\x1b[2J\ud800"
    raw = enterprise({**rule(hostile, hostile), "id": hostile})
    raw["mappings"][0] |= {"name": hostile, "rule_set_ids": ["p1", hostile]}
    path = tmp_path / "p.json"
    path.write_text(json.dumps({**raw, "name": hostile}))

    for action in ("validate", "explain"):
        assert main(["policy", action, str(path)]) == 2
        said = capsys.readouterr()
        assert "\x1b" not in said.out + said.err
        assert not any(line.lstrip().startswith("::") for line in said.out.splitlines())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_policy_may_be_written_in_any_encoding_of_json(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({**enterprise(rule("always", "always")), "name": "grün"}), encoding=encoding)

    assert main(["policy", "show", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "b2"
    for action in ("validate", "explain"):
        assert main(["policy", action, str(path)]) == 0


def test_what_the_output_cannot_take_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.json"
    raw = {**enterprise(rule("always", "always")), "name": "grün \N{SNOWMAN}"}
    path.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")

    for action in (("show", str(path)), ("convert", str(path), "--to", "v2")):
        out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr("sys.stdout", out)
        assert main(["policy", *action]) == 0
        out.seek(0)
        assert json.load(out)["name"] == raw["name"]


def test_a_policy_of_half_a_letter_is_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({**enterprise(), "name": "\ud800"}))

    assert main(["policy", "convert", str(path), "--to", "v1"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "\ud800"
