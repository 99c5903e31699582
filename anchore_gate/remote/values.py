"""What an Anchore service says, in our own words."""

from __future__ import annotations

from anchore_gate.errors import InvalidReference, RemoteError
from anchore_gate.model.digest import Digest
from anchore_gate.model.evaluation import MatchedRule
from anchore_gate.typed import Any
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImage:
    """An image as the service knows it."""

    digest: str
    parent_digest: str = ""
    state: str  # not_analyzed, analyzing, analyzed, analysis_failed, or a word that is new
    image_id: str = ""
    tags: tuple[str, ...] = ()
    distro: str = ""
    distro_version: str = ""
    architecture: str = ""
    size: int = 0
    dockerfile_mode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An import whose parts are uploaded: what the image is submitted with."""

    operation: str
    digest: str  # of the manifest
    image_id: str
    contents: tuple[tuple[str, str], ...]  # part, and the digest the service gave it


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The allowlist item that sets a row aside."""

    id: str = ""
    name: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding."""

    trigger_id: str
    gate: str
    trigger: str
    message: str
    action: str  # lower case
    rule_set_id: str
    rule_id: str = ""  # v1 does not say it
    recommendation: str = ""
    allowed: Allowed | None = None
    inherited: bool | None = None  # from the base image; None: no comparison was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the service decided about one image."""

    policy_id: str
    status: str  # pass, fail
    final_action: str  # go, warn, stop
    reason: str  # policy_evaluation, allowlisted, denylisted
    tag: str
    rows: tuple[Row, ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()  # severity, type, words
    mapping: MatchedRule | None = None
    allowlisted: MatchedRule | None = None
    denylisted: MatchedRule | None = None
    policy: str = ""  # the policy's JSON, "" where the service does not show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Vulnerability data the service keeps."""

    name: str
    group: str = ""
    records: int = 0
    synced: str = ""
    enabled: bool = True
    digest: str = ""

    @property
    def is_filled(self) -> bool:
        """Whether it ever held anything."""
        return self.records > 0 or bool(self.digest)


def mapping(raw: Any, where: str) -> dict[str, Any]:
    """A JSON object. Raises `RemoteError`."""
    if not isinstance(raw, dict):
        raise RemoteError(f"the service's answer cannot be understood: {where} is no object")
    return raw


def listing(raw: Any, where: str) -> list[Any]:
    """A JSON array. Raises `RemoteError`."""
    if not isinstance(raw, list):
        raise RemoteError(f"the service's answer cannot be understood: {where} is no array")
    return raw


def text(raw: dict[str, Any], key: str, where: str) -> str:
    """A text that must be there. Raises `RemoteError`."""
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise RemoteError(f"the service's answer cannot be understood: no {key} in {where}")
    return value


def words(raw: dict[str, Any], *keys: str) -> str:
    """A text, "" where it is absent or Anchore's `None`."""
    for key in keys:
        value = raw.get(key)
        if isinstance(value, str) and value not in {"", "None", "N/A"}:
            return value
    return ""


def texts(raw: dict[str, Any], *keys: str) -> tuple[str, ...]:
    """A list of texts, () where it is absent."""
    value: list[Any] = next((raw[key] for key in keys if isinstance(raw.get(key), list)), [])
    return tuple(one for one in value if isinstance(one, str))


def number(raw: dict[str, Any], key: str) -> int:
    """A whole number, 0 where it is absent."""
    value = raw.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:18])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def is_said(raw: dict[str, Any], key: str) -> bool:
    """Whether something is told to be so; a text that says "true" counts."""
    value = raw.get(key)
    return value is True or (isinstance(value, str) and value.lower() == "true")


def image(raw: Any, *, digest_key: str, old: bool) -> ServiceImage:
    """One image record; `old`: in v1's names. Raises `RemoteError`."""
    where = "the image"
    record = mapping(raw, where)
    details = [
        mapping(one, "image_detail") for one in listing(record.get("image_detail") or [], "image_detail")
    ]
    content = record.get("image_content")
    metadata = content.get("metadata") if isinstance(content, dict) else None
    seen = metadata if isinstance(metadata, dict) else {}
    return ServiceImage(
        digest=_digest(text(record, digest_key, where)),
        parent_digest=_digest(words(record, "parentDigest" if old else "parent_digest")),
        state=text(record, "analysis_status", where).lower(),
        image_id=_image_id(details, "imageId" if old else "image_id"),
        tags=tuple(one for d in details if (one := words(d, "fulltag" if old else "full_tag"))),
        distro=words(seen, "distro"),
        distro_version=words(seen, "distro_version"),
        architecture=words(seen, "arch"),
        size=number(seen, "image_size"),
        dockerfile_mode=words(seen, "dockerfile_mode"),
    )


def _digest(word: str) -> str:
    try:
        return str(Digest.parse(word)) if word else ""
    except InvalidReference as problem:
        raise RemoteError(f"the service's answer cannot be understood: {problem}") from problem


def _image_id(details: list[dict[str, Any]], key: str) -> str:
    found = next((one for detail in details if (one := words(detail, key))), "")
    return _digest(f"sha256:{found.removeprefix('sha256:')}").removeprefix("sha256:") if found else ""


def matched(raw: Any) -> MatchedRule | None:
    """A mapping or list rule that the image matched, None for `false` or null. Raises `RemoteError`."""
    if raw is None or raw is False:
        return None
    rule = mapping(raw, "the matched rule")
    place = rule.get("image") if isinstance(rule.get("image"), dict) else {}
    single = words(rule, "policy_id")
    return MatchedRule(
        id=words(rule, "id"),
        name=words(rule, "name"),
        registry=words(rule, "registry"),
        repository=words(rule, "repository"),
        image_type=words(place or {}, "type") or "tag",
        image_value=words(place or {}, "value"),
        rule_set_ids=texts(rule, "rule_set_ids", "policy_ids") or ((single,) if single else ()),
        allowlist_ids=texts(rule, "allowlist_ids", "whitelist_ids"),
    )


# Engine calls it an error and goes on: a rule of a gate that has ended asks nothing, here as there.
_PASSED_OVER = frozenset({"EndOfLifedError"})


def problems(raw: Any) -> tuple[tuple[str, str, str], ...]:
    """Evaluation problems; a severity that is unknown counts as an error. Raises `RemoteError`."""
    found = []
    for one in listing(raw if raw is not None else [], "evaluation_problems"):
        record = mapping(one, "an evaluation problem")
        kind = words(record, "problem_type") or "Problem"
        is_small = words(record, "severity").lower() == "warn" or kind in _PASSED_OVER
        found.append(("warn" if is_small else "error", kind, _said(record.get("details"))))
    return tuple(found)


def _said(details: Any) -> str:
    return details if isinstance(details, str) else str(details or "no details")[:500]
