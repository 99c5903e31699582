from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog.python import CATALOGER
from anchore_gate.model.inventory import Package, Unknown
from tests.support.files import Files

SITE = "/usr/lib/python3/dist-packages"
METADATA = f"{SITE}/Foo_Bar-1.0.dist-info/METADATA"


def found(tree: dict[str, bytes | str]) -> list[object]:
    return list(CATALOGER.catalog(Files(tree), None, with_files=False))


def package(content: str, path: str = METADATA) -> Package:
    (one,) = found({path: content})
    assert isinstance(one, Package)
    return one


def test_a_wheel_is_named_as_pep_503_normalises_it() -> None:
    one = package("Metadata-Version: 2.1\nName: Foo_Bar.baz\nVersion: 1.0rc1\n")
    assert (one.type, one.name, one.version) == ("python", "foo-bar-baz", "1.0rc1")
    assert one.purl == "pkg:pypi/foo-bar-baz@1.0rc1"
    assert one.spelling == "Foo_Bar.baz"
    assert package("Metadata-Version: 2.1\nName: foo\nVersion: 1\n").spelling == ""


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/a.dist-info/METADATA",
        f"{SITE}/a.egg-info/PKG-INFO",
        f"{SITE}/a.egg-info",
        f"{SITE}/a.egg/EGG-INFO/PKG-INFO",
        f"{SITE}/DIST-INFO/METADATA",
    ],
)
def test_wheels_and_eggs_are_evidence(path: str) -> None:
    assert package("Name: a\nVersion: 1\n", path).locations == (path,)


@pytest.mark.parametrize("path", ["/etc/METADATA", "/a/PKG-INFO", "/a/x.dist-info/metadata.json"])
def test_other_files_are_no_evidence(path: str) -> None:
    assert found({path: "Name: a\nVersion: 1\n"}) == []


def test_what_lies_beside_the_metadata_is_a_location_too() -> None:
    folder = f"{SITE}/a.dist-info"
    tree: dict[str, bytes | str] = {
        f"{folder}/METADATA": "Name: a\nVersion: 1\n", f"{folder}/RECORD": "", f"{folder}/direct_url.json": "{}"
    }  # fmt: skip
    (one,) = found(tree)
    assert isinstance(one, Package)
    assert one.locations == (f"{folder}/METADATA", f"{folder}/RECORD", f"{folder}/direct_url.json")


def test_the_description_is_not_read_for_fields() -> None:
    assert package("Name: a\nVersion: 1\n\nName: b\nVersion: 2\n").name == "a"


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ("License: MIT", ("MIT",)),
        ("License: MIT\nLicense-Expression: MIT OR Apache-2.0", ("MIT OR Apache-2.0",)),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License", ("BSD License",)),
        ("License: one\n  two", ("one\n two",)),
        ("Classifier: Topic :: Text", ()),
    ],
)
def test_the_license_is_expression_then_field_then_classifier(fields: str, names: tuple[str, ...]) -> None:
    assert package(f"Name: a\nVersion: 1\n{fields}\n").licenses == names


def test_the_interpreter_is_no_package() -> None:
    assert found({f"{SITE}/Python-2.7.egg-info": "Name: Python\nVersion: 2.7\n"}) == []


def test_metadata_without_a_name_is_unknown() -> None:
    (one,) = found({METADATA: "garbage"})
    assert one == Unknown(METADATA, "python", "no Name in Python metadata")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_it(content: bytes) -> None:
    found({METADATA: content})


def test_a_field_of_many_lines_ends_at_a_limit() -> None:
    assert len(package("Name: a\nVersion: 1\nLicense: x\n" + " y\n" * 80_000).licenses[0]) == 1024
