"""The gate's own image: its Dockerfile passes what the gate asks of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchore_gate import gate
from anchore_gate.image.dockerfile import load_dockerfile
from anchore_gate.model.evaluation import Action
from tests.support.tools import ROOT

DOCKERFILE = ROOT / "Dockerfile"


def test_it_runs_as_a_user_and_opens_no_port() -> None:
    written = load_dockerfile(DOCKERFILE).instructions
    keywords = [one.keyword for one in written]
    assert "ADD" not in keywords
    assert [one.value for one in written if one.keyword == "USER"] == ["gate"]
    assert "EXPOSE" not in keywords


def test_it_passes_nist_sp_800_190_as_the_dockerfile_of_an_image(
    demo_images: tuple[Path, Path], sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
    result = gate(str(demo_images[0]), policy="nist-sp-800-190", dockerfile=DOCKERFILE)
    assert result.passed, result.evaluation.outcomes
    asked = (outcome for outcome in result.evaluation.outcomes if outcome.gate == "dockerfile")
    warned = {outcome.rule_id for outcome in asked if outcome.effective_action is not Action.GO}
    assert warned <= {"nist-healthcheck"}  # a command that ends has none
