"""What the control loop does when the fast linear algebra is not to be trusted. Rare.

The unrolled LU has no pivoting, and a Jacobian entry may be infinite at a finite point (a root at
zero). A step whose linear system was solved badly, or whose result is not finite, is tried again
with the same length: first with the entries that are not finite taken as zero, then with a dense
factorisation with row pivoting. Both concern single lanes, and are plain scalar code.
"""

from __future__ import annotations

from rascade.engine.kernel.codegen.ir import F64, I64, PTR, Module, Value
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.solver.frame import Field, Frame
from rascade.engine.population.backend import Status

__all__ = ["write_fallback"]

_INFINITY = float("inf")
_TRUST = 8  # accepted steps after which the fast factorisation is tried again


def write_fallback(module: Module, lanes: int) -> None:
    """Write the functions of the fallback."""
    _write_clean(module, lanes)
    _write_dense_factor(module, lanes)
    _write_dense_solve(module, lanes)
    _write_solve_stage(module, lanes)
    _write_retry(module, lanes)


def _write_clean(module: Module, lanes: int) -> None:
    """In suspect lanes, set derivatives that are not finite to zero."""
    f = Frame(module, "clean_jacobian", lanes)
    where = f.mask(Slot.SUSPECT)
    for base, count in (
        (Field.JACOBIAN_AT, Field.JACOBIAN_COUNT),
        (Field.SLOPE_AT, Field.STATES),
    ):
        array = f.base(base)
        with f.loop(f.field(count)) as i:
            value = f.row(array, i)
            broken = where & ~(f.intrinsic("fabs", value) < _INFINITY)
            f.put_row(array, i, broken.select(f.vector(0.0), value))
    f.finish()


def _matrix(f: Frame, lane: Value) -> tuple[Value, Value, Value]:
    """A lane's dense matrix, row exchanges and work vector."""
    n = f.field(Field.STATES)
    start = f.at(f.pointer(Field.DENSE), lane * (n * n + n * 2))
    exchanges = f.at(start, n * n)
    return start, exchanges, f.at(exchanges, n)


def _write_dense_factor(module: Module, lanes: int) -> None:
    """LU with row pivoting of ``I/(h*gamma) - J`` of one lane."""
    f = Frame(module, "dense_factor", lanes, I64)
    lane = f.arguments[3]
    n = f.field(Field.STATES)
    matrix, exchanges, _ = _matrix(f, lane)
    _fill(f, lane, n, matrix)
    with f.loop(n) as k:
        best, which = f.variable(F64, -1.0), f.variable(I64, k)
        with f.loop(n, k) as i:
            size = f.intrinsic("fabs", f.load(F64, f.at(matrix, i * n + k)))
            with f.when(size > best.value):
                best.set(size)
                which.set(i)
        f.store(which.value, f.at(exchanges, k, I64))
        with f.when(which.value.differs(k)), f.loop(n) as j:
            one, other = f.at(matrix, k * n + j), f.at(matrix, which.value * n + j)
            a, b = f.load(F64, one), f.load(F64, other)
            f.store(b, one)
            f.store(a, other)
        pivot = f.load(F64, f.at(matrix, k * n + k))
        with f.loop(n, k + 1) as i:
            address = f.at(matrix, i * n + k)
            ratio = f.load(F64, address) / pivot
            f.store(ratio, address)
            with f.when(ratio.differs(0.0)), f.loop(n, k + 1) as j:
                target = f.at(matrix, i * n + j)
                above = f.load(F64, f.at(matrix, k * n + j))
                f.store(f.negative_fma(ratio, above, f.load(F64, target)), target)
    f.finish()


def _fill(f: Frame, lane: Value, n: Value, matrix: Value) -> None:
    """Write the lane's matrix from the list of Jacobian entries."""
    with f.loop(n * n) as i:
        f.store(f.real_number(0.0), f.at(matrix, i))
    diagonal = f.lane(Slot.DIAGONAL, lane)
    with f.loop(n) as i:
        f.store(diagonal, f.at(matrix, i * n + i))
    with f.loop(f.field(Field.ENTRIES)) as e:
        row, column, slot = (f.item(Field.ENTRY_PLACES, e * 3 + j, I64) for j in range(3))
        factor = f.item(Field.ENTRY_FACTORS, e)
        value = f.variable(F64, 1.0)
        with f.when(slot >= 0):
            value.set(f.load(F64, f.at(f.memory, slot * f.lanes + lane)))
        address = f.at(matrix, row * n + column)
        f.store(f.negative_fma(factor, value.value, f.load(F64, address)), address)


def _write_dense_solve(module: Module, lanes: int) -> None:
    """Solve one lane's stage with its dense factors."""
    f = Frame(module, "dense_solve", lanes, I64, PTR)
    lane, target = f.arguments[3:]
    n = f.field(Field.STATES)
    matrix, exchanges, work = _matrix(f, lane)
    right = f.base(Field.RIGHT_AT)
    with f.loop(n) as i:
        f.store(f.load(F64, f.lane_row(right, i, lane)), f.at(work, i))
    with f.loop(n) as i:
        other = f.at(work, f.load(I64, f.at(exchanges, i, I64)))
        here = f.at(work, i)
        a, b = f.load(F64, here), f.load(F64, other)
        f.store(b, here)
        f.store(a, other)
    with f.loop(n) as i:
        total = f.variable(F64, f.load(F64, f.at(work, i)))
        with f.loop(i) as j:
            factor = f.load(F64, f.at(matrix, i * n + j))
            total.set(f.negative_fma(factor, f.load(F64, f.at(work, j)), total.value))
        f.store(total.value, f.at(work, i))
    with f.loop(n) as up:
        i = n - 1 - up
        total = f.variable(F64, f.load(F64, f.at(work, i)))
        with f.loop(n, i + 1) as j:
            factor = f.load(F64, f.at(matrix, i * n + j))
            total.set(f.negative_fma(factor, f.load(F64, f.at(work, j)), total.value))
        f.store(total.value / f.load(F64, f.at(matrix, i * n + i)), f.at(work, i))
    with f.loop(n) as i:
        f.store(f.load(F64, f.at(work, i)), f.lane_row(target, i, lane))
    f.finish()


def _write_solve_stage(module: Module, lanes: int) -> None:
    """Solve a stage in all lanes; again with the dense factors in the lanes that have them."""
    f = Frame(module, "solve_stage", lanes, PTR)
    target = f.arguments[3]
    f.model(Field.SOLVE, target)
    with f.when(f.mask(Slot.DENSE).any()), f.each_lane(Slot.DENSE) as lane:
        f.helper("dense_solve", lane, target)
    f.finish()


def _write_retry(module: Module, lanes: int) -> None:
    """After a step that is not finite or was solved badly: what to change for the next try."""
    f = Frame(module, "retry_lane", lanes, I64)
    lane = f.arguments[3]

    def again() -> None:
        f.put_lane(Slot.STEP, lane, f.lane(Slot.STEP_BEFORE, lane))
        f.put_lane(Slot.FAILED, lane, f.whole(0))

    def distrust() -> None:
        f.put_lane(Slot.SUSPECT, lane, f.whole(1))
        again()

    def pivot() -> None:
        f.put_lane(Slot.DENSE, lane, f.whole(_TRUST))
        again()

    def give_way() -> None:
        """A shorter step is next, unless the present point itself is the trouble."""
        f.put_lane(Slot.DENSE, lane, f.whole(0))
        rate, state = f.base(Field.RATE_AT), f.base(Field.STATE_AT)
        with f.loop(f.field(Field.STATES)) as i:
            total = f.load(F64, f.lane_row(rate, i, lane)) - f.load(F64, f.lane_row(state, i, lane))
            with f.when(~(f.intrinsic("fabs", total) < _INFINITY)):
                f.put_lane(Slot.CAUSE, lane, f.whole(int(Status.NOT_FINITE)))
                f.put_lane(Slot.FAILED, lane, f.whole(1))

    def second() -> None:
        badly = f.lane(Slot.UNSOLVED, lane, I64).differs(0)
        untried = f.lane(Slot.DENSE, lane, I64).equals(0)
        possible = f.field(Field.DENSE).differs(0)
        f.choose(badly & untried & possible, pivot, give_way)

    f.choose(f.lane(Slot.SUSPECT, lane, I64).equals(0), distrust, second)
    f.finish()
