from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog import catalog, java_walk
from anchore_gate.catalog.java import CATALOGER
from anchore_gate.model.inventory import Package, Unknown
from tests.support.files import Files, Node
from tests.support.zips import jar, pom_properties, zipped

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>org.parent</groupId>
<version>9</version></parent><artifactId>tool</artifactId><licenses><license><name>MIT</name></license></licenses>
</project>"""


def found(path: str, content: bytes) -> list[Package | Unknown]:
    files = Files({path: Node(content=content, layer=2)})
    return [
        one for one in CATALOGER.catalog(files, None, with_files=False) if isinstance(one, Package | Unknown)
    ]


def packages(path: str, content: bytes) -> list[Package]:
    every = found(path, content)
    assert not [one for one in every if isinstance(one, Unknown)]
    return [one for one in every if isinstance(one, Package)]


def coordinates(path: str, content: bytes) -> list[tuple[str, str, str]]:
    return sorted((one.group_id, one.name, one.version) for one in packages(path, content))


def test_pom_properties_name_the_archive() -> None:
    (one,) = packages("/a/tool-1.0.jar", jar(**pom_properties("org.example", "tool", "1.0.1")))
    assert (one.type, one.name, one.version, one.group_id) == ("java-archive", "tool", "1.0.1", "org.example")
    assert (one.purl, one.locations, one.layer) == (
        "pkg:maven/org.example/tool@1.0.1",
        ("/a/tool-1.0.jar",),
        2,
    )


def test_without_a_pom_the_file_name_names_it() -> None:
    assert coordinates("/a/tool-1.0.jar", jar()) == [("", "tool", "1.0")]


def test_the_file_name_is_worth_more_than_the_manifest() -> None:
    content = jar("Implementation-Title: other\nImplementation-Version: 7\n")
    assert coordinates("/a/tool-1.0.jar", content) == [("", "tool", "1.0")]


def test_a_version_that_the_file_name_lacks_comes_from_the_manifest() -> None:
    assert coordinates("/a/tool.jar", jar("Implementation-Version: 7\n")) == [("", "tool", "7")]


def test_no_version_at_all_is_unknown() -> None:
    (one,) = packages("/a/tool.jar", jar())
    assert (one.version, one.purl) == ("UNKNOWN", "pkg:maven/tool/tool")


def test_a_pom_xml_gives_group_and_license() -> None:
    (one,) = packages("/a/tool-1.0.jar", jar(**{"META-INF/maven/x/tool/pom.xml": POM}))
    assert (one.group_id, one.licenses) == ("org.parent", ("MIT",))


def test_the_manifest_license_comes_first() -> None:
    members = {"META-INF/maven/x/tool/pom.xml": POM}
    (one,) = packages("/a/tool-1.0.jar", jar("Bundle-License: Apache-2.0\n", **members))
    assert one.licenses == ("Apache-2.0",)


@pytest.mark.parametrize("name", ["META-INF/LICENSE", "LICENSE.txt"])
def test_the_license_file_is_read_where_nothing_else_says_it(name: str) -> None:
    text = "Permission is hereby granted, free of charge, to any person obtaining a copy"
    assert packages("/a/tool-1.jar", jar(**{name: text}))[0].licenses == ("MIT",)
    assert packages("/a/tool-1.jar", jar(**{f"x/{name}": text}))[0].licenses == ()


def test_an_inner_archive_belongs_to_who_owns_the_outer() -> None:
    status = "Package: tool\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
    files = Files(
        {
            "/var/lib/dpkg/status": status,
            "/var/lib/dpkg/info/tool.list": "/usr/share/java/app.war\n",
            "/usr/share/java/app.war": jar(**{"WEB-INF/lib/lib-2.jar": jar()}),
        }
    )
    owners = {one.name: one.owned_by.partition("@")[0] for one in catalog(files).packages}
    assert owners == {"tool": "", "app": "pkg:deb/tool", "lib": "pkg:deb/tool"}


def test_a_shaded_archive_holds_several_packages() -> None:
    content = jar(
        **pom_properties("org.a", "all", "1"),
        **pom_properties("org.b", "part", "2"),
        **pom_properties("org.c", "part", "3"),
    )
    assert coordinates("/a/all-1.jar", content) == [
        ("org.a", "all", "1"), ("org.b", "part", "2"), ("org.c", "part", "3")
    ]  # fmt: skip


def test_a_shaded_archive_without_a_manifest_counts_too() -> None:
    content = zipped(pom_properties("org.b", "part", "2"))
    assert coordinates("/a/all-1.jar", content) == [("org.b", "part", "2")]


def test_archives_inside_archives_are_read() -> None:
    inner = jar(**pom_properties("org.b", "lib", "2"))
    middle = jar(**{"WEB-INF/lib/lib-2.jar": inner})
    outer = jar(**{"app.war": middle, "BOOT-INF/lib/lib-2.jar": inner})
    every = packages("/a/app-1.ear", outer)
    assert {one.locations for one in every if one.name == "lib"} == {
        ("/a/app-1.ear:app.war:WEB-INF/lib/lib-2.jar", "/a/app-1.ear"),
        ("/a/app-1.ear:BOOT-INF/lib/lib-2.jar", "/a/app-1.ear"),
    }
    assert {one.layer for one in every} == {2}


def test_a_stored_inner_archive_is_read_in_place() -> None:
    inner = jar(**pom_properties("org.b", "lib", "2"))
    outer = zipped({"META-INF/MANIFEST.MF": "A: b\n", "BOOT-INF/lib/lib-2.jar": inner}, stored=True)
    assert ("org.b", "lib", "2") in coordinates("/a/app-1.jar", outer)


def test_an_executable_jar_may_start_with_a_script() -> None:
    content = b"#!/bin/sh\nexec java -jar $0\n" + jar(**pom_properties("org.a", "tool", "1"))
    assert coordinates("/a/tool-1.jar", content) == [("org.a", "tool", "1")]


def test_a_zip_is_no_package_but_may_hold_some() -> None:
    assert coordinates("/a/x.zip", zipped({"lib/tool-1.jar": jar()})) == [("", "tool", "1")]
    assert found("/a/x.zip", b"no zip") == []


@pytest.mark.parametrize("suffix", ["jar", "war", "ear", "par", "sar", "nar", "kar", "lpkg", "JAR"])
def test_every_kind_of_archive_counts(suffix: str) -> None:
    (one,) = packages(f"/a/tool-1.0.{suffix}", jar())
    assert one.type == "java-archive"


@pytest.mark.parametrize("suffix", ["jpi", "hpi"])
def test_jenkins_plugins_have_their_own_type(suffix: str) -> None:
    (one,) = packages(f"/a/git.{suffix}", jar("Plugin-Version: 5.2.0\n"))
    assert (one.type, one.version) == ("jenkins-plugin", "5.2.0")


def test_a_plugin_whose_pom_names_no_group_of_jenkins_is_an_archive_as_others() -> None:
    content = jar("Plugin-Version: 2.2.0\n", **pom_properties("org.jvnet.hudson.plugins", "git", "2.2.0"))
    (one,) = packages("/a/git.hpi", content)
    assert (one.type, one.purl) == ("java-archive", "pkg:maven/org.jvnet.hudson.plugins/git@2.2.0")


def test_instrumentation_is_not_the_library_it_is_named_after() -> None:
    assert found("/a/tomcat-9.jar", jar("Weave-Classes: a.B\n")) == []


@pytest.mark.parametrize("content", [b"", b"PK", b"garbage" * 100], ids=["empty", "short", "other"])
def test_an_archive_that_cannot_be_read_is_unknown(content: bytes) -> None:
    (one,) = found("/a/tool.jar", content)
    assert isinstance(one, Unknown)
    assert one.path == "/a/tool.jar"


def test_a_damaged_inner_archive_does_not_hide_the_rest() -> None:
    members: dict[str, bytes | str] = {"WEB-INF/lib/bad.jar": "x", "WEB-INF/lib/lib-2.jar": jar()}
    every = found("/a/app-1.war", jar(**members))
    assert [one.path for one in every if isinstance(one, Unknown)] == ["/a/app-1.war:WEB-INF/lib/bad.jar"]
    assert [one.name for one in every if isinstance(one, Package)] == ["app", "lib"]


def test_a_pom_with_entities_is_unknown_and_the_package_stays() -> None:
    bomb = '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><project>&b;</project>'
    every = found("/a/tool-1.jar", jar(**{"META-INF/maven/x/tool/pom.xml": bomb}))
    assert [type(one) for one in every] == [Package, Unknown]


def test_archives_are_followed_to_a_depth_limit() -> None:
    content = jar()
    for _ in range(java_walk.MAX_DEPTH + 3):
        content = jar(**{"a-1.jar": content})
    every = found("/a/a-1.jar", content)
    assert len([one for one in every if isinstance(one, Package)]) == java_walk.MAX_DEPTH + 1
    assert "limit" in next(one.reason for one in every if isinstance(one, Unknown))


def test_a_bomb_is_unknown_before_it_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java_walk, "MAX_INNER", 10_000)
    (_, one) = found("/a/app-1.war", jar(**{"lib/x.jar": b"\0" * 1_000_000}))
    assert isinstance(one, Unknown)
    assert "more than 10000" in one.reason


def test_entries_that_share_their_bytes_are_counted_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped({"x": b"\0" * 5000}, stored=True)
    one = zipped({"a-1.jar": inner}, stored=True)
    at = one.rfind(b"PK\x01\x02")
    entry, end = one[at:-22], bytearray(one[-22:])
    struct.pack_into("<HHI", end, 8, 50, 50, 50 * len(entry))
    monkeypatch.setattr(java_walk.Walk.__init__, "__defaults__", (10 * len(inner), 100))
    reasons = [
        found.reason for found in found("/a/x.war", one[:at] + entry * 50 + end) if isinstance(found, Unknown)
    ]
    assert len(reasons) >= 39
    assert set(reasons) == {"archives within archives beyond the limit"} or "more than" in reasons[0]


def test_too_many_inner_archives_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java_walk, "MAX_ARCHIVES", 2)
    monkeypatch.setattr(java_walk.Walk.__init__, "__defaults__", (java_walk.MAX_INFLATED, 2))
    every = found("/a/app-1.war", jar(**{f"{n}-1.jar": jar() for n in "abcde"}))
    assert len([one for one in every if isinstance(one, Unknown)]) == 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_crashes_it(data: st.DataObject) -> None:
    content = bytearray(jar(**pom_properties("org.b", "lib", "2"), **{"lib/x-1.jar": jar()}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found("/a/tool.jar", bytes(content[: data.draw(st.integers(0, len(content)))]))
