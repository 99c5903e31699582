"""
A few words for what was found.

Allowlists name findings by a hash of their messages, so these stay as Anchore Engine wrote them. People
who must know in ten seconds why a build stopped read titles.
"""

from __future__ import annotations

import re

from anchore_gate.regex import regex

_LONGEST = 4_000  # characters: what a path makes these expressions try grows with its square
_CONTENT = (
    regex(
        r"(?:Secret content search|File content) analyzer found .*?: file=(.*) regexp=([\w.-]+)=", re.DOTALL
    ),
    r"\2 in \1",
)
_ACCOUNT = (
    regex(r"\w+ (.{1,40}?) '([^']*)' found in image's /etc/passwd: pentry="),
    r"/etc/passwd has \1 \2",
)


def _instruction(check: str) -> re.Pattern[str]:
    return regex(
        rf"Dockerfile directive '(\w+)' check '{check}' matched against '(.*?)' for line '(.*)'", re.DOTALL
    )


def _attribute(check: str) -> re.Pattern[str]:
    return regex(
        rf"Attribute check for attribute: '(\w+)' check: '({check})' check_value: '(.*?)'"
        r" matched image value: '(.*)'",
        re.DOTALL,
    )


# By the first word of a message, so that of all these only what may fit is compiled.
_TITLES = {
    "Secret": (_CONTENT,),
    "File": (_CONTENT,),
    "Dockerfile": (
        (regex(r"Dockerfile directive '(\w+)' not found, matching condition 'not_exists' check"), r"no \1"),
        (_instruction("!="), r"\1 is not \2 but \3"),
        (_instruction("not_in"), r"\1 is none of \2 but \3"),
        (_instruction("not_like"), r"\1 does not match \2: \3"),
        (_instruction("[a-z=_]+"), r"\1 \3"),
        (regex(r"Dockerfile exposes port \((.*)\) which is in policy", re.DOTALL), r"port \1 is exposed"),
        (
            regex(r"Dockerfile exposes port \((.*)\) which is not in policy", re.DOTALL),
            r"port \1 is exposed and not on the list",
        ),
    ),
    "Application": (
        (
            regex(r"Application of regex matched file found in container: file=(.*) regexp=(.*)", re.DOTALL),
            r"\1 matches \2",
        ),
    ),
    "Attribute": (
        (_attribute("not_exists"), r"\1 is not set"),
        (_attribute("exists"), r"\1 is \4"),
        (_attribute("[a-z=!<>_]+"), r"\1 is \4 (check: \2 \3)"),
    ),
    "Blacklisted": (_ACCOUNT,),
    "Denylisted": (_ACCOUNT,),
    "SUID": (
        (
            regex(r"SUID or SGID found set on file (.*)\. Mode: 0o\d*?(\d{1,4})$", re.DOTALL),
            r"\1 is setuid or setgid (mode \2)",
        ),
    ),
    "VERIFY": (
        (
            regex(
                r"VERIFY check against package db for package '(.*)' failed"
                r" on entry '(.*)' with status: '(.*)'",
                re.DOTALL,
            ),
            r"\2 of \1 is \3",
        ),
    ),
    "Distro-specific": (
        (
            regex(
                r"Distro-specific feed data not found for distro namespace: (.*)\. Cannot perform", re.DOTALL
            ),
            r"no vulnerability data for \1",
        ),
    ),
    "User": (
        # What stands for a user (`USER $APP`) is denied for the one that the build put there.
        (
            regex(r"User (.*\$.*) found as effective user, which is expl", re.DOTALL),
            r"USER \1 is not allowed",
        ),
        (regex(r"User (.*) found as effective user, which is expl", re.DOTALL), r"containers run as \1"),
        (
            regex(r"User (.*) found as effective user, which is not", re.DOTALL),
            r"containers run as \1, who is not on the list",
        ),
    ),
}


def title_of(message: str) -> str:
    """The message in a few words; the message itself where nothing shorter is known."""
    if len(message) > _LONGEST:
        return message
    for pattern, words in _TITLES.get(message.partition(" ")[0], ()):
        if found := pattern.match(message):
            return found.expand(words)
    return message
