"""Images on this machine and a service of API v1: catalogued here, imported as an import was recorded."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import AnalysisFailed, ImageError, ImageNotFound, RemoteError, UsageError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult
from tests.support import images
from tests.support.anchore import IMPORTED, PASSWORD, Engine, anchore, record_of, recorded, reply, table_of
from tests.support.web import Reply

INSTALLED = "P:busybox\nV:1.36.1-r7\nA:x86_64\nL:GPL-2.0-only\no:busybox\n\n"
LAYERS = (
    images.make_layer(
        {"etc/os-release": "ID=alpine\nVERSION_ID=3.18.9\n", "lib/apk/db/installed": INSTALLED},
    ),
)
OPERATION = "/v1/imports/images/2927e3f5d480463e8b18225f674f2bc5"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return images.docker_archive(tmp_path / "app.tar", LAYERS, tag="import/alpine:3.18")


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"FROM scratch\nEXPOSE 22\n")
    return path


def judged(service: Engine, image: str, **more: Any) -> GateResult:
    options = {name: more.pop(name) for name in ("force", "subscribe") if name in more}
    engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01, **options)
    return gate(image, engine=engine, **more)


def test_an_archive_is_judged_by_the_service(archive: Path, dockerfile: Path) -> None:
    with anchore() as service:
        result = judged(service, f"docker-archive:{archive}", dockerfile=dockerfile)
    assert result.evaluation.final_action is Action.STOP
    assert {one.trigger_id for o in result.evaluation.outcomes for one in o.findings} >= {
        "cc05c35507995b4a657b63f9b0baa281",
        "41cb7cdf04850e33a11f80c42bf660b3",
        "CVE-2099-0001+busybox",
    }
    assert result.image.tag == IMPORTED
    assert result.image.source == "docker-archive"
    assert [one.name for one in result.inventory.packages] == ["busybox"]
    assert result.notes == ("catalogued here, judged by anchore-engine 1.1.0 (API v1)",)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("packages", "121_POST_import_packages"),
        ("dockerfile", "122_POST_import_dockerfile"),
        ("manifest", "123_POST_import_manifest"),
        ("image_config", "124_POST_import_image_config"),
    ],
)
def test_each_part_goes_where_it_was_recorded(part: str, name: str, archive: Path, dockerfile: Path) -> None:
    request = recorded(name)["request"]
    with anchore() as service:
        judged(service, f"docker-archive:{archive}", dockerfile=dockerfile)
        sent = service.uploads[part]
    assert (sent.method, sent.path) == (request["method"], request["path"])
    if part != "manifest":  # the recording sent JSON; the service's own description wants the manifest's type
        assert sent.headers["content-type"] == request["content_type"]
    if part == "dockerfile":
        assert sent.body.decode() == request["body"]
    if part == "image_config":
        assert set(json.loads(sent.body)) >= set(json.loads(request["body"])) - {"created"}
    if part == "manifest":
        assert set(json.loads(sent.body)) == set(json.loads(request["body"]))


def test_the_import_begins_without_a_body(archive: Path) -> None:
    request = recorded("120_POST_import_create")["request"]
    with anchore() as service:
        judged(service, f"docker-archive:{archive}")
        (sent,) = service.sent("POST", "/v1/imports/images")
    assert (sent.method, sent.path, sent.body) == (request["method"], request["path"], b"")
    assert sent.headers["content-type"] == request["content_type"]


def test_the_image_is_submitted_as_it_was_recorded(archive: Path, dockerfile: Path) -> None:
    expected = recorded("127_POST_import_finalize")["request"]["body"]["source"]["import"]
    with anchore() as service:
        judged(service, f"docker-archive:{archive}", dockerfile=dockerfile)
        (sent,) = service.sent("POST", "/v1/images")
        parts = {
            name: hashlib.sha256(service.uploads[name].body).hexdigest() for name in expected["contents"]
        }
    source = json.loads(sent.body)["source"]["import"]
    assert set(source) == set(expected)
    assert source["tags"] == expected["tags"]
    assert source["operation_uuid"] == expected["operation_uuid"]
    assert source["contents"] == parts
    assert source["digest"] == f"sha256:{parts['manifest']}"
    assert source["local_image_id"] == parts["image_config"]


def test_a_layout_is_imported_under_its_own_manifest(tmp_path: Path) -> None:
    layout = images.oci_layout(tmp_path / "layout", LAYERS, tag="registry.example.com/team/app:1.2")
    with anchore() as service:
        result = judged(service, f"oci-dir:{layout}")
        sent = service.uploads["manifest"]
    descriptor = json.loads((layout / "index.json").read_text())["manifests"][0]
    assert f"sha256:{hashlib.sha256(sent.body).hexdigest()}" == descriptor["digest"]
    assert sent.headers["content-type"] == images.MANIFEST_TYPE
    assert str(result.image.digest) == descriptor["digest"]


def test_a_service_that_knows_manifests_only_as_json_is_given_that(archive: Path) -> None:
    with anchore() as service:
        service.instead["POST", f"{OPERATION}/manifest"] = [reply({"title": "Unsupported"}, 415)]
        judged(service, f"docker-archive:{archive}")
        sent = service.uploads["manifest"]
    assert sent.headers["content-type"] == recorded("123_POST_import_manifest")["request"]["content_type"]


def test_a_tag_names_what_has_no_name(tmp_path: Path) -> None:
    archive = images.docker_archive(tmp_path / "app.tar", LAYERS, tag=None)
    with anchore() as service:
        with pytest.raises(UsageError, match="--tag NAME:TAG"):
            judged(service, f"docker-archive:{archive}")
        judged(service, f"docker-archive:{archive}", tag="team/app:7")
        (sent,) = service.sent("POST", "/v1/images")
    assert json.loads(sent.body)["source"]["import"]["tags"] == ["docker.io/team/app:7"]


def test_annotations_and_force_go_with_an_import(archive: Path) -> None:
    with anchore() as service:
        judged(service, f"docker-archive:{archive}", force=True, annotations=(("team", "x"),))
        (sent,) = service.sent("POST", "/v1/images")
    assert "force=true" in sent.path
    assert json.loads(sent.body)["annotations"] == {"team": "x"}


def test_rules_about_files_stop_an_image_whose_files_the_service_never_saw(archive: Path) -> None:
    def add_rule(body: Any) -> None:
        policy = next(iter(next(iter(body[0].values())).values()))[0]["detail"]["policy"]
        rule = {"id": "suid", "gate": "files", "trigger": "suid_or_guid_set", "action": "WARN", "params": []}
        policy["policies"][0]["rules"] = [rule]
        for table in table_of(body)["result"].values():
            if isinstance(table, dict):
                table["result"] |= {"rows": [], "final_action": "go"}
        table_of(body).update(final_action="go", status="pass")
        next(iter(next(iter(body[0].values())).values()))[0]["status"] = "pass"

    with anchore(Engine(rewrite=add_rule)) as service:
        result = judged(service, f"docker-archive:{archive}")
    (outcome,) = result.evaluation.outcomes
    assert "cannot answer files/suid_or_guid_set" in str(outcome.problem)
    assert result.verdict == "fail"


@pytest.mark.parametrize("final", ["stop", "warn"])
def test_a_policy_that_cannot_be_read_lets_no_imported_image_pass(archive: Path, final: str) -> None:
    def hide(body: Any) -> None:
        record_of(body)["detail"]["policy"] = {}
        if final == "warn":
            record_of(body)["status"] = "pass"
            table = next(one for one in table_of(body)["result"].values() if one)
            table["result"]["rows"] = [row for row in table["result"]["rows"] if row[6] == final]
            table_of(body)["final_action"] = final

    with anchore(Engine(rewrite=hide)) as service:
        if final == "stop":
            assert judged(service, f"docker-archive:{archive}").verdict == "fail"
            return
        with pytest.raises(RemoteError, match="does not show this policy"):
            judged(service, f"docker-archive:{archive}")


def test_a_service_without_imports_says_so_in_one_line(archive: Path) -> None:
    with anchore() as service:
        service.instead["POST", "/v1/imports/images"] = [reply({"detail": "no such path"}, 404)]
        with pytest.raises(RemoteError, match="takes no images from outside a registry"):
            judged(service, f"docker-archive:{archive}")


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (reply({"message": "not valid", "httpcode": 400}, 400), "packages of the import: not accepted.*400"),
        (Reply(413), "more than the service takes"),
        (reply({}), "no digest in the upload"),
        (reply(["x"]), "is no object"),
    ],
    ids=["invalid", "large", "no-digest", "array"],
)
def test_an_import_that_fails_leaves_nothing_behind(archive: Path, refusal: Reply, said: str) -> None:
    with anchore() as service:
        service.instead["POST", f"{OPERATION}/packages"] = [refusal]
        with pytest.raises(RemoteError, match=said):
            judged(service, f"docker-archive:{archive}")
        assert len(service.sent("DELETE", OPERATION)) == 1
        assert service.sent("POST", "/v1/images") == []


def test_another_image_than_was_imported_is_no_verdict(archive: Path) -> None:
    with anchore() as service:
        service.instead["POST", "/v1/images"] = [
            reply(recorded("127_POST_import_finalize")["response"]["body"])
        ]
        with pytest.raises(RemoteError, match="took another image"):
            judged(service, f"docker-archive:{archive}")


def test_an_import_that_cannot_be_analysed_is_no_verdict(archive: Path) -> None:
    with anchore(Engine(states=["analysis_failed"])) as service, pytest.raises(AnalysisFailed):
        judged(service, f"docker-archive:{archive}")


def test_a_folder_is_refused_before_it_is_read() -> None:
    with anchore() as service:
        with pytest.raises(RemoteError, match=r"no manifest and config to import.*Enterprise 5\.21"):
            judged(service, "dir:/nowhere", tag="team/app:1")
        assert service.sent("POST", "/v1/imports/images") == []


def test_an_sbom_without_manifest_and_config_is_refused(tmp_path: Path) -> None:
    sbom = tmp_path / "sbom.json"
    sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5"}))
    with anchore() as service, pytest.raises(RemoteError, match="no manifest and config to import"):
        judged(service, f"sbom:{sbom}", tag="team/app:1")


def syft_of(configured: bytes, listed: bytes, **more: Any) -> Any:
    """Syft's JSON of an image."""
    told = {"config": base64.b64encode(configured).decode(), "manifest": base64.b64encode(listed).decode()}
    package = {"name": "busybox", "version": "1", "type": "apk", "purl": "pkg:apk/alpine/busybox@1"}
    about = {"userInput": "app", "tags": ["import/alpine:3.18"], **told, **more}
    return {"artifacts": [package], "source": {"type": "image", "metadata": about}}


def written(folder: Path, document: Any) -> str:
    path = folder / "syft.json"
    path.write_text(json.dumps(document))
    return f"sbom:{path}"


CONFIG = images.to_json(images.Config(exposed_ports=["22/tcp"]).document(LAYERS))
MANIFEST = images.oci_manifest(CONFIG, LAYERS)


def test_syfts_own_sbom_of_an_image_is_imported(tmp_path: Path) -> None:
    with anchore() as service:
        result = judged(service, written(tmp_path, syft_of(CONFIG, MANIFEST)))
        assert service.uploads["manifest"].body == MANIFEST
        assert service.uploads["image_config"].body == CONFIG
    assert result.image.config.exposed_ports == ("22/tcp",)
    assert [one.name for one in result.inventory.packages] == ["busybox"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (syft_of(CONFIG, MANIFEST, manifestDigest=f"sha256:{'0' * 64}"), "manifest is really"),
        (syft_of(b"{}", MANIFEST), "config"),
        (syft_of(CONFIG, b"{}"), "not an image manifest"),
        (syft_of(CONFIG, b'{"manifests": []}'), "is an index"),
        (syft_of(CONFIG, MANIFEST, config="%%%"), "config is not base64"),
    ],
    ids=["digest", "config", "manifest", "index", "base64"],
)
def test_an_sbom_whose_image_does_not_fit_together_is_no_verdict(
    tmp_path: Path, document: Any, said: str
) -> None:
    with anchore() as service:
        with pytest.raises(ImageError, match=said):
            judged(service, written(tmp_path, document))
        assert service.sent("POST", "/v1/imports/images") == []


def test_an_archive_that_is_not_there_is_named() -> None:
    with anchore() as service, pytest.raises(ImageNotFound, match=r"nowhere\.tar"):
        judged(service, "docker-archive:/nowhere.tar")
