"""Names by which the NVD may know a package, where nothing says one: guessed as Syft guesses them."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.inventory import Package
from anchore_gate.regex import regex

_SPECIAL = regex(r"([^A-Za-z0-9_.-])")
_STREAM = regex(r"([a-z][a-z_-]*?)-?[0-9][0-9.]*")  # `libcrypto3`: the number is a line of releases
_TOP_LEVEL = frozenset({"com", "org", "net", "io", "dev", "edu", "github", "apache"})


def guessed(package: Package) -> tuple[str, ...]:
    """CPE 2.3 names of the package, its own where it has some."""
    if package.cpes or not package.version:
        return package.cpes
    version = _escaped(package.version)
    products = tuple(_spellings(_products(package)))
    vendors = dict.fromkeys([*_spellings(_vendors(package)), *products])
    return tuple(
        f"cpe:2.3:a:{_escaped(vendor)}:{_escaped(product)}:{version}:*:*:*:*:*:*:*"
        for vendor in vendors
        for product in products
    )


def _products(package: Package) -> Iterator[str]:
    name = package.name.rpartition("/")[2].lower() if package.type in {"npm", "go-module"} else package.name
    yield name
    if package.type == "apk" and (found := _STREAM.fullmatch(name)) is not None:
        yield found[1]


def _vendors(package: Package) -> Iterator[str]:
    """Who makes it, as far as its name tells; and its product, which often is its vendor."""
    match package.type:
        case "npm" | "go-module":
            scope = package.name.rpartition("/")[0].rpartition("/")[2].removeprefix("@")
            yield from filter(None, [scope])
        case "java-archive":
            yield from [one for one in package.group_id.split(".") if one and one not in _TOP_LEVEL][:2]
            if package.group_id.startswith("org.apache."):
                yield "apache"
        case "python":
            yield from ("python", f"python-{package.name}")
        case "apk" if package.upstream:
            yield package.upstream


def _spellings(names: Iterator[str]) -> Iterator[str]:
    seen: dict[str, None] = {}
    for name in names:
        seen |= dict.fromkeys((name, name.replace("-", "_"), name.replace("_", "-")))
    yield from seen


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
