"""Dockerfiles guessed from the history and the config."""

from __future__ import annotations

import pytest

from anchore_gate.image.dockerfile import guess_dockerfile, parse_dockerfile, with_layers
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import HistoryEntry, Image, ImageConfig, Layer


def image(*steps: str, config: ImageConfig | None = None) -> Image:
    entries = tuple(
        HistoryEntry(created_by=step.removeprefix("!"), empty_layer=not step.startswith("!"))
        for step in steps
    )
    count = sum(step.startswith("!") for step in steps)
    layers = tuple(Layer(index=i, diff_id=Digest.of(bytes([i]))) for i in range(count))
    given = config or ImageConfig()
    from dataclasses import replace

    return Image(name="x", source="test", config=replace(given, history=entries), layers=layers)


def guessed(*steps: str, config: ImageConfig | None = None) -> list[tuple[str, str]]:
    return [(one.keyword, one.value) for one in guess_dockerfile(image(*steps, config=config)).instructions][
        1:
    ]


@pytest.mark.parametrize(
    ("step", "keyword", "value"),
    [
        ("/bin/sh -c #(nop)  USER [app]", "USER", "[app]"),
        ("/bin/sh -c #(nop) ADD file:0 in / ", "ADD", "file:0 in /"),
        ("/bin/sh -c #(nop)  EXPOSE map[80/tcp:{} 22/tcp:{}]", "EXPOSE", "80/tcp 22/tcp"),
        ("/bin/sh -c apt-get update", "RUN", "/bin/sh -c apt-get update"),
        ("EXPOSE map[80/tcp:{}]", "EXPOSE", "80/tcp"),
        ("EXPOSE [8080/tcp]", "EXPOSE", "8080/tcp"),
        ("USER app", "USER", "app"),
        ("RUN /bin/sh -c make # buildkit", "RUN", "/bin/sh -c make"),
        ("RUN |1 A=1 /bin/sh -c make # buildkit", "RUN", "/bin/sh -c make"),
        ("|2 A=1 B=2 /bin/sh -c make", "RUN", "|2 A=1 B=2 /bin/sh -c make"),
        ("COPY / / # buildkit", "COPY", "/ /"),
        ('CMD ["x"]', "CMD", '["x"]'),
        ("bazel build", "RUN", "bazel build"),
    ],
)
def test_a_step_of_the_history_is_an_instruction(step: str, keyword: str, value: str) -> None:
    assert guessed(step) == [(keyword, value)]


def test_a_tab_stays_where_it_is_in_the_text() -> None:
    assert guessed("/bin/sh -c #(nop)  LABEL a=b\tc", "RUN /bin/sh -c x \t&& y # buildkit") == [
        ("LABEL", "a=b\tc"),
        ("RUN", "/bin/sh -c x \t&& y"),
    ]


def test_the_config_says_what_the_history_does_not() -> None:
    config = ImageConfig(
        user="app",
        exposed_ports=("22/tcp",),
        healthcheck=("CMD-SHELL", "true"),
        cmd=("run",),
        volumes=("/data",),
        env=("KEY=secret",),
    )

    assert guessed(config=config) == [
        ("USER", "app"),
        ("EXPOSE", "22/tcp"),
        ("HEALTHCHECK", "CMD true"),
        ("CMD", '["run"]'),
        ("VOLUME", '["/data"]'),
        ("ENV", "KEY=secret"),
    ]


@pytest.mark.parametrize(
    ("user", "env", "step", "users"),
    [
        ("", ("PATH=/bin",), "/bin/sh -c #(nop) USER app", ["app", "root"]),
        ("", ("PATH=/bin",), "USER root", ["root"]),
        ("", ("PATH=/bin",), "USER 0:0", ["0:0"]),
        ("", ("PATH=/bin",), "RUN x", []),
        ("app", ("PATH=/bin",), "USER app", ["app"]),
        ("", (), "USER app", ["app"]),
    ],
    ids=["a comment that was run", "root", "root by number", "nobody", "the same", "a config of nothing"],
)
def test_the_config_knows_who_runs_whatever_the_history_says(
    user: str, env: tuple[str, ...], step: str, users: list[str]
) -> None:
    found = guessed(step, config=ImageConfig(user=user, env=env))

    assert [value for keyword, value in found if keyword == "USER"] == users


def test_a_name_within_another_is_not_told_by_it() -> None:
    config = ImageConfig(env=("MONKEY=1", "KEY=s", "B=x y"), labels=(("a.b", "1"), ("b", "2"), ("q", "3")))

    assert guessed("ENV MONKEY=1 B='x y'", 'LABEL a.b=1 "q"=3', config=config)[2:] == [
        ("ENV", "KEY=s"),
        ("LABEL", "b=2"),
    ]


def test_the_config_repeats_nothing() -> None:
    config = ImageConfig(user="app", exposed_ports=("80/tcp",), cmd=("x",))

    assert guessed("USER app", "EXPOSE 80", 'CMD ["x"]', config=config) == [
        ("USER", "app"),
        ("EXPOSE", "80"),
        ("CMD", '["x"]'),
    ]


def test_an_instruction_knows_its_layer() -> None:
    made = guess_dockerfile(image("!ADD x", "ENV a=b", "!RUN c"))

    assert [one.layer for one in made.instructions] == [None, 0, None, 1]


def test_a_given_dockerfile_learns_its_layers_from_the_last_step_up() -> None:
    dockerfile = parse_dockerfile("FROM base\nRUN a\nENV x=y\nCOPY b /b\n")

    aligned = with_layers(
        dockerfile, image("!ADD rootfs /", "!RUN /bin/sh -c a # buildkit", "ENV x=y", "!COPY b /b")
    )

    assert [one.layer for one in aligned.instructions] == [None, 1, None, 2]
