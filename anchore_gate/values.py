"""
Dataclasses that cost next to nothing until they are used: half of a short run was spent on making classes.

`dataclass`, `field`, `fields`, `is_dataclass`, `replace` and `asdict` are those of the standard library's
`dataclasses` in what this package needs of them, and a type checker sees just those. What differs is when the
work is done: one `__eq__`, `__hash__` and `__repr__` serve all classes, an `__init__` is compiled only for
classes with many instances, and `dataclasses` itself (with `inspect` behind it) is imported when a stranger
asks for the fields, which then are the standard ones.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter, ge, gt, le, lt
from types import MappingProxyType, MemberDescriptorType

from anchore_gate.typed import TYPE_CHECKING, Any

_MANY = 24  # instances, from which on compiling pays
_made: dict[type, int] = {}


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


class _Field:
    """What is declared of one field; it holds what differs from the usual."""

    name = type = ""  # these are known when the class is
    default: Any = _Missing
    default_factory: Any = _Missing
    init = repr = compare = True
    metadata: Any = MappingProxyType({})
    kw_only = False

    def __init__(self, **told: Any) -> None:
        vars(self).update(told)


def _dataclass(
    cls: Any = None,
    /,
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    order: bool = False,
    eq: bool = True,
) -> Any:
    if cls is None:
        return lambda made: _dataclass(made, frozen=frozen, slots=slots, kw_only=kw_only, order=order, eq=eq)
    own = _own_fields(cls, is_kw_only=kw_only)
    every: dict[str, _Field] = {}
    for base in cls.__mro__[:0:-1]:
        every |= base.__dict__.get("__own_fields__", {})
    every |= own
    compared = [name for name, one in every.items() if one.compare]
    added = _methods(cls, compared, is_frozen=frozen, is_eq=eq) | (_ORDER if order else {})
    added |= {
        "__own_fields__": every,
        "__match_args__": tuple(n for n, one in every.items() if not one.kw_only),
    }
    if slots:
        kept = {name: value for name, value in cls.__dict__.items() if name not in own}
        kept.pop("__dict__", None)
        kept.pop("__weakref__", None)
        added |= {"__slots__": tuple(own), "__getstate__": _state, "__setstate__": _restore}
        added["__qualname__"] = cls.__qualname__
        return type(cls)(cls.__name__, cls.__bases__, kept | added)
    for name, value in added.items():
        setattr(cls, name, value)
    for name in own:
        if isinstance(cls.__dict__.get(name), _Field):
            delattr(cls, name)
    return cls


def _methods(cls: Any, compared: list[str], *, is_frozen: bool, is_eq: bool) -> dict[str, Any]:
    written = cls.__dict__
    added: dict[str, Any] = {"__dataclass_fields__": _STANDARD_FIELDS, "__signature__": _SIGNATURE}
    added |= {name: one for name, one in (("__init__", _init), ("__repr__", _repr)) if name not in written}
    if is_frozen:
        added |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if is_eq:
        added["__own_key__"] = attrgetter(*(compared or ("__class__",)))
        if "__eq__" not in written:
            added["__eq__"] = _eq
        if written.get("__hash__") is None:
            added["__hash__"] = _hash if is_frozen else None
    return added


def _own_fields(cls: Any, *, is_kw_only: bool) -> dict[str, _Field]:
    found = {}
    for name, kind in cls.__annotations__.items():
        if kind.startswith("ClassVar"):
            continue
        default = cls.__dict__.get(name, _Missing)
        one = found[name] = default if isinstance(default, _Field) else _Field(default=default)
        one.name, one.type, one.kw_only = name, kind, is_kw_only
    return found


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Serve the first instances of a class without compiling anything: of most classes there are no more."""
    owner = _owner(type(self))
    count = _made[owner] = _made.get(owner, 0) + 1
    values = _values(owner, args, kwargs) if count < _MANY else None
    if values is None:  # or what was given does not fit: the compiled one says why
        _compiled(owner)(self, *args, **kwargs)
        return
    for name, value in values.items():
        object.__setattr__(self, name, value)
    if hasattr(owner, "__post_init__"):
        self.__post_init__()


def _values(owner: Any, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any] | None:
    """Each field's value; None where the arguments do not fit."""
    by_position, names, defaults, factories = _parameters(owner)
    placed = dict(zip(by_position, args, strict=False))
    if len(placed) < len(args) or placed.keys() & given.keys():
        return None
    placed |= given
    values = defaults | placed
    for name, make in factories:
        if name not in placed:
            values[name] = make()
    return values if placed.keys() <= names <= values.keys() else None


@cache
def _parameters(owner: Any) -> tuple[list[str], set[str], dict[str, Any], list[tuple[str, Any]]]:
    """Of a class: what may stand by its position, all that may be given, the defaults, and who makes some."""
    every = owner.__own_fields__.values()
    return (
        [one.name for one in every if one.init and not one.kw_only],
        {one.name for one in every if one.init},
        {one.name: one.default for one in every if one.default is not _Missing},
        [(one.name, one.default_factory) for one in every if one.default_factory is not _Missing],
    )


def _owner(cls: Any) -> Any:
    return cls if "__init__" in cls.__dict__ else next(o for o in cls.__mro__ if "__init__" in o.__dict__)


def _compiled(cls: Any) -> Any:
    owner = _owner(cls)
    if owner.__dict__["__init__"] is _init:
        owner.__init__ = _compile(owner)
    return owner.__init__


def _compile(cls: Any) -> Any:
    scope: dict[str, Any] = {"_Missing": _Missing, "_set": object.__setattr__}
    positional, by_name, body = ["self"], list[str](), list[str]()
    is_frozen = cls.__setattr__ is _refuse
    for name, one in cls.__own_fields__.items():
        scope |= {f"_default_{name}": one.default, f"_new_{name}": one.default_factory}
        is_made = one.default_factory is not _Missing
        value = f"_new_{name}()" if is_made else f"_default_{name}"
        if one.init:
            parameter = f"{name}=_Missing" if is_made else f"{name}=_default_{name}"
            required = not is_made and one.default is _Missing
            (by_name if one.kw_only else positional).append(name if required else parameter)
            value = f"{value} if {name} is _Missing else {name}" if is_made else name
        elif not is_made and one.default is _Missing:
            continue  # `__post_init__` sets it
        slot = getattr(cls, name, None)
        if not is_frozen:
            body.append(f"self.{name} = {value}")
        elif isinstance(slot, MemberDescriptorType):  # a quarter faster
            scope[f"_set_{name}"] = slot.__set__
            body.append(f"_set_{name}(self, {value})")
        else:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(positional + (["*", *by_name] if by_name else []))
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), scope)  # noqa: S102  # our own words
    made = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    key = self.__own_key__
    return key(self) == key(other)


def _hash(self: Any) -> int:
    return hash(self.__own_key__(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, one in self.__own_fields__.items() if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, *_: Any) -> None:
    raise AttributeError(f"{type(self).__name__}.{name} cannot be changed: make another with `replace`")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__own_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__own_fields__, state, strict=True):
        object.__setattr__(self, name, value)


def _ordered(compare: Any) -> Any:
    def ordered(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        key = self.__own_key__
        return compare(key(self), key(other))

    return ordered


_ORDER = {f"__{one.__name__}__": _ordered(one) for one in (lt, le, gt, ge)}


class _StandardFields:
    """What `dataclasses.fields`, `replace` and `asdict` look for: made when they do."""

    def __get__(self, _: object, owner: Any) -> dict[str, Any]:
        import dataclasses

        made = []
        for name, one in owner.__own_fields__.items():
            told = {word: getattr(one, word) for word in ("init", "repr", "compare", "metadata", "kw_only")}
            for word in ("default", "default_factory"):
                if getattr(one, word) is not _Missing:
                    told[word] = getattr(one, word)
            made.append((name, one.type, dataclasses.field(**told)))
        standard: Any = dataclasses.make_dataclass(owner.__name__, made)
        owner.__dataclass_fields__ = found = dict(standard.__dataclass_fields__)
        return found


class _Signature:
    """What `help` and `inspect` show of a class."""

    def __get__(self, _: object, owner: Any) -> Any:
        import inspect

        whole = inspect.signature(_compiled(owner))
        return whole.replace(parameters=list(whole.parameters.values())[1:])


_STANDARD_FIELDS, _SIGNATURE = _StandardFields(), _Signature()


def _fields(owner: Any) -> tuple[_Field, ...]:
    return tuple(owner.__own_fields__.values())


def _is_dataclass(one: Any) -> bool:
    return hasattr(one, "__own_fields__")


def _replace(one: Any, /, **changes: Any) -> Any:
    for name, declared in one.__own_fields__.items():
        if declared.init and name not in changes:
            changes[name] = getattr(one, name)
    return one.__class__(**changes)


def _asdict(one: Any) -> dict[str, Any]:
    return {name: _plain(getattr(one, name)) for name in one.__own_fields__}


def _plain(one: Any) -> Any:
    if _is_dataclass(one):
        return _asdict(one)
    if isinstance(one, dict):
        return {_plain(key): _plain(value) for key, value in one.items()}
    return type(one)(map(_plain, one)) if type(one) in (list, tuple) else one


if TYPE_CHECKING:
    from dataclasses import MISSING as MISSING
    from dataclasses import asdict as asdict
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import is_dataclass as is_dataclass
    from dataclasses import replace as replace
else:
    MISSING, field, fields, is_dataclass = _Missing, _Field, _fields, _is_dataclass
    dataclass, replace, asdict = _dataclass, _replace, _asdict
