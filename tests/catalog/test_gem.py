from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog import gemspec
from anchore_gate.catalog.gem import CATALOGER
from anchore_gate.model.inventory import Package, Unknown
from tests.support.files import Files

HOME = "/usr/lib/ruby/gems/3.1.0/specifications"
RACK = """# -*- encoding: utf-8 -*-
# stub: rack 2.2.4 ruby lib

Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "2.2.4"

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :required_rubygems_version=
  s.authors = ["Leah Neukirchen".freeze]
  s.licenses = ["MIT".freeze, "Ruby".freeze]
  s.rubygems_version = "3.3.5".freeze
end
"""


def found(content: bytes | str, path: str = f"{HOME}/rack-2.2.4.gemspec") -> list[object]:
    return list(CATALOGER.catalog(Files({path: content}), None, with_files=False))


def test_an_installed_gem_is_named_by_its_specification() -> None:
    (one,) = found(RACK)
    assert isinstance(one, Package)
    assert (one.type, one.name, one.version) == ("gem", "rack", "2.2.4")
    assert (one.purl, one.licenses) == ("pkg:gem/rack@2.2.4", ("MIT", "Ruby"))


@pytest.mark.parametrize("folder", [HOME, f"{HOME}/default", "/srv/vendor/bundle/ruby/3.1.0/specifications"])
def test_default_and_bundled_gems_count(folder: str) -> None:
    assert len(found(RACK, f"{folder}/rack-2.2.4.gemspec")) == 1


def test_a_gemspec_outside_specifications_is_not_installed() -> None:
    assert found(RACK, "/srv/app/rack.gemspec") == []


@pytest.mark.parametrize(
    ("text", "file_name", "version"),
    [
        ("s.name = 'a'\ns.version = Gem::Version.new(\"1.2\")", "a.gemspec", "1.2"),
        ("# stub: a 1.3 ruby lib\ns.name = 'a'\ns.version = A::VERSION", "a.gemspec", "1.3"),
        ("Gem::Specification.new 'a', '1.4' do |s|", "x.gemspec", "1.4"),
        ("s.name = 'a'\ns.version = A::VERSION", "a-1.5.0-x86_64-linux.gemspec", "1.5.0"),
        ("s.name = 'a'\ns.version = A::VERSION", "b-1.0.gemspec", ""),
    ],
    ids=["Version.new", "stub", "new", "file", "other file"],
)
def test_the_version_may_stand_elsewhere(text: str, file_name: str, version: str) -> None:
    spec = gemspec.parse(text, file_name=file_name)
    assert spec is not None
    assert (spec.name, spec.version) == ("a", version)


def test_a_specification_without_a_name_is_unknown() -> None:
    (one,) = found("garbage", f"{HOME}/x.gemspec")
    assert isinstance(one, Unknown)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_it(content: bytes) -> None:
    found(content)


def test_long_lines_are_read_in_linear_time() -> None:
    assert (
        gemspec.parse("s.licenses = [" + "'a'," * 200_000 + "\ns.name = '" + "x" * 200_000, file_name="x")
        is None
    )


def test_long_gaps_are_read_in_linear_time() -> None:
    gap = " " * 400_000
    assert (
        gemspec.parse(f"Gem::Specification.new{gap}\ns.version = Gem::Version.new{gap}", file_name="x")
        is None
    )
