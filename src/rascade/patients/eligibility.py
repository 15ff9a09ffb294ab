"""Eligibility expressions: ``kras_allele != 'WT'``, ``age_years < 75 and ecog in (0, 1)``.

Comparisons, ``and``/``or``/``not``, ``in`` and plus, minus, times, divide over the names of a
patient's profile, in the grammar of `rascade.expressions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EligibilityError
from rascade.expressions import ExpressionError, Items, Name, Part, Text, Truth
from rascade.text import did_you_mean

__all__ = ["eligible"]

_TRUTH = {"True": True, "False": False}


class _Condition(Truth):
    """A condition over the columns of a cohort."""

    most_characters = 500
    signs = frozenset("+-*/")

    def __init__(
        self, columns: Mapping[str, NDArray[Any]], categories: Mapping[str, Sequence[str]]
    ) -> None:
        self.columns = columns
        self.categories = categories

    def named(self, part: Name) -> Any:
        if part.value in _TRUTH:
            return _TRUTH[part.value]
        if part.value not in self.columns:
            hint = did_you_mean(part.value, self.columns)
            hint = hint or f"; use one of {', '.join(self.columns)}"
            raise ExpressionError(f"no property {part.value!r} of a patient{hint}", part.at)
        return self.columns[part.value]

    def paired(self, at: int, left: Any, right: Any) -> None:
        kinds = {np.asarray(value).dtype.kind in "OU" for value in (left, right)}
        if len(kinds) > 1:
            raise ExpressionError("compares a text with a number", at)

    def compares(self, left: Part, right: Part) -> None:
        self._known_category(left, right)
        self._known_category(right, left)

    def _known_category(self, name: Part, value: Part) -> None:
        """Refuse a text that a property can never have: a typing mistake would exclude everyone."""
        if not isinstance(name, Name) or name.value not in self.categories:
            return
        allowed = self.categories[name.value]
        for item in value.items if isinstance(value, Items) else (value,):
            if isinstance(item, Text) and item.value not in allowed:
                hint = did_you_mean(item.value, allowed, cutoff=0.5)
                known = ", ".join(allowed)
                raise ExpressionError(
                    f"{name.value} is one of {known}, not {item.value!r}{hint}", item.at
                )


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
    condition = _Condition(columns, categories or {})
    for text in expressions:
        try:
            value = np.broadcast_to(np.asarray(condition.evaluate(text)), (count,))
        except ExpressionError as error:
            raise EligibilityError(f"eligibility: {error.pointed(text)}") from None
        if value.dtype != np.bool_:
            raise EligibilityError(
                f"eligibility: {text!r} is not a condition that is true or false"
            )
        result &= value
    return result
