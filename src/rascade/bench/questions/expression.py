"""Effects as they stand in the data: arithmetic over a few named functions, nothing else."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from rascade.errors import EvidenceError

__all__ = ["evaluate"]

_BINARY: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


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
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise EvidenceError(f"effect {text!r}: {error.msg}") from None
    return _Evaluator(text, functions, values or {}).visit(tree)


class _Evaluator:
    def __init__(
        self, text: str, functions: Mapping[str, Callable[..., Any]], values: Mapping[str, Any]
    ) -> None:
        self.text, self.functions, self.values = text, functions, values

    def visit(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.visit(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            return _BINARY[type(node.op)](self.visit(node.left), self.visit(node.right))
        if isinstance(node, ast.Name):
            if node.id not in self.values:
                raise self._wrong(f"no value is called {node.id!r}", self.values)
            return self.values[node.id]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(node.func.id, node.args)
        raise self._wrong(f"{ast.unparse(node)!r} is not arithmetic", self.functions)

    def _call(self, name: str, arguments: list[ast.expr]) -> Any:
        if name not in self.functions:
            raise self._wrong(f"no function is called {name!r}", self.functions)
        given = [a.id if isinstance(a, ast.Name) else self._argument(a) for a in arguments]
        return self.functions[name](*given)

    def _argument(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self.visit(node)

    def _wrong(self, what: str, known: Mapping[str, Any]) -> EvidenceError:
        return EvidenceError(f"effect {self.text!r}: {what}; known: {', '.join(sorted(known))}")
