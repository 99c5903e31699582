"""The same image and policy through both engines: what Engine recorded of it, and what is seen here."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult
from tests.support import images
from tests.support.anchore import (
    IMPORTED_DIGEST,
    PASSWORD,
    Engine,
    anchore,
    record_of,
    recorded,
    reply,
    table_of,
)

CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
# One needs a malware scan; Engine failed on one, and compares no npm versions in another.
_NOT_HERE = {"malware_findings", "pkg_required_nonos_minimum"}
NAMES = sorted(
    path.parent.name
    for path in CASES.glob("*/expected.json")
    if json.loads(path.read_text())["http_status"] == 200 and path.parent.name not in _NOT_HERE
)
HEADER = [
    "Image_Id",
    "Repo_Tag",
    "Trigger_Id",
    "Gate",
    "Trigger",
    "Check_Output",
    "Gate_Action",
    "Whitelisted",
    "Policy_Id",
]
Ids = Counter[tuple[str, str, str, str]]


class Case:
    """A recorded case, answered in the structure that the service was recorded to answer in."""

    def __init__(self, name: str) -> None:
        folder = CASES / name
        self.args = json.loads((folder / "args.json").read_text())
        self.expected = json.loads((folder / "expected.json").read_text())
        self.policy = folder / "bundle.json"
        digest = self.args.get("digest")
        self.reference = f"{self.args['tag']}@{digest}" if digest else str(self.args["tag"])
        self.archive = f"docker-archive:{CASES / 'images' / Path(self.args['image']).name}"

    def rewrite(self, body: Any) -> None:
        told = self.expected
        record, result = record_of(body), table_of(body)
        record["status"] = "fail" if told["final_action"] == "stop" else "pass"
        record["detail"]["policy"] = json.loads(self.policy.read_text())
        table = {
            "header": HEADER,
            "row_count": len(told["findings"]),
            "rows": [*map(self._row, told["findings"])],
        }
        result.update(
            tag=self.args["tag"],
            image_id=told["image_id"],
            final_action=told["final_action"],
            final_action_reason=told["final_action_reason"],
            evaluation_problems=told["evaluation_problems"],
            matched_mapping_rule=told["matched_mapping_rule"] or False,
            matched_whitelisted_images_rule=told["matched_whitelisted_images_rule"] or False,
            matched_blacklisted_images_rule=told["matched_blacklisted_images_rule"] or False,
            result={
                told["image_id"]: {"result": {**table, "final_action": told["policy_final_action"]}},
                "policy_data": [],
                "whitelist_data": [],
                "policy_name": "",
                "whitelist_names": [],
            },
        )

    def _row(self, one: Any) -> list[Any]:
        place = [self.expected["image_id"], self.args["tag"], one["trigger_id"], one["gate"], one["trigger"]]
        return [*place, one["message"], one["action"], one["whitelisted"], one["policy_id"]]


def here(case: Case) -> GateResult:
    return gate(case.archive, policy=case.policy, tag=case.reference, unmapped=Action.GO)


def there(case: Case, image: str, **more: Any) -> GateResult:
    pulled = recorded("128_GET_import_image_get")["response"]["body"]
    with anchore(Engine(states=["analyzed"], rewrite=case.rewrite)) as service:
        if image == case.reference:
            service.instead["POST", "/v1/images"] = [reply(pulled)]
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        return gate(image, policy=case.policy, engine=engine, unmapped=Action.GO, **more)


def ids(result: GateResult) -> Ids:
    return Counter(
        (outcome.gate, outcome.trigger, outcome.action.word, one.trigger_id)
        for outcome in result.evaluation.outcomes
        for one in outcome.findings
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_image_the_service_pulls_is_judged_as_it_is_here(name: str) -> None:
    case = Case(name)
    mine, theirs = here(case), there(case, case.reference)
    assert theirs.evaluation.final_action is mine.evaluation.final_action
    assert theirs.evaluation.final_reason == mine.evaluation.final_reason
    assert ids(theirs) == ids(mine)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "secrets_notfound_clean"])
def test_an_image_that_is_imported_is_judged_as_it_is_here(name: str) -> None:
    case = Case(name)
    mine, theirs = here(case), there(case, case.archive, tag=case.args["tag"])
    assert theirs.evaluation.final_action is mine.evaluation.final_action
    assert ids(theirs) == ids(mine)


def test_an_import_is_stopped_where_only_the_files_could_answer() -> None:
    case = Case("secrets_notfound_clean")
    theirs = there(case, case.archive, tag=case.args["tag"])
    assert theirs.evaluation.final_action is Action.STOP
    assert all("cannot answer secret_scans" in str(one.problem) for one in theirs.evaluation.outcomes)


def test_the_recorded_import_has_the_ids_that_its_dockerfile_has_here(tmp_path: Path) -> None:
    """The image of that recording, as far as its config and Dockerfile say; its feeds are left out."""
    body = recorded("129_GET_import_check")["response"]["body"]
    policy = record_of(body)["detail"]["policy"]
    policy["policies"][0]["rules"] = [
        one for one in policy["policies"][0]["rules"] if one["gate"] == "dockerfile"
    ]
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(recorded("122_POST_import_dockerfile")["request"]["body"])
    archive = images.docker_archive(
        tmp_path / "app.tar", [images.make_layer({"a": "b"})], tag="import/alpine:3.18"
    )
    mine = gate(f"docker-archive:{archive}", policy=tmp_path / "policy.json", dockerfile=dockerfile)
    (table,) = [one["result"] for one in table_of(body)["result"].values() if isinstance(one, dict)]
    theirs = Counter((row[3], row[4], row[6], row[2]) for row in table["rows"] if row[3] == "dockerfile")
    assert ids(mine) == theirs
    assert mine.evaluation.final_action.word == table_of(body)["final_action"]
    assert IMPORTED_DIGEST in body[0]
