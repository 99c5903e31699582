"""How an image was built: a Dockerfile that is read, or a guess from the history and the config."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from anchore_gate._file import read_limited
from anchore_gate.model.image import Dockerfile, Image, ImageConfig, Instruction
from anchore_gate.regex import regex
from anchore_gate.values import replace

MAX_BYTES = 4 * 1024 * 1024
KEYWORDS = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
        *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)
# As BuildKit's parser has them (frontend/dockerfile/parser): what Docker takes for another line is one here.
_DIRECTIVE = regex(r"\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_CONTINUED = {"\\": regex(r"(?<!\\)\\[ \t]*$"), "`": regex(r"(?<!`)`[ \t]*$")}  # by the escape character
_DIRECTIVES = frozenset({"check", "escape", "syntax"})
_WORD = regex(r"""(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+""", re.DOTALL)
_HEREDOC = regex(r"\d*<<(-?)([^<]*)", re.DOTALL)
_QUOTED = regex(r"""\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
_TAKES_HEREDOC = frozenset({"RUN", "COPY", "ADD"})
# Build arguments that the builder puts before a command: `|2 A=1 B=2 /bin/sh -c make`.
_ARGUMENTS = regex(r"^\|\d+ (?:.*? )?(?=/bin/sh -c )", re.DOTALL)
_NOP = regex(r"^/bin/sh -c #\(nop\) +(.*)$", re.DOTALL)
_BUILDKIT = regex(r"\s*# buildkit\s*$")
_BETWEEN_WORDS = regex(r"[\s=]+")
_GO_LIST = regex(r"(?:map)?\[(.*)\]")


def load_dockerfile(path: Path) -> Dockerfile:
    """Read a Dockerfile. Raises `ConfigError`."""
    content = read_limited(path, MAX_BYTES, what=f"Dockerfile {str(path)!r}")
    text = content.decode("utf-8", "replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    return parse_dockerfile(text, path=str(path))


def parse_dockerfile(text: str, *, path: str = "") -> Dockerfile:
    """Read a Dockerfile's text: continuations joined, here-documents kept, variables as written."""
    return Dockerfile(mode="Actual", path=path, text=text, instructions=tuple(_instructions(text)))


def lines_of(text: str) -> list[str]:
    """The lines as Docker counts them: only a newline ends one."""
    return [line.rstrip("\r") for line in text.split("\n")]


def unquoted(word: str) -> str:
    """A word without its quotes and escapes, as Docker takes it."""
    return _QUOTED.sub(lambda part: part[1] or part[2] or part[3] or "", word)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = lines_of(text)
    continued = _CONTINUED[_escape(lines)]
    ends = _Ends(lines if "<<" in text else [])
    number = 0
    while number < len(lines):
        start = number
        number, logical = _logical_line(lines, number, continued)
        keyword, value = _split(logical)
        if keyword:
            inner = _split(value)[0] if keyword == "ONBUILD" else keyword
            if inner in _TAKES_HEREDOC:
                end = ends.of_documents(value, number)
                number, value = end, "\n".join((value, *lines[number:end]))
            yield Instruction(keyword=keyword, value=value, line=start + 1)


def _escape(lines: list[str]) -> str:
    for line in lines:
        found = _DIRECTIVE.fullmatch(line)
        if found is None or found[1].lower() not in _DIRECTIVES:
            break
        if found[1].lower() == "escape" and found[2] in _CONTINUED:
            return found[2]
    return "\\"


def _logical_line(lines: list[str], number: int, continued: re.Pattern[str]) -> tuple[int, str]:
    """One instruction's text: comments and empty lines inside a continuation are dropped, as Docker does."""
    parts: list[str] = []
    while number < len(lines):
        line = lines[number]
        number += 1
        bare = line.strip()
        if not bare or bare.startswith("#"):
            if parts:
                continue
            return number, ""
        more = continued.search(line)
        if more is None:
            parts.append(line)
            break
        parts.append(line[: more.start()])
    return number, "".join(parts).strip()


def _split(line: str) -> tuple[str, str]:
    word = line.split(maxsplit=1)[0] if line else ""
    return word.upper(), line[len(word) :].strip()


class _Ends:
    """Where here-documents end; Docker builds nothing of one that does not."""

    def __init__(self, lines: list[str]) -> None:
        self._lines: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for number, line in enumerate(lines):
            self._lines["", line].append(number)
            self._lines["-", line.lstrip("\t")].append(number)

    def of_documents(self, value: str, number: int) -> int:
        """The line behind the last document of an instruction's text, whose lines begin at `number`."""
        for dash, name in _heredocs(value) if self._lines else ():
            from bisect import bisect_left  # few Dockerfiles have one

            places = self._lines.get((dash, name), [])
            found = bisect_left(places, number)
            if found == len(places):
                break
            number = places[found] + 1
        return number


def _heredocs(value: str) -> Iterator[tuple[str, str]]:
    words = _WORD.findall(value)
    for word, following in zip(words, (*words[1:], ""), strict=False):
        found = _HEREDOC.fullmatch(word)
        if found is not None and (name := found[2] or following):
            yield found[1], unquoted(name)


def guess_dockerfile(image: Image) -> Dockerfile:
    """What the Dockerfile must have said: the history's steps, and what the config says beside them."""
    guessed = [Instruction(keyword="FROM", value="scratch")]
    layers = _layer_numbers(image)
    guessed.extend(
        replace(instruction, layer=layer)
        for entry, layer in zip(image.config.history, layers, strict=True)
        for instruction in _from_history(entry.created_by)
    )
    guessed.extend(_missing(image.config, guessed))
    text = "\n".join(f"{one.keyword} {one.value}" for one in guessed)
    return Dockerfile(mode="Guessed", text=text, instructions=tuple(guessed))


def with_layers(dockerfile: Dockerfile, image: Image) -> Dockerfile:
    """A Dockerfile whose last stage knows which layer each instruction brought, where the history says so."""
    found = dict(_aligned(dockerfile, image))
    return replace(
        dockerfile,
        instructions=tuple(
            replace(one, layer=found.get(index)) for index, one in enumerate(dockerfile.instructions)
        ),
    )


def _aligned(dockerfile: Dockerfile, image: Image) -> Iterator[tuple[int, int | None]]:
    """From the last step backwards, as long as keywords agree: what lies below came with the base image."""
    steps = [
        (instruction.keyword, layer)
        for entry, layer in zip(image.config.history, _layer_numbers(image), strict=True)
        for instruction in _from_history(entry.created_by)
        if instruction.keyword != "ARG"
    ]
    numbered = [
        (index, one.keyword) for index, one in enumerate(dockerfile.instructions) if one.keyword != "ARG"
    ]
    for (keyword, layer), (index, written) in zip(reversed(steps), reversed(numbered), strict=False):
        if written == "FROM" or keyword != written:
            return
        yield index, layer


def _layer_numbers(image: Image) -> list[int | None]:
    numbers: list[int | None] = []
    following = 0
    for entry in image.config.history:
        is_layer = not entry.empty_layer and following < len(image.layers)
        numbers.append(following if is_layer else None)
        following += is_layer
    return numbers


def _from_history(created_by: str) -> Iterator[Instruction]:
    text = created_by.strip()
    if not text:
        return
    classic = _NOP.match(text)
    if classic:
        keyword, value = _split(classic[1].strip())
        yield Instruction(keyword=keyword, value=_plain(keyword, value), recorded=value)
        return
    plain = _BUILDKIT.sub("", text)
    keyword, value = _split(plain)
    if keyword in KEYWORDS and plain.startswith(keyword):
        if keyword == "RUN":
            value = _command(value)
        yield Instruction(keyword=keyword, value=_plain(keyword, value), recorded=text)
        return
    yield Instruction(keyword="RUN", value=text if text == plain else _command(plain), recorded=text)


def _command(text: str) -> str:
    return _ARGUMENTS.sub("", text).strip()


def _plain(keyword: str, value: str) -> str:
    """What Go prints of ports, in Dockerfile words: `map[80/tcp:{}]` is `80/tcp`."""
    inner = _GO_LIST.fullmatch(value) if keyword == "EXPOSE" else None
    return value if inner is None else " ".join(port.removesuffix(":{}") for port in inner[1].split())


def _missing(config: ImageConfig, guessed: Iterable[Instruction]) -> Iterator[Instruction]:
    """What the config says and no step did: the history may be cut, squashed or absent."""
    seen = [(one.keyword, one.value) for one in guessed]
    words = {keyword for keyword, _ in seen}
    user = next((value.strip("[]") for keyword, value in reversed(seen) if keyword == "USER"), "")
    if config.user:
        if user != config.user:
            yield Instruction(keyword="USER", value=config.user)
    elif (config.env or config.cmd or config.entrypoint) and user.partition(":")[0] not in ("", "0", "root"):
        # `RUN #(nop) USER app` is a comment to the shell, and a USER to whoever reads the history
        yield Instruction(keyword="USER", value="root")
    exposed = {port for keyword, value in seen if keyword == "EXPOSE" for port in value.split()}
    ports = [port for port in config.exposed_ports if not exposed & {port, port.removesuffix("/tcp")}]
    if ports:
        yield Instruction(keyword="EXPOSE", value=" ".join(ports))
    if "HEALTHCHECK" not in words and config.healthcheck:
        yield Instruction(keyword="HEALTHCHECK", value=_healthcheck(config.healthcheck))
    for keyword, command in (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd)):
        if keyword not in words and command:
            yield Instruction(keyword=keyword, value=json.dumps(list(command), ensure_ascii=False))
    if "VOLUME" not in words and config.volumes:
        yield Instruction(keyword="VOLUME", value=json.dumps(list(config.volumes), ensure_ascii=False))
    if "WORKDIR" not in words and config.working_dir:
        yield Instruction(keyword="WORKDIR", value=config.working_dir)
    if "STOPSIGNAL" not in words and config.stop_signal:
        yield Instruction(keyword="STOPSIGNAL", value=config.stop_signal)
    yield from _missing_pairs(config, seen)


def _missing_pairs(config: ImageConfig, seen: list[tuple[str, str]]) -> Iterator[Instruction]:
    values = [value for keyword, value in seen if keyword in {"ENV", "LABEL"}]
    told = {word.strip("\"'") for value in values for word in _BETWEEN_WORDS.split(value)}
    for variable in config.env:
        if variable.partition("=")[0] not in told:
            yield Instruction(keyword="ENV", value=variable)
    for name, value in config.labels:
        if name not in told:
            yield Instruction(keyword="LABEL", value=f"{name}={value}")
    if config.onbuild and not any(keyword == "ONBUILD" for keyword, _ in seen):
        yield from (Instruction(keyword="ONBUILD", value=step) for step in config.onbuild)


def _healthcheck(test: tuple[str, ...]) -> str:
    kind, *command = test
    if kind == "NONE":
        return "NONE"
    if kind == "CMD-SHELL":
        return "CMD " + " ".join(command)
    return "CMD " + json.dumps(command if kind == "CMD" else list(test), ensure_ascii=False)
