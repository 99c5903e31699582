"""Malware scans by a clamd: a small one that knows one signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anchore_gate import GateError, GateResult, LocalEngine, gate
from anchore_gate.engine import clamav
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.settings import AnalyzerSettings
from tests.policy.support import bundle, rule
from tests.support.clamd import clamd
from tests.support.images import docker_archive, make_layer, symlink

EVIL = b"this is a virus, honest"
KNOWN = {EVIL: "Test.Virus"}
FILES: dict[str, Any] = {
    "opt/evil": b"x" * 100_000 + EVIL,
    "opt/fine": "fine",
    "opt/link": symlink("evil"),
    "empty": "",
}
ASKED = bundle(rule("malware", "scans"), rule("malware", "scan_not_run", "WARN"))


def judged(tmp_path: Path, place: Path | None, **settings: Any) -> GateResult:
    image = docker_archive(tmp_path / "a.tar", [make_layer(FILES)])
    engine = LocalEngine(clamd=place, settings=AnalyzerSettings(**settings))
    return gate(f"docker-archive:{image}", policy=parse_bundle(ASKED), engine=engine)


def messages(result: GateResult) -> list[str]:
    return [finding.message for outcome in result.evaluation.outcomes for finding in outcome.findings]


def test_a_file_that_clamd_knows_is_found(tmp_path: Path) -> None:
    with clamd(KNOWN) as place:
        result = judged(tmp_path, place)

    assert messages(result) == ["Malware scan finding: scanner=clamav file=/opt/evil signature=Test.Virus"]
    assert result.evaluation.final_action.word == "stop"


def test_without_a_daemon_no_scan_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamav, "PLACES", (tmp_path / "nothing",))

    assert messages(judged(tmp_path, None)) == ["No malware scans found for image"]


def test_a_daemon_that_must_be_there_and_is_not_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clamav, "PLACES", (tmp_path / "nothing",))

    with pytest.raises(GateError, match=r"no clamd at .*nothing: the malware scan cannot run"):
        judged(tmp_path, None, malware=True)
    with pytest.raises(GateError, match=r"no clamd at .*named"):
        judged(tmp_path, tmp_path / "named")


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR\0", b"\0", b"stream: x ERROR\0", b"?" * 9999]
)
def test_a_scan_that_fails_gives_no_verdict(tmp_path: Path, answer: bytes) -> None:
    with (
        clamd(KNOWN, answer=answer) as place,
        pytest.raises(GateError, match="the malware scan of '/empty' failed"),
    ):
        judged(tmp_path, place)


def test_what_is_too_large_to_be_scanned_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from anchore_gate.image.needs import Want

    monkeypatch.setattr(clamav, "_LARGEST", 1000)
    monkeypatch.setattr(clamav, "_EVERY_FILE", Want(limit=1000))
    with clamd(KNOWN) as place:
        result = judged(tmp_path, place)

    assert messages(result) == []
    assert "1 files larger than 0 MiB were not scanned for malware" in result.notes
