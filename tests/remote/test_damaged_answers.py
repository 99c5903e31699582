"""Answers in other clothes are the same, damaged ones never let an image pass: whole runs against a service."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import GateError, RemoteError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult
from anchore_gate.net.retry import Clock
from tests.remote.test_hostile import damaged
from tests.support.anchore import (
    IMPORTED,
    IMPORTED_DIGEST,
    PASSWORD,
    Engine,
    anchore,
    record_of,
    recorded,
    reply,
    table_of,
)
from tests.support.enterprise import DIGEST, FLAW, IMAGE, TAG, Enterprise, enterprise, evaluation

PLACE = f"/v1/images/{IMPORTED_DIGEST}"
PATIENT = Clock(sleep=lambda _: None)


def judged(service: Engine) -> GateResult:
    asking = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01, clock=PATIENT)
    return gate(IMPORTED, engine=asking)


def no_status(body: Any) -> None:
    body[0] = {
        key: {tag: [{"policyId": "N/A", "final_action": "fail", "last_evaluation": "N/A", "detail": {}}]}
        for key, by_tag in body[0].items()
        for tag in by_tag
    }


def empty_history(body: Any) -> None:
    next(iter(body[0].values()))[IMPORTED] = []


def no_details(body: Any) -> None:
    record_of(body)["detail"] = {}


@pytest.mark.parametrize("damage", [no_status, empty_history, no_details, list.clear])
def test_a_record_without_an_evaluation_is_no_verdict(damage: Callable[[Any], None]) -> None:
    with (
        anchore(Engine(states=["analyzed"], rewrite=damage)) as service,
        pytest.raises(RemoteError, match=r"cannot be understood|holds no evaluation"),
    ):
        judged(service)


def shouted(body: Any) -> None:
    for key in ("final_action", "final_action_reason", "status"):
        table_of(body)[key] = table_of(body)[key].upper()
    record_of(body)["status"] = record_of(body)["status"].upper()
    for row in rows_of(body):
        row[6] = row[6].upper()


def moved_columns(body: Any) -> None:
    (table,) = [one for one in table_of(body)["result"].values() if isinstance(one, dict)]
    table["result"]["header"] = ["A new column", *reversed(table["result"]["header"])]
    table["result"]["rows"] = [[False, *reversed(row)] for row in table["result"]["rows"]]


def told_as_text(body: Any) -> None:
    for row in rows_of(body):
        row[7] = "none"


def renamed_tag(body: Any) -> None:
    (digest,) = body[0]
    (records,) = body[0][digest].values()
    body[0] = {"sha256:" + "f" * 64: {"another.example/spelling:1": records}}


def rows_of(body: Any) -> list[Any]:
    tables = [one for one in table_of(body)["result"].values() if isinstance(one, dict)]
    return [row for table in tables for row in table["result"]["rows"]]


@pytest.mark.parametrize("change", [shouted, moved_columns, told_as_text, renamed_tag])
def test_the_same_answer_in_other_clothes_is_the_same_evaluation(change: Callable[[Any], None]) -> None:
    with anchore(Engine(states=["analyzed"])) as service:
        plain = judged(service)
        service.rewrite = change
        found = judged(service)
    assert found.evaluation.outcomes == plain.evaluation.outcomes
    assert found.evaluation.final_action == plain.evaluation.final_action


def answers(body: Any) -> Iterator[Any]:
    """The evaluation with one place after another out of it, null, or of another type."""
    for path in places(body):
        changes: tuple[Any, ...] = ("gone", None, [], {}, "7", 7, True)
        for change in changes:
            made = copy.deepcopy(body)
            parent = made
            for key in path[:-1]:
                parent = parent[key]
            if change == "gone":
                del parent[path[-1]]
            else:
                parent[path[-1]] = change
            yield made


def places(raw: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, child in children:
        if key not in {"bundle", "policy"}:
            yield (*here, key)
            yield from places(child, (*here, key))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("127_POST_import_finalize", "/v1/images"),
        ("128_GET_import_image_get", PLACE),
        ("007_GET_system_feeds", "/v1/system/feeds"),
        ("004_GET_status", "/v1/status"),
        ("003_GET_version", "/v1/version"),
        ("031_GET_content", f"{PLACE}/content"),
        ("130_GET_import_content_os", f"{PLACE}/content/os"),
        ("132_GET_import_vuln", f"{PLACE}/vuln/all"),
    ],
)
def test_an_answer_with_any_place_damaged_never_lets_the_image_pass(name: str, path: str) -> None:
    method, body = ("POST" if name[4:8] == "POST" else "GET"), recorded(name)["response"]["body"]
    with anchore(Engine(states=["analyzed"])) as service:
        every = list(answers(body))
        for damaged in every[:: max(1, len(every) // 8)]:
            service.instead[method, path] = [reply(damaged)]
            try:
                result = judged(service)
            except GateError as error:
                assert "\n" not in str(error)  # noqa: PT017
                continue
            finally:
                service.instead.clear()
            assert not result.passed


V1 = {
    ("POST", "/v1/images"): "127_POST_import_finalize",
    ("GET", PLACE): "128_GET_import_image_get",
    ("GET", f"{PLACE}/check"): "129_GET_import_check",
    ("GET", f"{PLACE}/vuln/all"): "132_GET_import_vuln",
    ("GET", f"{PLACE}/content/os"): "130_GET_import_content_os",
    ("GET", "/v1/system/feeds"): "007_GET_system_feeds",
}


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_run_with_damaged_answers_of_v1_passes_nothing_that_was_stopped(data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from(sorted(V1)))
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead[asked] = [reply(damaged(recorded(V1[asked])["response"]["body"], data))] * 3
        try:
            result = judged(service)
        except GateError as error:
            assert "\n" not in str(error)  # noqa: PT017
            return
    assert not result.passed
    assert result.evaluation.final_action is Action.STOP


V2 = {
    "/v2/images": IMAGE,
    f"/v2/images/{DIGEST}": IMAGE,
    f"/v2/images/{DIGEST}/check": evaluation(),
    f"/v2/images/{DIGEST}/vuln/all": {"vulnerabilities": [FLAW]},
    "/v2/system/feeds": [{"name": "vulnerability_db", "dataset_checksum": "c0ffee", "groups": []}],
    "/version": {"service": {"version": "5.8.0"}, "api": {"version": "2.13.0"}},
}


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_run_with_damaged_answers_of_v2_passes_nothing_that_was_stopped(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(V2)))
    with enterprise(Enterprise(answers={path: reply(damaged(V2[path], data))})) as service:
        try:
            result = gate(TAG, engine=RemoteEngine(url=service.url, token="k", poll=0.01, clock=PATIENT))
        except GateError as error:
            assert "\n" not in str(error)  # noqa: PT017
            return
    assert not result.passed
