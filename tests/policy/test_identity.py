"""Trigger ids are what allowlists name: the vectors were recorded from Anchore Engine 1.1."""

from __future__ import annotations

import pytest

from anchore_gate.image.filesystem import FileEntry
from anchore_gate.policy import legacy
from anchore_gate.policy.identity import hashed_id, hex_md5
from tests.policy.support import bundle, evidence, files, findings, rule

FEED = "but the anchore {} feed is not available - will be unable to perform checks that require feed data"
VECTORS = [
    ("dockerfile", "no_dockerfile_provided", "Image was not analyzed with an actual Dockerfile", "b00b22232c1902075263067d2d2b8eea"),
    ("dockerfile", "instruction", "Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check", "41cb7cdf04850e33a11f80c42bf660b3"),
    ("dockerfile", "instruction", "Dockerfile directive 'RUN' check 'exists' matched against '' for line 'a'", "d463204be34f89532a3653877aa4ac4d"),
    ("dockerfile", "exposed_ports", "Dockerfile exposes port (22) which is in policy file DENIEDPORTS list", "cc05c35507995b4a657b63f9b0baa281"),
    ("dockerfile", "exposed_ports", "Dockerfile exposes port (80/tcp) which is in policy file DENIEDPORTS list", "fd93268825390416bad8cc6bea58056e"),
    ("dockerfile", "exposed_ports", "Dockerfile exposes port (22) which is not in policy file ALLOWEDPORTS list", "fb31dbd016fc37adbe36afe3ca4efa17"),
    ("dockerfile", "exposed_ports", "Dockerfile exposes port (8080/tcp) which is not in policy file ALLOWEDPORTS list", "b6b3e7acacafdbfd6e2b0236020b6d90"),
    ("dockerfile", "effective_user", "User app found as effective user, which is explicity not allowed", "4fda27da09ec38286acf73d42eda8ff9"),
    ("dockerfile", "effective_user", "User root found as effective user, which is not on the allowed list", "b2605c2ddbdb02b8e2365c9248dada5a"),
    ("files", "suid_or_guid_set", "SUID or SGID found set on file /a. Mode: 0o104755", "463ff655013dc8148c0841a19b5c834d"),
    ("files", "name_match", r"Application of regex matched file found in container: file=/etc/ssl/key.pem regexp=.*\.pem", "c1cdc91bab068188ab0675817f768f24"),
    ("files", "attribute_match", "filename=/etc/passwd and skip_missing=False", "2a1d6828cc4f7f3e72fa9cab0a895516"),
    ("files", "attribute_match", "filename=/a and checksum=x op=not_equals specified_checksum=y and mode=0o4755 op=equals specified_mode=0o4755", "4ebcde7703c7edce3f683be235901081"),
    ("passwd_file", "content_not_available", "Cannot locate /etc/passwd in image stored files archive: check analyzer settings.", "a03e8bea98bc473ccb1dc7471b201943"),
    ("passwd_file", "denylist_usernames", "Denylisted user 'root' found in image's /etc/passwd: pentry=root:x:0:0:root:/root:/bin/bash", "221b6783e31b5d0253e412bc4101df25"),
    ("packages", "denylist", "Package is denylisted: openssh-server", "80d99b45cd2bd067ef9e0ae4f7736a4b"),
    ("packages", "denylist", "Package is denylisted: openssh-server-7.4p1", "6f1bcce7c38609da48d73c03b4500291"),
    ("packages", "required_package", "Required input package (curl) is not present in container image", "761274853fabf1b30b81c29a0997190b"),
    ("packages", "verify", "VERIFY check against package db for package 'bash' failed on entry '/bin/bash' with status: 'changed'", "aef11487423565cd954c53069049e834"),
    ("licenses", "denylist_exact_match", "LICFULLMATCH Packages are installed that have denylisted licenses: bash(GPLv3+)", "de5ad3f79739e03fc181251064ae5c94"),
    ("metadata", "attribute", "Attribute check for attribute: 'size' check: '=' check_value: '5' matched image value: '5'", "4044107d261c5358babe1b3815e7e36a"),
    ("malware", "scan_not_run", "No malware scans found for image", "7feaec55f790ab6b3edba15014b8b5f2"),
    ("retrieved_files", "content_not_available", "Cannot locate file in the image analysis", "013ff87ce9b12826800438355925acd3"),
    ("secret_scans", "content_regex_checks", "Secret content search analyzer did not find regexp match in container: filename_regex=* content_regex_name=all", "9715fd56c1801e0f2551b7970dcbf032"),
    ("vulnerabilities", "stale_feed_data", "The vulnerability feed for this image distro is older than MAXAGE (2) days", "deb3f1afb4ea0ddf587e6c62c341c6fa"),
    ("vulnerabilities", "vulnerability_data_unavailable", "Distro-specific feed data not found for distro namespace: centos:9. Cannot perform CVE scan OS/distro packages", "f58e2620a2b766d87f0365d30bbcbeb1"),
    ("vulnerabilities", "denylist", "Denylisted vulnerabilities detected: ['CVE-2019-1234']", "47c3aa9f2129b43d906cfb185a6cb450"),
    ("npms", "feed_data_unavailable", f"NPM packages are present {FEED.format('npm')}", "65da5d4415b3e7336c752aebfaef4a40"),
    ("ruby_gems", "feed_data_unavailable", f"Gem packages are present {FEED.format('gem')}", "58d7d6d2d3299c3c10f08a6a8ab95bb4"),
    ("ruby_gems", "denylist", "Gem Package is denylisted: rake-13.0.6", "053dc225f666aedf17b5acad1797fc8a"),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "trigger", "message", "expected"), VECTORS)
def test_an_id_in_engines_words_is_engines(gate: str, trigger: str, message: str, expected: str) -> None:
    words = legacy.message(gate, trigger, message, dialect=legacy.ENGINE)

    assert hashed_id(gate, legacy.trigger_name(gate, trigger, dialect=legacy.ENGINE), words) == expected


# From the allowlists of Iron Bank (anchore/modular-policy, 2021): files of RHEL that are meant to be setuid.
IRON_BANK = [
    ("/usr/bin/write", "0o102755", "addbb93c22e9b0988b8b40392a4538cb"),
    ("/usr/libexec/dbus-1/dbus-daemon-launch-helper", "0o104750", "3456a263793066e9b5063ada6e47917d"),
    ("/usr/libexec/utempter/utempter", "0o102711", "3e5fad1c039f3ecfd1dcdc94d2f1f9a0"),
    ("/usr/sbin/pam_timestamp_check", "0o104755", "abb121e9621abdd452f65844954cf1c1"),
    ("/usr/bin/ssh-agent", "0o102111", "9bf2c560fb30cfb7930c21f51cf8fde6"),
    ("/usr/libexec/openssh/ssh-keysign", "0o102111", "91f4a963eabf2c9b123a640e3fff26e4"),
    ("/usr/sbin/userhelper", "0o104711", "c4ad80832b361f81df2a31e5b6b09864"),
]


@pytest.mark.parametrize(("path", "mode", "expected"), IRON_BANK)
def test_the_ids_of_a_public_allowlist_name_what_they_were_written_for(
    path: str, mode: str, expected: str
) -> None:
    entry = FileEntry(path=path, type="file", mode=int(mode, 8), size=1)

    [found] = findings(bundle(rule("files", "suid_or_guid_set")), evidence(files=files(entry)))

    assert found.trigger_id == expected


def test_a_malware_id_hashes_the_path() -> None:
    assert hex_md5("/tmp/eicar.txt") == "84390fba6c1d0d7e42c4fb04cb19235b"


def test_only_the_words_before_anything_from_the_image_change() -> None:
    text = legacy.message("packages", "denylist", "Package is denylisted: denylisted", dialect=legacy.ENGINE)

    assert text == "Package is blacklisted: denylisted"
