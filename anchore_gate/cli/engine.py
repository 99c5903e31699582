"""From settings to the question that images are asked: the policy, and the engine that looks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from anchore_gate.cli.options import OPTIONS, Settings
from anchore_gate.cli.service import is_remote
from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Platform
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import replace

if TYPE_CHECKING:
    from anchore_gate.api import Question
    from anchore_gate.engine.engine import Engine
    from anchore_gate.image.registry_blob import Progress
    from anchore_gate.image.registry_settings import RegistrySettings
    from anchore_gate.model.digest import Digest
    from anchore_gate.model.image import Image
    from anchore_gate.model.inventory import Inventory
    from anchore_gate.policy.bundle import Bundle
    from anchore_gate.policy.narrowing import Narrowing
    from anchore_gate.policy.settings import AnalyzerSettings


def question_of(
    settings: Settings,
    *,
    images: Sequence[str],
    now: datetime,
    want_packages: bool,
    progress: Progress | None = None,
) -> Question:
    """What every image of the run is asked. Raises `GateError` for what concerns all of them."""
    from anchore_gate.api import Question

    word = settings.text("fail-on")
    platform = settings.text("platform")
    remote = is_remote(settings, os.environ)
    bundle = None if remote and not _names_policy(settings) else _policy(settings)
    return Question(
        policy=bundle,
        engine=_remote(settings) if remote else _engine(settings, images, bundle, progress),
        platform=Platform.parse(platform) if platform else None,
        tag=settings.text("tag"),
        fail_on=None if word == "never" else Action[word.upper()],
        unmapped=Action[settings.text("unmapped").upper()],
        unsupported=Action[settings.text("unsupported").upper()],
        annotations=_pairs(settings.items("annotations")),
        want_packages=want_packages,
        narrowing=_narrowing(settings, images),
        now=now,
    )


def _narrowing(settings: Settings, images: Sequence[str]) -> Narrowing:
    from anchore_gate.policy.narrowing import Narrowing

    known: frozenset[tuple[str, str, str]] = frozenset()
    layers: tuple[Digest, ...] = ()
    baseline, base = settings.path("baseline"), settings.text("base-image")
    if settings.flag("new-only"):
        if baseline is None:
            raise UsageError("--new-only needs --baseline RESULT.json")
        known = _known(baseline)
    elif baseline is not None:
        _known(baseline)  # a file that cannot be read is said here as well
    if settings.flag("exclude-inherited"):
        if not base:
            raise UsageError("--exclude-inherited needs --base-image IMAGE")
        if not is_remote(settings, os.environ):  # a service compares by itself
            layers = tuple(layer.diff_id for layer in _base(base, settings, images).layers)
    return Narrowing(
        known=known,
        baseline=str(baseline) if known else "",
        base_image=base if settings.flag("exclude-inherited") else "",
        base_layers=layers,
        without_inherited=settings.flag("exclude-inherited") and not layers,
        only_fixed=settings.flag("only-fixed"),
    )


def _known(path: Path) -> frozenset[tuple[str, str, str]]:
    from anchore_gate.model.result import GateResult
    from anchore_gate.policy.narrowing import keys_of
    from anchore_gate.report.reading import load_run

    judged = [one for one in load_run(path).results if isinstance(one, GateResult)]
    return frozenset(key for one in judged for key in keys_of(one.evaluation))


def _base(name: str, settings: Settings, images: Sequence[str]) -> Image:
    from anchore_gate.image.sources import open_image

    words = settings.text("platform")
    platform = Platform.parse(words) if words else None
    registry = registry_of(settings, images)
    with open_image(name, platform=platform, registry=registry) as opened:
        return opened.image


def _previous(path: Path) -> tuple[tuple[str, Inventory], ...]:
    """What the images of an earlier run had installed, by their tags."""
    from anchore_gate.model.result import GateResult
    from anchore_gate.report.reading import load_run

    judged = [one for one in load_run(path).results if isinstance(one, GateResult)]
    return tuple((one.image.tag, one.inventory) for one in judged)


def _policy(settings: Settings) -> Bundle | None:
    from anchore_gate.api import DEFAULT_POLICY
    from anchore_gate.policy.bundle import load_bundle

    if severity := settings.text("severity-cutoff"):
        from anchore_gate.policy.cutoff import cutoff_policy

        if settings.text("policy"):
            raise UsageError("--severity-cutoff stands for a policy: it does not go with --policy")
        return cutoff_policy(severity)
    named = settings.text("policy") or DEFAULT_POLICY
    bundle = load_bundle(Path(named) if "/" in named or named.endswith(".json") else named)
    lists = [Path(name) for name in settings.items("allowlist")]
    if not lists:
        return bundle
    from anchore_gate.policy.further import with_allowlists

    return with_allowlists(bundle, lists)


def _names_policy(settings: Settings) -> bool:
    return bool(settings.text("policy") or settings.text("severity-cutoff"))


def _remote(settings: Settings) -> Engine:
    from anchore_gate.cli.service import service_engine

    for name in ("vex", "allowlist"):
        if settings.origin(name) != "default":
            raise UsageError(f"--{name} is not for --engine remote: the service decides without it")
    engine = service_engine(
        settings, os.environ, policy_id=settings.text("policy-id"), base=settings.text("base-image")
    )
    return replace(engine, settings=analyzer_settings(settings))


def _engine(
    settings: Settings, images: Sequence[str], bundle: Bundle | None, progress: Progress | None
) -> Engine:
    from anchore_gate.engine.local import LocalEngine

    if settings.text("policy-id"):
        raise UsageError(
            "--policy-id names a policy of an Anchore service: the embedded engine takes --policy"
        )
    engine = LocalEngine(
        settings=analyzer_settings(settings),
        registry=registry_of(settings, images),
        incomparable=Action[settings.text("incomparable").upper()],
        offline=settings.flag("offline"),
        progress=progress,
    )
    base, baseline = settings.text("base-image"), settings.path("baseline")
    if base and _asks_for("ancestry", bundle):
        engine = replace(engine, base=_base(base, settings, images))
    if baseline is not None and _asks_for("tag_drift", bundle):
        engine = replace(engine, previous=_previous(baseline))
    if named := settings.items("vex"):  # read even where no rule asks: a wrong path is said
        from anchore_gate.vulnerability.vex import load_vex

        engine = replace(engine, vex=tuple(load_vex(Path(name)) for name in named))
    if not _asks_for("vulnerabilities", bundle):
        return engine
    from anchore_gate.cli.db_settings import database_settings

    return replace(engine, database=database_settings(settings))


def _asks_for(gate: str, bundle: Bundle | None) -> bool:
    """Whether any rule does: what answers it is read and imported only then."""
    rule_sets = bundle.rule_sets if bundle else ()
    return any(rule.gate == gate for rule_set in rule_sets for rule in rule_set.rules)


def registry_of(settings: Settings, images: Sequence[str]) -> RegistrySettings | None:
    """
    How registries are asked; None, as the environment says, where no option speaks of them.

    Credentials are for the registry of `images`. Raises `UsageError` where these are of several.
    """
    names = [option.name for option in OPTIONS if option.group == "registry"]
    if all(settings.origin(name) == "default" for name in names):
        return None
    from anchore_gate.cli.registry import bound, registry_settings

    return bound(registry_settings(settings), images)


def analyzer_settings(settings: Settings) -> AnalyzerSettings:
    """
    What is looked for in files: `--analyzer-config`, our own file's table over it, then `--secrets-max-size`.

    Raises `ConfigError`.
    """
    from anchore_gate.policy.settings import AnalyzerSettings, load_settings

    path = settings.path("analyzer-config")
    found = with_table(settings, load_settings(path) if path else AnalyzerSettings.default())
    if settings.origin("secrets-max-size") != "default":
        found = replace(found, secrets_max_size=settings.number("secrets-max-size"))
    return found


def with_table(settings: Settings, base: AnalyzerSettings) -> AnalyzerSettings:
    """What the config file's `analyzer` table makes of `base`. Raises `ConfigError`."""
    from anchore_gate.policy import settings as analyzer

    table, origin = settings.analyzer()
    try:
        return analyzer.with_table(table, base=base)
    except ConfigError as problem:
        raise ConfigError(f"{origin}: {problem}") from problem


def _pairs(items: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise UsageError(f"--annotation {item!r}: KEY=VALUE is expected")
        pairs.append((key, value))
    return tuple(pairs)
