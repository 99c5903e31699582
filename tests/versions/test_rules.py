"""Single rules of the orders and of constraints that the tables do not name."""

from __future__ import annotations

from itertools import pairwise

import pytest

from anchore_gate.versions import apk, deb, gem, maven, pacman, rpm, semver
from anchore_gate.versions.constraint import Answer, parse_constraint, satisfies
from anchore_gate.versions.orders import order, order_for, order_without_epoch
from anchore_gate.versions.version import InvalidVersion


@pytest.mark.parametrize("text", ["", "-1", "1-", "1:", ":1", "a:1", "1:-1", "1 2", "99999999999:1"])
def test_what_dpkg_refuses_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion):
        deb.parse(text)


def test_an_epoch_may_have_a_plus_sign() -> None:
    assert deb.parse("+1:2") == deb.parse("1:2")


@pytest.mark.parametrize("text", ["x1", "1_2", "1:2:3-1", " 1.0 "])
def test_what_dpkg_only_warns_of_is_compared(text: str) -> None:
    assert deb.parse(text) == deb.parse(text.strip())


def test_a_missing_debian_revision_is_zero() -> None:
    assert deb.parse("1.0") == deb.parse("1.0-0")
    assert deb.parse("1.0") > deb.parse("1.0-0~1")
    assert deb.parse("1.0") < deb.parse("1.0-0a")


def test_an_rpm_release_counts_in_a_constraint_that_names_one() -> None:
    assert satisfies("1.2-3.el9", "<= 1.2", order("rpm")) is Answer.YES
    assert satisfies("1.2-3.el9", "< 1.2-4.el9", order("rpm")) is Answer.YES
    assert satisfies("1.2", "< 1.2-4.el9", order("rpm")) is Answer.YES
    assert satisfies("1.2", "< 1.2-4.el9", order_without_epoch()) is Answer.YES
    assert rpm.parse("1.2-3") > rpm.parse("1.2")


@pytest.mark.parametrize(
    ("constraint", "answer"),
    [
        ("< 9.11.4-26.amzn2.13", Answer.YES),  # as Amazon writes of a package with an epoch
        ("< 9.11.4-25.amzn2", Answer.NO),
        ("< 0:9.11.4-26.amzn2.13", Answer.NO),
        (">= 9.11, < 9.11.4-26.amzn2.13", Answer.YES),
    ],
)
def test_a_bound_without_an_rpm_epoch_says_nothing_of_epochs(constraint: str, answer: Answer) -> None:
    assert satisfies("32:9.11.4-26.amzn2.5", constraint, order("rpm")) is answer


@pytest.mark.parametrize("version", ["3.0.0", "3.0.1-0.20170101000000-abcdefabcdef"])
def test_an_empty_part_of_a_constraint_is_none(version: str) -> None:
    constraint = ">=3.0.0,,<3.0.1-0.20180525145409-4c9aadca8f89"
    assert satisfies(version, constraint, order("semver")) is Answer.YES
    assert satisfies(version, ",", order("semver")) is Answer.UNKNOWN


def test_a_missing_rpm_epoch_is_zero_unless_it_is_left_out_of_the_comparison() -> None:
    assert satisfies("5.26-1", "< 4:5.20-1", order("rpm")) is Answer.YES
    assert satisfies("5.26-1", "< 4:5.20-1", order_without_epoch()) is Answer.NO


@pytest.mark.parametrize(
    ("constraint", "answer"), [("< 15.4.0", Answer.NO), ("< 15.4.0-13", Answer.YES), ("< 15.4.1", Answer.YES)]
)
def test_a_build_of_bitnami_is_not_before_its_version(constraint: str, answer: Answer) -> None:
    order_ = order_for("bitnami")
    assert order_ is not None
    assert satisfies("15.4.0-12", constraint, order_) is answer


def test_an_empty_gem_version_is_zero() -> None:
    assert gem.parse(" ") == gem.parse("0")


@pytest.mark.parametrize("text", ["junk", "1.0\n2.0", "1..2", "1.2 3.4", "1-"])
def test_what_rubygems_calls_malformed_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion):
        gem.parse(text)


def test_the_platform_of_a_gem_is_no_part_of_its_version() -> None:
    assert satisfies("1.2.0-x86_64-linux", "= 1.2.0", order("gem")) is Answer.YES
    assert satisfies("1.2.0-alpha", "< 1.2.0", order("gem")) is Answer.YES


def test_maven_reads_a_dot_before_a_qualifier_as_a_dash() -> None:
    assert maven.parse("1.0.0.RC1") == maven.parse("1-rc1")
    assert maven.parse("1.0.0.Final") == maven.parse("1")


def test_build_metadata_of_a_semantic_version_says_nothing() -> None:
    assert semver.parse("1.2.3+a") == semver.parse("v1.2.3+b")


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("9.99.10", "9.99.10.1"),
        ("4.7.20.9", "4.7.20.10"),
        ("1.2.10.4", "1.2.11"),
        ("20.10.27-rc.1+dirty", "20.10.27+incompatible+dirty"),
    ],
)
def test_the_fourth_part_of_a_version_is_a_number(smaller: str, larger: str) -> None:
    assert semver.parse_published(smaller) < semver.parse_published(larger)
    assert satisfies(smaller, f"< {larger}", order("semver")) is Answer.YES


@pytest.mark.parametrize("text", ["", "hello, world", "1.x", "a.b.c", "1.2.3" + "4" * 260])
def test_what_is_no_semantic_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion):
        semver.parse(text)


@pytest.mark.parametrize(
    ("version", "operator", "other", "holds"),
    [
        ("1.0~abcdef", "~", "1.0~abc", True),
        ("1.0~abcdef", "=", "1.0~abc", False),
        ("1.2.3", ">=", "1.2", True),
        ("23_foo", ">", "4_beta", True),
        ("1.2", "~", "1.2_broken", False),
        ("junk", "<", "1", True),
        ("1.0_rc20abc", "<", "1.0_rc3", False),
    ],
)
def test_apk_operators(version: str, operator: str, other: str, holds: bool) -> None:
    assert apk.satisfies(version, operator, other) is holds


@pytest.mark.parametrize("operator", ["", "><", "in", "!"])
def test_an_operator_that_compares_no_versions_is_refused(operator: str) -> None:
    with pytest.raises(ValueError, match="not a version operator"):
        apk.satisfies("1", operator, "1")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("3.3.3p1-r2", "3.3.3p1-r3"),
        ("3.3.3p1-r3", "3.3.3p2-r0"),
        ("3.3.3p9", "3.3.3p10"),
        ("3.3.3p", "3.3.3p1"),
        ("3.3.3p1_rc1", "3.3.3p1"),
        ("3.3.3o9", "3.3.3p1"),
        ("3.3.3p1", "3.3.4"),
    ],
)
def test_a_letter_with_a_number_is_ordered_as_apk_2_does(a: str, b: str) -> None:
    published = order("apk").parse
    assert published(a) < published(b)


def test_the_number_behind_a_letter_may_have_zeros_in_front() -> None:
    assert order("apk").parse("1.0a01") == order("apk").parse("1.0a1")


@pytest.mark.parametrize("text", ["1.0a1", "1.0bc1", "1.0a1.2", "1.0a1b2"])
def test_what_apk_3_refuses_is_refused_by_its_own_order(text: str) -> None:
    with pytest.raises(InvalidVersion):
        apk.parse(text)


@pytest.mark.parametrize("text", ["1.0bc1", "1.0a1.2", "1.0a1b2"])
def test_what_both_apks_refuse_cannot_be_compared(text: str) -> None:
    assert satisfies(text, "< 2", order("apk")) is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("version", "constraint", "answer"),
    [
        ("1.0", "", Answer.YES),
        ("junk", "", Answer.YES),
        ("junk", "< 1", Answer.UNKNOWN),
        ("1.0", "< junk", Answer.UNKNOWN),
        ("1.0", "< junk, > 2", Answer.NO),
        ("1.0", "< junk || = 1.0", Answer.YES),
        ("1.0", "< junk || = 2.0", Answer.UNKNOWN),
        ("1.0", ">> 1", Answer.UNKNOWN),
        ("1.0", "= '1.0'", Answer.YES),
        ("1.0", "== 1.0", Answer.YES),
        ("1.0", ",", Answer.UNKNOWN),
    ],
)
def test_a_constraint_has_three_answers(version: str, constraint: str, answer: Answer) -> None:
    assert satisfies(version, constraint, order("apk")) is answer


def test_a_constraint_says_why_it_cannot_be_compared_with() -> None:
    assert "'junk'" in parse_constraint("< junk", order("apk")).problem
    assert parse_constraint("< 1", order("apk")).problem == ""


def test_pacman_orders_as_its_manual_does() -> None:
    rows = ("1.0a 1.0b 1.0beta 1.0p 1.0pre 1.0rc 1.0 1.0.a 1.0.1", "1 1.0 1.1 1.1.1 1.2 2.0 3.0.0")
    for row in rows:
        versions = [pacman.parse(text) for text in row.split()]
        assert all(lower < higher for lower, higher in pairwise(versions))
    assert pacman.parse("1:1.0-1") > pacman.parse("3.6-1")
    assert pacman.parse("1.0-1") < pacman.parse("1.0-2")


@pytest.mark.parametrize(
    ("version", "constraint", "answer"),
    [
        ("8.7.1-1", "< 8.7.1-2", Answer.YES),
        ("8.7.1-2", "< 8.7.1-2", Answer.NO),
        ("8.7.1-1", "<= 8.7.1", Answer.YES),
        ("1:1.2-1", "< 1.3-1", Answer.YES),
        ("1:1.2-1", "< 0:1.3-1", Answer.NO),
    ],
)
def test_what_a_bound_of_pacmans_leaves_out_does_not_count(
    version: str, constraint: str, answer: Answer
) -> None:
    assert satisfies(version, constraint, order("pacman")) is answer


@pytest.mark.parametrize("text", ["", "1" * 2000])
def test_what_is_no_version_of_pacmans_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion):
        pacman.parse(text)
