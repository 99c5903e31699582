"""`anchore-gate db` shows the state in one look, and its exit code tells a script."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from anchore_gate.cli import main
from anchore_gate.cli.db_progress import progress_bar
from anchore_gate.cli.db_settings import age_of
from anchore_gate.errors import ConfigError
from tests.support.databases import publish, write_database
from tests.support.web import serve

RECORD = {
    "id": "GHSA-h5c8-rqwp-cp95",
    "modified": "2024-04-19T01:02:03Z",
    "aliases": ["CVE-2024-22195"],
    "affected": [
        {
            "package": {"name": "Jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}],
        }
    ],
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "db" / "6"


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    folder = tmp_path / "advisories"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(RECORD))
    return folder


def recently() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=30)


def test_status_without_a_database_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "status"]) == 3
    assert "no vulnerability database in" in capsys.readouterr().err


def test_update_fetches_and_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve(publish(tmp_path, built_at=recently()).respond) as site:
        assert main(["db", "check", "--db-url", site.url]) == 1
        assert main(["db", "update", "--db-url", site.url]) == 0
        assert main(["db", "check", "--db-url", site.url]) == 0
        assert main(["db", "update", "--db-url", site.url]) == 0
    shown = capsys.readouterr()

    assert "database   usable" in shown.out
    assert "30 hours old; 5 days are allowed" in shown.out
    assert "providers  debian 20" in shown.out
    assert "already the newest" in shown.err
    assert shown.err.count("fetching the vulnerability database (0.0 MB)") == 1


def test_status_speaks_to_machines_too(advisories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "import", str(advisories), "--sample"])
    capsys.readouterr()

    assert main(["db", "status", "--json", "--verify"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["usable"] is True
    assert found["sample"] is True
    assert found["source"] == "osv"
    assert found["counts"] == {"vulnerabilities": 1, "affected_packages": 1, "operating_systems": 0}


def test_an_old_database_is_shown_and_is_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_database(tmp_path / "mine.db", built_at=recently() - timedelta(days=20))

    assert main(["db", "status", "--db", str(path)]) == 3
    assert "not usable: the vulnerability database is 21 days old" in capsys.readouterr().out
    assert main(["db", "status", "--db", str(path), "--db-max-age", "any"]) == 0


def test_a_damaged_database_is_no_verdict(cache: Path, advisories: Path) -> None:
    main(["db", "import", str(advisories)])
    path = next(cache.glob("*/vulnerability.db"))
    path.write_bytes(path.read_bytes()[:20_000])

    assert main(["db", "status", "--verify"]) == 3


def test_search_finds_by_any_name(advisories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "import", str(advisories)])
    capsys.readouterr()

    for term in ("GHSA-h5c8-rqwp-cp95", "cve-2024-22195", "JINJA2"):
        assert main(["db", "search", term]) == 0
        shown = capsys.readouterr().out
        assert "GHSA-h5c8-rqwp-cp95  Jinja2   python  -       < 3.1.3   3.1.3  osv" in shown
    assert main(["db", "search", "nothing"]) == 1
    main(["db", "search", "jinja2", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["affected"] == "< 3.1.3"


def test_import_names_the_file_that_is_not_osv(advisories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (advisories / "zz.json").write_text("{}")

    assert main(["db", "import", str(advisories)]) == 3
    assert "zz.json: not an OSV record: no `id`" in capsys.readouterr().err
    assert main(["db", "import", str(advisories), "--keep-going"]) == 0
    assert "1 files were not OSV" in capsys.readouterr().err


def test_export_list_use_and_delete(
    tmp_path: Path, advisories: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "list"]) == 0
    main(["db", "import", str(advisories)])
    assert main(["db", "export", str(tmp_path / "out.tar.zst"), "--json"]) == 0
    assert main(["db", "import", str(tmp_path / "out.tar.zst")]) == 0
    capsys.readouterr()

    assert main(["db", "list", "--json"]) == 0
    names = json.loads(capsys.readouterr().out)
    assert [one["in_use"] for one in names] == [True, False]
    assert main(["db", "use", names[1]["name"]]) == 0
    assert main(["db", "use", "elsewhere"]) == 2
    assert main(["db", "delete"]) == 0
    assert main(["db", "status"]) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["update", "--offline"], 3, "--offline"),
        (["update", "--db", "x.db"], 2, "about the cache"),
        (["update", "--db-url", "ftp://x"], 2, "not a URL"),
        (["import", "missing.tar.zst"], 2, "no such file"),
        (["status", "--db-max-age", "soon"], 2, "not an age"),
        (["status", "--db", "missing.db"], 3, "no vulnerability database at"),
        (
            ["update", "--db-url", "http://127.0.0.1:9", "--db-ca", "missing.pem"],
            2,
            "cannot read certificates",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", *arguments]) == code
    shown = capsys.readouterr().err
    assert reason in shown
    assert shown.count("\n") == 1


def test_ages_are_days_hours_or_any() -> None:
    assert age_of("5d") == timedelta(days=5)
    assert age_of("12h") == timedelta(hours=12)
    assert age_of("any") is None
    with pytest.raises(ConfigError):
        age_of("5")


def test_progress_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    moments = iter([1.0, 1.0, 1.05, 1.06, 1.06])
    show = progress_bar(sys.stderr, lambda: next(moments))
    for done in (1_000_000, 2_000_000, 4_000_000):
        show(done, 4_000_000)

    assert capsys.readouterr().err == (
        "\rfetching the vulnerability database: 1.0 MB of 4.0 MB (25 %)   "
        "\rfetching the vulnerability database: 4.0 MB of 4.0 MB (100 %)   \n"
    )
