"""Old words: the names Anchore Engine 1.x used. Read here, written where a bundle speaks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from anchore_gate.typed import Any
from anchore_gate.values import dataclass

ENGINE, ENTERPRISE = "engine", "enterprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one product generation names the parts of a policy."""

    dialect: str
    rule_sets: str
    rule_set: str
    rule_set_ids: str
    allowlists: str
    allowlist: str
    allowlist_ids: str
    allowlisted_images: str
    denylisted_images: str
    description: str
    versions: tuple[str, ...]  # () any


ENGINE_WORDS = Words(
    dialect=ENGINE,
    rule_sets="policies",
    rule_set="policy",
    rule_set_ids="policy_ids",
    allowlists="whitelists",
    allowlist="whitelist",
    allowlist_ids="whitelist_ids",
    allowlisted_images="whitelisted_images",
    denylisted_images="blacklisted_images",
    description="comment",
    versions=("1_0",),
)
ENTERPRISE_WORDS = Words(
    dialect=ENTERPRISE,
    rule_sets="rule_sets",
    rule_set="rule_set",
    rule_set_ids="rule_set_ids",
    allowlists="allowlists",
    allowlist="allowlist",
    allowlist_ids="allowlist_ids",
    allowlisted_images="allowlisted_images",
    denylisted_images="denylisted_images",
    description="description",
    versions=(),
)
SINGLE_RULE_SET_ID = "policy_id"
SOURCES = ("source_mappings", "sbom_mappings")  # Enterprise's, of what is no image

_WORDS = {"whitelist": "allowlist", "blacklist": "denylist"}
_PARAMETERS = {"usernameblacklist": "user_names", "useridblacklist": "user_ids"}
# Gate, current trigger -> its name in Engine, and the words of its messages: (current, Engine's).
_TRIGGERS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("packages", "denylist"): ("blacklist", "denylisted", "blacklisted"),
    ("vulnerabilities", "denylist"): ("blacklist", "Denylisted", "Blacklisted"),
    ("passwd_file", "denylist_usernames"): ("blacklist_usernames", "Denylisted", "Blacklisted"),
    ("passwd_file", "denylist_userids"): ("blacklist_userids", "Denylisted", "Blacklisted"),
    ("passwd_file", "denylist_groupids"): ("blacklist_groupids", "Denylisted", "Blacklisted"),
    ("passwd_file", "denylist_shells"): ("blacklist_shells", "Denylisted", "Blacklisted"),
    ("passwd_file", "denylist_full_entry"): ("blacklist_full_entry", "Denylisted", "Blacklisted"),
    ("licenses", "denylist_exact_match"): ("blacklist_exact_match", "denylisted", "blacklisted"),
    ("licenses", "denylist_partial_match"): ("blacklist_partial_match", "denylisted", "blacklisted"),
    ("ruby_gems", "denylist"): ("blacklist", "denylisted", "blacklisted"),
    ("npms", "denylisted_name_version"): ("blacklisted_name_version", "denylisted", "blacklisted"),
}
_CURRENT = {(gate, old): new for (gate, new), (old, _, _) in _TRIGGERS.items()}

# Gates that Engine ended: what replaces them.
ENDED_GATES = {
    "anchoresec": "vulnerabilities",
    "pkgcheck": "packages",
    "pkgblacklist": "packages",
    "dockerfilecheck": "dockerfile",
    "filecheck": "files",
    "fileparse_passwd": "passwd_file",
    "gemcheck": "ruby_gems",
    "npmcheck": "npms",
    "metadatacheck": "metadata",
    "licblacklist": "licenses",
    "secretcheck": "secret_scans",
    "suiddiff": "",
    "imagecheck": "",
    "pkgdiff": "",
}
# Their triggers: a rule that names another is not one that ended, but one that never was.
ENDED_TRIGGERS = {
    "anchoresec": "vulnlow vulnmedium vulnhigh vulncritical vulnunknown feedoutofdate unsupporteddistro",
    "pkgcheck": "pkgnotpresent verify",
    "pkgblacklist": "pkgfullmatch pkgnamematch",
    "dockerfilecheck": "directivecheck effectiveuser expose nofrom fromscratch notag sudo volumepresent "
    "nohealthcheck nodockerfile",
    "filecheck": "contentmatch filenamematch suidsgidcheck",
    "fileparse_passwd": "filenotstored usernamematch useridmatch groupidmatch shellmatch pentrymatch",
    "gemcheck": "gemnotlatest gemnotofficial gembadversion gempkgfullmatch gempkgnamematch gemnofeed",
    "npmcheck": "npmnotlatest npmnotofficial npmbadversion npmpkgfullmatch npmpkgnamematch npmnofeed",
    "metadatacheck": "attributecheck",
    "licblacklist": "licfullmatch licsubmatch",
    "secretcheck": "contentmatch filenamematch",
    "suiddiff": "suidmodediff suidfileadd suidfiledel suiddiff",
    "imagecheck": "baseoutofdate",
    "pkgdiff": "pkgdiff pkgversiondiff pkgadd pkgdel",
}


def words_of(raw: Any) -> Words:
    """The words that a policy's JSON speaks: Enterprise's where it has rule sets."""
    is_new = isinstance(raw, Mapping) and raw.get(ENTERPRISE_WORDS.rule_sets) is not None
    return ENTERPRISE_WORDS if is_new else ENGINE_WORDS


def other_words(words: Words) -> Iterator[tuple[str, str]]:
    """What the other dialect calls the lists of a policy, and what this one does."""
    other = ENGINE_WORDS if words.dialect == ENTERPRISE else ENTERPRISE_WORDS
    for part in ("allowlists", "allowlisted_images", "denylisted_images"):
        yield getattr(other, part), getattr(words, part)


def current_word(text: str) -> str:
    """Today's word for a list type."""
    return _WORDS.get(text, text)


def old_word(text: str) -> str:
    """Engine's word for a list type."""
    return next((old for old, new in _WORDS.items() if new == text), text)


def current_parameter(name: str) -> str:
    """Today's name of a parameter."""
    return _PARAMETERS.get(name, name)


def current_parameters(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values by today's names; what an old name says counts where nothing is said by today's."""
    if given.keys().isdisjoint(_PARAMETERS):
        return given
    found: dict[str, Any] = {}
    for name, value in given.items():
        current = current_parameter(name)
        if found.get(current) is None or (name == current and value is not None):
            found[current] = value
    return found


def parameter_names(name: str) -> tuple[str, ...]:
    """Every name that a parameter is known by."""
    return (name, *(old for old, new in _PARAMETERS.items() if new == name))


def current_trigger(gate: str, trigger: str) -> str:
    """Today's name of a trigger."""
    return _CURRENT.get((gate, trigger), trigger)


def trigger_name(gate: str, trigger: str, *, dialect: str) -> str:
    """The name that a trigger has in a dialect."""
    words = _TRIGGERS.get((gate, trigger))
    return words[0] if words is not None and dialect == ENGINE else trigger


def has_other_ids(gate: str, trigger_id: str) -> bool:
    """Whether an id may be a hash of words that the products do not share."""
    hexadecimal = len(trigger_id) == 32 and set(trigger_id) <= set("0123456789abcdef")
    return hexadecimal and any(gate.lower() == known for known, _ in _TRIGGERS)


def message(gate: str, trigger: str, text: str, *, dialect: str) -> str:
    """A finding's message in the words of a dialect; they come before anything from the image."""
    words = _TRIGGERS.get((gate, trigger))
    if words is None or dialect != ENGINE:
        return text
    return text.replace(words[1], words[2], 1)
