"""Effects as they stand in the data: arithmetic over a few named functions, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rascade.errors import EvidenceError
from rascade.expressions import Call, ExpressionError, Language, Name, Part, Text
from rascade.text import did_you_mean

__all__ = ["evaluate"]


def evaluate(
    text: str,
    functions: Mapping[str, Callable[..., Any]],
    values: Mapping[str, Any] | None = None,
) -> Any:
    """Return the value of an expression.

    A name is looked up in `values` where it stands by itself; as an argument of a function it is
    handed over as text (the name of a read-out, a condition, an arm).

    Args:
        text: for example ``rel(pERK, treated, 24) / rel(pERK, base, 24)``.
        functions: functions by name.
        values: values by name.

    Raises:
        EvidenceError: it holds anything but arithmetic, or a name that is not known.
    """
    try:
        return _Effect(functions, values or {}).evaluate(text)
    except ExpressionError as error:
        raise EvidenceError(f"effect {text!r}: {error}") from None


class _Effect(Language):
    """An effect of one experiment."""

    def __init__(
        self, functions: Mapping[str, Callable[..., Any]], values: Mapping[str, Any]
    ) -> None:
        self.functions, self.values = functions, values

    def named(self, part: Name) -> Any:
        if part.value not in self.values:
            raise _unknown("value", part.value, self.values, part.at)
        return self.values[part.value]

    def called(self, part: Call) -> Any:
        if part.name not in self.functions:
            raise _unknown("function", part.name, self.functions, part.at)
        return self.functions[part.name](*map(self._argument, part.arguments))

    def _argument(self, part: Part) -> Any:
        return part.value if isinstance(part, Name | Text) else self.value(part)


def _unknown(what: str, name: str, known: Mapping[str, Any], at: int) -> ExpressionError:
    hint = did_you_mean(name, known) or f"; known: {', '.join(sorted(known)) or 'none'}"
    return ExpressionError(f"no {what} is called {name!r}{hint}", at)
