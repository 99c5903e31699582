from __future__ import annotations

import errno
from pathlib import Path

import pytest

from anchore_gate.cli import main
from anchore_gate.errors import ConfigError, ReportError, UsageError
from anchore_gate.report import format_names
from anchore_gate.report.reading import load_run
from anchore_gate.report.redaction import shareable
from anchore_gate.report.reporter import ReportOptions
from anchore_gate.report.writer import plan_reports
from tests.support import runs


def test_every_format_is_written_and_made_again_from_the_json_alone(tmp_path: Path) -> None:
    first = plan_reports([], tmp_path / "a").write(runs.every_kind(), ReportOptions())
    assert len(first) == len(format_names())
    assert main(["report", str(tmp_path / "a/result.json"), "--report-dir", str(tmp_path / "b")]) == 0
    for path in first:
        again = (tmp_path / "b" / path.name).read_text().replace(str(tmp_path / "b"), str(tmp_path / "a"))
        assert again == path.read_text()


def test_no_value_of_the_environment_is_written(tmp_path: Path) -> None:
    plan_reports([], tmp_path).write(runs.every_kind(), ReportOptions())
    assert all("hunter2" not in path.read_text() for path in tmp_path.iterdir())


def test_the_digest_that_was_judged_stands_in_every_report(tmp_path: Path) -> None:
    result = runs.rich_result()
    plan_reports([], tmp_path).write(runs.run_of(result), ReportOptions())
    silent = {path.name for path in tmp_path.iterdir() if str(result.image.digest) not in path.read_text()}
    assert silent == set()


def test_hiding_twice_is_hiding_once(tmp_path: Path) -> None:
    plan_reports([("json", tmp_path / "r.json")], None).write(runs.every_kind(), ReportOptions())
    assert load_run(tmp_path / "r.json") == shareable(shareable(runs.every_kind()))


def test_paths_are_checked_before_the_scan(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for formats in (
        [("json", tmp_path)],
        [("json", tmp_path / "x"), ("text", tmp_path / "x")],
        [("json", tmp_path / "file/x")],
    ):
        with pytest.raises(ConfigError):
            plan_reports(formats, None)
    with pytest.raises(UsageError):
        plan_reports([("nope", tmp_path / "y")], None)


def test_a_path_that_cannot_be_written_is_one_line() -> None:
    from anchore_gate.report import writer

    with pytest.raises(ReportError, match="cannot write"):
        writer.Plan((("json", Path("/proc/none/x.json")),)).write(runs.every_kind(), ReportOptions())


def test_asking_for_nothing_is_a_usage_error(tmp_path: Path) -> None:
    assert main(["report", str(tmp_path / "r.json")]) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_costs_one_report_and_the_others_are_written(tmp_path: Path) -> None:
    plan = plan_reports([("html", Path("/dev/full")), ("json", tmp_path / "r.json")], None)
    with pytest.raises(ReportError, match="cannot write /dev/full: No space left on device"):
        plan.write(runs.every_kind(), ReportOptions())
    assert load_run(tmp_path / "r.json").exit_code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_disk_that_fills_up_leaves_no_half_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    plan = plan_reports([("text", tmp_path / "r.txt")], None)
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ReportError, match=r"r\.txt: No space left on device"):
        plan.write(runs.every_kind(), ReportOptions())
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_goes_in_circles_or_is_too_long_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "loop" / "r.json", tmp_path / ("a" * 300) / "r.json", tmp_path / ("a" * 300)):
        with pytest.raises(ConfigError, match="cannot write"):
            plan_reports([("json", path)], None)


def test_no_report_replaces_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.tar").write_text("an image")
    (tmp_path / "link").symlink_to(tmp_path / "app.tar")
    with pytest.raises(ConfigError, match="would replace what is read"):
        plan_reports([("json", tmp_path / "link")], None, read=[tmp_path / "app.tar"])
    plan_reports([("json", tmp_path / "r.json")], None).write(runs.every_kind(), ReportOptions())
    before = (tmp_path / "r.json").read_bytes()
    assert main(["report", str(tmp_path / "r.json"), "--format", f"csv={tmp_path / 'r.json'}"]) == 2
    assert "would replace what is read" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "r.json"), "--format", f"json={tmp_path / 'r.json'}"]) == 0
    assert (tmp_path / "r.json").read_bytes() == before
