"""What the parts of an expression come to: numbers, or arrays, one element a patient or draw."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import numpy as np

from rascade.expressions.parse import MOST_CHARACTERS, parse
from rascade.expressions.parts import (
    Call,
    Compare,
    ExpressionError,
    Items,
    Name,
    Number,
    Operation,
    Part,
    Row,
    Text,
    Unary,
)

__all__ = ["ARITHMETIC", "Language", "Truth"]

ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Language:
    """One kind of expressions; a subclass gives names and functions their meaning.

    By itself it knows arithmetic on numbers. A method that finds something wrong raises
    `ExpressionError` with the place of the part (`Part.at`).
    """

    most_characters: ClassVar[int] = MOST_CHARACTERS
    signs: ClassVar[frozenset[str]] = frozenset(ARITHMETIC)

    def evaluate(self, text: str) -> Any:
        """Return what a text comes to.

        Raises:
            ExpressionError: it is no expression, holds what this language does not know, or cannot
                be computed.
        """
        return self.value(parse(text, self.most_characters))

    def value(self, part: Part) -> Any:
        """Return what a part comes to."""
        match part:
            case Number(value=value):
                return value
            case Name():
                return self.named(part)
            case Call():
                return self.called(part)
            case Unary(sign="-", part=one):
                return self.applied(part.at, operator.neg, self.value(one))
            case Operation(sign=sign) if sign in ARITHMETIC:
                return self._computed(part)
        return self.other(part)

    def named(self, part: Name) -> Any:
        """Return what a name stands for."""
        raise ExpressionError(f"nothing is called {part.value!r}", part.at)

    def called(self, part: Call) -> Any:
        """Return what a function comes to."""
        raise ExpressionError(f"there is no function {part.name!r} here", part.at)

    def other(self, part: Part) -> Any:
        """Return what a part comes to that is no arithmetic."""
        raise ExpressionError(f"{_kind(part)} is not allowed here", part.at)

    def paired(self, at: int, left: Any, right: Any) -> None:
        """Check two values before they are computed or compared with each other."""

    def _computed(self, part: Operation) -> Any:
        if part.sign not in self.signs:
            known = " ".join(sign for sign in ARITHMETIC if sign in self.signs)
            raise ExpressionError(f"only {known} are allowed between numbers", part.at)
        left, right = self.value(part.left), self.value(part.right)
        self.paired(part.at, left, right)
        return self.applied(part.at, ARITHMETIC[part.sign], left, right)

    def applied(self, at: int, function: Callable[..., Any], *values: Any) -> Any:
        """Return what a function makes of values; what goes wrong gets the place `at`."""
        try:
            result = function(*values)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ExpressionError(f"cannot be computed: {error}", at) from None
        if isinstance(result, complex):
            raise ExpressionError("the root of a negative number is no number here", at)
        return result


class Truth(Language):
    """Conditions over columns: comparisons, ``in``, ``and``, ``or``, ``not``, texts and lists."""

    def other(self, part: Part) -> Any:
        """Return what a part of a condition comes to."""
        match part:
            case Text(value=value):
                return value
            case Items():
                raise ExpressionError("a list can only stand after 'in'", part.at)
            case Unary(sign="not", part=one):
                return np.logical_not(self._condition(one))
            case Operation(sign=sign, left=left, right=right):
                combine = np.logical_and if sign == "and" else np.logical_or
                return combine(self._condition(left), self._condition(right))
            case Compare():
                return self._compared(part)
        return super().other(part)

    def _condition(self, part: Part) -> Any:
        value = self.value(part)
        if np.asarray(value).dtype.kind not in "biuf":
            raise ExpressionError("a text is no condition; compare it with ==", part.at)
        return value

    def compares(self, left: Part, right: Part) -> None:
        """Check the two sides of a comparison as they are written."""

    def _compared(self, part: Compare) -> Any:
        result: Any = True
        left_part, left = part.first, self.value(part.first)
        for at, sign, right_part in part.rest:
            if left is None:
                raise ExpressionError("nothing can be compared after a list", at)
            self.compares(left_part, right_part)
            if sign in _COMPARE:
                right = self.value(right_part)
                self.paired(at, left, right)
                one = self.applied(at, _COMPARE[sign], left, right)
            else:
                right, one = None, self._inside(at, left, right_part)
                one = ~one if sign == "not in" else one
            result = self.applied(at, np.logical_and, result, one)
            left_part, left = right_part, right
        return result

    def _inside(self, at: int, left: Any, right: Part) -> Any:
        if not isinstance(right, Items):
            raise ExpressionError("'in' needs a list such as ('G12D', 'G12V')", at)
        items = [self.value(item) for item in right.items]
        for item in items:
            self.paired(at, left, item)
        return np.isin(left, items)


def _kind(part: Part) -> str:
    match part:
        case Text(value=value):
            return f"the text {value!r}"
        case Row(value=value):
            return f"{{{value}}}"
        case Items():
            return "a list"
        case Unary(sign=sign) | Operation(sign=sign):
            return repr(sign)
        case Compare(rest=rest):
            return f"a comparison with {rest[0][1]!r}"
    return "this"
