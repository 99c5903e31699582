"""Gate `dockerfile`."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.image.dockerfile import guess_dockerfile, parse_dockerfile
from anchore_gate.model.image import Dockerfile, HistoryEntry, Image, ImageConfig, Instruction
from anchore_gate.policy.identity import hashed_id
from tests.policy.support import bundle, enterprise, evidence, findings, judge, messages, rule


def asked(text: str, trigger: str, **params: Any) -> list[str]:
    seen = evidence(dockerfile=parse_dockerfile(text))
    return messages(bundle(rule("dockerfile", trigger, **params)), seen)


@pytest.mark.parametrize(
    ("check", "value", "hits"),
    [
        ("=", "scratch", ["scratch"]),
        ("!=", "scratch", ["debian:12 AS x"]),
        ("exists", None, ["debian:12 AS x", "scratch"]),
        ("exists", "", ["debian:12 AS x", "scratch"]),
        ("like", "deb", ["debian:12 AS x"]),
        ("like", "ebian", []),
        ("not_like", "deb", ["scratch"]),
        ("in", "scratch, alpine", ["scratch"]),
        ("not_in", "scratch, alpine", ["debian:12 AS x"]),
        ("=", None, []),
        ("=", "", []),
        ("!=", "", ["debian:12 AS x", "scratch"]),
        ("like", "", ["debian:12 AS x", "scratch"]),
        ("not_in", "", ["debian:12 AS x", "scratch"]),
        ("not_exists", None, []),
    ],
)
def test_each_line_of_the_instruction_is_compared(check: str, value: str | None, hits: list[str]) -> None:
    found = asked(
        "FROM debian:12 AS x\nfrom scratch\n", "instruction", instruction="FROM", check=check, value=value
    )

    assert found == [
        f"Dockerfile directive 'FROM' check '{check}' matched against '{value or ''}' for line '{hit}'"
        for hit in hits
    ]


@pytest.mark.parametrize(
    ("check", "value", "hits"),
    [
        ("like", ".*curl", 1),
        ("like", "sudo", 1),
        ("like", "<<EOF", 1),
        ("like", "EOF x", 0),
        ("not_like", "sudo", 1),
        ("not_like", "(?s).*sudo", 0),
    ],
)
def test_a_line_of_a_here_document_is_as_good_as_an_instruction(check: str, value: str, hits: int) -> None:
    text = "FROM a\nRUN <<EOF\nsudo make\n  x | curl y\nEOF\n"
    seen = evidence(dockerfile=parse_dockerfile(text))
    raw = bundle(rule("dockerfile", "instruction", instruction="RUN", check=check, value=value))

    assert [one.line for one in findings(raw, seen)] == [2] * hits


def test_an_absent_instruction_is_found_once() -> None:
    assert asked("FROM a\n", "instruction", instruction="HEALTHCHECK", check="not_exists") == [
        "Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check"
    ]
    assert asked("# nothing\n", "instruction", instruction="HEALTHCHECK", check="not_exists") == []
    assert asked("FROM a\n", "instruction", instruction="HEALTHCHECK", check="!=", value="x") == []


def test_a_joined_line_keeps_the_id_that_engine_gave_its_first_line() -> None:
    text = "FROM a\nRUN x && \\\n y\n"
    seen = evidence(dockerfile=parse_dockerfile(text))
    raw = bundle(rule("dockerfile", "instruction", instruction="RUN", check="exists"))
    first_line = parse_dockerfile("FROM a\nRUN x && \\")
    cut = Dockerfile(mode="Actual", instructions=(Instruction(keyword="RUN", value="x && \\"),))

    [finding] = findings(raw, seen)
    [old] = findings(raw, evidence(dockerfile=cut))

    assert first_line.instructions
    assert old.trigger_id in finding.other_ids
    assert finding.line == 2


@pytest.mark.parametrize(
    ("step", "trigger", "params", "engines"),
    [
        (
            "RUN /bin/sh -c apk update # buildkit",
            "instruction",
            {"instruction": "RUN", "check": "like", "value": ".*apk"},
            "Dockerfile directive 'RUN' check 'like' matched against '.*apk' for line "
            "'RUN /bin/sh -c apk update # buildkit'",
        ),
        (
            "RUN |1 A=b /bin/sh -c make # buildkit",
            "instruction",
            {"instruction": "RUN", "check": "exists"},
            "Dockerfile directive 'RUN' check 'exists' matched against '' for line "
            "'RUN |1 A=b /bin/sh -c make # buildkit'",
        ),
        (
            "/bin/sh -c #(nop)  EXPOSE map[8080/tcp:{}]",
            "exposed_ports",
            {"ports": "80", "type": "whitelist"},
            "Dockerfile exposes port (map[8080/tcp:{}]) which is not in policy file ALLOWEDPORTS list",
        ),
    ],
)
def test_a_step_of_the_history_keeps_the_id_that_engine_gave_it(
    step: str, trigger: str, params: dict[str, str], engines: str
) -> None:
    config = ImageConfig(history=(HistoryEntry(created_by=step),))
    guessed = guess_dockerfile(Image(name="x", source="test", config=config))

    [finding] = findings(bundle(rule("dockerfile", trigger, **params)), evidence(dockerfile=guessed))

    assert hashed_id("dockerfile", trigger, engines) in finding.other_ids


def test_an_image_known_by_a_list_of_packages_alone_has_no_dockerfile() -> None:
    seen = evidence(dockerfile=Dockerfile(mode="Unknown"))

    assert messages(bundle(rule("dockerfile", "no_dockerfile_provided")), seen) == [
        "Image was not analyzed with an actual Dockerfile"
    ]


def test_a_guess_is_left_alone_where_the_rule_says_so() -> None:
    seen = evidence(dockerfile=Dockerfile(instructions=(Instruction(keyword="RUN", value="x"),)))
    params = {"instruction": "RUN", "check": "exists", "actual_dockerfile_only": "TRUE"}

    assert messages(bundle(rule("dockerfile", "instruction", **params)), seen) == []


@pytest.mark.parametrize(
    ("text", "kind", "users", "found"),
    [
        ("FROM a", "blacklist", "root", "User root found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER app", "blacklist", "root", None),
        ("FROM a\nUSER app", "denylist", "root, app", "User app found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER root\nUSER app", "whitelist", "app", None),
        ("FROM a\nUSER app", "whitelist", "x", "User app found as effective user, which is not on the allowed list"),
        ("FROM a\nUSER root:wheel", "blacklist", "root", "User root:wheel found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER [app]", "allowlist", "app", None),
        ("FROM a\nUSER []", "denylist", "root", "User root found as effective user, which is explicity not allowed"),
        ('FROM a\nUSER "root"', "denylist", "root", "User root found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER 00", "denylist", "root,0", "User 00 found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER -0:5", "denylist", "0", "User -0:5 found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER 010", "denylist", "0,10x,8", None),
        ("FROM a\nUSER +1000", "allowlist", "1000", None),
        ('FROM a\nUSER r"oo"t', "denylist", "root", 'User r"oo"t found as effective user, which is explicity not allowed'),
        ("FROM a\nUSER ro\\ot:0", "denylist", "root", "User ro\\ot:0 found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER 'root':0", "denylist", "root", "User 'root':0 found as effective user, which is explicity not allowed"),
        ('FROM a\nUSER a"p"p', "allowlist", "app", None),
        ("FROM a\nUSER $APP", "denylist", "root", "User $APP found as effective user, which is explicity not allowed"),
        ("FROM a\nUSER $APP", "allowlist", "root", "User $APP found as effective user, which is not on the allowed list"),
    ],
)  # fmt: skip
def test_the_last_user_counts(text: str, kind: str, users: str, found: str | None) -> None:
    assert asked(text, "effective_user", users=users, type=kind) == ([found] if found else [])


def test_a_user_in_quotes_keeps_the_id_that_engine_gave_it() -> None:
    raw = bundle(rule("dockerfile", "effective_user", users="app", type="allowlist"))
    engines = 'User "root" found as effective user, which is not on the allowed list'

    [finding] = findings(raw, evidence(dockerfile=parse_dockerfile('FROM a\nUSER "root" \n')))

    assert finding.other_ids == (hashed_id("dockerfile", "effective_user", engines),)


@pytest.mark.parametrize(
    ("exposed", "kind", "ports", "tokens"),
    [
        ("22 80/tcp", "blacklist", "22,80", ["22", "80/tcp"]),
        ("22 22/tcp", "blacklist", "22", ["22"]),
        ("53/udp", "denylist", "053", ["53/udp"]),
        ("8080-8090", "blacklist", "8085", ["8080-8090"]),
        ("80 443/tcp", "blacklist", "0", ["80", "443/tcp"]),
        ("22 8080/tcp $PORT", "whitelist", "22", ["8080/tcp", "$PORT"]),
        ("22/TCP", "blacklist", "22", ["22/TCP"]),
        ("80/TCP", "whitelist", "80", []),
        ("80 80", "whitelist", "80", []),
        ("8080-8081", "whitelist", "8080,8081", []),
        ("8080-8082", "whitelist", "8080,8081", ["8080-8082"]),
        ('"22" 2"2" 80', "blacklist", "22", ['"22"']),
        ("'22'/tcp", "blacklist", "22", ["'22'/tcp"]),
        ("2\\2", "blacklist", "22", ["2\\2"]),
        ("022", "blacklist", "22", ["022"]),
        ("8080:22 1.2.3.4:80:443/tcp", "blacklist", "22,443,8080,80", ["8080:22", "1.2.3.4:80:443/tcp"]),
        ("20-022/udp", "blacklist", "22", ["20-022/udp"]),
        ("22/sctp 22x -22", "blacklist", "22", []),
        ('"80" 080 8443:80', "whitelist", "80", []),
        (
            "22/sctp 80-70 80-99999999999999999999999",
            "whitelist",
            "22,80",
            ["22/sctp", "80-70", "80-99999999999999999999999"],
        ),
    ],
)
def test_ports_are_listed(exposed: str, kind: str, ports: str, tokens: list[str]) -> None:
    what = (
        "not in policy file ALLOWEDPORTS list" if kind == "whitelist" else "in policy file DENIEDPORTS list"
    )

    found = asked(f"FROM a\nExpose {exposed}\n", "exposed_ports", ports=ports, type=kind)

    assert found == [f"Dockerfile exposes port ({token}) which is {what}" for token in tokens]


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("EXPOSE $PORT", "blacklist", ["22/tcp"]),
        ("EXPOSE ${PORT}/tcp 80", "blacklist", ["22/tcp"]),
        ("EXPOSE $PORT 22", "blacklist", ["22"]),
        ("EXPOSE $PORT\nEXPOSE 22/tcp", "blacklist", ["22/tcp"]),
        ("EXPOSE 80", "blacklist", []),
        ("EXPOSE $PORT", "whitelist", ["$PORT"]),
    ],
)
def test_a_port_that_the_build_put_in_is_the_one_the_image_exposes(
    text: str, kind: str, found: list[str]
) -> None:
    image = Image(name="x", source="test", config=ImageConfig(exposed_ports=("22/tcp", "80/tcp")))
    raw = bundle(rule("dockerfile", "exposed_ports", ports="22", type=kind))

    told = messages(raw, evidence(image=image, dockerfile=parse_dockerfile(f"FROM a\n{text}\n")))

    assert [one.partition("(")[2].partition(")")[0] for one in told] == found


@pytest.mark.parametrize("ports", ["", "22;80", "a", "22,,80", "-1"])
def test_what_is_no_list_of_ports_is_refused(ports: str) -> None:
    result = judge(bundle(rule("dockerfile", "exposed_ports", ports=ports, type="blacklist")))

    assert [(one.type, one.path) for one in result.problems] == [
        ("ParameterValueInvalidError", "policies[0].rules[0].params[0].value")
    ]


def test_every_fault_of_a_rule_is_told() -> None:
    result = judge(bundle(rule("dockerfile", "instruction", check="equals", foo="1", value=7)))

    assert [(one.type, one.path.removeprefix("policies[0].rules[0].")) for one in result.problems] == [
        ("InvalidParameterError", "params[1].name"),
        ("ParameterValueInvalidError", "params"),
        ("ParameterValueInvalidError", "params[0].value"),
        ("ParameterValueInvalidError", "params[2].value"),
    ]
    assert result.problems[1].message == "the parameter 'instruction' is required"
    assert "known: instruction, check, value, actual_dockerfile_only" in result.problems[0].message


def test_an_expression_that_does_not_compile_is_a_fault() -> None:
    params = {"instruction": "RUN", "check": "like", "value": "(a"}

    assert [one.type for one in judge(enterprise(rule("dockerfile", "instruction", **params))).problems] == [
        "ParameterValueInvalidError"
    ]


def test_an_image_without_its_dockerfile_is_told() -> None:
    raw = bundle(rule("dockerfile", "no_dockerfile_provided"))

    assert [one.trigger_id for one in findings(raw)] == ["b00b22232c1902075263067d2d2b8eea"]


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("FROM a AS build\nUSER app\nFROM b\n", "root"),
        ("FROM a AS build\nUSER root\nFROM b\nUSER app\n", "app"),
        ("FROM a AS Base\nUSER app\nFROM --platform=linux/amd64 base\nRUN x\n", "app"),
        ("USER app\nFROM\n", "root"),
    ],
    ids=["other stage", "last stage", "built from a stage", "a FROM of nothing"],
)
def test_only_the_last_stage_decides_the_user(text: str, user: str) -> None:
    [message] = asked(text, "effective_user", users="nobody", type="allowlist")

    assert message.startswith(f"User {user} found")
