"""A few words for what was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchore_gate.report.titles import title_of

ENGINES = "Dockerfile directive 'ADD' check 'exists' matched against '' for line 'app.tar.gz /app/'"


def instruction(check: str, value: str, text: str) -> str:
    return f"Dockerfile directive 'FROM' check '{check}' matched against '{value}' for line '{text}'"


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (
            "Secret content search analyzer found regexp match in container: "
            "file=/root/.aws/credentials regexp=AWS_ACCESS_KEY=(?i).*aws_access_key_id( *=+ *).*",
            "AWS_ACCESS_KEY in /root/.aws/credentials",
        ),
        (
            "File content analyzer found regexp match in container: file=/a b=c regexp=x.y-1=.*",
            "x.y-1 in /a b=c",
        ),
        (
            "Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check",
            "no HEALTHCHECK",
        ),
        (ENGINES, "ADD app.tar.gz /app/"),
        (
            ENGINES.replace("''", "'it's for line '").replace("exists", "like"),
            "ADD app.tar.gz /app/",
        ),
        (instruction("!=", "scratch", "debian:12"), "FROM is not scratch but debian:12"),
        (instruction("not_in", "a,b", "debian:12"), "FROM is none of a,b but debian:12"),
        (instruction("not_like", "ours/.*", "debian:12"), "FROM does not match ours/.*: debian:12"),
        (instruction("in", "debian:12,a", "debian:12"), "FROM debian:12"),
        (
            "Dockerfile exposes port (22/tcp) which is in policy file DENIEDPORTS list",
            "port 22/tcp is exposed",
        ),
        (
            "Dockerfile exposes port (80) which is not in policy file ALLOWEDPORTS list",
            "port 80 is exposed and not on the list",
        ),
        ("User root found as effective user, which is explicity not allowed", "containers run as root"),
        (
            "User app found as effective user, which is not on the allowed list",
            "containers run as app, who is not on the list",
        ),
        ("User $APP found as effective user, which is explicity not allowed", "USER $APP is not allowed"),
        (
            r"Application of regex matched file found in container: file=/a.pem regexp=.*\.pem",
            r"/a.pem matches .*\.pem",
        ),
        ("SUID or SGID found set on file /a. Mode: 0o104755", "/a is setuid or setgid (mode 4755)"),
        (
            "VERIFY check against package db for package 'bash' failed on entry '/bin/bash' with status: 'changed'",
            "/bin/bash of bash is changed",
        ),
        (
            "Distro-specific feed data not found for distro namespace: centos:9. Cannot perform CVE scan OS/distro packages",
            "no vulnerability data for centos:9",
        ),
        (
            "Attribute check for attribute: 'size' check: '>' check_value: '1' matched image value: '1536000'",
            "size is 1536000 (check: > 1)",
        ),
        (
            "Attribute check for attribute: 'os_type' check: 'exists' check_value: 'None' matched image value: 'linux'",
            "os_type is linux",
        ),
        (
            "Attribute check for attribute: 'os_type' check: 'not_exists' check_value: 'None' matched image value: ''",
            "os_type is not set",
        ),
        (
            "Blacklisted user 'root' found in image's /etc/passwd: pentry=root:x:0:0:root:/root:/bin/bash",
            "/etc/passwd has user root",
        ),
        ("Denylisted vulnerabilities detected: ['a']", "Denylisted vulnerabilities detected: ['a']"),
        ("Package is denylisted: openssh-server", "Package is denylisted: openssh-server"),
        ("", ""),
    ],
)
def test_what_was_found_is_said_shortly(message: str, title: str) -> None:
    assert title_of(message) == title


@given(st.text())
def test_any_message_has_a_title(message: str) -> None:
    assert bool(title_of(message)) == bool(message)


@pytest.mark.parametrize(
    "text",
    [
        "File content analyzer found " + ": file=" * 100_000,
        "Secret content search analyzer found " + ": file= regexp=" * 100_000,
        "VERIFY check against package db for package '" + "' failed on entry '" * 100_000,
        instruction("like", "' for line '" * 100_000, ""),
    ],
    ids=["file", "secret", "verify", "instruction"],
)
def test_a_long_message_is_its_own_title_at_once(text: str) -> None:
    assert title_of(text) == text
