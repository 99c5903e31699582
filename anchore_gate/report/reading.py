"""A run, read back from its JSON report: the inverse of `report/json.py`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from anchore_gate.errors import ConfigError
from anchore_gate.model.evaluation import Action, Evaluation, Finding, RuleOutcome
from anchore_gate.model.image import Dockerfile, Image
from anchore_gate.model.inventory import Distro, Inventory, Package, Unknown
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import DatabaseIdentity, Fix, Incomparable, Match, Vulnerability
from anchore_gate.report.once import uncollected
from anchore_gate.report.row_reading import read
from anchore_gate.typed import Any
from anchore_gate.values import replace

_LARGEST = 2 << 30


def load_run(path: Path) -> GateRun:
    """The run in a result file. Raises `ConfigError` where it holds none."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{path}: larger than 2 GiB")
        with uncollected():
            return parse_run(path.read_text(encoding="utf-8"), name=str(path))
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path}: not UTF-8") from problem


def parse_run(text: str, *, name: str = "result") -> GateRun:
    """The run that a JSON report tells of. Raises `ConfigError`, also where the verdict does not follow."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigError(f"{name}: not JSON: {str(problem)[:120]}") from problem
    del text  # a large one should not stand beside what is made of it
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise ConfigError(f"{name}: not a result (schema_version {str(version)[:40]!r}, wanted 1.x)")
    try:
        run = GateRun(
            results=tuple(_any(item, f"results[{n}]") for n, item in enumerate(_list(data, "results", name))),
            version=read(str, _get(_get(data, "tool", name), "version", "tool"), "tool.version"),
            started_at=read(datetime, _get(data, "started_at", name), "started_at"),
        )
    except ConfigError as problem:
        raise ConfigError(f"{name}: {problem}") from problem
    if (run.verdict, run.exit_code) != (data.get("verdict"), data.get("exit_code")):
        raise ConfigError(f"{name}: the verdict does not follow from its grounds")
    return run


def _get(data: Any, key: str, where: str) -> Any:
    if not isinstance(data, dict) or key not in data:
        raise ConfigError(f"{where}: no {key!r}")
    return data[key]


def _list(data: Any, key: str, where: str) -> list[Any]:
    found = _get(data, key, where)
    if not isinstance(found, list):
        raise ConfigError(f"{where}.{key}: not a list")
    return found


def _any(data: Any, where: str) -> GateResult | NoVerdict:
    kind = _get(data, "kind", where)
    if kind == "no_verdict":
        found: NoVerdict = read(NoVerdict, data, where)
        return found
    if kind != "result":
        raise ConfigError(f"{where}.kind: not a result: {str(kind)[:40]!r}")
    result = _result(data, where)
    if result.verdict != data.get("verdict"):
        raise ConfigError(f"{where}: the verdict does not follow from its grounds")
    return result


def _result(data: Any, where: str) -> GateResult:
    packages = read(tuple[Package, ...], _get(data, "packages", where), f"{where}.packages")
    matches = _matches(data, packages, where)
    engine, fail_on, listed = (_get(data, key, where) for key in ("engine", "fail_on", "listed"))
    return GateResult(
        image=read(Image, _get(data, "image", where), f"{where}.image"),
        evaluation=replace(
            read(Evaluation, _get(data, "policy", where), f"{where}.policy"),
            outcomes=_outcomes(data, packages, matches, where),
        ),
        inventory=Inventory(
            distro=read(Distro | None, _get(data, "distro", where), f"{where}.distro"),
            packages=packages[: read(int, _get(listed, "packages", where), f"{where}.listed")],
            unknowns=read(tuple[Unknown, ...], _get(data, "unknowns", where), f"{where}.unknowns"),
        ),
        matches=matches[: read(int, _get(listed, "matches", where), f"{where}.listed")],
        incomparable=tuple(
            Incomparable(
                package=_at(packages, _get(item, "package", where), f"{where}.incomparable"),
                vulnerability_id=read(str, _get(item, "vulnerability_id", where), f"{where}.incomparable"),
                reason=read(str, _get(item, "reason", where), f"{where}.incomparable"),
            )
            for item in _list(data, "incomparable", where)
        ),
        dockerfile=read(Dockerfile, _get(data, "dockerfile", where), f"{where}.dockerfile"),
        database=read(DatabaseIdentity | None, _get(data, "database", where), f"{where}.database"),
        notes=read(tuple[str, ...], _get(data, "notes", where), f"{where}.notes"),
        engine=read(str, _get(engine, "name", where), f"{where}.engine"),
        engine_version=read(str, _get(engine, "version", where), f"{where}.engine"),
        fail_on=None if fail_on == "never" else read(Action, fail_on, f"{where}.fail_on"),
        decided_at=read(datetime, _get(data, "decided_at", where), f"{where}.decided_at"),
    )


def _at(table: tuple[Any, ...], place: Any, where: str) -> Any:
    if type(place) is not int or not 0 <= place < len(table):
        raise ConfigError(f"{where}: names row {str(place)[:20]!r} of {len(table)}")
    return table[place]


def _taken(items: list[Any], where: str) -> Iterator[tuple[Any, str]]:
    """Each item with its place. The list lets go of it: two forms of a large result need not be held."""
    for place, item in enumerate(items):
        items[place] = None
        yield item, f"{where}[{place}]"


def _matches(data: Any, packages: tuple[Package, ...], where: str) -> tuple[Match, ...]:
    told = _list(data, "vulnerabilities", where)
    known = tuple(read(Vulnerability, item, here) for item, here in _taken(told, f"{where}.vulnerabilities"))
    found = []
    for item, here in _taken(_list(data, "matches", where), f"{where}.matches"):
        found.append(
            Match(
                package=_at(packages, _get(item, "package", here), here),
                vulnerability=_at(known, _get(item, "vulnerability", here), here),
                fix=read(Fix, _get(item, "fix", here), here),
                matcher=read(str, _get(item, "matcher", here), here),
                kind=read(str, _get(item, "kind", here), here),
                reason=read(str, _get(item, "reason", here), here),
                detected_at=read(datetime | None, _get(item, "detected_at", here), here),
                suppressed=read(Suppression | None, _get(item, "suppressed", here), here),
            )
        )
    return tuple(found)


def _outcomes(
    data: Any, packages: tuple[Package, ...], matches: tuple[Match, ...], where: str
) -> tuple[RuleOutcome, ...]:
    rules = read(tuple[RuleOutcome, ...], _get(data, "rules", where), f"{where}.rules")
    found: dict[int, list[Finding]] = defaultdict(list)
    for item, here in _taken(_list(data, "findings", where), f"{where}.findings"):
        rule = _get(item, "rule", here)
        _at(rules, rule, here)
        package, match = item.pop("package", None), item.pop("match", None)
        found[rule].append(
            replace(
                read(Finding, item, here),
                package=_at(packages, _get(package, "ref", here), here) if package is not None else None,
                match=_at(matches, _get(match, "ref", here), here) if match is not None else None,
            )
        )
    return tuple(replace(rule, findings=tuple(found[place])) for place, rule in enumerate(rules))
