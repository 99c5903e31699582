from __future__ import annotations

from dataclasses import replace

import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Dockerfile, Instruction
from anchore_gate.model.result import GateResult
from anchore_gate.report.redaction import shareable
from tests.support import runs


def message(told: str, *, gate: str = "dockerfile", instruction: str = "x=1", keyword: str = "ENV") -> str:
    steps = (Instruction(keyword=keyword, value=instruction, line=2),)
    built = runs.result(runs.outcome(gate, "instruction", Action.STOP, runs.finding(told)))
    (result,) = shareable(runs.run_of(replace(built, dockerfile=Dockerfile(instructions=steps)))).results
    assert isinstance(result, GateResult)
    return result.evaluation.outcomes[0].findings[0].message


@pytest.mark.parametrize(
    "quoted",
    [
        "ENV API_TOKEN=s3cr3t-value",
        "ENV API_TOKEN s3cr3t-value",
        'ARG DB_PASSWORD="s3cr3t-value"',
        "s3cr3t-value",
    ],
)
def test_a_message_quotes_no_secret_of_the_dockerfile(quoted: str) -> None:
    told = f"Dockerfile directive 'ENV' check 'like' matched against '.*' for line '{quoted}'"
    shown = message(told, instruction="API_TOKEN=s3cr3t-value")
    assert "s3cr3t" not in shown
    assert shown.startswith("Dockerfile directive 'ENV' check 'like' matched")


def test_a_secret_of_a_build_argument_is_hidden_wherever_it_is_quoted() -> None:
    shown = message(
        "matched: curl -u me:s3cr3t-value", gate="files", keyword="ARG", instruction="TOKEN=s3cr3t-value"
    )
    assert shown == "matched: curl -u me:***"


def test_a_value_of_the_images_environment_is_hidden_in_messages() -> None:
    assert message("HOME is hunter2", gate="metadata") == "HOME is ***"


def test_other_words_of_a_message_stay() -> None:
    told = "Token file found: the password policy is missing"
    assert message(told, gate="secret_scans") == told
    assert message("line 'ENV SECRET=it's-long'") == "line 'ENV SECRET=***'"
    assert message("line 'ENV SECRET=ab' and cab", instruction="SECRET=ab") == "line 'ENV SECRET=***' and cab"
