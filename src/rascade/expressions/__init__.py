"""Expressions that stand in data and in studies: one grammar, read and worked out here.

Numbers, names, rows in braces, texts in quotes, functions, ``+ - * / **``, comparisons, ``in``,
``and``, ``or``, ``not``, lists. Nothing is ever handed to Python: `parse` reads a text into parts
(`parts`), and a `Language` says what names and functions mean. Who asks for one kind of expression
(conditions on patients, derived parameters, effects of an experiment) writes a `Language`, and its
own messages about it; how much a text may hold is limited for all of them.

It uses errors and numpy, and knows nothing of what expressions are about.
"""

from rascade.expressions.language import ARITHMETIC, Language, Truth
from rascade.expressions.parse import MOST_CHARACTERS, MOST_DEEP, MOST_PARTS, parse
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
    within,
)

__all__ = [
    "ARITHMETIC",
    "MOST_CHARACTERS",
    "MOST_DEEP",
    "MOST_PARTS",
    "Call",
    "Compare",
    "ExpressionError",
    "Items",
    "Language",
    "Name",
    "Number",
    "Operation",
    "Part",
    "Row",
    "Text",
    "Truth",
    "Unary",
    "parse",
    "within",
]
