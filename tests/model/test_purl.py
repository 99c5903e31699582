from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from anchore_gate.errors import InvalidReference
from anchore_gate.model.purl import Purl, purl

TYPES = ("apk", "deb", "rpm", "npm", "pypi", "gem", "maven", "golang", "cargo", "generic", "alpm", "github")
TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.text("abcXYZ09+~:@/%_-. ", max_size=12)
KEYS = st.sampled_from(("arch", "distro", "upstream", "epoch", "Vcs_Url", "checksum"))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TYPES), TEXT, TEXT, TEXT, st.dictionaries(KEYS, TEXT, max_size=3), TEXT)
def test_a_purl_is_what_packageurl_python_writes(
    type: str, namespace: str, name: str, version: str, qualifiers: dict[str, str], subpath: str
) -> None:
    if not name.strip().strip("/"):
        assert purl(type, namespace, name, version, qualifiers, subpath=subpath) == ""
        return
    theirs = PackageURL(type, namespace or None, name, version or None, qualifiers or None, subpath or None)
    assert purl(type, namespace, name, version, qualifiers, subpath=subpath) == theirs.to_string()


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (
            purl("deb", "debian", "libstdc++6", "1:12.2-14", {"distro": "debian-12", "arch": "amd64"}),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2-14?arch=amd64&distro=debian-12",
        ),
        (purl("npm", "@babel", "core", "7.0.0"), "pkg:npm/%40babel/core@7.0.0"),
        (purl("pypi", "", "Jaraco_Text", "1.0"), "pkg:pypi/jaraco-text@1.0"),
        (
            purl("deb", "debian", "bash", "5", {"upstream": "bash@5.1+b1", "epoch": ""}),
            "pkg:deb/debian/bash@5?upstream=bash%405.1%2Bb1",
        ),
        (
            purl("golang", "google.golang.org", "api", "v1", subpath="a/../b"),
            "pkg:golang/google.golang.org/api@v1#a/b",
        ),
    ],
)
def test_known_purls_come_out_in_canonical_form(built: str, expected: str) -> None:
    assert built == expected


def test_a_parsed_purl_prints_as_it_was() -> None:
    text = "pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&distro=rhel-9.2&epoch=1&upstream=bash-5.1.8-6.el9.src.rpm"
    parsed = Purl.parse(text)
    assert (parsed.name, parsed.qualifier("epoch"), parsed.qualifier("none")) == ("bash", "1", "")
    assert str(parsed) == text


@pytest.mark.parametrize("text", ["", "bash", "pkg:", "pkg:deb", "pkg:deb/", "http://x/y"])
def test_what_is_no_purl_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        Purl.parse(text)


def test_a_qualifier_key_with_other_characters_is_refused() -> None:
    with pytest.raises(InvalidReference):
        purl("deb", "", "a", "1", {"a b": "c"})
