"""The Anchore service that the options, or the environment of Anchore's own tools, name."""

from __future__ import annotations

from collections.abc import Mapping

from anchore_gate.cli.options import Setting, Settings
from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.engine.remote import RemoteEngine

# Anchore's tools, in the order in which their variables count: one tool's words are not mixed with another's.
_TOOLS = ("ANCHORE", "ANCHORECTL", "ANCHORE_CLI")
_SPELLED = {
    "url": ("URL",),
    "username": ("USERNAME", "USER"),
    "password": ("PASSWORD", "PASS"),
    "account": ("ACCOUNT",),
}

_WAITING = 256  # images that wait for a service at the same time


def is_remote(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether a service looks: asked for, or its address is known."""
    word = settings.text("engine")
    if word == "auto":
        return bool(settings.text("url") or _tool(environ))
    return word == "remote"


def jobs_of(settings: Settings, environ: Mapping[str, str]) -> int:
    """How many images at a time: all of them where a service works and we only wait."""
    if settings.origin("jobs") == "default" and is_remote(settings, environ):
        return _WAITING
    return settings.number("jobs")


def service_engine(
    settings: Settings, environ: Mapping[str, str], *, policy_id: str = "", base: str = ""
) -> RemoteEngine:
    """The engine that asks the service. Raises `UsageError` where no address is known."""
    from anchore_gate.engine.remote import RemoteEngine

    tool = _tool_of(settings, environ)
    url = settings.text("url") or environ.get(f"{tool}_URL", "")
    if not url:
        raise UsageError("no Anchore service is named: --url URL, or ANCHORE_URL in the environment")
    if settings.flag("offline"):
        raise UsageError("--offline and a remote engine: one of them")
    return RemoteEngine(
        url=url,
        username=settings.text("username") or _of(environ, tool, *_SPELLED["username"]),
        password=settings.text("password") or _of(environ, tool, *_SPELLED["password"]),
        token=settings.text("token"),
        login=settings.text("login"),
        account=settings.text("account") or _of(environ, tool, *_SPELLED["account"]),
        ca=settings.path("ca"),
        cert=settings.path("cert"),
        key=settings.path("key"),
        insecure=settings.flag("insecure") or not _verifies(environ, tool),
        policy_id=policy_id,
        base=base,
        force=settings.flag("force"),
        subscribe=_words(settings.items("subscribe")),
        keep_policy=settings.flag("keep-policy"),
        # A little before the run ends: the error then names the image and its last state.
        timeout=float(settings.number("timeout")),
        margin=min(1.0, settings.number("timeout") / 2),
    )


def told_by_tools(settings: Settings, environ: Mapping[str, str]) -> dict[str, Setting]:
    """What the variables of Anchore's tools say where no setting of ours does."""
    tool = _tool_of(settings, environ)
    if not tool or not is_remote(settings, environ):
        return {}
    return {
        name: Setting(environ[variable], variable)
        for name, words in _SPELLED.items()
        if not settings.text(name)
        for variable in (f"{tool}_{word}" for word in reversed(words))
        if environ.get(variable)
    }


def _tool_of(settings: Settings, environ: Mapping[str, str]) -> str:
    url = settings.text("url")
    return _beside(url, environ) if url else _tool(environ)


def _tool(environ: Mapping[str, str]) -> str:
    return next((tool for tool in _TOOLS if environ.get(f"{tool}_URL")), "")


def _beside(url: str, environ: Mapping[str, str]) -> str:
    """The tool whose credentials may go to `url`: never to another than stands beside them."""
    names = [tool for tool in _TOOLS if environ.get(f"{tool}_URL", url) == url]
    return next((tool for tool in names if _of(environ, tool, *_SPELLED["username"])), "")


def _of(environ: Mapping[str, str], tool: str, *names: str) -> str:
    if not tool:
        return ""
    return next((value for name in names if (value := environ.get(f"{tool}_{name}"))), "")


def _verifies(environ: Mapping[str, str], tool: str) -> bool:
    word = _of(environ, tool, "SSL_VERIFY").strip().lower()
    if word in {"", "y", "yes", "true", "1", "on"}:
        return True
    if word in {"n", "no", "false", "0", "off"}:
        return False
    raise ConfigError(f"{tool}_SSL_VERIFY: neither y nor n: {word!r}")


def _words(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for item in items for word in item.split(",") if word.strip())
