"""Gate `dockerfile`: how the image was built."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.image.dockerfile import lines_of, unquoted
from anchore_gate.model.evaluation import Finding
from anchore_gate.model.image import Dockerfile, Instruction
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.parameter import BOOLEAN, NUMBERS, TEXT, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger
from anchore_gate.regex import regex
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

_KEYWORDS = (
    *("ADD", "ARG", "COPY", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "USER", "RUN", "SHELL", "STOPSIGNAL", "VOLUME", "WORKDIR"),
)
_CHECKS = ("=", "!=", "exists", "not_exists", "like", "not_like", "in", "not_in")
_PORTS = regex(r"(\d{1,20})(?:-(\d{1,20}))?(?:/(?:tcp|udp))?", re.ASCII | re.IGNORECASE)
_LAST_PORT = 65_535
_NUMBER = regex(r"[+-]?[0-9]{1,20}")
_ACTUAL = "Ask only of a Dockerfile that was given, not of one guessed from the history"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionCheck(Trigger):
    """Fires for each instruction of a kind whose text passes a check, or once where there is none."""

    GATE: ClassVar[str] = "dockerfile"
    NAME: ClassVar[str] = "instruction"

    instruction: str = parameter(choice(*_KEYWORDS), description="The instruction", example="FROM")
    check: str = parameter(choice(*_CHECKS), description="How its text is compared", example="=")
    value: str | None = parameter(
        TEXT, description="What it is compared with", example="scratch", default=None
    )
    actual_dockerfile_only: bool = parameter(BOOLEAN, description=_ACTUAL, example="true", default=False)

    def __post_init__(self) -> None:
        if self.check in {"like", "not_like"} and self.value is not None:
            Expression(self.value)

    def unseen(self, settings: AnalyzerSettings) -> str:
        """See `Trigger.unseen`."""
        del settings
        is_open = self.value is None and self.check not in {"exists", "not_exists"}
        return f"the check {self.check!r} compares with a value, and none is given" if is_open else ""

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        dockerfile = evidence.build
        if self.actual_dockerfile_only and dockerfile.mode != "Actual":
            return
        lines = [one for one in dockerfile.instructions if one.keyword == self.instruction]
        if self.check == "not_exists":
            if not lines and dockerfile.instructions:
                what = f"Dockerfile directive '{self.instruction}' not found"
                yield self.found(f"{what}, matching condition 'not_exists' check")
            return
        if not lines:
            return
        for line, hit in zip(lines, self._hits([one.value for one in lines]), strict=True):
            if hit:
                earlier = self._message(_as_engine_read(dockerfile, line))
                yield self.found(
                    self._message(line.value),
                    earlier=(earlier,),
                    line=line.line or None,
                    layer=line.layer,
                )

    def _message(self, text: str) -> str:
        return (
            f"Dockerfile directive '{self.instruction}' check '{self.check}' "
            f"matched against '{self.value or ''}' for line '{text}'"
        )

    def _hits(self, texts: list[str]) -> list[bool]:
        if self.check == "exists":
            return [True] * len(texts)
        if self.value is None:
            return [False] * len(texts)
        match self.check.removeprefix("not_"):
            case "like":
                same = self._like(Expression(self.value), texts)
            case "in":
                listed = {part.strip() for part in self.value.split(",")}
                same = [text in listed for text in texts]
            case _:
                same = [text == self.value for text in texts]
        is_negative = self.check == "!=" or self.check.startswith("not_")
        return [one is not is_negative for one in same]

    def _like(self, expression: Expression, texts: list[str]) -> list[bool]:
        """Which it matches: a line of a here-document counts as one, but where it must match."""
        same = expression.matching(texts)
        if self.check == "not_like":
            return same
        return [
            hit or ("\n" in text and any(expression.matching(text.splitlines()[1:])))
            for hit, text in zip(same, texts, strict=True)
        ]


def _as_engine_read(dockerfile: Dockerfile, instruction: Instruction) -> str:
    """What Engine took for the instruction: it joins no continuations, and leaves BuildKit's words in."""
    if instruction.recorded:
        return instruction.recorded.splitlines()[0].strip()
    lines = lines_of(dockerfile.text)
    if not 0 < instruction.line <= len(lines):
        return instruction.value
    return lines[instruction.line - 1].strip()[len(instruction.keyword) :].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveUser(Trigger):
    """Fires when the user that containers start as is on the denylist, or is not on the allowlist."""

    GATE: ClassVar[str] = "dockerfile"
    NAME: ClassVar[str] = "effective_user"

    users: str = parameter(TEXT, description="User names, separated by commas", example="root,docker")
    type: str = parameter(
        choice("allowlist", "denylist"), description="How the names are meant", example="denylist"
    )

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        instructions = evidence.build.instructions
        if not instructions:
            return
        last = _last_user(instructions)
        user = (_user(last.value) if last else "") or "root"
        named = {name.strip() for name in self.users.split(",")}
        spellings = _spellings(user)
        if self.type == "denylist" and "$" in user:  # the image knows what the build put there
            spellings.add(evidence.image.config.user.partition(":")[0] or "root")
        is_listed = bool(named & spellings)
        if is_listed is not (self.type == "denylist"):
            return
        why = "explicity not allowed" if is_listed else "not on the allowed list"
        whom = "an unprivileged user" if is_listed else f"one of {self.users}"
        quoted = last.value.strip().removeprefix("[").partition("]")[0] if last else user
        yield self.found(
            f"User {user} found as effective user, which is {why}",
            earlier=(f"User {quoted} found as effective user, which is {why}",),
            line=(last.line or None) if last else None,
            layer=last.layer if last else None,
            fix=f"end the Dockerfile with USER and {whom}",
        )


def _user(written: str) -> str:
    """The user of a USER instruction, which a history puts in brackets."""
    user = written.strip().removeprefix("[").partition("]")[0].strip()
    return user[1:-1] if len(user) > 1 and user[0] == user[-1] and user[0] in "\"'" else user


def _spellings(user: str) -> set[str]:
    """What a list may call it: with its group and without, without quotes, `00` as the number that it is."""
    found = {one for whole in (user, unquoted(user)) for one in (whole, whole.partition(":")[0])}
    return found | {str(int(one)) for one in found if _NUMBER.fullmatch(one)}


def _last_user(instructions: tuple[Instruction, ...]) -> Instruction | None:
    """The USER of the last stage; a stage begins with the user of the stage it is built from."""
    users: dict[str, Instruction | None] = {}
    stage, user = "", None
    for one in instructions:
        if one.keyword == "FROM":
            words = [word.lower() for word in one.value.split() if not word.startswith("--")]
            user = users.get(words[0]) if words else None
            stage = words[2] if len(words) > 2 and words[1] == "as" else ""
        elif one.keyword == "USER":
            user = one
        if stage:
            users[stage] = user
    return user


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposedPorts(Trigger):
    """Fires for each exposed port that is on the denylist, or is not on the allowlist. Port 0 denies all."""

    GATE: ClassVar[str] = "dockerfile"
    NAME: ClassVar[str] = "exposed_ports"

    ports: tuple[int, ...] = parameter(NUMBERS, description="Port numbers", example="80,8080,8088")
    type: str = parameter(
        choice("allowlist", "denylist"), description="How the ports are meant", example="denylist"
    )
    actual_dockerfile_only: bool = parameter(BOOLEAN, description=_ACTUAL, example="true", default=False)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if self.actual_dockerfile_only and evidence.build.mode != "Actual":
            return
        denies = self.type == "denylist"
        what = "in policy file DENIEDPORTS list" if denies else "not in policy file ALLOWEDPORTS list"
        lines = [one for one in evidence.build.instructions if one.keyword == "EXPOSE"]
        literal = {token for line in lines for token in line.value.split()}
        for line in lines:
            tokens = line.value.split()
            if denies and "$" in line.value:  # the image knows what the build put there
                exposed = evidence.image.config.exposed_ports
                tokens += [one for one in exposed if not literal & {one, one.removesuffix("/tcp")}]
            recorded = dict(zip(tokens, line.recorded.split(), strict=False))
            for token in self._denied(tokens) if denies else self._strange(tokens):
                yield self.found(
                    f"Dockerfile exposes port ({token}) which is {what}",
                    earlier=(f"Dockerfile exposes port ({recorded.get(token, token)}) which is {what}",),
                    line=line.line or None,
                    layer=line.layer,
                    fix=f"remove EXPOSE {token}",
                )

    def _denied(self, tokens: list[str]) -> Iterator[str]:
        lower = {one.lower(): one for one in reversed(tokens)}
        meant = [(one, _ports(one)) for one in tokens]
        for port in self.ports:
            if port == 0:
                yield from tokens
                continue
            exact = (str(port), f"{port}/tcp", f"{port}/udp")
            hit = next((lower[one] for one in exact if one in lower), None)
            hit = hit or next((one for one, ports in meant if port in ports), None)
            if hit is not None:
                yield hit

    def _strange(self, tokens: list[str]) -> Iterator[str]:
        allowed = set(self.ports)
        for token in tokens:
            ports = _ports(token)
            if not ports or not allowed.issuperset(ports):
                yield token


def _ports(token: str) -> range:
    """What Docker exposes for it: `"22"`, `022` and `8080:22` are port 22. Empty where nobody can say."""
    found = _PORTS.fullmatch(unquoted(token).rpartition(":")[2])
    if found is None:
        return range(0)
    low, high = int(found[1]), int(found[2] or found[1])
    return range(low, high + 1) if high <= _LAST_PORT else range(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDockerfileProvided(Trigger):
    """Fires when the image was judged without its Dockerfile."""

    GATE: ClassVar[str] = "dockerfile"
    NAME: ClassVar[str] = "no_dockerfile_provided"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if evidence.dockerfile.mode != "Actual":
            yield self.found("Image was not analyzed with an actual Dockerfile", fix="give --dockerfile")


GATE: Final = Gate(
    "dockerfile",
    "The Dockerfile that was given, or the one guessed from the image's history and configuration.",
    (InstructionCheck, EffectiveUser, ExposedPorts, NoDockerfileProvided),
)
