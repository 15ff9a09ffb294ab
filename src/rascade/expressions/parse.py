"""From a text to the parts of an expression, by recursive descent.

From what binds least to what binds most: ``or``; ``and``; ``not``; comparisons and ``in``; ``+ -``;
``* /``; minus before a part; ``**`` (from the right). This is the order of Python and of a
calculator. A text is hostile until it is read: its length, its depth and the number of its parts
are limited, so that neither reading nor working out can run away or exhaust the stack.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

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

__all__ = ["MOST_CHARACTERS", "MOST_DEEP", "MOST_PARTS", "parse"]

MOST_CHARACTERS: Final = 2000
MOST_DEEP: Final = 30
MOST_PARTS: Final = 250

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
  | (?P<word>[^\W\d]\w*)
  | (?P<row>\{[^{}]*\})
  | (?P<text>'[^']*'|"[^"]*")
  | (?P<sign>\*\*|==|!=|<=|>=|[-+*/<>()\[\],])
  | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "if", "else", "lambda", "for"})


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


@lru_cache(maxsize=1024)
def parse(text: str, most_characters: int = MOST_CHARACTERS) -> Part:
    """Return the parts of an expression.

    Args:
        text: the expression.
        most_characters: how long it may be.

    Raises:
        ExpressionError: it is no expression, or is longer, deeper or richer than is allowed.
    """
    if len(text) > most_characters:
        raise ExpressionError(
            f"an expression may have {most_characters} characters; this has {len(text)}",
            most_characters,
        )
    return _Parser(text).whole()


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(_strange(text, at), at)
        kind = match.lastgroup
        found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found


def _strange(text: str, at: int) -> str:
    character = text[at]
    if character in "'\"":
        return "a text is not closed; end it with the quote that opens it"
    if character in "{}":
        return "a name in braces is not closed, or holds braces"
    if character == "=":
        return "one '=' sets a value; compare with =="
    if character.isdigit() or character == ".":
        return "this is no number and no name"
    return f"{character!r} has no meaning here"


class _Parser:
    """Reads the tokens of one text from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.next = 0
        self.deep = 0
        self.parts = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def whole(self) -> Part:
        part = self._either()
        if self.token.kind != "end":
            raise self._unexpected("an operator or the end")
        return part

    def _takes(self, *texts: str) -> _Token | None:
        token = self.token
        if token.kind in ("sign", "word") and token.text in texts:
            self.next += 1
            return token
        return None

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self.token
        if token.text == "is":
            return ExpressionError("'is' is not allowed; use == or !=", token.at)
        found = repr(token.text) if token.kind != "end" else "the end"
        return ExpressionError(f"expected {wanted}, found {found}", token.at)

    def _made(self, part: Part) -> Part:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise ExpressionError(
                f"an expression may have {MOST_PARTS} names, numbers and signs; make two of it",
                part.at,
            )
        return part

    def _deeper(self, read: Callable[[], Part]) -> Part:
        self.deep += 1
        if self.deep > MOST_DEEP:
            raise ExpressionError(
                f"an expression may be {MOST_DEEP} brackets and signs deep", self.token.at
            )
        part = read()
        self.deep -= 1
        return part

    def _chain(self, read: Callable[[], Part], *signs: str) -> Part:
        left = read()
        while (sign := self._takes(*signs)) is not None:
            left = self._made(Operation(sign.at, sign.text, left, read()))
        return left

    def _either(self) -> Part:
        return self._chain(self._both, "or")

    def _both(self) -> Part:
        return self._chain(self._denied, "and")

    def _denied(self) -> Part:
        sign = self._takes("not")
        if sign is None:
            return self._compared()
        return self._made(Unary(sign.at, "not", self._deeper(self._denied)))

    def _compared(self) -> Part:
        first = self._sum()
        rest: list[tuple[int, str, Part]] = []
        while (sign := self._comparison()) is not None:
            rest.append((sign.at, sign.text, self._made(self._sum())))
        return Compare(rest[0][0], first, tuple(rest)) if rest else first

    def _comparison(self) -> _Token | None:
        sign = self._takes(*_COMPARISONS, "in")
        if sign is None and (no := self._takes("not")) is not None:
            if self._takes("in") is None:
                raise self._unexpected("'in' after 'not'")
            sign = _Token("word", "not in", no.at)
        return sign

    def _sum(self) -> Part:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Part:
        return self._chain(self._signed, "*", "/")

    def _signed(self) -> Part:
        sign = self._takes("-")
        if sign is None:
            return self._power()
        return self._made(Unary(sign.at, "-", self._deeper(self._signed)))

    def _power(self) -> Part:
        base = self._atom()
        sign = self._takes("**")
        if sign is None:
            return base
        return self._made(Operation(sign.at, "**", base, self._deeper(self._signed)))

    def _atom(self) -> Part:
        token = self.token
        if token.kind == "number":
            return self._made(Number(token.at, self._number()))
        if token.kind in ("row", "text"):
            self.next += 1
            made = Row if token.kind == "row" else Text
            return self._made(made(token.at, token.text[1:-1]))
        if token.kind == "word" and token.text not in _RESERVED:
            return self._word()
        if self._takes("(") is not None:
            return self._bracket(token)
        if self._takes("[") is not None:
            return self._made(Items(token.at, self._items("]")))
        raise self._unexpected("a number, a name or a bracket")

    def _number(self) -> float:
        token = self.token
        value = float(token.text)
        if not math.isfinite(value):
            raise ExpressionError("this number is too large", token.at)
        self.next += 1
        return value

    def _word(self) -> Part:
        word = self.token
        self.next += 1
        if self._takes("(") is None:
            return self._made(Name(word.at, word.text))
        return self._made(Call(word.at, word.text, self._items(")")))

    def _bracket(self, opened: _Token) -> Part:
        """Read a bracket: it groups one part, or is a list if it holds a comma or nothing."""
        if self._takes(")") is not None:
            return self._made(Items(opened.at, ()))
        first = self._deeper(self._either)
        if self._takes(")") is not None:
            return first
        if self._takes(",") is None:
            raise self._unexpected("',' or ')'")
        return self._made(Items(opened.at, (first, *self._items(")"))))

    def _items(self, close: str) -> tuple[Part, ...]:
        """Read parts between commas up to the bracket that closes them."""
        found: list[Part] = []
        while self._takes(close) is None:
            found.append(self._deeper(self._either))
            if self._takes(",") is None and self.token.text != close:
                raise self._unexpected(f"',' or {close!r}")
        return tuple(found)
