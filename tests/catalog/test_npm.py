from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog.npm import CATALOGER
from anchore_gate.model.inventory import Package, Unknown
from tests.support.files import Files, Node

PATH = "/app/node_modules/x/package.json"


def found(content: bytes | str, path: str = PATH) -> list[object]:
    return list(CATALOGER.catalog(Files({path: content}), None, with_files=False))


def package(content: str) -> Package:
    (one,) = found(content)
    assert isinstance(one, Package)
    return one


def test_a_module_is_named_by_its_package_json() -> None:
    one = package('{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}')
    assert (one.type, one.name, one.version) == ("npm", "left-pad", "1.3.0")
    assert one.purl == "pkg:npm/left-pad@1.3.0"
    assert (one.licenses, one.locations) == (("WTFPL",), (PATH,))


def test_a_scoped_name_has_a_namespace_in_its_purl() -> None:
    one = package('{"name": "@babel/core", "version": "7.0.0"}')
    assert (one.name, one.purl) == ("@babel/core", "pkg:npm/%40babel/core@7.0.0")


@pytest.mark.parametrize(
    ("license", "names"),
    [
        ('"license": "MIT"', ("MIT",)),
        ('"license": {"type": "MIT", "url": "u"}', ("MIT",)),
        ('"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]', ("MIT", "Apache-2.0")),
        ('"license": ["MIT", "ISC"]', ("MIT", "ISC")),
        ('"license": "(MIT OR Apache-2.0)"', ("(MIT OR Apache-2.0)",)),
        ('"license": null, "licenses": 7', ()),
    ],
)
def test_every_form_of_license_is_read(license: str, names: tuple[str, ...]) -> None:
    assert package(f'{{"name": "a", "version": "1", {license}}}').licenses == names


def test_a_package_without_version_has_the_version_unknown() -> None:
    one = package('{"name": "app"}')
    assert (one.version, one.purl) == ("UNKNOWN", "pkg:npm/app")


def test_a_version_of_null_is_none() -> None:
    assert package('{"name": "app", "version": null}').version == "UNKNOWN"


def test_a_version_that_is_no_text_makes_the_package_unknown() -> None:
    (one,) = found('{"name": "app", "version": 1}')
    assert isinstance(one, Unknown)
    assert (one.path, one.reason) == (PATH, "the version of 'app' is no text")


def test_a_file_of_another_case_is_not_what_node_reads() -> None:
    assert found('{"name": "a", "version": "1"}', "/app/node_modules/x/Package.json") == []


@pytest.mark.parametrize(
    "content", ['{"type": "module"}', "[1]", '{"name": "", "version": "1"}', '{"name": 7}']
)
def test_a_file_that_names_no_package_is_no_evidence(content: str) -> None:
    assert found(content) == []


def test_a_byte_order_mark_is_passed_over() -> None:
    assert len(found(b'\xef\xbb\xbf{"name": "a", "version": "1"}')) == 1


def test_documents_that_follow_each_other_are_all_read() -> None:
    assert len(found('{"name": "a", "version": "1"}\n{"name": "b", "version": "2"}')) == 2


@pytest.mark.parametrize(
    "content",
    ["{", "", "[" * 100_000, "{} " * 50, '{"name": "a"} x', '{"name": "a", "x": NaN}'],
    ids=str.strip,
)
def test_a_file_that_is_no_json_is_unknown_or_nothing(content: str) -> None:
    assert all(isinstance(one, Unknown) for one in found(content))


def test_a_cut_file_is_unknown_with_its_path() -> None:
    (one,) = found('{"name": "a", ')
    assert isinstance(one, Unknown)
    assert (one.path, one.cataloger) == (PATH, "npm")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash_it(content: bytes) -> None:
    found(content)


def test_the_layer_that_brought_the_file_brought_the_package() -> None:
    files = Files({PATH: Node(content=b'{"name": "a", "version": "1"}', layer=3)})
    (one,) = CATALOGER.catalog(files, None, with_files=False)
    assert isinstance(one, Package)
    assert one.layer == 3


def test_half_characters_are_replaced() -> None:
    one = package(r'{"name": "a\ud800", "version": "1", "license": "M\udfffT"}')
    assert (one.name, one.licenses) == ("a?", ("M?T",))
