"""Images on this machine and Anchore Enterprise: scanned once where that answers every rule, else imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError, UsageError
from anchore_gate.model.result import GateResult
from anchore_gate.policy.bundle import load_bundle
from tests.support import images
from tests.support.enterprise import POLICY, TAG, Enterprise, enterprise, evaluation, finding
from tests.support.web import Reply

STATUS = "Package: libssl\nStatus: install ok installed\nVersion: 3.0\nArchitecture: amd64\n\n"
FILES = {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": STATUS}
LAYERS = (images.make_layer({**FILES}),)
DOCKERFILE_RULE = {"id": "d", "gate": "dockerfile", "trigger": "no_dockerfile_provided", "action": "STOP"}
CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "components": [{"type": "library", "name": "left-pad", "version": "1.0", "purl": "pkg:npm/left-pad@1.0"}],
}


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return f"docker-archive:{images.docker_archive(tmp_path / 'app.tar', LAYERS, tag='team/app:1.2')}"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    images.write_files(tmp_path / "root", {name: text.encode() for name, text in FILES.items()})
    return f"dir:{tmp_path / 'root'}"


def judged(service: Enterprise, image: str, *, subscribe: tuple[str, ...] = (), **more: Any) -> GateResult:
    engine = RemoteEngine(url=service.url, token="key", poll=0.01, subscribe=subscribe)
    return gate(image, engine=engine, **more)


def with_rule(rule: Any) -> Any:
    policy = json.loads(json.dumps(POLICY))
    policy["rule_sets"][0]["rules"].append({"params": [], **rule})
    return evaluation(details={"policy": policy, "findings": [finding("r1")]})


def test_one_call_answers_where_packages_are_all_that_is_asked_for(archive: str) -> None:
    with enterprise(Enterprise(version="5.21.0")) as service:
        result = judged(service, archive)
    assert result.verdict == "fail"
    assert [one.package.name for one in result.matches] == ["libssl"]
    assert [one.name for one in result.inventory.packages] == ["libssl"]
    assert {one.path.partition("?")[0] for one in service.asked} == {
        "/version",
        "/v2/status",
        "/v2/policies",
        "/v2/scan",
        "/v2/system/feeds",
    }


def test_a_scan_is_asked_as_its_reference_says(archive: str) -> None:
    with enterprise(Enterprise(version="5.21.0")) as service:
        judged(service, archive)
        (sent,) = service.sent("POST", "/v2/scan")
    assert sent.path == "/v2/scan?tag=docker.io%2Fteam%2Fapp%3A1.2"
    body = json.loads(sent.body)
    assert list(body) == ["sbom"]
    assert body["sbom"]["distro"]["versionID"] == "12"
    assert [one["name"] for one in body["sbom"]["artifacts"]] == ["libssl"]


def test_an_image_is_imported_where_a_rule_asks_for_more_than_packages(archive: str) -> None:
    with enterprise(Enterprise(version="5.21.0", checked=with_rule(DOCKERFILE_RULE))) as service:
        result = judged(service, archive)
        sent = json.loads(service.sent("POST", "/v2/images")[0].body)["source"]["import"]
    assert set(service.uploads) == {"packages", "manifest", "image-config"}
    assert set(sent) == {"contents", "tags", "digest", "operation_uuid", "local_image_id"}
    assert set(sent["contents"]) == {"packages", "manifest", "image_config"}
    assert sent["tags"] == [TAG]
    assert [one.problem for one in result.evaluation.outcomes] == [None] * 3


def test_an_older_service_is_given_an_import(archive: str) -> None:
    with enterprise(Enterprise(version="5.20.1")) as service:
        judged(service, archive)
        assert service.sent("POST", "/v2/scan") == []
        assert len(service.sent("POST", "/v2/images")) == 1


def test_a_service_whose_scan_is_switched_off_is_given_an_import(archive: str) -> None:
    switched_off = {"/v2/scan": Reply(405, b"no")}
    with enterprise(Enterprise(version="5.21.0", answers=switched_off)) as service:
        assert judged(service, archive).verdict == "fail"
        assert len(service.sent("POST", "/v2/images")) == 1


def test_a_subscription_wants_an_image_that_stays(archive: str) -> None:
    known = {"subscription_key": TAG, "subscription_type": "vuln_update", "active": True}
    with enterprise(Enterprise(version="5.21.0", answers={"/v2/subscriptions": [known]})) as service:
        judged(service, archive, subscribe=("vuln_update",))
        assert service.sent("POST", "/v2/scan") == []
        assert len(service.sent("POST", "/v2/images")) == 1


def test_a_folder_is_scanned_once(folder: str) -> None:
    with enterprise(Enterprise(version="5.21.0")) as service:
        result = judged(service, folder, tag="team/app:1.2")
    assert result.verdict == "fail"
    assert result.image.source == "dir"
    assert [one.name for one in result.inventory.packages] == ["libssl"]


def test_an_sbom_is_scanned_once(tmp_path: Path) -> None:
    sbom = tmp_path / "sbom.json"
    sbom.write_text(json.dumps(CYCLONEDX))
    with enterprise(Enterprise(version="5.21.0")) as service:
        result = judged(service, f"sbom:{sbom}", tag="team/app:1.2")
        (sent,) = service.sent("POST", "/v2/scan")
    assert [one["purl"] for one in json.loads(sent.body)["sbom"]["artifacts"]] == ["pkg:npm/left-pad@1.0"]
    assert result.verdict == "fail"


def test_a_folder_is_stopped_by_rules_that_a_scan_cannot_answer(folder: str) -> None:
    quiet = with_rule(DOCKERFILE_RULE)
    quiet["evaluations"][0].update(status="pass", final_action="go")
    quiet["evaluations"][0]["details"]["findings"] = []
    with enterprise(Enterprise(version="5.21.0", checked=quiet)) as service:
        result = judged(service, folder, tag="team/app:1.2")
    assert [bool(one.problem) for one in result.evaluation.outcomes] == [False, False, True]
    assert result.verdict == "fail"


@pytest.mark.parametrize("more", [{"dockerfile": "Dockerfile"}, {"subscribe": ("vuln_update",)}])
def test_what_only_a_stored_image_can_have_is_refused_for_a_folder(folder: str, more: Any) -> None:
    with enterprise(Enterprise(version="5.21.0")) as service, pytest.raises(UsageError, match="stores"):
        judged(service, folder, tag="team/app:1.2", **more)


def test_a_folder_needs_a_service_that_can_scan(folder: str) -> None:
    with enterprise(Enterprise()) as service, pytest.raises(RemoteError, match="cannot scan it once"):
        judged(service, folder, tag="team/app:1.2")


def test_a_policy_of_ours_is_there_only_while_the_scan_runs(archive: str) -> None:
    with enterprise(Enterprise(version="5.21.0")) as service:
        judged(service, archive, policy=load_bundle("anchore-default"))
        (added,) = [json.loads(one.body)["id"] for one in service.sent("POST", "/v2/policies")]
        assert f"policy_id={added}" in service.sent("POST", "/v2/scan")[0].path
        assert len(service.sent("DELETE", f"/v2/policies/{added}")) == 1


@pytest.mark.parametrize(
    "answer",
    [{}, {"policy_scan": {}, "vuln_scan": {}}, {"policy_scan": evaluation(), "vuln_scan": None}, []],
    ids=["empty", "no-evaluation", "no-vulnerabilities", "array"],
)
def test_a_scan_that_cannot_be_understood_is_no_verdict(archive: str, answer: Any) -> None:
    with (
        enterprise(Enterprise(version="5.21.0", answers={"/v2/scan": answer})) as service,
        pytest.raises(RemoteError),
    ):
        judged(service, archive)
