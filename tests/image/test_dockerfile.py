"""Dockerfiles that are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import ConfigError
from anchore_gate.image.dockerfile import load_dockerfile, parse_dockerfile


def said(text: str) -> list[tuple[str, str]]:
    return [(one.keyword, one.value) for one in parse_dockerfile(text).instructions]


def test_continuations_are_joined_and_comments_between_them_dropped() -> None:
    text = "FROM a\nRUN apt-get update && \\\n  # why\n\n  apt-get install -y x\nuser app\n"

    assert said(text) == [("FROM", "a"), ("RUN", "apt-get update &&   apt-get install -y x"), ("USER", "app")]


def test_a_tab_ends_the_keyword_and_stays_where_it_is_in_the_text() -> None:
    assert said("FROM\ta\nRUN x\t&& y\nENV \t A=b\tc\n") == [
        ("FROM", "a"),
        ("RUN", "x\t&& y"),
        ("ENV", "A=b\tc"),
    ]


def test_the_escape_directive_counts() -> None:
    assert said("# escape=`\nFROM a\nRUN dir C:\\\nRUN a `\n b\n") == [
        ("FROM", "a"),
        ("RUN", "dir C:\\"),
        ("RUN", "a  b"),
    ]


def test_a_here_document_is_one_instruction() -> None:
    text = "FROM a\nRUN <<EOF\nUSER root\nEOF\nCOPY <<-'X' /y\n\tENV a=b\n\tX\nUSER app"

    assert [keyword for keyword, _ in said(text)] == ["FROM", "RUN", "COPY", "USER"]
    assert said(text)[1] == ("RUN", "<<EOF\nUSER root\nEOF")


@pytest.mark.parametrize(
    "line",
    [
        "RUN cat <<<EOF",
        "RUN echo $((1<<A))",
        'RUN echo "x <<EOF"',
        "RUN echo 'a b' '<<EOF'",
        'RUN ["echo", "<<EOF"]',
        "RUN a << EOF",
        "RUN a <<",
        "RUN a<<EOF",
        "ENV A <<EOF",
        "ONBUILD ENV A <<EOF",
        "RUN echo \\<<EOF",
    ],
)
def test_what_is_no_here_document_takes_no_lines(line: str) -> None:
    assert said(f"FROM a\n{line}\nUSER app\n")[2:] == [("USER", "app")]


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("RUN <<EOF", "USER root\nEOF"),
        ("RUN 3<<EOF cat", "USER root\nEOF"),
        ("RUN cat <<'E F' > /x", "EF\nE F"),
        ('RUN cat <<"EOF"', "USER root\nEOF"),
        ("RUN <<-EOF", "USER root\n\t\tEOF"),
        ("COPY <<a <<b /x/", "USER root\na\nb"),
        ("ONBUILD RUN <<EOF", "USER root\nEOF"),
        ("onbuild copy <<EOF /a", "USER root\nEOF"),
        ("RUN a \\\n  <<EOF", "USER root\nEOF"),
        ("RUN <<$A", "EOF\n$A"),
        ("RUN <<E.O-F", "EOF\nE.O-F"),
    ],
)
def test_a_here_document_ends_where_docker_ends_it(line: str, body: str) -> None:
    found = said(f"FROM a\n{line}\n{body}\nUSER app\n")

    assert found[2:] == [("USER", "app")]
    assert found[1][1].endswith("\n" + body)


def test_two_escapes_at_the_end_of_a_line_are_no_continuation() -> None:
    assert said("FROM a\nRUN echo a\\\\\nUSER app\nRUN b \\\\ \\ \n c\n\\\nd") == [
        ("FROM", "a"),
        ("RUN", "echo a\\\\"),
        ("USER", "app"),
        ("RUN", "b \\\\  c"),
        ("D", ""),
    ]


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"])
def test_only_a_newline_ends_a_line(odd: str) -> None:
    text = f"FROM a\r\nRUN a{odd}USER root\r\nUSER app\r\n"

    assert [(one.keyword, one.line) for one in parse_dockerfile(text).instructions] == [
        ("FROM", 1),
        ("RUN", 2),
        ("USER", 3),
    ]


@pytest.mark.parametrize(
    ("top", "value"),
    [
        ("# escape=`", "a b"),
        ("#escape = `", "a b"),
        ("# syntax=docker/dockerfile:1 x\n# check=skip=all\n# ESCAPE=`", "a b"),
        ("# odd=1\n# escape=`", "a `"),
        ("\n# escape=`", "a `"),
        ("# a comment\n# escape=`", "a `"),
    ],
)
def test_a_directive_counts_where_docker_reads_it(top: str, value: str) -> None:
    assert said(f"{top}\nFROM x\nENV a `\nb\n")[1] == ("ENV", value)


def test_a_file_of_here_documents_without_an_end_is_read_in_no_time() -> None:
    text = "".join(f"RUN <<A{n} <<B{n}\n" for n in range(50_000))

    assert len(parse_dockerfile(text).instructions) == 50_000


def test_lines_are_those_of_the_file() -> None:
    assert [one.line for one in parse_dockerfile("# x\n\nFROM a\nRUN a \\\n b\nUSER c\n").instructions] == [
        3,
        4,
        6,
    ]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only\n# comments\n", "\\", "RUN <<EOF\nnever ends", "RUN\nRUN '\nRUN <<"]
)
def test_odd_files_are_read(text: str) -> None:
    parse_dockerfile(text)


WORDS = [
    "RUN ",
    "ONBUILD ",
    "USER a",
    "<<",
    "A",
    "'",
    '"',
    "\\",
    "\n",
    "\r",
    "# escape=`\n",
    "`",
    "$",
    "\t",
    "-",
    "\u2028",
]


@given(st.lists(st.sampled_from(WORDS), max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read(words: list[str]) -> None:
    text = "".join(words)
    count = text.count("\n") + 1

    numbers = [one.line for one in parse_dockerfile(text).instructions]

    assert numbers == sorted(set(numbers))
    assert all(0 < number <= count for number in numbers)


def test_a_file_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_dockerfile(tmp_path / "Dockerfile")
