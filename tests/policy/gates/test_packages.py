"""Gate `packages`."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from anchore_gate.image.filesystem import FileEntry
from anchore_gate.model.inventory import Inventory, Package, PackageFile
from anchore_gate.policy.gates.packages import Verify
from anchore_gate.policy.parameter import configure
from tests.policy.support import bundle, enterprise, evidence, files, findings, judge, messages, rule

FOO = Package(type="deb", name="libfoo1", version="1:1.2.3-4+b1")
RPM = Package(type="rpm", name="bash", version="1:5.1.8-6.el9")
PADS = tuple(Package(type="npm", name="leftpad", version=one) for one in ("1.3.0", "1.1.0"))
SEEN = evidence(inventory=Inventory(packages=(FOO, RPM, *PADS)))


def asked(trigger: str, **params: Any) -> list[str]:
    return messages(bundle(rule("packages", trigger, **params)), SEEN)


@pytest.mark.parametrize(
    ("name", "version", "count"),
    [
        ("leftpad", None, 2),
        ("leftpad", "1.3.0", 1),
        ("leftpad", "9", 0),
        ("libfoo1", "1:1.2.3-4+b1", 1),
        ("libfoo1", "1.2.3", 0),
        ("Libfoo1", None, 0),
        ("bash", "5.1.8", 1),
        ("bash", "1:5.1.8", 1),
        ("bash", "1:5.1.8-6.el9", 1),
        ("bash", "1:5.1.8-6", 0),
        ("bash", "5.1.8-6.el9", 1),
    ],
)
def test_denied_packages_are_found_once_each(name: str, version: str | None, count: int) -> None:
    suffix = f"-{version}" if version else ""

    assert (
        asked("blacklist", name=name, version=version) == [f"Package is blacklisted: {name}{suffix}"] * count
    )


def test_enterprise_words_have_their_own_id_and_both_are_allowed() -> None:
    item = {"id": "x", "gate": "packages", "trigger_id": "c4d1f86a786e35b93bbfd2e89a1266b0"}
    raw = enterprise(rule("packages", "denylist", name="leftpad"), items=[item])

    finding = judge(raw, SEEN).outcomes[0].findings[0]

    assert finding.message == "Package is denylisted: leftpad"
    assert finding.trigger_id != item["trigger_id"]
    assert finding.suppressed is not None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"name": "curl"}, "Required input package (curl) is not present in container image"),
        ({"name": "curl", "version": "8"}, "Required input package (curl,8) is not present in container image"),
        ({"name": "leftpad"}, None),
        ({"name": "leftpad", "version": "1.3.0"}, None),
        ({"name": "leftpad", "version": "1.1.0"},
         "Required input package (leftpad) is present (1.3.0), but not at the version specified in policy (leftpad)"),
        ({"name": "leftpad", "version": "1.3.0", "version_match_type": "minimum"}, None),
        ({"name": "leftpad", "version": ""},
         "Required input package (leftpad) is present (1.3.0), but not at the version specified in policy (leftpad)"),
        ({"name": "bash", "version": "", "version_match_type": "minimum"}, None),
        ({"name": "curl", "version": ""}, "Required input package (curl) is not present in container image"),
        ({"name": "bash", "version": "5.1.8-6.el9"}, None),
        ({"name": "bash", "version": "1:5.1.8-6.el9"}, None),
        ({"name": "bash", "version": "5.1.8"},
         "Required input package (bash) is present (1:5.1.8-6.el9), but not at the version specified in policy (bash)"),
        ({"name": "bash", "version": "5.1.8", "version_match_type": "minimum"}, None),
        ({"name": "bash", "version": "5.2", "version_match_type": "minimum"},
         "Required min-version input package (bash) is present (1:5.1.8-6.el9), "
         "but is lower version than what is specified in policy (5.2)"),
        ({"name": "libfoo1", "version": "1:1.3", "version_match_type": "minimum"},
         "Required min-version input package (libfoo1) is present (1:1.2.3-4+b1), "
         "but is lower version than what is specified in policy (1:1.3)"),
    ],
)  # fmt: skip
def test_a_required_package_is_missed(params: dict[str, Any], message: str | None) -> None:
    assert asked("required_package", **params) == ([message] if message else [])


YAML = Package(type="python", name="pyyaml", version="5.3", spelling="PyYAML")
PYTHON = evidence(inventory=Inventory(packages=(YAML, Package(type="npm", name="zope-x", version="1"))))


@pytest.mark.parametrize("name", ["PyYAML", "pyyaml", "pyYaml"])
def test_a_python_package_goes_by_any_spelling_of_its_name(name: str) -> None:
    raw = bundle(rule("packages", "blacklist", name=name), rule("packages", "required_package", name=name))

    assert messages(raw, PYTHON) == [f"Package is blacklisted: {name}"]
    assert messages(bundle(rule("packages", "blacklist", name="zope.x")), PYTHON) == []


@pytest.mark.parametrize(
    ("check", "name", "is_picked"),
    [
        ("=", "PyYAML", True),
        ("!=", "PyYAML", False),
        ("like", "PyY.*", True),
        ("like", "pyy.*", True),
        ("not_like", "PyY", False),
    ],
)
def test_metadata_of_a_python_package_goes_by_any_spelling_too(
    check: str, name: str, is_picked: bool
) -> None:
    raw = enterprise(rule("packages", "metadata", name=name, name_comparison=check))

    assert (YAML in [one.package for one in findings(raw, PYTHON)]) is is_picked


def test_a_required_package_is_first_looked_for_among_those_of_the_distribution() -> None:
    nodes = Package(type="npm", name="npm", version="8.0"), Package(type="rpm", name="npm", version="7.1-1")
    raw = bundle(rule("packages", "required_package", name="npm", version="7.1-1"))

    assert messages(raw, evidence(inventory=Inventory(packages=nodes))) == []


OWNED = (
    PackageFile(path="/bin/bash", digest=hashlib.md5(b"x").hexdigest(), algorithm="md5"),
    PackageFile(path="/bin/gone"),
    PackageFile(path="/etc/bashrc", digest="0" * 32, algorithm="md5", is_config=True),
    PackageFile(path="/bin/mode", mode=0o755),
    PackageFile(path="/bin/size", size=9),
    PackageFile(path="/etc/bashrc", mode=0),  # as databases write what has none
)
CHANGED = evidence(
    inventory=Inventory(packages=(RPM,), files=((RPM, OWNED),)),
    files=files(
        FileEntry(path="/bin/mode", type="file", mode=0o100777),
        kept={"/bin/bash": b"y", "/etc/bashrc": b"z", "/bin/size": b"1"},
    ),
)


@pytest.mark.parametrize(
    ("params", "hits"),
    [
        ({}, ["/bin/bash changed", "/bin/gone missing", "/bin/mode changed", "/bin/size changed"]),
        ({"check": "missing"}, ["/bin/gone missing"]),
        ({"check": "changed", "only_directories": "/bin/b,/usr"}, ["/bin/bash changed"]),
        ({"check": "changed", "only_directories": "/bin/b,/bin/bash"}, ["/bin/bash changed"] * 2),
        ({"only_packages": "zsh"}, []),
    ],
)
def test_files_are_verified_against_the_database(params: dict[str, str], hits: list[str]) -> None:
    assert messages(bundle(rule("packages", "verify", **params)), CHANGED) == [
        f"VERIFY check against package db for package 'bash' failed on entry '{path}' with status: '{status}'"
        for path, _, status in (hit.partition(" ") for hit in hits)
    ]


@pytest.mark.parametrize(("type", "hits"), [("deb", 1), ("apk", 1), ("rpm", 3)])
def test_links_and_folders_are_verified_where_engine_reads_them(type: str, hits: int) -> None:
    owner = Package(type=type, name="a", version="1")
    gone = (
        PackageFile(path="/usr/share/doc/a", type="dir"),
        PackageFile(path="/usr/share/doc/a/link", type="link"),
        PackageFile(path="/usr/bin/a", digest="0" * 32, algorithm="md5"),
    )
    inventory = Inventory(packages=(owner,), files=((owner, gone),))

    found = messages(bundle(rule("packages", "verify")), evidence(inventory=inventory, files=files()))

    assert [one for one in found if "/usr/bin/a" in one] == found[-1:]
    assert len(found) == hits


@pytest.mark.parametrize(
    ("type", "comparison", "hits"), [("DPKG", "=", 1), ("deb", "=", 1), ("dpkg", "!=", 3), ("NPM", "=", 2)]
)
def test_a_package_type_goes_by_anchores_word_too(type: str, comparison: str, hits: int) -> None:
    raw = enterprise(rule("packages", "metadata", type=type, type_comparison=comparison))

    assert len(findings(raw, SEEN)) == hits


def test_metadata_picks_by_name_version_and_type() -> None:
    raw = enterprise(
        rule("packages", "metadata", name="left.*", name_comparison="like", type="npm", version="1.1.0")
    )

    assert [one.package for one in findings(raw, SEEN)] == [PADS[1]]


@pytest.mark.parametrize(
    ("listed", "read"),
    [("a", ("a",)), (" a , b ", ("a", "b")), ("a, ", ("a", "")), ("a,", None), (",a", None), ("", None)],
)
def test_a_list_is_one_where_engine_takes_it_for_one(listed: str, read: tuple[str, ...] | None) -> None:
    made, faults = configure(Verify, {"only_packages": listed}, rule_id=None)

    assert (made.only_packages if isinstance(made, Verify) else None) == read
    assert bool(faults) is (read is None)


def test_metadata_without_a_question_is_refused() -> None:
    assert [one.type for one in judge(enterprise(rule("packages", "metadata"))).problems] == [
        "ParameterValueInvalidError"
    ]
