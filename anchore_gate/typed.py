"""
The words of `typing` that only a type checker reads.

Importing `typing` takes 2.5 ms, of some 70 that a small image takes; at run time these words say nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import IO as IO
    from typing import Any as Any
    from typing import BinaryIO as BinaryIO
    from typing import ClassVar as ClassVar
    from typing import Final as Final
    from typing import Generic as Generic
    from typing import NoReturn as NoReturn
    from typing import Protocol as Protocol
    from typing import TextIO as TextIO
    from typing import TypeGuard as TypeGuard
    from typing import TypeVar as TypeVar
    from typing import overload as overload
else:

    class Word:
        """Stands for any type, or is the base of a shape."""

        __slots__ = ()

        def __class_getitem__(cls, _: object) -> type:
            return cls

    IO = Any = BinaryIO = ClassVar = Final = Generic = NoReturn = Protocol = TextIO = TypeGuard = Word

    def TypeVar(name: str, *_: object, bound: object = None) -> type:  # noqa: ARG001, N802  # as typing's
        """Any type at all."""
        return Word

    def overload(declared: object) -> object:
        """Leave the declaration to what follows it."""
        return declared
