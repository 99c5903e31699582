"""Policies that somebody damaged: a problem in one line, never a crash, never a pass."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate import gate
from anchore_gate.errors import ConfigError, InvalidBundle
from anchore_gate.model.evaluation import Action
from anchore_gate.policy.bundle import load_bundle
from anchore_gate.policy.convert import convert
from anchore_gate.policy.document import locate, parse_json, shipped_names
from anchore_gate.policy.draft import read_draft
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.explain import explain
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.schema import breaches
from anchore_gate.policy.target import Target
from tests.policy.damage import ABSENT, VALUES, damaged
from tests.policy.support import NOW, bundle, evidence, files, judge, rule
from tests.support.images import Config, docker_archive, make_layer

CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
SEEDS = [
    *(json.loads(path.read_text()) for path in sorted(CASES.glob("*/bundle.json"))),
    *(json.loads(locate(name).read_text()) for name in shipped_names()),
]


PICKS = st.lists(st.tuples(st.integers(0, 999), st.sampled_from([*VALUES, ABSENT])), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), PICKS)
def test_what_validate_says_is_what_a_check_stops_on(seed: Any, picks: list[tuple[int, Any]]) -> None:
    raw = damaged(seed, picks)
    draft, policy = read_draft(json.dumps(raw).encode(), source="p.json"), None
    errors = draft.errors(now=NOW)
    assert {one for one in draft.problems(now=NOW) if one.severity == "error"} == set(errors)
    list(breaches(draft.raw))
    with suppress(InvalidBundle):
        policy = parse_bundle(raw)
    assert errors or policy is not None
    for name in ("a/b:1", "docker.io/alpine:3", "localhost:5000/x@sha256:" + "a" * 64):
        target = Target.parse(name)
        list(explain(draft.bundle, target, now=NOW))
        if policy is not None:
            result = evaluate(policy, evidence(files=files()), target=target)
            stopping = {one for one in result.problems if one.severity == "error"}
            assert stopping <= set(errors)
            assert not stopping or result.final_action is Action.STOP
    list(explain(draft.bundle, None, now=NOW))
    if not {one.type for one in errors} & {"ValidationError", "PolicyError", "UnsupportedVersionError"}:
        for dialect in ("v1", "v2"):  # an unknown gate and such can be written in other words
            made = json.dumps(convert(raw, to=dialect).policy).encode()
            left = read_draft(made, source="p.json").errors(now=NOW)
            assert [one.type for one in left] == [one.type for one in errors]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.integers(0, 5000),
    st.integers(0, 40),
    st.sampled_from(
        [b"", b'"', b"{", b"]", b",", b'"id":', b"\x00", b"\xff", b"\\u", b"\\ud800", b"1e999", b"NaN"]
    ),
)
def test_damaged_text_is_a_problem_and_no_crash(seed: Any, at: int, gone: int, new: bytes) -> None:
    text = json.dumps(seed, indent=1).encode()
    at %= len(text)
    content = text[:at] + new + text[at + gone :]
    with suppress(InvalidBundle):
        draft = read_draft(content, source="p.json")
        list(breaches(draft.raw))
        list(explain(draft.bundle, None, now=NOW))
        if not draft.errors(now=NOW):
            assert parse_bundle(parse_json(content)).id


def test_an_image_type_that_is_a_list_is_a_fault() -> None:
    raw = bundle(rule("always", "always"))
    raw["mappings"][0]["image"]["type"] = ["tag"]

    result = judge(raw)

    assert result.final_action is Action.STOP
    assert result.problems[0].path == "mappings[0].image.type"


@pytest.mark.parametrize("item", [7, "x", None, [], True])
def test_an_item_that_is_no_object_is_a_fault(item: Any) -> None:
    result = judge(bundle(rule("always", "always"), items=[item]))

    assert result.final_action is Action.STOP
    assert result.problems[0].path == "whitelists[0].items[0]"


@pytest.mark.parametrize("text", ["\ud800", "\udfff\ud800"], ids=["one", "two"])
def test_an_image_with_half_of_a_surrogate_pair_is_judged(tmp_path: Path, text: str) -> None:
    layer = make_layer({"a": "x"})
    document = Config().document([layer])
    document["history"] = [{"created_by": f"RUN echo {text} # buildkit"}, {"created_by": f"USER {text}"}]
    image = docker_archive(tmp_path / "a.tar", [layer], config=json.dumps(document).encode())
    rules = (
        rule("dockerfile", "instruction", instruction="RUN", check="like", value=".*echo \\W+"),
        rule("dockerfile", "effective_user", users="app", type="allowlist"),
    )

    result = gate(f"docker-archive:{image}", policy=parse_bundle(bundle(*rules)))

    assert [len(outcome.findings) for outcome in result.evaluation.outcomes] == [1, 1]


def test_words_of_a_policy_with_half_of_a_surrogate_pair_have_an_id() -> None:
    result = judge(bundle(rule("packages", "required_package", name="\ud800")))

    assert len(result.outcomes[0].findings[0].trigger_id) == 32


def test_a_file_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)

    with pytest.raises(ConfigError, match="larger than 64 MiB"):
        load_bundle(path)
