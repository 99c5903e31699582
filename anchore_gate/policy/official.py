"""Docker Hub's official images have two names, `nginx` and `library/nginx`: rules see the one given."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from anchore_gate.errors import PolicyError
from anchore_gate.policy.bundle import Bundle, ImageRule
from anchore_gate.policy.target import Target
from anchore_gate.values import replace

_HUB, _OFFICIAL = "docker.io", "library/"


def by_the_other_name(bundle: Bundle, target: Target) -> Iterator[str]:
    """Which mappings and lists of images would pick it under its other name, before what picks it now."""
    repository = target.repository.removeprefix(_OFFICIAL)
    if target.registry != _HUB or "/" in repository or not repository:
        return
    given = target.repository != repository
    other = replace(target, repository=repository if given else _OFFICIAL + repository)
    for rules in (bundle.mappings, bundle.denylisted_images, bundle.allowlisted_images):
        before = takewhile(lambda rule: not rule.matches(target), rules)
        there = next((rule for rule in before if _matches(rule, other)), None)
        if there is not None:
            yield (
                f"{there.path} picks {_HUB}/{other.repository}, the same image on Docker Hub: "
                f"rules see the name that was given, {_HUB}/{target.repository}"
            )


def _matches(rule: ImageRule, target: Target) -> bool:
    try:
        return rule.matches(target)
    except PolicyError:  # it takes too long with a name that nobody gave: no verdict hangs on that
        return False
