"""Eligibility expressions: ``kras_allele != 'WT'``, ``age_years < 75 and ecog in (0, 1)``.

The language is the comparisons, ``and``/``or``/``not``, ``in`` and plus, minus, times, divide of
Python over the names of a patient's profile. It is parsed, checked and evaluated here; nothing is
ever handed to ``eval``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EligibilityError
from rascade.text import did_you_mean

__all__ = ["eligible"]

_COMPARE: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_MOST_CHARACTERS: Final = 500


def _fail(text: str, node: ast.AST, message: str) -> EligibilityError:
    column = getattr(node, "col_offset", 0)
    return EligibilityError(f"eligibility: {message}\n  {text}\n  {' ' * column}^")


class _Evaluator:
    """Evaluate one expression over columns of a cohort."""

    def __init__(
        self,
        text: str,
        columns: Mapping[str, NDArray[Any]],
        categories: Mapping[str, Sequence[str]],
    ) -> None:
        self.text = text
        self.columns = columns
        self.categories = categories

    def visit(self, node: ast.expr) -> Any:
        method: Callable[[Any], Any] | None = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            raise _fail(self.text, node, f"{type(node).__name__.lower()} is not allowed here")
        return method(node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        if not isinstance(node.value, (bool, int, float, str)):
            raise _fail(self.text, node, f"{node.value!r} is not a number or text")
        return node.value

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.columns:
            hint = did_you_mean(node.id, self.columns)
            hint = hint or f"; use one of {', '.join(self.columns)}"
            raise _fail(self.text, node, f"no property {node.id!r} of a patient{hint}")
        return self.columns[node.id]

    def visit_Tuple(self, node: ast.Tuple) -> list[Any]:
        return [self.visit(item) for item in node.elts]

    visit_List = visit_Tuple
    visit_Set = visit_Tuple

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return np.logical_not(value)
        if isinstance(node.op, ast.USub):
            return -value
        raise _fail(self.text, node, "only 'not' and minus may stand before a value")

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        result = self.visit(node.values[0])
        for value in node.values[1:]:
            result = combine(result, self.visit(value))
        return result

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if type(node.op) not in _ARITHMETIC:
            raise _fail(self.text, node, "only + - * / are allowed between numbers")
        left, right = self.visit(node.left), self.visit(node.right)
        self._same_kind(node, left, right)
        try:
            return _ARITHMETIC[type(node.op)](left, right)
        except (ZeroDivisionError, OverflowError) as error:
            raise _fail(self.text, node, f"cannot be computed: {error}") from None

    def visit_Compare(self, node: ast.Compare) -> Any:
        result: Any = True
        left_node, left = node.left, self.visit(node.left)
        for op, item in zip(node.ops, node.comparators, strict=True):
            right = self.visit(item)
            self._known_category(left_node, item)
            self._known_category(item, left_node)
            result = np.logical_and(result, self._compare(node, op, left, right))
            left_node, left = item, right
        return result

    def _compare(self, node: ast.Compare, op: ast.cmpop, left: Any, right: Any) -> Any:
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right, list):
                raise _fail(self.text, node, "'in' needs a list such as ('G12D', 'G12V')")
            for item in right:
                self._same_kind(node, left, item)
            found = np.isin(left, right)
            return ~found if isinstance(op, ast.NotIn) else found
        if type(op) not in _COMPARE:
            raise _fail(self.text, node, "'is' is not allowed; use == or !=")
        self._same_kind(node, left, right)
        return _COMPARE[type(op)](left, right)

    def _same_kind(self, node: ast.AST, left: Any, right: Any) -> None:
        kinds = {np.asarray(value).dtype.kind in "OU" for value in (left, right)}
        if len(kinds) > 1:
            raise _fail(self.text, node, "compares a text with a number")

    def _known_category(self, name: ast.expr, value: ast.expr) -> None:
        """Refuse a text that a property can never have: a typing mistake would exclude everyone."""
        if not isinstance(name, ast.Name) or name.id not in self.categories:
            return
        allowed = self.categories[name.id]
        items = value.elts if isinstance(value, (ast.Tuple, ast.List, ast.Set)) else [value]
        for item in items:
            text = item.value if isinstance(item, ast.Constant) else None
            if isinstance(text, str) and text not in allowed:
                hint = did_you_mean(text, allowed, cutoff=0.5)
                raise _fail(
                    self.text, item, f"{name.id} is one of {', '.join(allowed)}, not {text!r}{hint}"
                )


def _parse(text: str) -> ast.expr:
    if len(text) > _MOST_CHARACTERS:
        raise EligibilityError(f"eligibility: an expression may have {_MOST_CHARACTERS} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = max((getattr(error, "offset", 1) or 1) - 1, 0)
        reason = getattr(error, "msg", "cannot be read")
        raise EligibilityError(f"eligibility: {reason}\n  {text}\n  {' ' * column}^") from None


def eligible(
    expressions: Sequence[str],
    columns: Mapping[str, NDArray[Any]],
    categories: Mapping[str, Sequence[str]] | None = None,
) -> NDArray[np.bool_]:
    """Tell which patients meet all expressions.

    Args:
        expressions: the conditions; none means that everyone is eligible.
        columns: property name -> values, each of shape (n,).
        categories: property name -> the texts it can have; a comparison with another is refused.

    Raises:
        EligibilityError: an expression is wrong; a caret points at the place.
    """
    count = len(next(iter(columns.values())))
    result = np.ones(count, dtype=bool)
    for text in expressions:
        value = np.broadcast_to(
            np.asarray(_Evaluator(text, columns, categories or {}).visit(_parse(text))), (count,)
        )
        if value.dtype != np.bool_:
            raise EligibilityError(
                f"eligibility: {text!r} is not a condition that is true or false"
            )
        result &= value
    return result
