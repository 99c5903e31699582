"""Gates `distro`, `tag_drift` and `ancestry`."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.model.digest import Digest
from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.policy.trigger import Evidence
from tests.policy.support import enterprise, evidence, findings, judge, messages, rule

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("actual", "check", "wanted", "fires"),
    [
        ("11", "<", "12", True),
        ("12", "<", "12", False),
        ("12.5", ">=", "12", True),
        ("9", "<", "10", True),
        ("3.19.1", "=", "3.19.1", True),
        ("12.0", "=", "12", True),
        ("12", "!=", "12", False),
        ("trixie/sid", "=", "trixie/sid", True),
        ("trixie/sid", "!=", "12", True),
        ("12", "<=", None, True),
    ],
)
def test_a_distribution_is_denied_by_version(
    actual: str, check: str, wanted: str | None, fires: bool
) -> None:
    seen = evidence(inventory=Inventory(distro=Distro(id="debian", version_id=actual)))
    raw = enterprise(rule("distro", "deny", distro="Debian", version=wanted, check=check))

    assert bool(messages(raw, seen)) is fires


def test_another_distribution_or_none_is_not_denied() -> None:
    raw = enterprise(rule("distro", "deny", distro="debian", version="12", check="<"))

    assert messages(raw, evidence(inventory=Inventory(distro=Distro(id="alpine", version_id="3")))) == []
    assert messages(raw, evidence()) == []


def test_a_version_that_cannot_be_compared_stops() -> None:
    raw = enterprise(rule("distro", "deny", distro="debian", version="12", check="<"))
    result = judge(raw, evidence(inventory=Inventory(distro=Distro(id="debian", version_id=""))))

    assert result.final_action is Action.STOP
    assert "cannot be compared" in (result.outcomes[0].problem or "")
    bad = judge(enterprise(rule("distro", "deny", distro="debian", version="x", check="<")))
    assert "not numbers and dots: 'x'" in bad.problems[0].message


def drift(trigger: str, **params: Any) -> list[str]:
    before = (
        Package(type="deb", name="bash", version="1"),
        Package(type="deb", name="curl", version="1"),
        Package(type="npm", name="left", version="1"),
    )
    now = (
        Package(type="deb", name="bash", version="2"),
        Package(type="npm", name="left", version="1"),
        Package(type="npm", name="pad", version="3"),
    )
    seen = evidence(inventory=Inventory(packages=now), previous=Inventory(packages=before))
    return messages(enterprise(rule("tag_drift", trigger, **params)), seen)


def test_drift_is_told_package_by_package() -> None:
    said = "Package {} since the previous image of the tag: {}"

    assert drift("packages_added") == [said.format("added", "pad 3 (npm)")]
    assert drift("packages_removed") == [said.format("removed", "curl 1 (deb)")]
    assert drift("packages_modified") == [said.format("modified", "bash 1 to 2 (deb)")]


@pytest.mark.parametrize(("kind", "count"), [("all", 1), ("non-os", 1), ("os", 0), ("npm", 1), ("dpkg", 0)])
def test_drift_of_one_type_of_package(kind: str, count: int) -> None:
    assert len(drift("packages_added", package_type=kind)) == count


def test_drift_without_an_earlier_image_stops_unless_told_otherwise() -> None:
    raw = enterprise(rule("tag_drift", "packages_added"))

    assert judge(raw).final_action is Action.STOP
    assert judge(raw, unsupported=Action.WARN).final_action is Action.WARN
    assert "is not known" in (judge(raw).outcomes[0].problem or "")


BASED_ON_12 = (("org.opencontainers.image.base.name", "debian:12"),)


def built(dockerfile: str = "", **image: Any) -> Evidence:
    more = {"dockerfile": parse_dockerfile(dockerfile)} if dockerfile else {}
    return evidence(image=Image(name="x", source="test", **image), **more)


@pytest.mark.parametrize(
    ("seen", "allowed", "fires"),
    [
        (built("FROM debian:12\n"), "docker.io/library/debian:12", False),
        (built("FROM debian:12\n"), "alpine:3, debian:12", False),
        (built("FROM debian:11\n"), "debian:12", True),
        (built("FROM debian:12 AS a\nFROM alpine:3\nFROM A\n"), "debian:12", False),
        (built("FROM scratch\n"), "debian:12", True),
        (built(annotations=BASED_ON_12), "debian:12", False),
        (built("FROM debian:11\n", annotations=BASED_ON_12), "debian:12", True),
        (built("FROM debian:12\n", annotations=BASED_ON_12), "debian:12", False),
        (
            evidence(
                base=Image(name="debian:11", source="registry"),
                image=Image(name="x", source="test", annotations=BASED_ON_12),
            ),
            "debian:12",
            True,
        ),
        (evidence(base=Image(name="debian:12", source="registry")), "debian:12", False),
        (evidence(base=Image(name="debian:12", source="registry")), "debian:11", True),
    ],
)
def test_only_allowed_bases_pass(seen: Evidence, allowed: str, fires: bool) -> None:
    raw = enterprise(rule("ancestry", "allowed_base_image_tag", base_tag=allowed))

    assert bool(findings(raw, seen)) is fires


@pytest.mark.parametrize("dockerfile", ["", "FROM ${BASE}\n"])
def test_an_unknown_base_stops_unless_told_otherwise(dockerfile: str) -> None:
    raw = enterprise(rule("ancestry", "allowed_base_image_tag", base_tag="debian:12"))

    assert judge(raw, built(dockerfile)).final_action is Action.STOP
    assert judge(raw, built(dockerfile), unsupported=Action.WARN).final_action is Action.WARN


def test_bases_are_known_by_digest() -> None:
    allowed = enterprise(rule("ancestry", "allowed_base_image_digest", base_digest=f"{B},{A.upper()}"))
    denied = enterprise(rule("ancestry", "denylist_ancestor_image_digest", ancestor_digest=A.upper()))
    pinned = built(f"FROM debian:12@{A}\n")
    based = evidence(base=Image(name="x", source="registry", digest=Digest.parse(B)))

    assert findings(allowed, pinned) == []
    assert messages(denied, pinned) == [f"Ancestor image digest is denylisted: {A}"]
    assert findings(allowed, based) == []
    assert judge(denied, based).outcomes[0].problem


def test_a_denied_name_is_found_and_nothing_else_is_promised() -> None:
    raw = enterprise(rule("ancestry", "denylist_ancestor_image_tag", ancestor_tag="debian:8"))

    assert messages(raw, built("FROM debian:8\n")) == ["Ancestor image is denylisted: debian:8"]
    assert findings(raw, built("FROM scratch\n")) == []
    assert judge(raw, built("FROM debian:12\n")).final_action is Action.STOP


def test_no_ancestor_was_looked_at() -> None:
    raw = enterprise(rule("ancestry", "no_ancestors_analyzed"))

    assert messages(raw) == ["No ancestor of the image was analyzed"]
    assert messages(raw, evidence(base=Image(name="x", source="registry"))) == []
