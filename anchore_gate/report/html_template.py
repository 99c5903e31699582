"""HTML pages that load nothing: one file each, with a policy that lets in its own style and script alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from anchore_gate.report.cleaning import fit
from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


class Html(str):
    """Text that is HTML already: the template does not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@cache
def template(name: str) -> Template:
    """The page of that name. It escapes whatever it is given, but for `Html`."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    house = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        finalize=_fit,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return house.get_template(name)


def frame(style: str, script: str = "") -> dict[str, Html | str]:
    """What a page says of its style, its script and what is let in: only these two can run or load."""
    told = {"style": Html(_asset(style)), "script": Html(_asset(script) if script else "")}
    allowed = f"style-src {_allowed(told['style'])}; " + (
        f"script-src {_allowed(told['script'])}; " if script else ""
    )
    return {**told, "security": f"default-src 'none'; {allowed}base-uri 'none'; form-action 'none'"}


def _fit(value: Any) -> Any:
    return fit(value) if value.__class__ is str else value


@cache
def _asset(name: str) -> str:
    return files("anchore_gate.report").joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def _allowed(text: str) -> str:
    """The text as a source of a content security policy (CSP3, 2.3.1: a hash of what is between the tags)."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
