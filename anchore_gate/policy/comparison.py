"""Versions of installed packages, compared as their own tools do."""

from __future__ import annotations

from anchore_gate.errors import PolicyError
from anchore_gate.model.inventory import Package


def spellings(package: Package) -> tuple[str, ...]:
    """The ways Anchore writes a package's version: whole, without the epoch, without the release."""
    whole = full_versions(package)
    if package.type == "rpm":
        return tuple(dict.fromkeys((*whole, *(one.rpartition("-")[0] or one for one in whole))))
    if package.type == "apk":
        return tuple(dict.fromkeys((*whole, *(one.rpartition("-r")[0] or one for one in whole))))
    return whole


def full_versions(package: Package) -> tuple[str, ...]:
    """The ways to write the whole version: an rpm's epoch may be left out, as rpm itself prints it."""
    whole = package.version
    bare = whole.partition(":")[2] if package.type == "rpm" else ""
    return (whole, bare) if bare else (whole,)


def is_lower(package: Package, wanted: str) -> bool:
    """Whether the installed version is lower than `wanted`. Raises `PolicyError` where nobody can say."""
    return compare(package, wanted) < 0


def compare(package: Package, wanted: str) -> int:
    """Below, equal or above: -1, 0, 1. Raises `PolicyError` where nobody can say."""
    if wanted in spellings(package):
        return 0
    from anchore_gate.versions.orders import order_for, order_without_epoch
    from anchore_gate.versions.version import InvalidVersion

    # Python, Go and BusyBox: numbers with dots, and `rc2` right behind them
    order = order_for("python" if package.type == "binary" else package.type)
    if order is None:
        raise PolicyError(f"versions of {package.type} packages cannot be compared: {package.name}")
    installed = package.version
    if order.name == "rpm" and ":" not in wanted:
        order = order_without_epoch()  # Engine compares an rpm's version without its epoch
    elif order.name == "deb" and not (":" in wanted and ":" in installed):
        # and epochs of Debian's only where both versions have one
        installed, wanted = (one.rpartition(":")[2] for one in (installed, wanted))
    try:
        return order.compare(order.parse(installed), order.parse(wanted))
    except InvalidVersion as problem:
        raise PolicyError(f"versions of {package.name} cannot be compared: {problem}") from problem
