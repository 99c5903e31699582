"""Gates licenses, malware, metadata, npms, ruby_gems, passwd_file and retrieved_files."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.image.filesystem import FileEntry
from anchore_gate.model.image import Image, ImageConfig, Platform
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.policy.evaluate import passed_over
from anchore_gate.policy.identity import hashed_id
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import MalwareFinding
from tests.policy.support import bundle, enterprise, evidence, files, findings, judge, messages, rule

PACKAGES = (
    Package(type="deb", name="b", version="1", licenses=("GPLv2+ and BSD",)),
    Package(type="npm", name="a", version="1", licenses=("LGPL", "BSD")),
    Package(type="gem", name="rake", version="13.0"),
    Package(type="npm", name="leftpad", version="1.3.0"),
    Package(type="npm", name="leftpad", version="1.1.0"),
)
SEEN = evidence(inventory=Inventory(packages=PACKAGES, distro=Distro(id="debian", version_id="12")))


@pytest.mark.parametrize(
    ("kind", "word"),
    [("deb", "Unknown"), ("rpm", "N/A"), ("apk", "N/A"), ("java-archive", "N/A"), ("npm", "N/A")],
)
def test_a_package_without_a_licence_has_engines_word_for_none(kind: str, word: str) -> None:
    bare = evidence(inventory=Inventory(packages=(Package(type=kind, name="c", version="1"),)))

    assert messages(bundle(rule("licenses", "denylist_exact_match", licenses="N/A,Unknown")), bare) == [
        f"LICFULLMATCH Packages are installed that have blacklisted licenses: c({word})"
    ]


def test_a_python_package_that_says_no_licence_says_unknown_as_setuptools_writes_it() -> None:
    packages = (Package(type="python", name="six", version="1"), Package(type="npm", name="x", version="1"))
    bare = evidence(inventory=Inventory(packages=packages))

    assert messages(bundle(rule("licenses", "denylist_exact_match", licenses="UNKNOWN")), bare) == [
        "LICFULLMATCH Packages are installed that have blacklisted licenses: six(UNKNOWN)"
    ]


@pytest.mark.parametrize(
    ("trigger", "licenses", "hits"),
    [
        ("blacklist_exact_match", "BSD,GPLv2+", "LICFULLMATCH Packages are installed that have blacklisted licenses: a(BSD), b(BSD), b(GPLv2+)"),
        ("blacklist_exact_match", "GPL", None),
        ("blacklist_exact_match", "GPLv2+,GPLv2+", "LICFULLMATCH Packages are installed that have blacklisted licenses: b(GPLv2+)"),
        ("blacklist_partial_match", "GPLv2,GPL", "LICSUBMATCH Packages are installed that have blacklisted licenses: a(LGPL), b(GPLv2+), b(GPLv2+)"),
        ("denylist_partial_match", "GPL", "LICSUBMATCH Packages are installed that have blacklisted licenses: a(LGPL), b(GPLv2+)"),
    ],
)  # fmt: skip
def test_licences_are_found_in_one_sorted_finding(trigger: str, licenses: str, hits: str | None) -> None:
    assert messages(bundle(rule("licenses", trigger, licenses=licenses)), SEEN) == ([hits] if hits else [])


@pytest.mark.parametrize(
    "said",
    ["b(MIT), b(GPL-3), c(GPL-2), d(GPL-1)", "d(GPL-1), b(MIT), b(GPL-3), c(GPL-2)"],
    ids=["by-name", "as-engine-stores-them"],
)
def test_licences_in_another_order_keep_the_id_that_engine_gave_them(said: str) -> None:
    packages = (
        Package(type="npm", name="b", version="1", licenses=("MIT", "GPL-3")),
        Package(type="python", name="c", version="1", licenses=("GPL-2",)),
        Package(type="deb", name="d", version="1", licenses=("GPL-1",)),
    )
    seen = evidence(inventory=Inventory(packages=packages))
    engines = f"LICSUBMATCH Packages are installed that have blacklisted licenses: {said}"
    engines_id = hashed_id("licenses", "blacklist_partial_match", engines)

    for raw in (bundle, enterprise):
        [finding] = findings(raw(rule("licenses", "denylist_partial_match", licenses="MIT,GPL")), seen)

        assert finding.message.endswith("licenses: b(GPL-3), b(MIT), c(GPL-2), d(GPL-1)")
        assert engines_id in finding.other_ids


def test_licences_keep_the_id_of_engine_which_says_nothing_of_some_packages_without_one() -> None:
    packages = (
        Package(type="python", name="pyyaml", version="1", spelling="PyYAML"),
        Package(type="java-archive", name="j", version="1"),
        Package(type="python", name="a-b", version="1", spelling="A_B", licenses=("N/A",)),
    )
    raw = bundle(rule("licenses", "blacklist_exact_match", licenses="N/A"))

    [finding] = findings(raw, evidence(inventory=Inventory(packages=packages)))

    start = "LICFULLMATCH Packages are installed that have blacklisted licenses: "
    assert finding.message == f"{start}A_B(N/A), PyYAML(N/A), j(N/A)"
    for said in ("A_B(N/A), j(N/A)", "a-b(N/A), j(N/A), pyyaml(N/A)"):
        assert hashed_id("licenses", "blacklist_exact_match", f"{start}{said}") in finding.other_ids


def test_malware_is_found_by_scanner_signature_and_path() -> None:
    known = (
        MalwareFinding(scanner="clamav", path="/app/bin", signature="Unix.Trojan.X-1"),
        MalwareFinding(scanner="clamav", path="/nosig", signature=""),
    )
    raw = bundle(rule("malware", "scans"), rule("malware", "scan_not_run"))

    assert [one.trigger_id for one in findings(raw, evidence(malware=known))] == [
        "clamav+Unix.Trojan.X-1+9a92cc4571ff5e14c8a6b7a23fa02bbc"
    ]
    assert messages(raw, evidence(malware=())) == []
    assert [one.trigger_id for one in findings(raw)] == ["7feaec55f790ab6b3edba15014b8b5f2"]


IMAGE = Image(name="x", source="t", size=2048, config=ImageConfig(platform=Platform("linux", "arm64")))


@pytest.mark.parametrize(
    ("attribute", "check", "value", "fires"),
    [
        ("size", ">", "1kb", True),
        ("size", "=", "10kb", True),
        ("size", "<=", "2047", False),
        ("layer_count", "exists", None, False),
        ("size", "exists", "1kb", True),
        ("layer_count", "=", "0", True),
        ("distro", "=", "debian", True),
        ("distro", "like", "deb", True),
        ("distro", "not_in", "rhel, ubuntu", True),
        ("distro_version", ">", "9", False),  # as text
        ("like_distro", "=", "debian", True),
        ("os_type", "=", "linux", True),
        ("architecture", "!=", "amd64", True),
        ("distro", "!=", "", False),
    ],
)
def test_facts_are_compared(attribute: str, check: str, value: str | None, fires: bool) -> None:
    seen = evidence(image=IMAGE, inventory=SEEN.inventory, files=files())
    raw = bundle(rule("metadata", "attribute", attribute=attribute, check=check, value=value))

    assert bool(messages(raw, seen)) is fires


@pytest.mark.parametrize("given", [{}, {"value": ""}])
def test_a_fact_that_is_there_needs_no_value(given: dict[str, str]) -> None:
    raw = bundle(rule("metadata", "attribute", attribute="like_distro", check="exists", **given))

    assert messages(raw, SEEN) == [
        "Attribute check for attribute: 'like_distro' check: 'exists' check_value: '' "
        "matched image value: 'debian'"
    ]


@pytest.mark.parametrize(
    ("attribute", "check", "value"),
    [("size", "like", "1"), ("size", "exists", "large"), ("size", ">", "1 kb"), ("size", ">", "1KB"), ("layer_count", "=", "x"), ("distro", "=", None), ("distro", "like", "(")],
)  # fmt: skip
def test_a_comparison_that_makes_no_sense_is_a_fault(attribute: str, check: str, value: str | None) -> None:
    raw = bundle(rule("metadata", "attribute", attribute=attribute, check=check, value=value))

    assert [one.type for one in judge(raw).problems] == ["ParameterValueInvalidError"]


@pytest.mark.parametrize(
    ("gate", "trigger", "params", "ids"),
    [
        ("npms", "blacklisted_name_version", {"name": "leftpad"}, ["d5eda466dce790457ec31f2c0968be05"]),
        ("npms", "denylisted_name_version", {"name": "leftpad", "version": "1.1.0"}, ["4c1e972f17d22a2cd3e07f21ab535767"]),
        ("npms", "blacklisted_name_version", {"name": "leftpad", "version": "7"}, []),
        ("npms", "blacklisted_name_version", {"name": "leftpad", "version": ""}, []),
        ("npms", "blacklisted_name_version", {"name": "rake"}, []),
        ("npms", "feed_data_unavailable", {}, ["65da5d4415b3e7336c752aebfaef4a40"]),
        ("npms", "unknown_in_feeds", {}, []),
        ("ruby_gems", "blacklist", {"name": "rake", "version": "13.0"}, ["d7a2db2d949902152a5cb57507e82f22"]),
        ("ruby_gems", "feed_data_unavailable", {}, ["58d7d6d2d3299c3c10f08a6a8ab95bb4"]),
        ("ruby_gems", "not_found_in_feed", {}, []),
    ],
)  # fmt: skip
def test_packages_of_a_language_are_denied(
    gate: str, trigger: str, params: dict[str, str], ids: list[str]
) -> None:
    assert [one.trigger_id for one in findings(bundle(rule(gate, trigger, **params)), SEEN)] == ids


ROOT = "root:x:0:0:root:/root:/bin/bash"
PASSWD = evidence(
    files=files(kept={"/etc/passwd": f"{ROOT}\n\nbroken\ndaemon:x:1:1::/:/sbin/nologin\n".encode()})
)


@pytest.mark.parametrize(
    ("trigger", "params", "found"),
    [
        ("blacklist_usernames", {"user_names": "root,x"}, f"Blacklisted user 'root' found in image's /etc/passwd: pentry={ROOT}"),
        ("denylist_userids", {"useridblacklist": "00"}, f"Blacklisted uid '0' found in image's /etc/passwd: pentry={ROOT}"),
        ("blacklist_groupids", {"group_ids": "0"}, f"Blacklisted gid '0' found in image's /etc/passwd: pentry={ROOT}"),
        ("blacklist_shells", {"shells": "/bin/bash"}, f"Blacklisted shell '/bin/bash' found in image's /etc/passwd: pentry={ROOT}"),
        ("blacklist_full_entry", {"entry": f" {ROOT} "}, f"Blacklisted pentry '{ROOT}' found in image's /etc/passwd: pentry={ROOT}"),
        ("blacklist_userids", {"user_ids": "7"}, None),
        ("content_not_available", {}, None),
    ],
)  # fmt: skip
def test_accounts_are_denied_and_malformed_lines_skipped(
    trigger: str, params: dict[str, Any], found: str | None
) -> None:
    assert messages(bundle(rule("passwd_file", trigger, **params)), PASSWD) == ([found] if found else [])


@pytest.mark.parametrize(
    "line", ["evil:x:0:0", "evil:x:0:0:a:b:/:/bin/sh", "evil:x:0:0:\x0c\u2028:/:/bin/sh"]
)
def test_an_account_is_no_less_denied_for_the_shape_of_its_line(line: str) -> None:
    seen = evidence(files=files(kept={"/etc/passwd": f"app:x:1:1::/:\r\n{line}\r\n".encode()}))

    assert messages(bundle(rule("passwd_file", "denylist_userids", user_ids="0")), seen) == [
        f"Blacklisted uid '0' found in image's /etc/passwd: pentry={line}"
    ]


def test_blanks_around_an_entry_are_no_part_of_it() -> None:
    seen = evidence(files=files(kept={"/etc/passwd": b"  app:x:1:1::/:/bin/bash \t\n \n"}))

    assert messages(bundle(rule("passwd_file", "denylist_shells", shells="/bin/bash")), seen) == [
        "Blacklisted shell '/bin/bash' found in image's /etc/passwd: pentry=app:x:1:1::/:/bin/bash"
    ]


def test_the_size_is_that_of_the_files_in_the_end_as_engine_counts_it() -> None:
    entries = [FileEntry(path=f"/{n}", type="file", mode=0o100644, size=513) for n in range(20)]
    entries += [FileEntry(path="/z", type="file", mode=0o100644, size=513, is_hard_link=True)]
    raw = bundle(rule("metadata", "attribute", attribute="size", check=">", value="0"))

    [message] = messages(raw, evidence(files=files(*entries)))

    assert message.endswith(
        "matched image value: '61440'"
    )  # 21 * 1536 + 20 * 1024 + 1024, in records of 10,240


def test_sizes_are_told_in_bytes() -> None:
    raw = bundle(rule("metadata", "attribute", attribute="size", check="exists", value="1kb"))

    assert "check_value: '1024'" in messages(raw, evidence(files=files()))[0]


def test_an_image_without_accounts_is_told() -> None:
    raw = bundle(
        rule("passwd_file", "content_not_available"), rule("passwd_file", "blacklist_userids", user_ids="0")
    )

    assert [one.trigger_id for one in findings(raw, evidence(files=files()))] == [
        "a03e8bea98bc473ccb1dc7471b201943"
    ]


@pytest.mark.parametrize(
    ("listed", "count"), [(None, 0), (("/etc/passwd",), 0), (("/etc/group",), 1), ((), 1)]
)
def test_accounts_that_are_not_to_be_retrieved_are_told(listed: tuple[str, ...] | None, count: int) -> None:
    seen = evidence(files=files(kept={"/etc/passwd": f"{ROOT}\n".encode()}), retrieve=listed)

    assert len(findings(bundle(rule("passwd_file", "content_not_available")), seen)) == count


def test_a_link_is_not_retrieved_as_in_engine_and_read_in_enterprises_words() -> None:
    link = FileEntry(path="/etc/passwd", type="symlink", mode=0o120777, link="../usr/lib/passwd")
    seen = evidence(files=files(link, kept={"/etc/passwd": f"{ROOT}\n".encode()}))
    rules = (
        rule("passwd_file", "content_not_available"),
        rule("retrieved_files", "content_not_available", path="/etc/passwd"),
        rule("passwd_file", "denylist_usernames", user_names="root"),
        rule("retrieved_files", "content_regex", path="/etc/passwd", regex="root", check="match"),
    )

    assert len(findings(enterprise(*rules), seen)) == len(rules)
    assert [one.message.split()[0] for one in findings(bundle(*rules), seen)] == ["Cannot", "Cannot"]
    told = [
        passed_over(parse_bundle(make(*rules)), seen, target=Target.parse("app"))
        for make in (bundle, enterprise)
    ]
    assert [len(one) for one in told] == [1, 0]
    assert told[0][0].startswith("/etc/passwd is a link: no rule of a bundle in Engine's words reads")


CONF = evidence(files=files(kept={"/a": b"SSL on\nport 80\n"}))


@pytest.mark.parametrize(
    ("regex", "check", "fires"),
    [("SSL on", "match", True), ("on", "match", True), ("ssl", "match", False), ("ssl", "no_match", True), ("80", "no_match", False)],
)  # fmt: skip
def test_contents_are_matched_by_line_and_by_word(regex: str, check: str, fires: bool) -> None:
    found = findings(
        bundle(rule("retrieved_files", "content_regex", path="/a", regex=regex, check=check)), CONF
    )

    assert [one.trigger_id for one in found] == (["r1+file:///a"] if fires else [])


@pytest.mark.parametrize("retrieve", [None, ("a",)])
def test_a_path_may_be_written_without_the_slash_it_begins_with(retrieve: tuple[str, ...] | None) -> None:
    raw = bundle(
        rule("retrieved_files", "content_not_available", path="a"),
        rule("retrieved_files", "content_regex", path="a", regex="SSL", check="match"),
    )
    seen = evidence(files=CONF.files, retrieve=retrieve)

    assert [one.message for one in findings(raw, seen)] == [
        "Content regex 'SSL' check 'match' found in retrieved file 'a'"
    ]
    needs = parse_bundle(raw).needs(Target.parse("app"), AnalyzerSettings.default())
    assert [want.path for want in needs.wants] == ["/a"]


def test_a_path_is_listed_as_it_is_written() -> None:
    raw = bundle(rule("retrieved_files", "content_not_available", path="/a"))

    assert len(findings(raw, evidence(files=CONF.files, retrieve=("a",)))) == 1


def test_a_file_that_is_not_there_is_told_once() -> None:
    raw = bundle(
        rule("retrieved_files", "content_not_available", path="/b"),
        rule("retrieved_files", "content_regex", path="/b", regex="x", check="no_match"),
    )

    assert [one.trigger_id for one in findings(raw, CONF)] == ["013ff87ce9b12826800438355925acd3"]
