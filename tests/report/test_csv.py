from __future__ import annotations

import csv
import io

from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs


def test_every_row_has_the_columns_and_none_is_a_formula() -> None:
    for run in (runs.every_kind(), runs.run_of(runs.hostile_result())):
        rows = list(
            csv.reader(io.StringIO("".join(reporter("csv").render(run, ReportOptions())), newline=""))
        )
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
