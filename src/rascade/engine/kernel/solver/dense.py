"""Values inside an accepted step: the dense output of Rodas5P."""

from __future__ import annotations

from collections.abc import Sequence

from rascade.engine.kernel.codegen.ir import Value
from rascade.engine.kernel.solver import tableau
from rascade.engine.kernel.solver.frame import Field, Frame

__all__ = ["increment", "interpolate", "prepare_dense", "weighted"]


def increment(f: Frame, stage: int) -> Value:
    """Address of k_stage (1-based); stages 9 to 11 are the arrays of the dense output."""
    offset = f.field(Field.STATES) * ((stage - 1) * f.lanes)
    return f.at(f.base(Field.INCREMENTS_AT), offset)


def weighted(f: Frame, weights: Sequence[float], rows: Sequence[Value]) -> Value:
    """Sum of products, in a fixed order."""
    total = rows[0] * weights[0]
    for weight, row in zip(weights[1:], rows[1:], strict=True):
        total = f.fma(weight, row, total)
    return total


def prepare_dense(f: Frame, index: Value) -> None:
    """Combine the increments of one state for `interpolate`."""
    rows = [f.row(increment(f, j), index) for j in range(1, tableau.STAGES + 1)]
    for m, weights in enumerate(tableau.H, start=1):
        f.put_row(increment(f, tableau.STAGES + m), index, weighted(f, weights, rows))


def interpolate(f: Frame, index: Value, part: Value) -> Value:
    """One state after a part (0 to 1) of the step; exactly the new state at 1."""
    first, second, third = (f.row(increment(f, tableau.STAGES + m), index) for m in (1, 2, 3))
    rest = 1.0 - part
    curve = f.fma(part, f.fma(part, third, second), first)
    value = f.fma(rest, curve, f.row(f.base(Field.CANDIDATE_AT), index))
    return f.fma(part, value, rest * f.row(f.base(Field.STATE_AT), index))
