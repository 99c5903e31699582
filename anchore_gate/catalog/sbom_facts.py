"""
What we know of a package and no SBOM format has a place for, as names and texts.

Written by our CycloneDX and SPDX documents and read back from them, so that a manifest answers as the
image did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from anchore_gate.catalog.json_text import sound
from anchore_gate.model.inventory import Distro, Inventory, Package, Unknown
from anchore_gate.regex import regex
from anchore_gate.typed import Any

PREFIX = "anchore-gate:"
_TEXTS = (
    "architecture",
    "upstream",
    "upstream_version",
    "vendor",
    "maintainer",
    "group_id",
    "owned_by",
    "found_by",
    "main_module",
    "spelling",
)
_NUMBERS = ("layer", "epoch")
_NUMBER = regex(r"[0-9]{1,9}")
_LISTS = ("licenses", "locations", "cpes")
_DISTRO = ("id", "version_id", "name", "version_codename", "pretty_name", "variant_id")


def facts_of(package: Package) -> dict[str, str]:
    """Its type, and every fact that is not what it would be anyway."""
    facts = {"type": package.type}
    facts |= {name: getattr(package, name) for name in _TEXTS if getattr(package, name)}
    if package.modularity is not None:
        facts["modularity"] = json.dumps(package.modularity)  # "" is not the same as none
    facts |= {name: str(getattr(package, name)) for name in _NUMBERS if getattr(package, name) is not None}
    return facts | {name: _list(getattr(package, name)) for name in _LISTS if getattr(package, name)}


def restored(package: Package, facts: Mapping[str, str]) -> Package | None:
    """The package as our own document tells of it; None where the document is another tool's."""
    if not facts.get("type"):
        return None
    known: dict[str, Any] = {name: facts[name] for name in _TEXTS if name in facts}
    known |= {name: int(text) for name in _NUMBERS if _NUMBER.fullmatch(text := facts.get(name, ""))}
    known |= {name: texts for name in _LISTS if (texts := _texts(facts.get(name, "")))}
    if isinstance(label := _json(facts.get("modularity", "")), str):
        known["modularity"] = sound(label)
    return Package(type=facts["type"], name=package.name, version=package.version, purl=package.purl, **known)


def inventory_facts(inventory: Inventory) -> dict[str, str]:
    """What the inventory says beside its packages."""
    facts = {} if inventory.distro is None else {"distro": json.dumps(_distro_fields(inventory.distro))}
    if inventory.unknowns:
        rows = [[one.path, one.cataloger, one.reason] for one in inventory.unknowns]
        facts["unknowns"] = json.dumps(rows)
    return facts


def distro_of(facts: Mapping[str, str]) -> Distro | None:
    """The distribution in our own facts, None where they name none."""
    fields = _json(facts.get("distro", ""))
    if not isinstance(fields, dict) or not isinstance(fields.get("id"), str):
        return None
    texts = {name: sound(value) for name in _DISTRO if isinstance(value := fields.get(name), str)}
    like = fields.get("id_like")
    words = tuple(word for word in like if isinstance(word, str)) if isinstance(like, list) else ()
    return Distro(id_like=words, **texts)


def unknowns_of(facts: Mapping[str, str]) -> tuple[Unknown, ...]:
    """The files that could not be read when the document was made."""
    rows = _json(facts.get("unknowns", ""))
    if not isinstance(rows, list):
        return ()
    good = (row for row in rows if isinstance(row, list) and len(row) == 3)
    return tuple(Unknown(*map(sound, row)) for row in good if all(isinstance(text, str) for text in row))


def _distro_fields(distro: Distro) -> dict[str, Any]:
    return {name: getattr(distro, name) for name in _DISTRO} | {"id_like": list(distro.id_like)}


def _list(texts: tuple[str, ...]) -> str:
    return json.dumps(texts, ensure_ascii=False)


def _texts(text: str) -> tuple[str, ...]:
    found = _json(text)
    return tuple(sound(one) for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
