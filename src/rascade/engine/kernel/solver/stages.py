"""The eight stages of a step, for all lanes of a group."""

from __future__ import annotations

from collections.abc import Sequence

from rascade.engine.kernel.codegen.ir import PTR, Module, Value
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.solver import tableau
from rascade.engine.kernel.solver.dense import increment, weighted
from rascade.engine.kernel.solver.frame import Field, Frame

__all__ = ["write_stages"]

_SPLIT = 6  # the stage from which on A only gains one increment at a time


def write_stages(module: Module, lanes: int) -> None:
    """Write ``attempt``, which takes the step in TAKEN, and what it calls."""
    _write_add_infusion(module, lanes)
    for stage in range(2, tableau.STAGES + 1):
        _write_combine(module, lanes, stage)
    _write_attempt(module, lanes)


def _write_combine(module: Module, lanes: int, stage: int) -> None:
    """State and coupling term of a stage from the increments before it."""
    f = Frame(module, f"combine_{stage}", lanes)
    state, stage_at = f.base(Field.STATE_AT), f.base(Field.STAGE_AT)
    coupling = f.base(Field.COUPLING_AT)
    # Free until the step's end; they carry the sums of the last two stages, begun at _SPLIT.
    kept = [f.base(Field.CANDIDATE_AT), increment(f, tableau.STAGES + 1)]
    late = stage > _SPLIT
    increments = [increment(f, j) for j in range(_SPLIT if late else 1, stage)]
    row_a, row_c = tableau.A[stage - 1], tableau.C[stage - 1]
    with f.loop(f.field(Field.STATES)) as i:
        k = [f.row(base, i) for base in increments]
        if late:  # A differs from the stage before by the last increment only
            f.put_row(stage_at, i, f.row(stage_at, i) + k[-1])
            begun = f.row(kept[stage - _SPLIT - 1], i)
            f.put_row(coupling, i, _plus(f, begun, row_c[_SPLIT - 1 :], k))
        else:
            f.put_row(stage_at, i, _plus(f, f.row(state, i), row_a, k))
            f.put_row(coupling, i, weighted(f, row_c, k))
        if stage == _SPLIT:
            for base, later in zip(kept, tableau.C[_SPLIT:], strict=True):
                f.put_row(base, i, weighted(f, later[: _SPLIT - 1], k))
    f.finish()


def _plus(f: Frame, total: Value, weights: Sequence[float], rows: Sequence[Value]) -> Value:
    for weight, row in zip(weights, rows, strict=True):
        total = f.fma(weight, row, total)
    return total


def _write_add_infusion(module: Module, lanes: int) -> None:
    """Add running infusions to an array of rates, in the lanes that have any."""
    f = Frame(module, "add_infusion", lanes, PTR)
    target = f.arguments[3]
    infusion = f.base(Field.INFUSION_AT)
    where = f.mask(Slot.INFUSING)
    with f.when(where.any()), f.loop(f.field(Field.STATES)) as i:
        value = f.row(target, i)
        f.put_row(target, i, where.select(value + f.row(infusion, i), value))
    f.finish()


def _write_attempt(module: Module, lanes: int) -> None:
    """All eight stages with the step in TAKEN."""
    f = Frame(module, "attempt", lanes)
    f.model(Field.FACTOR)
    with f.when(f.mask(Slot.DENSE).any()), f.each_lane(Slot.DENSE) as lane:
        f.helper("dense_factor", lane)
    right = f.base(Field.RIGHT_AT)
    taken, time = f.get(Slot.TAKEN), f.get(Slot.TIME)
    rate, slope = f.base(Field.RATE_AT), f.base(Field.SLOPE_AT)
    sloped = f.field(Field.SLOPED).differs(0)
    share = taken * tableau.D[0]
    with f.loop(f.field(Field.STATES)) as i:
        value = f.variable(f.kind, f.row(rate, i))
        with f.when(sloped):
            value.set(f.fma(f.row(slope, i), share, value.value))
        f.put_row(right, i, value.value)
    f.helper("add_infusion", right)
    f.helper("solve_stage", increment(f, 1))
    f.model(Field.RESIDUAL)
    before, after = f.get(Slot.BEFORE), f.get(Slot.AFTER)
    for stage in range(2, tableau.STAGES + 1):
        f.helper(f"combine_{stage}")
        node = f.vector(tableau.NODES[stage - 1])
        stage_time = f.fma(taken, node, time)
        stage_time = (stage_time > after).select(stage_time, after)
        f.put(Slot.STAGE_TIME, (stage_time < before).select(stage_time, before))
        f.put(Slot.SLOPE, taken * tableau.D[stage - 1])
        f.model(Field.RATES)
        f.helper("add_infusion", right)
        f.helper("solve_stage", increment(f, stage))
    f.finish()
