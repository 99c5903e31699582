"""`anchore-gate vulnerabilities`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchore_gate.cli import main
from anchore_gate.vulnerability.writer import Writer
from tests.support.databases import BUILT, affected
from tests.support.images import docker_archive, make_layer

STATUS = """Package: libssl3
Status: install ok installed
Version: 3.0.11-1~deb12u1
Architecture: amd64
Source: openssl
"""


@pytest.fixture
def image(tmp_path: Path) -> str:
    files = {
        "etc/os-release": "ID=debian\nVERSION_ID=12\n",
        "var/lib/dpkg/status": STATUS,
        "app/node_modules/lodash/package.json": '{"name": "lodash", "version": "4.17.20"}',
    }
    return f"docker-archive:{docker_archive(tmp_path / 'image.tar', [make_layer(files)])}"


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "vulnerability.db"
    writer = Writer.create(path, built_at=BUILT)
    for provider in ("debian", "github"):
        writer.provider(provider, captured=BUILT)
    openssl = writer.vulnerability(
        "CVE-2023-5363",
        provider="debian",
        blob={"id": "CVE-2023-5363", "severities": [{"scheme": "CHML", "value": "low"}]},
    )
    writer.affected(
        openssl,
        package=writer.package("deb", "openssl"),
        system=writer.system("debian", major="12"),
        blob=affected("< 3.0.11-1~deb12u2", "3.0.11-1~deb12u2"),
    )
    vector = "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"
    lodash = writer.vulnerability(
        "GHSA-35jh-r3h4-6jhm",
        provider="github",
        blob={
            "id": "GHSA-35jh-r3h4-6jhm",
            "aliases": ["CVE-2021-23337"],
            "severities": [{"scheme": "CVSS", "value": {"vector": vector, "version": "3.1"}}],
        },
    )
    writer.affected(
        lodash, package=writer.package("npm", "lodash"), blob=affected("< 4.17.21", "4.17.21", type="npm")
    )
    writer.epss("CVE-2021-23337", 0.00785, 0.5)
    writer.known_exploited("CVE-2021-23337")
    writer.weaknesses("CVE-2021-23337", ["CWE-94"], source="nvd")
    writer.finish()
    return str(path)


def asked(image: str, database: str, *more: str) -> list[str]:
    return ["vulnerabilities", image, "--db", database, "--db-max-age", "any", *more]


def test_the_table_is_worst_first(image: str, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(image, database)) == 0
    said = capsys.readouterr()
    assert [line.split() for line in said.out.splitlines()[1:]] == [
        ["High", "GHSA-35jh-r3h4-6jhm", "lodash", "4.17.20", "4.17.21", "0.008", "yes", "fixed"],
        ["Low", "CVE-2023-5363", "libssl3", "3.0.11-1~deb12u1", "3.0.11-1~deb12u2", "fixed"],
    ]
    assert "2 vulnerabilities, 0 set aside, in 2 packages" in said.err


def test_json_says_why(image: str, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(image, database, "-o", "json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["distro_has_data"] is True
    assert document["matches"][0]["reason"] == (
        "openssl 3.0.11-1~deb12u1 < 3.0.11-1~deb12u2 (source package openssl)"
    )
    assert document["database"]["schema"].startswith("v6.")


def test_cyclonedx_refers_to_the_components(image: str, database: str, tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx")
    file = tmp_path / "vdr.json"
    assert main(asked(image, database, "-o", f"cyclonedx={file}")) == 0
    document = json.loads(file.read_text())
    refs = {one["bom-ref"]: one["name"] for one in document["components"]}
    found = {one["id"]: one for one in document["vulnerabilities"]}
    lodash = found["GHSA-35jh-r3h4-6jhm"]
    assert refs[lodash["affects"][0]["ref"]] == "lodash"
    assert lodash["cwes"] == [94]
    assert [one["severity"] for one in lodash["ratings"] if "severity" in one] == ["high"]
    assert lodash["recommendation"] == "upgrade lodash to 4.17.21"
    _assert_valid(file.read_text())


def _assert_valid(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_vex_sets_matches_aside_and_they_stay_in_the_list(
    image: str, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vex = tmp_path / "vex.json"
    statement = {
        "vulnerability": {"name": "CVE-2021-23337"},
        "products": ["pkg:npm/lodash"],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }
    vex.write_text(json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement]}))
    assert main(asked(image, database, "--vex", str(vex))) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].endswith("suppressed (vex)")
    assert "1 vulnerabilities, 1 set aside" in said.err


@pytest.mark.parametrize(
    ("more", "code", "why"),
    [
        (("-o", "xml"), 2, "FORMAT[=FILE]"),
        (("-o", "json="), 2, "FORMAT[=FILE]"),
        (("-o", "json=/nowhere/x"), 2, "/nowhere/x: No such file"),
        (("--vex", "/nowhere/vex"), 2, "VEX document '/nowhere/vex': No such file"),
    ],
)
def test_bad_input_is_one_line(
    image: str, database: str, more: tuple[str, ...], code: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(image, database, *more)) == code
    said = capsys.readouterr().err.splitlines()
    assert why in said[-1]
    assert len(said) == 1


def test_without_a_database_there_is_no_list(
    image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vulnerabilities", image, "--db", str(tmp_path / "none.db")]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
