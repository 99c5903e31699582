"""Gate `ancestry`: what an image was built from (Enterprise), as far as the image or its Dockerfile says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.parameter import WORDS, parameter
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence, Gate, NotKnownHere, Trigger
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

# OCI image-spec, annotations.md
_BASE_NAME, _BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
_Sources = tuple[tuple[str, ...], ...]  # what the base, FROM and labels say, in this order
_DIGESTS, _NAMES, _DIGEST = "Digests", "References", "sha256:832cd0f7..."
_NO_BASE = "the image's base is not known: neither its annotations nor a Dockerfile say it"
_FURTHER = "the image's base is another; what that was built from is only known to the service"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedBaseImageDigest(Trigger):
    """Fires when the base image has none of these digests."""

    GATE: ClassVar[str] = "ancestry"
    NAME: ClassVar[str] = "allowed_base_image_digest"

    base_digest: tuple[str, ...] = parameter(WORDS, description=_DIGESTS, example=_DIGEST)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        digests = _known(_first(evidence, _digests(evidence)))
        if not set(digests) & set(map(str.lower, self.base_digest)):
            yield self.found(f"Base image digest is not allowed: {digests[0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedBaseImageTag(Trigger):
    """Fires when the base image has none of these names."""

    GATE: ClassVar[str] = "ancestry"
    NAME: ClassVar[str] = "allowed_base_image_tag"

    base_tag: tuple[str, ...] = parameter(WORDS, description=_NAMES, example="docker.io/debian:12")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        names = _known(_first(evidence, _names(evidence)))
        if not set(map(_whole, names)) & set(map(_whole, self.base_tag)):
            yield self.found(f"Base image is not allowed: {names[0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Denylist(Trigger):
    GATE: ClassVar[str] = "ancestry"

    def _denied(self, sources: _Sources, is_listed: Callable[[str], bool], what: str) -> Finding:
        """The finding. Raises `NotKnownHere`: that the base is another does not say what lies below it."""
        known = tuple(one for source in sources for one in source)
        denied = next(filter(is_listed, _known(known)), None)
        if denied is None:
            raise NotKnownHere(_FURTHER)
        return self.found(f"{what} is denylisted: {denied}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistAncestorImageDigest(_Denylist):
    """Fires when the image is built from an image of one of these digests."""

    NAME: ClassVar[str] = "denylist_ancestor_image_digest"

    ancestor_digest: tuple[str, ...] = parameter(WORDS, description=_DIGESTS, example=_DIGEST)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if not _is_from_scratch(evidence):
            wanted = set(map(str.lower, self.ancestor_digest))
            yield self._denied(_digests(evidence), wanted.__contains__, "Ancestor image digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistAncestorImageTag(_Denylist):
    """Fires when the image is built from an image of one of these names."""

    NAME: ClassVar[str] = "denylist_ancestor_image_tag"

    ancestor_tag: tuple[str, ...] = parameter(WORDS, description=_NAMES, example="docker.io/debian:8")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if not _is_from_scratch(evidence):
            wanted = set(map(_whole, self.ancestor_tag))
            yield self._denied(_names(evidence), lambda name: _whole(name) in wanted, "Ancestor image")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAncestorsAnalyzed(Trigger):
    """Fires when no image that this one is built from was looked at."""

    GATE: ClassVar[str] = "ancestry"
    NAME: ClassVar[str] = "no_ancestors_analyzed"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if evidence.base is None:
            yield self.found("No ancestor of the image was analyzed")


def _known(found: tuple[str, ...]) -> tuple[str, ...]:
    if not found:
        raise NotKnownHere(_NO_BASE)
    return found


def _first(evidence: Evidence, sources: _Sources) -> tuple[str, ...]:
    """What the most reliable source says: labels are inherited, and anybody may write them."""
    return sources[0] if evidence.base is not None else next(filter(None, sources), ())


def _names(evidence: Evidence) -> _Sources:
    given = evidence.base
    base = (given.tag or given.name,) if given is not None else ()
    return base, _one(_from(evidence).partition("@")[0]), _one(_said(evidence, _BASE_NAME))


def _digests(evidence: Evidence) -> _Sources:
    given = evidence.base
    base = [str(one) for one in (given.digest, given.index_digest) if one] if given is not None else []
    said = _from(evidence).partition("@")[2], _said(evidence, _BASE_DIGEST)
    return tuple(base), *(_one(one.lower()) for one in said)


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _said(evidence: Evidence, key: str) -> str:
    said = {**dict(evidence.image.config.labels), **dict(evidence.image.annotations)}
    return said.get(key, "")


def _is_from_scratch(evidence: Evidence) -> bool:
    return evidence.base is None and not _said(evidence, _BASE_NAME) and _from(evidence) == "scratch"


def _from(evidence: Evidence) -> str:
    """What the last stage is built from, through earlier stages; "" without a Dockerfile."""
    if evidence.build.mode != "Actual":
        return ""
    stages: dict[str, str] = {}
    base = ""
    for one in evidence.build.instructions:
        words = [word for word in one.value.split() if not word.startswith("--")]
        if one.keyword == "FROM" and words:
            base = stages.get(words[0].lower(), words[0])
            if len(words) > 2 and words[1].lower() == "as":
                stages[words[2].lower()] = base
    return "" if "$" in base else base


def _whole(name: str) -> tuple[str, str, str]:
    """A reference in one spelling: Docker Hub's `library/` may be left out."""
    target = Target.parse(name)
    repository = target.repository
    if target.registry == "docker.io":
        repository = repository.removeprefix("library/")
    return target.registry, repository, target.tag


GATE: Final = Gate(
    "ancestry",
    "What the image is built from, as its annotations or the Dockerfile say (Enterprise).",
    (
        AllowedBaseImageDigest,
        AllowedBaseImageTag,
        DenylistAncestorImageDigest,
        DenylistAncestorImageTag,
        NoAncestorsAnalyzed,
    ),
)
