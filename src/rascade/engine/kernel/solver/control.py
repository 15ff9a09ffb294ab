"""Error, acceptance and length of steps, each lane for itself.

Step control is proportional-integral: K. Gustafsson, ACM Transactions on Mathematical Software 17,
533 (1991), doi:10.1145/210232.210242. Constants were tuned on a dosed disease model (steps at equal
error); a work-counter test notices when they move.
"""

from __future__ import annotations

from rascade.engine.kernel.codegen import vector_math
from rascade.engine.kernel.codegen.ir import F64, I64, PTR, Module, Value, vector
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.solver import tableau
from rascade.engine.kernel.solver.dense import increment, interpolate, prepare_dense
from rascade.engine.kernel.solver.frame import Field, Frame, Real
from rascade.engine.population.backend import Status

__all__ = ["choose_step", "start_after_jump", "write_control"]

_INTEGRAL = 0.22  # exponent of the present error
_PROPORTIONAL = 0.02  # exponent of the error before
_SAFETY = 0.9
_GROWTH = 8.0  # largest and smallest factor from step to step
_FIRST_GROWTH = 64.0  # after a first step, whose length was a guess on the cautious side
_SHRINK = 0.1
_TINIEST_ERROR = 1e-16  # squared; keeps the logarithm finite
_BLIND_STEP = 1e-6  # first step, as a part of the way to the next stop, where nothing is known
_ULPS = 16 * 2.220446049250313e-16
_INFINITY = float("inf")
_LARGEST = 1.7976931348623157e308


def write_control(module: Module, lanes: int) -> None:
    """Write the functions that judge a step and choose the next."""
    _write_scaled_square(module, lanes)
    _write_fresh(module, lanes)
    _write_error(module, lanes)
    _write_count(module, lanes)
    _write_control(module, lanes)
    _write_check_inside(module, lanes)


def choose_step(f: Frame) -> None:
    """Step of each lane: never past the next stop, and no crumb left before it."""
    step, time, stop = (f.get(s) for s in (Slot.STEP, Slot.TIME, Slot.NEXT_STOP))
    longest = f.splat(f.real(Real.MAX_STEP))
    step = (step < longest).select(step, longest)
    f.put(Slot.STEP, step)
    room = stop - time
    lands = step * 1.000001 >= room
    half = room * 0.5
    taken = lands.select(room, (step < half).select(step, half))
    f.put(Slot.TAKEN, taken)
    f.put(Slot.PER_STEP, 1.0 / taken)
    f.put(Slot.DIAGONAL, 1.0 / (taken * tableau.GAMMA))
    f.put(Slot.REACHED, lands.select(stop, time + taken))
    f.put_mask(Slot.LANDS, lands)
    f.put_mask(Slot.CUT, taken < step)


def _count(f: Frame) -> Value:
    """Number of states, but one for a model without any."""
    count = f.field(Field.STATES).convert(F64, "sitofp")
    return f.splat((count > 0.0).select(count, f.real_number(1.0)))


def _write_error(module: Module, lanes: int) -> None:
    """New state, squared error norm, and which lanes are below their floor or badly solved."""
    f = Frame(module, "measure_error", lanes)
    state, stage = f.base(Field.STATE_AT), f.base(Field.STAGE_AT)
    candidate, residual = f.base(Field.CANDIDATE_AT), f.base(Field.RESIDUAL_AT)
    tolerance = f.base(Field.TOLERANCE_AT)
    last = increment(f, tableau.STAGES)
    rtol = f.splat(f.real(Real.RTOL))
    gain = f.get(Slot.TAKEN) * (tableau.GAMMA * 10.0)
    dense = f.mask(Slot.DENSE)  # nothing better is to be had: it only has to be finite
    total = f.variable(f.kind, 0.0)
    below, unsolved = f.variable(f.integers, 0), f.variable(f.integers, 0)
    states = f.field(Field.STATES)
    with f.loop(states) as i:
        change = f.row(last, i)
        new = f.row(stage, i) + change
        f.put_row(candidate, i, new)
        old_size, new_size = f.intrinsic("fabs", f.row(state, i)), f.intrinsic("fabs", new)
        size = (new_size < old_size).select(old_size, new_size)
        unit = f.row(tolerance, i)
        scale = f.fma(rtol, size, unit)
        error = change / scale
        total.set(f.fma(error, error, total.value))
        low = new < f.splat(f.item(Field.FLOOR, i)) * unit
        below.set(below.value | low.convert(I64, "sext"))
        # A residual matters when it moves the solution by more than a tenth of the tolerance.
        limit = dense.select(f.vector(_LARGEST), scale)
        wrong = ~(f.intrinsic("fabs", f.row(residual, i)) * gain <= limit)
        unsolved.set(unsolved.value | wrong.convert(I64, "sext"))
    f.put(Slot.ERROR, total.value / _count(f))
    f.put(Slot.BELOW, below.value)
    f.put(Slot.UNSOLVED, unsolved.value)
    f.finish()


def _write_control(module: Module, lanes: int) -> None:
    """Accept or reject in each lane; next step; cause of a rejection."""
    f = Frame(module, "control_step", lanes)
    error, taken, step = f.get(Slot.ERROR), f.get(Slot.TAKEN), f.get(Slot.STEP)
    active, below, unsolved = (f.mask(s) for s in (Slot.ACTIVE, Slot.BELOW, Slot.UNSOLVED))
    repeats = f.get(Slot.REPEATS, I64)
    finite = error < _INFINITY
    accept = (error <= 1.0) & ~below & ~unsolved & active
    reject = active & ~accept
    bounded = (error > _TINIEST_ERROR).select(error, f.vector(_TINIEST_ERROR))
    present = vector_math.logarithm(f, bounded)
    before = vector_math.logarithm(f, f.get(Slot.LAST_ERROR))
    factor = _SAFETY * vector_math.exponential(
        f, present * (-0.5 * _INTEGRAL) + before * (0.5 * _PROPORTIONAL)
    )
    guessed = f.mask(Slot.FRESH) & ~f.mask(Slot.CUT)
    largest = guessed.select(f.vector(_FIRST_GROWTH), f.vector(_GROWTH))
    largest = repeats.equals(0).select(largest, f.vector(1.0))
    factor = (factor < largest).select(factor, largest)
    factor = (factor > _SHRINK).select(factor, f.vector(_SHRINK))
    longer = taken * factor
    longer = ((taken < step) & (longer < step)).select(step, longer)  # cut short, not too long
    retreat = _SAFETY * vector_math.exponential(f, present * (-0.5 / tableau.ERROR_ORDER))
    retreat = (retreat < 0.7).select(retreat, f.vector(0.7))
    retreat = (retreat > _SHRINK).select(retreat, f.vector(_SHRINK))
    retreat = (finite & ~unsolved).select(retreat, f.vector(0.25))
    shorter = taken * retreat
    f.put(Slot.STEP_BEFORE, step)
    f.put(Slot.STEP, accept.select(longer, reject.select(shorter, step)))
    f.put(Slot.LAST_ERROR, accept.select(bounded, f.get(Slot.LAST_ERROR)))
    f.put_mask(Slot.ACCEPTED, accept)
    f.put_mask(Slot.ODD, reject & (unsolved | ~finite))
    f.put(Slot.REPEATS, reject.select(repeats + 1, f.constant(f.integers, 0)))
    smallest = f.intrinsic("fabs", f.get(Slot.TIME)) * _ULPS
    chosen = f.splat(f.real(Real.MIN_STEP))
    smallest = (chosen > smallest).select(chosen, smallest)
    f.put_mask(Slot.FAILED, reject & ~(shorter > smallest))
    f.helper("count_step")
    f.finish()


def _write_count(module: Module, lanes: int) -> None:
    """Work counters, the cause of a rejection, and the cap on steps."""
    f = Frame(module, "count_step", lanes)
    active, accept = f.mask(Slot.ACTIVE), f.mask(Slot.ACCEPTED)
    reject = active & ~accept
    for slot, where in (
        (Slot.STEPS, accept),
        (Slot.REJECTED, reject),
        (Slot.ATTEMPTS, active),
        (Slot.FACTORIZATIONS, active),
    ):
        f.count(slot, where)
    f.put(Slot.RATES, f.get(Slot.RATES, I64) + active.convert(I64, "zext") * (tableau.STAGES - 1))
    finite = f.get(Slot.ERROR) < _INFINITY
    many = f.get(Slot.ATTEMPTS, I64) >= f.splat(f.field(Field.MAX_STEPS))
    cause = f.constant(f.integers, int(Status.STEP_TOO_SMALL))
    for where, status in (
        (f.mask(Slot.BELOW) & finite, Status.NEGATIVE),
        (~finite, Status.NOT_FINITE),
        # Also where that is why the step is not finite: the rates at its start are (fallback.py).
        (f.mask(Slot.UNSOLVED), Status.SINGULAR),
        (many, Status.TOO_MANY_STEPS),
    ):
        cause = where.select(f.constant(f.integers, int(status)), cause)
    f.put(Slot.CAUSE, cause)
    f.put_mask(Slot.FAILED, f.mask(Slot.FAILED) | (active & many))
    f.finish()


def _write_scaled_square(module: Module, lanes: int) -> None:
    """Mean squares of an array in units of the tolerance at the present state."""
    f = Frame(module, "scaled_square", lanes, PTR, returns=vector(F64, lanes))
    values, state = f.arguments[3], f.base(Field.STATE_AT)
    tolerance = f.base(Field.TOLERANCE_AT)
    rtol = f.splat(f.real(Real.RTOL))
    total = f.variable(f.kind, 0.0)
    with f.loop(f.field(Field.STATES)) as i:
        size = f.intrinsic("fabs", f.row(state, i))
        value = f.row(values, i) / f.fma(rtol, size, f.row(tolerance, i))
        total.set(f.fma(value, value, total.value))
    f.finish(total.value / _count(f))


def _write_fresh(module: Module, lanes: int) -> None:
    """Choose the first step after a discontinuity from the rates and their derivative.

    With f the rates and f' = J f + df/dt, a transient has speed |f'|/|f| and amplitude
    |f|**2/|f'| (in units of the tolerance); the step is the one whose error estimate such a
    transient would bring to about one. A transient below the tolerance does not limit it.
    """
    f = Frame(module, "fresh_step", lanes)
    where = _starting(f) & f.get(Slot.AFTER_JUMP).equals(0.0)
    states = f.field(Field.STATES)
    rate, first = f.base(Field.RATE_AT), increment(f, 1)
    right, residual, slope = (
        f.base(x) for x in (Field.RIGHT_AT, Field.RESIDUAL_AT, Field.SLOPE_AT)
    )
    sloped = f.field(Field.SLOPED).differs(0)
    with f.loop(states) as i:
        f.put_row(first, i, f.row(rate, i))
        value = f.variable(f.kind, 0.0)
        with f.when(sloped):
            value.set(f.row(slope, i))
        f.put_row(right, i, value.value)
    f.helper("add_infusion", first)
    f.put(Slot.DIAGONAL, f.vector(0.0))
    f.model(Field.RESIDUAL)  # with a zero diagonal this is df/dt + J f
    arguments = [f.memory, f.fields, f.reals]
    speed = f.call("scaled_square", f.kind, [*arguments, first])
    change = f.call("scaled_square", f.kind, [*arguments, residual])
    amplitude = speed / f.intrinsic("sqrt", change)
    amplitude = (amplitude > 1e-6).select(amplitude, f.vector(1e-6))
    reach = vector_math.power(f, 300.0 / amplitude, f.vector(0.2))
    step = reach * f.intrinsic("sqrt", speed / change)
    room = f.get(Slot.NEXT_STOP) - f.get(Slot.TIME)
    step = (step < room).select(step, room)
    step = (step > 0.0).select(step, room * _BLIND_STEP)  # also where the derivative is infinite
    f.put(Slot.STEP, where.select(step, f.get(Slot.STEP)))
    f.finish()


def _starting(f: Frame) -> Value:
    """Lanes about to take their first step after a discontinuity."""
    return f.mask(Slot.FRESH) & f.mask(Slot.ACTIVE) & f.get(Slot.REPEATS, I64).equals(0)


def start_after_jump(f: Frame) -> None:
    """First step after a discontinuity: what would have been right last time, or an estimate.

    Doses repeat, so the step that the last one called for is the better guess; where it is not, one
    rejection or a few growing steps are the price.
    """
    starting = _starting(f)
    with f.when(starting.any()):
        remembered = f.get(Slot.AFTER_JUMP)
        f.put(Slot.STEP, (starting & (remembered > 0.0)).select(remembered, f.get(Slot.STEP)))
        f.put(Slot.LAST_ERROR, starting.select(f.vector(1.0), f.get(Slot.LAST_ERROR)))
        f.count(Slot.RESTARTS, starting)
        with f.when((starting & remembered.equals(0.0)).any()):
            f.helper("fresh_step")


def _write_check_inside(module: Module, lanes: int) -> None:
    """Reject steps whose dense output is asked for and is not as good as the step itself.

    The embedded error says nothing about a fast component that follows an explicit function of
    time: it is right at the end of the step and may be anything inside (G. Steinebach, Rodas5Pr,
    Proceedings of the JuliaCon Conferences 2024). So the rates at the middle of the step are
    compared with the slope of the dense output there; the solve with W turns the difference into
    an error of the state.
    """
    f = Frame(module, "check_inside", lanes)
    # Triggers are looked at inside every step.
    always = (f.field(Field.EVENTS) * f.field(Field.SLOPED)).differs(0)
    inside = f.get(Slot.NEXT_OUTPUT) < f.get(Slot.REACHED)
    where = f.mask(Slot.ACCEPTED) & (f.splat(always.convert(I64, "zext")).differs(0) | inside)
    with f.when(where.any()):
        state, candidate, stage, coupling, right, residual = (
            f.base(x)
            for x in (
                Field.STATE_AT,
                Field.CANDIDATE_AT,
                Field.STAGE_AT,
                Field.COUPLING_AT,
                Field.RIGHT_AT,
                Field.RESIDUAL_AT,
            )
        )
        second, third = (increment(f, tableau.STAGES + m) for m in (2, 3))
        with f.loop(f.field(Field.STATES)) as i:
            prepare_dense(f, i)
            f.put_row(stage, i, interpolate(f, i, f.vector(0.5)))
            # Minus the slope of the dense output at one half, times the step.
            bend = (f.row(second, i) + f.row(third, i)) * 0.25
            f.put_row(coupling, i, (f.row(state, i) - f.row(candidate, i)) - bend)
        taken, time = f.get(Slot.TAKEN), f.get(Slot.TIME)
        f.put(Slot.STAGE_TIME, f.fma(0.5, taken, time))
        f.put(Slot.SLOPE, f.vector(0.0))
        f.model(Field.RATES)
        f.helper("add_infusion", right)
        f.helper("solve_stage", residual)
        error = f.call("scaled_square", f.kind, [f.memory, f.fields, f.reals, residual])
        reject = where & ~(error <= 1.0)
        bounded = (error < 1e12).select(error, f.vector(1e12))
        bounded = (bounded > _TINIEST_ERROR).select(bounded, f.vector(_TINIEST_ERROR))
        factor = _SAFETY * vector_math.exponential(
            f, vector_math.logarithm(f, bounded) * (-0.5 / tableau.ERROR_ORDER)
        )
        advised = taken * (factor > _SHRINK).select(factor, f.vector(_SHRINK))
        step = f.get(Slot.STEP)
        f.put(Slot.STEP, (where & (reject | (advised < step))).select(advised, step))
        again = reject.convert(I64, "zext")
        f.put_mask(Slot.ACCEPTED, f.mask(Slot.ACCEPTED) & ~reject)
        f.put(Slot.REPEATS, f.get(Slot.REPEATS, I64) + again)
        f.put(Slot.STEPS, f.get(Slot.STEPS, I64) - again)
        f.put(Slot.REJECTED, f.get(Slot.REJECTED, I64) + again)
        f.count(Slot.RATES, where)
    f.finish()
