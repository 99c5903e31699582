"""What every kind of parameter takes: Anchore Engine's validators, letter by letter."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.policy.gates import gates
from anchore_gate.policy.gates.dockerfile import ExposedPorts, InstructionCheck
from anchore_gate.policy.gates.files import AttributeMatch
from anchore_gate.policy.gates.licenses import DenylistExactMatch
from anchore_gate.policy.gates.metadata import Attribute
from anchore_gate.policy.gates.packages import RequiredPackage
from anchore_gate.policy.gates.passwd_file import DenylistUsernames
from anchore_gate.policy.gates.vulnerabilities import PackageTrigger, StaleFeedData
from anchore_gate.policy.parameter import configure, parameters
from anchore_gate.policy.trigger import Trigger
from tests.policy.support import bundle, judge, rule

REFUSED = object()
PORTS: tuple[type[Trigger], dict[str, str], str] = (ExposedPorts, {"type": "blacklist"}, "ports")
LICENCES: tuple[type[Trigger], dict[str, str], str] = (DenylistExactMatch, {}, "licenses")
DAYS: tuple[type[Trigger], dict[str, str], str] = (StaleFeedData, {}, "max_days_since_sync")
SCORE: tuple[type[Trigger], dict[str, str], str] = (
    PackageTrigger,
    {"package_type": "all"},
    "cvss_v3_base_score",
)
ASKED = {"instruction": "FROM", "check": "="}
ACTUAL: tuple[type[Trigger], dict[str, str], str] = (InstructionCheck, ASKED, "actual_dockerfile_only")
MISSING: tuple[type[Trigger], dict[str, str], str] = (AttributeMatch, {"filename": "/a"}, "skip_missing")
VALUE: tuple[type[Trigger], dict[str, str], str] = (InstructionCheck, ASKED, "value")
CHECK: tuple[type[Trigger], dict[str, str], str] = (InstructionCheck, {"instruction": "FROM"}, "check")
TYPE: tuple[type[Trigger], dict[str, str], str] = (ExposedPorts, {"ports": "1"}, "type")
NOT_TEXTS: tuple[Any, ...] = (0, 1, 22, 1.5, [], ["a"], {}, {"a": 1})


@pytest.mark.parametrize(
    ("asked", "given", "read"),
    [
        *((LICENCES, text, REFUSED) for text in ("", ",", "a,", ",a", "a,,b", *NOT_TEXTS, True, False)),
        (LICENCES, "a", ("a",)),
        (LICENCES, " a b , c ", ("a b", "c")),
        (LICENCES, "a, ,b", ("a", "", "b")),
        *((PORTS, text, REFUSED) for text in ("", "a", "1;2", "1,", ",1", "1,,2", "1 2", "-1", "1.0", "0x1")),
        *((PORTS, value, REFUSED) for value in (*NOT_TEXTS, True, False)),
        (PORTS, "022", (22,)),
        (PORTS, " 1 ,2,  3 ", (1, 2, 3)),
        (PORTS, "1,1", (1, 1)),
        *((DAYS, text, REFUSED) for text in ("", "-1", "+1", "1.0", "1 2", "x", *NOT_TEXTS, True, False)),
        (DAYS, " 2 ", 2),
        (DAYS, "007", 7),
        *((SCORE, text, REFUSED) for text in ("", ".", "--1", "+1", "1e3", "nan", "inf", "1,5", *NOT_TEXTS)),
        (SCORE, " 6.5 ", 6.5),
        (SCORE, "-1", -1.0),
        (SCORE, "5.", 5.0),
        (SCORE, ".5", 0.5),
        (SCORE, "-.5", -0.5),
        *((ACTUAL, text, REFUSED) for text in ("", "yes", "1", " true", "true ", True, *NOT_TEXTS)),
        (ACTUAL, "TRUE", True),
        (ACTUAL, "fAlSe", False),
        (ACTUAL, False, False),  # Engine takes JSON's `false` for "not given"
        (MISSING, False, False),  # and for false where true is what holds without it
        (MISSING, None, True),
        *((VALUE, value, REFUSED) for value in (*NOT_TEXTS, True, False)),
        (VALUE, "", ""),
        (VALUE, " a ", " a "),
        *((CHECK, text, REFUSED) for text in ("", "EXISTS", " =", "==", "exists,like", *NOT_TEXTS, True)),
        (CHECK, "not_in", "not_in"),
        (TYPE, "whitelist", "allowlist"),
        (TYPE, "denylist", "denylist"),
        (TYPE, "Blacklist", REFUSED),
    ],
)
def test_a_value_is_read_or_refused_as_by_engine(
    asked: tuple[type[Trigger], dict[str, str], str], given: Any, read: Any
) -> None:
    trigger, others, name = asked

    made, faults = configure(trigger, {**others, name: given}, rule_id=None)

    assert [one.type for one in faults] == (["ParameterValueInvalidError"] if read is REFUSED else [])
    assert made is None if read is REFUSED else getattr(made, name) == read


@pytest.mark.parametrize(
    "trigger", [one for gate in gates() for one in gate.triggers], ids=lambda one: f"{one.GATE}-{one.NAME}"
)
def test_every_required_parameter_is_missed_and_every_unknown_one_named(trigger: type[Trigger]) -> None:
    declared = parameters(trigger)
    required = sorted(one.name for one in declared if one.required)

    for given in ({"odd": "1"}, {"odd": None, **{one.name: None for one in declared}}):
        made, faults = configure(trigger, given, rule_id=None)

        assert made is None
        assert [one.name for one in faults if one.type == "InvalidParameterError"] == ["odd"]
        assert sorted(one.name for one in faults if one.is_missing) == required


def test_parameters_that_a_trigger_does_not_have_are_one_fault_that_names_them_as_engine_counts_them() -> (
    None
):
    made, faults = configure(RequiredPackage, {"odd": "1", "name": "bash", "even": None}, rule_id=None)

    assert made is None
    assert [(one.type, one.name) for one in faults] == [("InvalidParameterError", "odd")]
    assert faults[0].message == (
        "no parameter 'odd', 'even' in packages/required_package (known: name, version, version_match_type)"
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"usernameblacklist": "a"}, ("a",)),
        ({"user_names": None, "usernameblacklist": "a"}, ("a",)),
        ({"usernameblacklist": "a", "user_names": None}, ("a",)),
        ({"user_names": "b", "usernameblacklist": "a"}, ("b",)),
        ({"usernameblacklist": "a", "user_names": "b"}, ("b",)),
    ],
)
def test_an_old_name_of_a_parameter_counts_where_the_new_one_is_not_given(
    given: dict[str, Any], read: tuple[str, ...]
) -> None:
    made, faults = configure(DenylistUsernames, given, rule_id=None)

    assert faults == ()
    assert getattr(made, "user_names") == read  # noqa: B009  # a Trigger, to mypy


def test_an_unknown_parameter_is_named_as_it_is_written() -> None:
    _, faults = configure(
        ExposedPorts, {"ports": "1", "type": "denylist", "useridblacklist": "0"}, rule_id=None
    )

    assert [one.message.partition(" in ")[0] for one in faults] == ["no parameter 'useridblacklist'"]


def test_names_are_read_in_any_letter_case_and_the_last_of_two_counts() -> None:
    raw = rule("ALWAYS", "Always", "Stop")
    twice = {**rule("Packages", "BLACKLIST", "wArN"), "params": []}
    twice["params"] = [{"name": "NAME", "value": "a"}, {"name": "name", "value": "b"}]

    always, packages = judge(bundle(raw, twice)).outcomes

    assert (always.gate, always.trigger, always.action) == ("always", "always", Action.STOP)
    assert (packages.trigger, packages.action) == ("blacklist", Action.WARN)
    assert packages.params == (("name", "b"),)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ["attribute", "check", ""]),
        ({"attribute": "distro"}, ["check", ""]),
        ({"attribute": "distro", "check": "=", "value": 12}, ["value", ""]),
        ({"attribute": "size", "check": "is", "value": "10MB"}, ["check", ""]),
        ({"attribute": "colour", "check": "=", "value": "10MB"}, ["attribute"]),
        ({"attribute": "distro", "check": "exists", "value": 12}, ["value"]),
        ({"attribute": "size", "check": "=", "value": "10MB"}, [""]),
    ],
)
def test_a_value_of_metadata_is_looked_at_beside_other_faults_as_engine_counts(
    given: dict[str, Any], told: list[str]
) -> None:
    made, faults = configure(Attribute, given, rule_id=None)

    assert made is None
    assert {one.type for one in faults} == {"ParameterValueInvalidError"}
    assert [one.name for one in faults] == told
    assert all(one.message.startswith("value: ") for one in faults if not one.name)
