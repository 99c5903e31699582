"""Answers in which anything may stand anywhere: understood, or an error of ours, and never a softer verdict."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.engine.engine import Request
from anchore_gate.engine.remote_evaluation import evaluation_of, is_readable
from anchore_gate.engine.remote_feeds import database_of, with_feeds
from anchore_gate.errors import GateError
from anchore_gate.model.evaluation import Action
from anchore_gate.remote import contents, v1, v2
from anchore_gate.remote.feeds import feeds_of
from anchore_gate.remote.login import Login
from anchore_gate.remote.settings import ServiceSettings
from anchore_gate.remote.told import Told
from anchore_gate.remote.values import Judgement, listing, mapping
from anchore_gate.remote.vulnerabilities import match_of
from tests.remote.test_vulnerabilities import FULL
from tests.support.anchore import recorded
from tests.support.enterprise import IMAGE, evaluation

REQUEST = Request(image="team/app:1", bundle=None, now=datetime(2026, 1, 1, tzinfo=timezone.utc))
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["None", "N/A", "stop", "GO", "\ud800", "sha256:x", "../..", "9" * 5000, 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(body: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield here
    children = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, child in children:
        yield from places(child, (*here, key))


def damaged(body: Any, data: st.DataObject) -> Any:
    """The value with one to three places replaced or taken out."""
    made = copy.deepcopy(body)
    for _ in range(data.draw(st.integers(1, 3))):
        spot = data.draw(st.sampled_from(list(places(made))))
        if not spot:
            return data.draw(ANYTHING)
        parent = made
        for key in spot[:-1]:
            parent = parent[key]
        if data.draw(st.booleans()):
            parent[spot[-1]] = data.draw(ANYTHING)
        else:
            del parent[spot[-1]]
    return made


def of_v1(raw: Any) -> Judgement:
    return v1.judgement_of(raw)


def of_v2(raw: Any) -> Judgement:
    return v2.judgement_of(raw)


STOPPED = recorded("129_GET_import_check")["response"]["body"]


@pytest.mark.parametrize(("judge", "body"), [(of_v1, STOPPED), (of_v2, evaluation())], ids=["v1", "v2"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_evaluation_is_never_softer_than_it_says(
    judge: Callable[[Any], Judgement], body: Any, data: st.DataObject
) -> None:
    try:
        judgement = judge(damaged(body, data))
        found = evaluation_of(judgement, REQUEST, ())
    except GateError:
        return
    is_readable(judgement)
    assert found.final_action >= Action[judgement.final_action.upper()]
    assert (judgement.status == "fail") == (judgement.final_action == "stop")


def packages_of(raw: Any) -> None:
    for one in listing(mapping(raw, "x").get("content"), "x"):
        contents.package(mapping(one, "x"), "os", "alpine")


def matches_of(raw: Any) -> None:
    for one in listing(mapping(raw, "x").get("vulnerabilities"), "x"):
        hash(match_of(mapping(one, "x"), "alpine"))


def feeds(raw: Any) -> None:
    told = tuple(feeds_of(listing(raw, "x")))
    database_of("anchore-engine", told)
    with_feeds(evaluation_of(of_v2(evaluation()), REQUEST, ()), told, ())


def login(raw: Any) -> None:
    asked = ServiceSettings(url="http://h", username="u", password="p", login="oauth")
    header = Login().header(asked, lambda _: Told(200, raw))
    assert header.isascii()
    assert header.isprintable()


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (v1.image_of, recorded("027_GET_image_get")["response"]["body"]),
        (v2.image_of, IMAGE),
        (packages_of, recorded("032_GET_content_os")["response"]["body"]),
        (matches_of, recorded("050_GET_vuln_all_vendor_only_false")["response"]["body"]),
        (matches_of, {"vulnerabilities": [FULL]}),
        (feeds, recorded("007_GET_system_feeds")["response"]["body"]),
        (login, {"access_token": "a", "refresh_token": "b", "expires_in": 1}),
    ],
    ids=["image-v1", "image-v2", "content", "vulnerabilities-v1", "vulnerabilities-v2", "feeds", "login"],
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_answer_is_understood_or_an_error_of_ours(
    read: Callable[[Any], Any], body: Any, data: st.DataObject
) -> None:
    try:
        read(damaged(body, data))
    except GateError:
        return
