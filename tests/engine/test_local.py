"""The engine that looks for itself: images and manifests give the same findings where they can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from anchore_gate import GateError, GateResult, LocalEngine, NoVerdict, gate, gate_all
from anchore_gate.catalog.spdx import render as spdx
from anchore_gate.engine import clamav
from anchore_gate.engine.local import named, target_of
from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Image
from anchore_gate.vulnerability.cache import Cache
from anchore_gate.vulnerability.database import DatabaseSettings

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
ROOT = Path(__file__).parents[2]
TEAM = ROOT / "examples" / "policies" / "team.json"
Images = tuple[Path, Path]


@pytest.mark.parametrize(
    ("tag", "seen"),
    [
        ("nginx", ("docker.io", "nginx", "latest")),
        ("library/nginx:1", ("docker.io", "library/nginx", "1")),
        ("dockerhub/library/nginx:1", ("docker.io", "library/nginx", "1")),
        ("localbuild/x", ("localbuild", "x", "latest")),
        ("localhost/x", ("localhost", "x", "latest")),
        ("localhost.localdomain/x", ("localhost.localdomain", "x", "latest")),
        ("reg:5000/a/b:1", ("reg:5000", "a/b", "1")),
        ("quay.io/a/b/c", ("quay.io", "a/b/c", "latest")),
        ("acme/x@sha256:" + "a" * 64, ("docker.io", "acme/x", "")),
    ],
)
def test_mappings_see_the_name_that_engine_saw(tag: str, seen: tuple[str, str, str]) -> None:
    target = target_of(Image(name="x", source="test", tag=named(tag)))

    assert (target.registry, target.repository, target.tag) == seen


def policy(tmp_path: Path, *rules: tuple[str, str, dict[str, str]]) -> Path:
    document = {
        "id": "p",
        "name": "p",
        "version": "2",
        "rule_sets": [
            {
                "id": "r",
                "name": "r",
                "version": "2",
                "rules": [
                    {
                        "id": f"rule-{number}",
                        "gate": gate_name,
                        "trigger": trigger,
                        "action": "STOP",
                        "params": [{"name": key, "value": value} for key, value in params.items()],
                    }
                    for number, (gate_name, trigger, params) in enumerate(rules)
                ],
            }
        ],
        "mappings": [
            {
                "id": "m",
                "name": "m",
                "registry": "*",
                "repository": "*",
                "image": {"type": "tag", "value": "*"},
                "rule_set_ids": ["r"],
                "allowlist_ids": [],
            }
        ],
    }
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(document))
    return path


def told(result: GateResult) -> Iterator[tuple[str, str]]:
    for outcome in result.evaluation.outcomes:
        yield from ((finding.trigger_id, finding.message) for finding in outcome.findings)


def test_real_packages_of_the_demo_are_found(demo_images: Images) -> None:
    result = gate(str(demo_images[0]), policy=TEAM, now=NOON)
    found = {(package.type, package.name) for package in result.inventory.packages}
    assert {
        ("deb", "libc6"),
        ("deb", "ca-certificates"),
        ("python", "requests"),
        ("python", "certifi"),
    } <= found
    assert str(result.inventory.distro) == "debian 12"


def test_the_same_image_gives_the_same_result_twice(demo_images: Images) -> None:
    assert gate(str(demo_images[1]), policy=TEAM, now=NOON) == gate(
        str(demo_images[1]), policy=TEAM, now=NOON
    )
    assert len({gate(str(demo_images[1]), policy=TEAM, now=NOON)}) == 1


def test_a_manifest_gives_the_same_package_findings_as_its_image(demo_images: Images, tmp_path: Path) -> None:
    asked = policy(
        tmp_path,
        ("packages", "denylist", {"name": "openssl"}),
        ("packages", "denylist", {"name": "requests"}),
        ("packages", "required_package", {"name": "curl"}),
    )
    image = gate(str(demo_images[0]), policy=asked, now=NOON)
    (tmp_path / "sbom.json").write_text(spdx(image.inventory, image.image, created=NOON))
    manifest = gate(f"sbom:{tmp_path / 'sbom.json'}", policy=asked, now=NOON)
    assert sorted(told(manifest)) == sorted(told(image))
    assert manifest.evaluation.final_action is Action.STOP


@pytest.mark.parametrize(
    ("gate_name", "trigger", "params"),
    [
        ("dockerfile", "effective_user", {"users": "root", "type": "denylist"}),
        ("dockerfile", "instruction", {"instruction": "HEALTHCHECK", "check": "not_exists"}),
        ("files", "suid_or_guid_set", {}),
        ("secret_scans", "content_regex_checks", {}),
        ("metadata", "attribute", {"attribute": "size", "check": ">", "value": "100gb"}),
        ("packages", "verify", {}),
    ],
)
def test_a_rule_that_needs_the_image_is_a_problem_for_a_manifest(
    tmp_path: Path, gate_name: str, trigger: str, params: dict[str, str]
) -> None:
    sbom = tmp_path / "sbom.json"
    sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}))
    result = gate(f"sbom:{sbom}", policy=policy(tmp_path, (gate_name, trigger, params)), now=NOON)
    (outcome,) = result.evaluation.outcomes
    assert outcome.problem is not None
    assert not result.passed


def test_an_image_that_cannot_be_judged_does_not_hide_the_others(demo_images: Images) -> None:
    good, missing = gate_all([str(demo_images[0]), "docker-archive:no.tar"], policy=TEAM, now=NOON)
    assert isinstance(good, GateResult)
    assert good.passed
    assert isinstance(missing, NoVerdict)
    assert missing.category == "not_found"


def test_an_image_is_judged_by_no_name_where_engines_name_for_none_is_given(
    demo_images: Images, tmp_path: Path
) -> None:
    path = policy(tmp_path, ("always", "always", {}))
    raw = json.loads(path.read_text())
    [any_image] = raw["mappings"]
    raw["mappings"] = [{**any_image, "id": "named", "repository": "demo*"}, {**any_image, "id": "any"}]
    path.write_text(json.dumps(raw))
    results = [gate(str(demo_images[0]), policy=path, tag=tag, now=NOON) for tag in ("", "*/*:*")]
    assert [one.evaluation.mapping and one.evaluation.mapping.id for one in results] == ["named", "any"]
    assert results[1].image.tag == "*/*:*"


def test_an_empty_policy_judges_nothing(demo_images: Images, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        '{"id": "x", "name": "x", "version": "2", "rule_sets": [], "mappings": []}'
    )
    with pytest.raises(GateError, match="empty: it asks nothing"):
        gate(str(demo_images[0]), policy=tmp_path / "p.json", now=NOON)


def test_a_policy_that_only_has_faults_is_not_called_empty(demo_images: Images, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"id": "x", "version": "1_0", "policies": [], "mappings": [{"name": "all images"}]}')
    result = gate(str(demo_images[0]), policy=path, now=NOON)
    assert not result.passed
    assert {one.path for one in result.evaluation.problems} >= {"mappings[0].image", "mappings[0].registry"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("malware", "scans", {}), "no malware scan was run"),
        (("npms", "newer_version_in_feed", {}), "can find nothing: Anchore's package feed is gone"),
    ],
)
def test_what_was_not_looked_at_is_told(
    demo_images: Images,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: tuple[str, str, dict[str, str]],
    said: str,
) -> None:
    monkeypatch.setattr(clamav, "PLACES", ())
    result = gate(str(demo_images[1]), policy=policy(tmp_path, asked))
    assert any(said in one for one in result.notes)


def test_a_rule_that_can_find_nothing_is_no_silent_pass(demo_images: Images, tmp_path: Path) -> None:
    named = policy(tmp_path, ("secret_scans", "content_regex_checks", {"content_regex_name": "AWS_KEY"}))
    result = gate(str(demo_images[1]), policy=named)
    assert any("can find nothing: no secret expression by the name 'AWS_KEY'" in one for one in result.notes)


def test_missing_data_is_old_data_where_nothing_else_is_asked_of_it(
    demo_images: Images, tmp_path: Path
) -> None:
    engine = LocalEngine(database=DatabaseSettings(cache=Cache(tmp_path / "nothing"), offline=True))
    stale = ("vulnerabilities", "stale_feed_data", {"max_days_since_sync": "2"})
    package = ("vulnerabilities", "package", {"package_type": "all"})

    result = gate(str(demo_images[0]), policy=policy(tmp_path, stale), engine=engine)

    assert [one.trigger_id for one in result.evaluation.outcomes[0].findings] == [
        "deb3f1afb4ea0ddf587e6c62c341c6fa"
    ]
    with pytest.raises(GateError, match="no vulnerability database"):
        gate(str(demo_images[0]), policy=policy(tmp_path, stale, package), engine=engine)
