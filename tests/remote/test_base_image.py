"""A base image to compare with: which digest the service is told, and what it says is inherited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError, UsageError
from anchore_gate.model.result import GateResult
from anchore_gate.policy.narrowing import Narrowing
from tests.support.anchore import (
    ALPINE,
    IMPORTED,
    IMPORTED_DIGEST,
    PASSWORD,
    Engine,
    anchore,
    reply,
    table_of,
)
from tests.support.enterprise import DIGEST, POLICY, Enterprise, enterprise, evaluation, finding
from tests.support.web import Asked, Reply

BASE = "sha256:" + "d" * 64
OTHER = "sha256:" + "e" * 64
ANCESTORS = f"/v2/images/{DIGEST}/ancestors"


def judged(service: Enterprise, base: str, **more: Any) -> GateResult:
    engine = RemoteEngine(url=service.url, token="key", poll=0.01, base=base)
    return gate("team/app:1.2", engine=engine, **more)


def told(service: Enterprise) -> str:
    """What the evaluation was told of the base image."""
    (sent,) = service.sent("GET", f"/v2/images/{DIGEST}/check")
    return sent.path.partition("base_digest=")[2].partition("&")[0].replace("%3A", ":")


@pytest.mark.parametrize("base", [BASE, f"debian@{BASE}", "auto"])
def test_the_evaluation_is_told_the_base_image(base: str) -> None:
    with enterprise(Enterprise()) as service:
        judged(service, base)
        assert told(service) == ("auto" if base == "auto" else BASE)


@pytest.mark.parametrize(
    ("ancestors", "base"),
    [
        ([{"image_digest": OTHER}, {"image_digest": BASE}], BASE),
        ([{"image_digest": BASE, "chosen_base_image": True}, {"image_digest": OTHER}], BASE),
        ([], ""),
    ],
    ids=["nearest", "chosen", "none"],
)
def test_a_service_too_old_to_choose_has_the_nearest_ancestor_chosen(ancestors: Any, base: str) -> None:
    with enterprise(Enterprise(version="5.3.0", answers={ANCESTORS: ancestors})) as service:
        judged(service, "auto")
        assert told(service) == base


@pytest.mark.parametrize("ancestors", [{}, [{}], ["x"]])
def test_ancestors_that_cannot_be_understood_are_no_verdict(ancestors: Any) -> None:
    with (
        enterprise(Enterprise(version="5.3.0", answers={ANCESTORS: ancestors})) as service,
        pytest.raises(RemoteError, match="cannot be understood"),
    ):
        judged(service, "auto")


def test_inherited_findings_count_unless_the_user_says_otherwise() -> None:
    found = [finding("r1", inherited_from_base=True), finding("r2", inherited_from_base=False)]
    checked = evaluation(details={"policy": POLICY, "findings": found})
    narrowing = Narrowing(base_image=BASE, without_inherited=True)
    with enterprise(Enterprise(checked=checked)) as service:
        plain = judged(service, BASE)
        narrowed = judged(service, BASE, narrowing=narrowing)
    assert [len([f for f in one.findings if f.stands]) for one in plain.evaluation.outcomes] == [1, 1]
    assert [len([f for f in one.findings if f.stands]) for one in narrowed.evaluation.outcomes] == [0, 1]
    (aside,) = [f.suppressed for one in narrowed.evaluation.outcomes for f in one.findings if f.suppressed]
    assert aside.kind == "base_image"


@pytest.mark.parametrize("compared", [None, "yes", 1])
def test_what_was_not_compared_is_not_inherited(compared: Any) -> None:
    checked = evaluation(
        details={"policy": POLICY, "findings": [finding("r1", inherited_from_base=compared)]}
    )
    narrowing = Narrowing(base_image=BASE, without_inherited=True)
    with enterprise(Enterprise(checked=checked)) as service:
        assert judged(service, BASE, narrowing=narrowing).verdict == "fail"


@pytest.mark.parametrize("base", ["debian:12", "debian@sha256:short", "@"])
def test_a_base_image_without_digest_is_a_wrong_use(base: str) -> None:
    with pytest.raises(UsageError, match="NAME@sha256"):
        RemoteEngine(url="http://127.0.0.1:1", base=base)


def test_api_v1_compares_with_no_base_image() -> None:
    with anchore() as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, base=BASE)
        with pytest.raises(RemoteError, match="compares with no base image"):
            gate(ALPINE, engine=engine)
        assert service.sent("POST", "/v1/images") == []


def test_the_command_line_sets_inherited_findings_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checked = evaluation(details={"policy": POLICY, "findings": [finding("r1", inherited_from_base=True)]})
    with enterprise(Enterprise(checked=checked)) as service:
        monkeypatch.setenv("ANCHORE_GATE_TOKEN", "key")
        words = ["check", "team/app:1.2", "--url", service.url, "--base-image", BASE]
        assert main(words) == 1
        assert main([*words, "--exclude-inherited"]) == 0


OLD = {"service": {"version": "4.8.1"}, "api": {}}
COLUMN = "Inherited_From_Base"


def compared(body: Any) -> None:
    (table,) = [one["result"] for one in table_of(body)["result"].values() if isinstance(one, dict)]
    table["header"].append(COLUMN)
    for number, row in enumerate(table["rows"]):
        row.append(number == 0)


class Enterprise4(Engine):
    """API v1, and a tree beside it that compares."""

    def respond(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if asked.path == "/v1/version":
            return reply(OLD)
        if asked.path == f"/v1/enterprise/images/{IMPORTED_DIGEST}/ancestors":
            return reply([{"imageDigest": OTHER, "tags": [], "layers": []}, {"imageDigest": BASE}])
        return super().respond(replace(asked, path=asked.path.replace("/v1/enterprise/", "/v1/")))


@pytest.mark.parametrize("base", [BASE, "auto"])
def test_enterprise_4_compares_in_a_tree_of_its_own(base: str) -> None:
    narrowing = Narrowing(base_image=base, without_inherited=True)
    with anchore(Enterprise4(states=["analyzed"], rewrite=compared)) as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01, base=base)
        result = gate(IMPORTED, engine=engine, narrowing=narrowing)
        (sent,) = service.sent("GET", f"/v1/enterprise/images/{IMPORTED_DIGEST}/check")
    assert f"base_digest={BASE.replace(':', '%3A')}" in sent.path
    inherited = [f.inherited for one in result.evaluation.outcomes for f in one.findings]
    assert (inherited.count(True), inherited.count(False)) == (1, 5)
    aside = [f.suppressed for one in result.evaluation.outcomes for f in one.findings if f.suppressed]
    assert [one.kind for one in aside] == ["base_image"]
    assert result.notes == ("judged by anchore-enterprise 4.8.1 (API v1)",)


def test_an_enterprise_without_that_tree_is_no_verdict() -> None:
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["GET", "/v1/version"] = [reply(OLD)]
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01, base=BASE)
        with pytest.raises(RemoteError, match="ancestors: the service answers 404"):
            gate(IMPORTED, engine=engine)
