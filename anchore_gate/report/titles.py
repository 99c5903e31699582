"""
A few words for what was found.

Allowlists name findings by a hash of their messages, so these stay as Anchore Engine wrote them. People
who must know in ten seconds why a build stopped read titles.
"""

from __future__ import annotations

import re

from anchore_gate.regex import regex

_CONTENT = (
    regex(
        r"(?:Secret content search|File content) analyzer found .*?: file=(.*) regexp=([\w.-]+)=", re.DOTALL
    ),
    r"\2 in \1",
)
# By the first word of a message, so that of all these only what may fit is compiled.
_TITLES = {
    "Secret": (_CONTENT,),
    "File": (_CONTENT,),
    "Dockerfile": (
        (regex(r"Dockerfile directive '(\w+)' not found, matching condition 'not_exists' check"), r"no \1"),
        (
            regex(
                r"Dockerfile directive '(\w+)' check '[a-z!=_]+' matched against '.*?' for line '(.*)'",
                re.DOTALL,
            ),
            r"\1 \2",
        ),
        (
            regex(r"Dockerfile exposes port \((.*)\) which is (in|not in) policy file \w+ list", re.DOTALL),
            r"port \1 is exposed",
        ),
    ),
    "Application": (
        (
            regex(r"Application of regex matched file found in container: file=(.*) regexp=(.*)", re.DOTALL),
            r"\1 matches \2",
        ),
    ),
    "SUID": (
        (
            regex(r"SUID or SGID found set on file (.*)\. Mode: 0o(\d+)$", re.DOTALL),
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
    "User": ((regex(r"User (.*) found as effective user, which is", re.DOTALL), r"containers run as \1"),),
}


def title_of(message: str) -> str:
    """The message in a few words; the message itself where nothing shorter is known."""
    for pattern, words in _TITLES.get(message.partition(" ")[0], ()):
        if found := pattern.match(message):
            return found.expand(words)
    return message
