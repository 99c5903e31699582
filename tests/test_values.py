"""The house's dataclasses do what the standard library's do, by the same words."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchore_gate.values import asdict, dataclass, field, fields, is_dataclass, replace


def classes(make: Any, given_field: Any) -> tuple[Any, Any]:
    """A class and one that inherits from it, made by either `dataclass`."""

    @make(frozen=True, slots=True, order=True)
    class Point:
        KIND: ClassVar[str] = "point"
        x: int
        y: int = 0
        tags: tuple[str, ...] = given_field(default=(), compare=False)
        seen: list[int] = given_field(default_factory=list, repr=False, compare=False)

        def length(self) -> int:
            return abs(self.x) + abs(self.y)

    @make(frozen=True, slots=True, kw_only=True, order=True)
    class Named(Point):
        name: str = "?"

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("no name")

    return Point, Named


OURS, THEIRS = classes(dataclass, field), classes(dataclasses.dataclass, dataclasses.field)
ARGUMENTS = st.tuples(
    st.lists(st.integers(-2, 2), max_size=5),
    st.dictionaries(
        st.sampled_from(["x", "y", "tags", "seen", "name", "other"]), st.sampled_from([1, "", ()])
    ),
)


def text_of(kind: Any, args: list[int], kwargs: dict[str, Any]) -> str:
    return repr(kind(*args, **kwargs))


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as problem:  # noqa: BLE001  # its kind is what is compared
        return type(problem)


@pytest.mark.parametrize("number", [0, 1], ids=["Point", "Named"])
@given(arguments=ARGUMENTS)
def test_instances_are_made_and_refused_alike(
    number: int, arguments: tuple[list[int], dict[str, Any]]
) -> None:
    made = [outcome(partial(text_of, kind, *arguments)) for kind in pair(number)]
    assert made[0] == made[1]


@pytest.mark.parametrize("number", [0, 1], ids=["Point", "Named"])
@given(
    one=st.tuples(st.integers(0, 2), st.integers(0, 2)), other=st.tuples(st.integers(0, 2), st.integers(0, 2))
)
def test_instances_compare_alike(number: int, one: tuple[int, int], other: tuple[int, int]) -> None:
    for compare in ("__eq__", "__lt__", "__le__", "__gt__", "__ge__"):
        told = [getattr(kind(*one), compare)(kind(*other)) for kind in pair(number)]
        assert told[0] == told[1]
        assert all(getattr(kind(1), compare)(1) is NotImplemented for kind in pair(number))
    for kind in pair(number):
        assert (hash(kind(*one)) == hash(kind(*other))) == (one == other)


def pair(number: int) -> tuple[Any, Any]:
    return OURS[number], THEIRS[number]


def test_the_sixth_instance_is_like_the_first() -> None:
    @dataclass(slots=True)
    class Box:
        size: int
        items: list[int] = field(default_factory=list)
        note: str = field(default="none", init=False)

    boxes = [Box(number) for number in range(10)]
    assert [box.size for box in boxes] == list(range(10))
    assert {box.note for box in boxes} == {"none"}
    boxes[0].items.append(1)
    boxes[9].size = 0
    assert boxes[9] == Box(0)
    assert boxes[0] != Box(0)
    with pytest.raises(TypeError, match="unhashable"):
        hash(boxes[0])
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'size'"):
        Box()  # type: ignore[call-arg]


def test_a_frozen_instance_cannot_be_changed() -> None:
    point = OURS[0](1)
    with pytest.raises(AttributeError, match=r"Point\.x cannot be changed"):
        point.x = 2
    with pytest.raises(AttributeError, match="cannot be changed"):
        del point.x
    assert not hasattr(point, "__dict__")


def test_methods_that_a_class_writes_itself_are_kept() -> None:
    @dataclass(frozen=True)
    class Quiet:
        secret: str

        def __repr__(self) -> str:
            return "Quiet"

        def __hash__(self) -> int:
            return 7

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Quiet)

    assert (repr(Quiet("x")), hash(Quiet("x")), Quiet("x") == Quiet("y")) == ("Quiet", 7, True)


def test_identity_is_kept_where_no_equality_is_asked_for() -> None:
    @dataclass(frozen=True, eq=False)
    class Page:
        title: str

    one = Page("a")
    assert one != Page("a")
    assert len({one, Page("a")}) == 2


def test_replace_and_asdict_read_the_fields() -> None:
    point = OURS[1](1, 2, ("a",), name="n")
    assert replace(point, x=5) == OURS[1](5, 2, name="n")
    assert asdict(replace(point, tags=({"k": point},))) == {
        "x": 1,
        "y": 2,
        "seen": [],
        "name": "n",
        "tags": ({"k": {"x": 1, "y": 2, "tags": ("a",), "seen": [], "name": "n"}},),
    }
    with pytest.raises(TypeError, match="other"):
        replace(point, other=1)


def test_a_stranger_finds_a_dataclass() -> None:
    point = OURS[1](1, name="n")
    assert all(is_one(point) for is_one in (is_dataclass, dataclasses.is_dataclass))
    assert [one.name for one in dataclasses.fields(point)] == [one.name for one in fields(point)]
    assert dataclasses.replace(point, y=3) == OURS[1](1, 3, name="n")
    assert dataclasses.asdict(point) == asdict(point)
    assert (
        str(inspect.signature(OURS[1]))
        == "(x, y=0, tags=(), seen=<class 'anchore_gate.values._Missing'>, *, name='?')"
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """A value that goes to another process."""

    text: str
    count: int = 1


def test_instances_can_be_copied_and_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(Sent("x", 2))) == Sent("x", 2)
    assert copy.deepcopy(Sent("x")) == Sent("x")
    match Sent("y", 3):
        case Sent(text, count):
            assert (text, count) == ("y", 3)


def test_a_run_imports_no_dataclasses() -> None:
    program = "import sys, anchore_gate.api, anchore_gate.engine.local; print({'dataclasses', 'inspect'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
