"""Every order answers as its native tool does, on tables recorded from the tools and their tests."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from anchore_gate.versions import apk
from anchore_gate.versions.constraint import satisfies
from anchore_gate.versions.orders import order, order_for
from anchore_gate.versions.version import InvalidVersion

TABLES = Path(__file__).parent.parent / "vectors" / "versions"
MODULES = {"npm": "semver"}
# Where a table is not the native tool's word: Grype's policy for missing epochs and for JREs, osv-scalibr's and
# univers' own reading of Maven (Maven 3.8.7 and 3.9.9 say `1-1 > 1-ga-1` and `2-1 > 2.0.0.a`); a fourth number
# is one here, where node-semver splits the third.
NOT_NATIVE = {
    ("rpm", "1:0", "1"),
    ("rpm", "4.19.01-1.el7_5", "2:4.19.1-1.el7_5"),
    ("rpm", "3:4.19.0-1.el7_5", "4.21.0-1.el7"),
    ("maven", "12.10.2", "12.10.2.jre11"),
    ("maven", "12.10.2.jdk17", "12.10.2"),
    ("maven", "1-1", "1-ga-1"),
    ("maven", "2-1", "2.0.0.a"),
    ("npm", "0.1.101.01", "0.1.101.0rc1"),
    ("npm", "v2.0.102.0", "v2.0.102--x0"),
}
# Grype again: an epoch that the package leaves out; and `el8` equal to `el8.0.0`, which rpmvercmp orders.
CONSTRAINTS_NOT_NATIVE = {
    ("4.19.0-1.el7_5", "< 12:4.19.0-1.el7"),
    ("8.3.1-5.el8", "< 0:8.3.1-5.el8.0.0"),
    ("8.3.1-5.el8.0.0", "> 0:8.3.1-5.el8"),
}


def rows(table: Path) -> list[list[str]]:
    with table.open(newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines))[1:]


def is_pairs(table: Path) -> bool:
    return not any(word in table.name for word in ("constraints", "epoch_strategy", "validity", "fuzzy"))


def is_version(ecosystem: str, text: str) -> bool:
    try:
        order(MODULES.get(ecosystem, ecosystem)).parse(text)
    except InvalidVersion:
        return False
    return True


@pytest.mark.parametrize(
    "table", [t for t in sorted(TABLES.glob("*.csv")) if is_pairs(t)], ids=lambda t: t.stem
)
def test_the_table_is_reproduced(table: Path) -> None:
    ecosystem = table.name.partition("__")[0]
    parse = order(MODULES.get(ecosystem, ecosystem)).parse
    wrong = []
    for a, operator, b in rows(table):
        if (ecosystem, a, b) in NOT_NATIVE:
            continue
        if not (is_version(ecosystem, a) and is_version(ecosystem, b)):
            continue  # counted by the test below
        left, right = parse(a), parse(b)
        sign = (left > right) - (left < right)
        if sign not in {"<": (-1,), ">": (1,), "=": (0,), "<=": (-1, 0), ">=": (0, 1)}[operator]:
            wrong.append((a, operator, b))
        assert (left == right) == (sign == 0)
        if sign == 0:
            assert hash(left) == hash(right)
    assert not wrong


def test_few_texts_of_the_tables_are_refused() -> None:
    refused: dict[str, set[str]] = {}
    for table in filter(is_pairs, sorted(TABLES.glob("*.csv"))):
        ecosystem = table.name.partition("__")[0]
        texts = {text for a, _, b in rows(table) for text in (a, b)}
        if bad := {text for text in texts if not is_version(ecosystem, text)}:
            refused.setdefault(ecosystem, set()).update(bad)
    assert set(refused) == {"apk", "pep440"}
    assert "1.0bc" in refused["apk"]
    assert "0.1-bulbasaur" in refused["pep440"]
    assert len(refused["apk"]) <= 22
    assert len(refused["pep440"]) <= 12


@pytest.mark.parametrize(
    "row", rows(TABLES / "apk__apk_tools_validity.csv"), ids=lambda row: row[0] or "empty"
)
def test_apk_validity_is_what_apk_says(row: list[str]) -> None:
    text, validity = row
    if validity == "valid":
        assert apk.parse(text).text == text
        return
    with pytest.raises(InvalidVersion):
        apk.parse(text)


@pytest.mark.parametrize("row", rows(TABLES / "apk__apk_tools_fuzzy_ops.csv"), ids=" ".join)
def test_apk_fuzzy_operators(row: list[str]) -> None:
    assert apk.satisfies(*row)


@pytest.mark.parametrize("table", sorted(TABLES.glob("*__grype_constraints.csv")), ids=lambda t: t.stem)
def test_constraints_are_read_as_grype_reads_them(table: Path) -> None:
    order_ = order_for(table.name.partition("__")[0])
    assert order_ is not None
    wrong = [
        (version, constraint, expected)
        for version, constraint, expected in rows(table)
        if (version, constraint) not in CONSTRAINTS_NOT_NATIVE
        and satisfies(version, constraint, order_).value != {"true": "yes", "false": "no"}[expected]
    ]
    assert not wrong
