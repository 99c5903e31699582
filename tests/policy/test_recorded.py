"""Cases recorded from Anchore Engine 1.1 (tests/vectors/policy-cases), on evidence built by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.errors import InvalidBundle
from anchore_gate.model.evaluation import Action
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.policy.trigger import Evidence, MalwareFinding
from tests.policy.support import evidence, files, judge

CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
# Engine's bugs that are not repeated: it fails on a blank passwd line and cannot compare npm versions.
QUIRKS = {"passwd_malformed_uid_error", "pkg_required_nonos_minimum"}
NAMES = sorted(path.parent.name for path in CASES.glob("*/expected.json"))
PACKAGES = (
    Package(type="deb", name="libfoo1", version="1:1.2.3-4+b1", upstream="foo"),
    Package(type="npm", name="leftpad", version="1.3.0"),
    Package(type="npm", name="leftpad", version="1.1.0"),
    Package(type="python", name="acme", version="1.0"),
    Package(type="gem", name="rake", version="13.0"),
)


def read(name: str, file: str) -> Any:
    return json.loads((CASES / name / file).read_text())


def seen(name: str, expected: dict[str, Any]) -> Evidence:
    distro = expected["image"]["distro"], expected["image"]["distro_version"]
    has_packages = expected["image"]["distro"] == "debian"
    known = None
    if (CASES / name / "malware.json").exists():
        known = tuple(
            MalwareFinding(scanner=scan["scanner"], path=one["path"], signature=one.get("signature", ""))
            for scan in read(name, "malware.json").values()
            for one in scan["findings"]
        )
    inventory = Inventory(
        distro=Distro(id=distro[0], version_id=distro[1]), packages=PACKAGES if has_packages else ()
    )
    return evidence(files=files(), inventory=inventory, malware=known)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in QUIRKS | {"err_bundle_version"}])
def test_a_recorded_case_ends_as_in_engine(name: str) -> None:
    args, expected = read(name, "args.json"), read(name, "expected.json")

    result = judge(
        read(name, "bundle.json"),
        seen(name, expected),
        tag=args["tag"],
        digest=args.get("digest", ""),
        unmapped=Action.GO,
    )

    reason = result.final_reason.replace("denylisted", "blacklisted").replace("allowlisted", "whitelisted")
    mapping = expected["matched_mapping_rule"]
    assert (result.final_action.word, reason) == (expected["final_action"], expected["final_action_reason"])
    assert (result.mapping.id if result.mapping else None) == (mapping["id"] if mapping else None)
    assert [one.type for one in result.problems] == [
        one["problem_type"] for one in expected["evaluation_problems"]
    ]
    assert Counter(
        (outcome.gate, outcome.trigger, outcome.action.word, one.trigger_id, one.message)
        for outcome in result.outcomes
        for one in outcome.findings
    ) == Counter(
        (one["gate"], one["trigger"], one["action"], one["trigger_id"], one["message"])
        for one in expected["findings"]
    )


def test_a_bundle_of_another_version_is_refused() -> None:
    with pytest.raises(InvalidBundle, match="version: found version '2', expected '1_0'"):
        judge(read("err_bundle_version", "bundle.json"))
