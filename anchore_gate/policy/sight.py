"""Whether a rule on vulnerabilities could see: not without data, nor where versions cannot be compared."""

from __future__ import annotations

from collections.abc import Callable

from anchore_gate.errors import PolicyError
from anchore_gate.model.inventory import Package
from anchore_gate.policy.trigger import Evidence, IncomparableVersions, NotKnownHere


def check_data(evidence: Evidence) -> None:
    """Raises `PolicyError` where there is no vulnerability data."""
    if evidence.database is None:
        raise PolicyError("no vulnerability data is at hand (anchore-gate db update, or db import FILE)")


def check_list(evidence: Evidence, provider: str, what: str) -> None:
    """
    To be called after the findings were handed out.

    Raises `NotKnownHere` where the data is of advisories alone: that nothing was found says nothing then.
    """
    if evidence.database is not None and provider not in dict(evidence.database.providers):
        raise NotKnownHere(f"the vulnerability data lacks {what} ({provider})")


def check_versions(
    evidence: Evidence, asks_for: Callable[[Package], bool], *, only: frozenset[str] | None = None
) -> None:
    """
    To be called after the findings were handed out.

    Raises `PolicyError` where packages of the distribution were not judged for want of data, and
    `IncomparableVersions` where a version could not be compared.
    """
    blind = [package for package in evidence.inventory.packages if package.is_os and asks_for(package)]
    distro = evidence.inventory.distro
    if evidence.distro_has_data is False and distro is not None and distro.is_unread and not blind:
        if asks_for(Package(type="alpm", name="", version="")):
            raise PolicyError(f"the package database of {distro} cannot be read: no package was judged")
    elif blind and evidence.distro_has_data is False:
        raise PolicyError(
            f"the vulnerability data knows nothing of the distribution {distro or 'of this image'}: "
            f"{len(blind)} packages were not judged"
        )
    unknown = [
        one
        for one in evidence.incomparable
        if asks_for(one.package) and (only is None or one.vulnerability_id in only)
    ]
    if unknown:
        first = unknown[0]
        more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise IncomparableVersions(
            f"cannot say whether {first.package.name} {first.package.version} has "
            f"{first.vulnerability_id}: {first.reason}{more}"
        )
