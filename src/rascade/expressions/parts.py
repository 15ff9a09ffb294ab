"""The parts of an expression; each knows at which character of the text it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rascade.errors import InputError

__all__ = [
    "Call",
    "Compare",
    "ExpressionError",
    "Items",
    "Name",
    "Number",
    "Operation",
    "Part",
    "Row",
    "Text",
    "Unary",
    "within",
]


class ExpressionError(InputError):
    """An expression is wrong.

    Attributes:
        reason: what is wrong, and how to mend it.
        position: zero-based index of the character that is at fault.
    """

    def __init__(self, reason: str, position: int) -> None:
        self.reason, self.position = reason, position
        super().__init__(f"{reason} (character {position + 1})")

    def pointed(self, text: str) -> str:
        """Return the reason, the text, and a caret below the character."""
        return f"{self.reason}\n  {text}\n  {' ' * self.position}^"


@dataclass(frozen=True, slots=True)
class Part:
    """Attributes:
    at: zero-based index of its first character; of an operation and a comparison, of its sign.
    """

    at: int


@dataclass(frozen=True, slots=True)
class Number(Part):
    """A finite number without sign."""

    value: float


@dataclass(frozen=True, slots=True)
class Text(Part):
    """A text between quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name(Part):
    """A word."""

    value: str


@dataclass(frozen=True, slots=True)
class Row(Part):
    """What stands between braces: a name with any characters."""

    value: str


@dataclass(frozen=True, slots=True)
class Items(Part):
    """A list in round or square brackets."""

    items: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Call(Part):
    """A function with its arguments."""

    name: str
    arguments: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Unary(Part):
    """``-`` or ``not`` before a part."""

    sign: str
    part: Part


@dataclass(frozen=True, slots=True)
class Operation(Part):
    """Two parts with one of ``+ - * / ** and or`` between them."""

    sign: str
    left: Part
    right: Part


@dataclass(frozen=True, slots=True)
class Compare(Part):
    """A chain of comparisons, ``40 < age <= 70``.

    Attributes:
        first: leftmost part.
        rest: of every comparison its place, its sign and the part on its right.
    """

    first: Part
    rest: tuple[tuple[int, str, Part], ...]


def within(part: Part) -> Iterator[Part]:
    """Yield a part and all parts inside it: level by level, each level from left to right."""
    level = [part]
    while level:
        yield from level
        level = [inner for one in level for inner in _inside(one)]


def _inside(part: Part) -> tuple[Part, ...]:
    match part:
        case Items(items=inside) | Call(arguments=inside):
            return inside
        case Unary(part=one):
            return (one,)
        case Operation(left=left, right=right):
            return (left, right)
        case Compare(first=first, rest=rest):
            return (first, *(right for _, _, right in rest))
    return ()
