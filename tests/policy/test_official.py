"""The two names of Docker Hub's official images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anchore_gate import gate
from anchore_gate.model.evaluation import Action
from anchore_gate.policy import expression
from anchore_gate.policy.official import by_the_other_name
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.target import Target
from tests.policy.support import bundle, mapping, rule
from tests.support.images import docker_archive, make_layer

ALWAYS = rule("always", "always", "GO")


def told(raw: dict[str, Any], image: str) -> list[str]:
    return list(by_the_other_name(parse_bundle(raw), Target.parse(image)))


def test_a_list_that_names_the_image_otherwise_is_told() -> None:
    denied = bundle(ALWAYS, blacklisted_images=[mapping("docker.io", "library/ubuntu")])

    [one] = told(denied, "ubuntu:22.04")

    assert one.startswith(
        "blacklisted_images[0] picks docker.io/library/ubuntu, the same image on Docker Hub: "
    )
    assert one.endswith("rules see the name that was given, docker.io/ubuntu")
    assert told(denied, "docker.io/library/ubuntu") == []


def test_a_mapping_for_the_short_name_is_told() -> None:
    raw = bundle(ALWAYS, mappings=[mapping("*", "nginx", id="m0"), mapping()])

    assert [one.partition(" picks ")[0] for one in told(raw, "library/nginx:1")] == ["mappings[0]"]
    assert told(raw, "nginx:1") == []


@pytest.mark.parametrize("image", ["team/app", "quay.io/library/nginx", "quay.io/nginx", "a" * 64, ""])
def test_other_images_have_one_name(image: str) -> None:
    listed = [mapping("*", name) for name in ("library/*", "nginx", "app", "library/team/app")]

    assert told(bundle(ALWAYS, blacklisted_images=listed), image) == []


def test_what_fits_both_names_is_not_told() -> None:
    raw = bundle(ALWAYS, whitelisted_images=[mapping("*", "regexp:(library/)?nginx$")])

    assert told(raw, "nginx") == told(raw, "library/nginx") == []


def test_an_expression_that_runs_away_with_the_other_name_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expression, "TIME_BOUND", 0.2)
    raw = bundle(ALWAYS, mappings=[mapping("*", "regexp:library/(?=a)(a+)+b"), mapping()])

    assert told(raw, "a" * 60) == []


def test_a_check_tells_it(tmp_path: Path) -> None:
    image = docker_archive(tmp_path / "a.tar", [make_layer({"a": "b"})], tag="ubuntu:1")
    raw = bundle(ALWAYS, blacklisted_images=[mapping("docker.io", "library/ubuntu")])

    result = gate(f"docker-archive:{image}", policy=parse_bundle(raw))

    assert result.evaluation.final_action is Action.GO
    assert any("picks docker.io/library/ubuntu" in note for note in result.notes)
