from __future__ import annotations

import pytest

from anchore_gate.catalog.java_archive import Manifest, group_of, name_of, split_file_name, version_of
from anchore_gate.catalog.java_groups import known_group


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("log4j-core-2.17.1.jar", "log4j-core", "2.17.1"),
        ("some-package-4.0.1.jar", "some-package", "4.0.1"),
        ("prefix.thing-4.jar", "prefix.thing", "4"),
        ("my-http2-server-5.jar", "my-http2-server", "5"),
        ("jetpack-build235-rc5.jar", "jetpack", "build235-rc5"),
        ("pkg-extra-field-maven-4.3.2-rc1.war", "pkg-extra-field-maven", "4.3.2-rc1"),
        ("tool_1.2.jar", "tool", "1.2"),
        ("org.eclipse.osgi_3.18.jar", "org.eclipse.osgi", "3.18"),
        ("tool-r4.jar", "tool", "r4"),
        ("tool.jar", "tool", ""),
        ("x+y-1.jar", "", ""),
        ("-1.jar", "", ""),
        ("", "", ""),
    ],
)
def test_a_file_name_carries_name_and_version(file: str, name: str, version: str) -> None:
    assert split_file_name(f"/a/b.c/{file}") == (name, version)


def test_a_hostile_file_name_is_read_in_linear_time() -> None:
    assert split_file_name("a-" * 100 + "!.jar") == ("", "")


def test_continuation_lines_are_joined() -> None:
    manifest = Manifest.parse(b"Implementation-Version: 1.\r\n 2.3\r\n\r\nName: x\r\nBundle-Version: 9\r\n")
    assert (version_of(manifest, ""), manifest.find("Bundle-Version")) == ("1.2.3", "9")


@pytest.mark.parametrize("content", [b"", b" cont", b":\n\n:x", b"no colon", b"\xff\xfe", b"\n\n\n"])
def test_any_bytes_are_a_manifest(content: bytes) -> None:
    assert name_of(Manifest.parse(content), "") == ""


@pytest.mark.parametrize(
    ("fields", "file_name", "name"),
    [
        ("Bundle-Name: B\nImplementation-Title: I\n", "", "B"),
        ("Implementation-Title: I\n", "", "I"),
        ("", "org.example.tool", "tool"),
        ("", "org.eclipse.osgi", "org.eclipse.osgi"),
        ("", "log4j-1.2-api", "log4j-1.2-api"),
        ("Created-By: Apache Maven Bundle Plugin\nBundle-SymbolicName: org.x.y\n", "file", "y"),
        ("Created-By: Apache Maven Bundle Plugin\nBundle-SymbolicName: o.x\nImplementation-Vendor-Id: o.x\n", "f", "f"),
    ],
)  # fmt: skip
def test_the_name_comes_from_bundle_file_or_manifest(fields: str, file_name: str, name: str) -> None:
    assert name_of(Manifest.parse(fields.encode()), file_name) == name


def test_a_group_is_what_starts_with_a_domain() -> None:
    manifest = Manifest.parse(
        b"Implementation-Vendor: Some Body\nBundle-SymbolicName: org.x.y;singleton:=true\n"
    )
    assert group_of(manifest) == "org.x.y"


@pytest.mark.parametrize(
    ("artifact", "group"),
    [
        ("spring-core", "org.springframework"),
        ("spring-boot-starter-web", "org.springframework.boot"),
        ("tomcat-embed-core", "org.apache.tomcat.embed"),
        ("tomcat-i18n-de", "org.apache.tomcat"),
        ("ant-apache-log4j", "org.apache.ant"),
        ("ant-contrib", ""),
        ("commons-digester", "commons-digester"),
        ("commons-jelly-tags-xml", "commons-jelly"),
        ("commons-lang3", ""),
        ("velocity", "org.apache.velocity"),
        ("unheard-of", ""),
    ],
)
def test_well_known_artifacts_have_their_group(artifact: str, group: str) -> None:
    assert known_group(artifact) == group


def test_a_value_of_many_lines_ends_at_a_limit() -> None:
    manifest = Manifest.parse(b"Bundle-Name: x\n" + b" y\n" * 500_000)
    assert len(manifest.find("Bundle-Name")) == 4096
