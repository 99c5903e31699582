from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog.maven import BadPom, Pom, PomProperties, parse_pom, parse_properties


@pytest.mark.parametrize(
    "text", ["groupId=g\nartifactId=a\nversion=1", "#c\n\n!d\ngroupId : g\r\nartifactId: a\r\nversion :1\r\n"]
)
def test_properties_have_two_separators_and_two_comments(text: str) -> None:
    assert parse_properties(text.encode()) == PomProperties(group_id="g", artifact_id="a", version="1")


@pytest.mark.parametrize("text", ["", "artifactId=a", "version=1", "artifactId=a\nversion=1\nodd"])
def test_properties_without_artifact_or_version_name_nothing(text: str) -> None:
    assert parse_properties(text.encode()) is None


def test_a_parent_gives_what_the_project_leaves_out() -> None:
    text = "<project><parent><groupId>g</groupId><version>2</version></parent><artifactId> a </artifactId></project>"
    assert parse_pom(text.encode()) == Pom(group_id="g", artifact_id="a", version="2")


def test_only_the_projects_own_coordinates_count() -> None:
    text = """<project><dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId></dependency>
    </dependencies><groupId>g</groupId><artifactId>a</artifactId></project>"""
    assert (parse_pom(text.encode()).group_id, parse_pom(text.encode()).artifact_id) == ("g", "a")


def test_licenses_have_a_name_or_a_url() -> None:
    text = """<project><licenses><license><name>MIT</name><url>u</url></license><license><url>v</url></license>
    </licenses></project>"""
    assert parse_pom(text.encode()).licenses == ("MIT", "v")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<project>",
        b'<!DOCTYPE p SYSTEM "file:///etc/passwd"><project/>',
        b'<!DOCTYPE p [<!ENTITY a "aaaa">]><project>&a;</project>',
        b'<?xml version="1.0" encoding="no-such"?><project/>',
        b"<a>" * 1000,
    ],
    ids=["empty", "cut", "external", "entity", "encoding", "deep"],
)
def test_what_is_no_pom_is_refused(content: bytes) -> None:
    with pytest.raises(BadPom):
        parse_pom(content)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash_it(content: bytes) -> None:
    parse_properties(content)
    try:
        parse_pom(b"<project>" + content)
    except BadPom:
        return
