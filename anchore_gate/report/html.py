"""Report `html`: one file that a security officer opens. It loads nothing, and works without its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from anchore_gate.model.result import GateRun
from anchore_gate.report.cleaning import fit
from anchore_gate.report.entry import total
from anchore_gate.report.html_page import Page
from anchore_gate.report.html_rows import Html
from anchore_gate.report.reporter import Reporter, ReportOptions

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class HtmlReporter:
    """The whole evidence on one page: verdict, findings, layers, packages, compliance, provenance."""

    name: str = "html"
    filename: str = "report.html"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        style, script = _asset("report.css"), _asset("report.js")
        yield from _template().generate(
            run=run,
            number=total(run),
            pages=[Page(result, index) for index, result in enumerate(run.results, start=1)],
            style=Html(style),
            script=Html(script),
            # what an image says can never run or load: only these two texts are let in
            security=f"default-src 'none'; style-src {_allowed(style)}; script-src {_allowed(script)}; "
            "base-uri 'none'; form-action 'none'",
        )


REPORTER: Final[Reporter] = HtmlReporter()


@cache
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    house = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        finalize=_fit,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return house.get_template("report.html.j2")


def _fit(value: Any) -> Any:
    return fit(value) if value.__class__ is str else value


@cache
def _asset(name: str) -> str:
    return files("anchore_gate.report").joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def _allowed(text: str) -> str:
    """The text as a source of a content security policy (CSP3, 2.3.1: a hash of what is between the tags)."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
