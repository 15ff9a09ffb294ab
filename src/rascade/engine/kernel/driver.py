"""The control loop: steps of Rodas5P for a group of lanes, each with its own time and step.

All lanes take a step together, but each decides alone whether it is accepted, how long the next
one is, and what happens at its end. A lane whose patient is done takes the next from a queue that
all threads share. Everything here is the same for every model; sizes and addresses come from the
tables of frame.py, so this module is compiled once per lane width and kept.
"""

from __future__ import annotations

from rascade.engine.backend import Status
from rascade.engine.kernel import tableau, vector_math
from rascade.engine.kernel.dense import increment, interpolate, prepare_dense, weighted
from rascade.engine.kernel.events import write_event_functions
from rascade.engine.kernel.fallback import write_fallback
from rascade.engine.kernel.frame import Field, Frame, Real, Shared
from rascade.engine.kernel.ir import F64, I64, PTR, Module, Value
from rascade.engine.kernel.lanes import write_lane_functions
from rascade.engine.kernel.layout import Slot
from rascade.engine.kernel.machine import Machine

__all__ = ["write_driver"]

# Step control: proportional-integral, K. Gustafsson, ACM TOMS 17, 533 (1991).
_INTEGRAL = 0.22  # exponent of the present error
_PROPORTIONAL = 0.02  # exponent of the error before
_SAFETY = 0.9
_GROWTH = 8.0  # largest and smallest factor from step to step
_SHRINK = 0.1
_TINIEST_ERROR = 1e-16  # squared; keeps the logarithm finite
_BLIND_STEP = 1e-6  # first step, as a part of the way to the next stop, where nothing is known
_INFINITY = float("inf")
_LARGEST = 1.7976931348623157e308
_FLUSH = 0x9FC0  # MXCSR: round to nearest, exceptions masked, subnormals flushed both ways


def write_driver(machine: Machine, lanes: int) -> str:
    """LLVM assembly of ``run(memory, fields, reals)`` for a lane width."""
    module = Module(fused=machine.fused)
    write_lane_functions(module, lanes)
    write_fallback(module, lanes)
    write_event_functions(module, lanes)
    _write_scaled_norms(module, lanes)
    _write_fresh(module, lanes)
    _write_add_infusion(module, lanes)
    for stage in range(1, tableau.STAGES + 1):
        _write_combine(module, lanes, stage)
    _write_error(module, lanes)
    _write_control(module, lanes)
    _write_check_inside(module, lanes)
    _write_outputs(module, lanes)
    _write_commit(module, lanes)
    _write_attempt(module, lanes)
    _write_run(module, lanes, machine)
    return module.text()


# ---- stages --------------------------------------------------------------------------------------
def _write_combine(module: Module, lanes: int, stage: int) -> None:
    """State and coupling term of a stage from the increments before it."""
    f = Frame(module, f"combine_{stage}", lanes)
    state, stage_at = f.base(Field.STATE_AT), f.base(Field.STAGE_AT)
    coupling = f.base(Field.COUPLING_AT)
    increments = [increment(f, j) for j in range(1, stage)]
    row_a, row_c = tableau.A[stage - 1], tableau.C[stage - 1]
    with f.loop(f.field(Field.STATES)) as i:
        k = [f.row(base, i) for base in increments]
        if stage == 1:
            pass
        elif stage <= 6:
            moved = f.row(state, i)
            for weight, row in zip(row_a, k, strict=True):
                moved = f.fma(weight, row, moved)
            f.put_row(stage_at, i, moved)
        else:  # the last stages go on from the one before: A differs by one increment only
            f.put_row(stage_at, i, f.row(stage_at, i) + k[-1])
        if stage > 1:
            f.put_row(coupling, i, weighted(f, row_c, k))
    f.finish()


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
    with f.when(f.mask(Slot.DENSE).any()):
        for lane in range(lanes):
            with f.when(f.lane(Slot.DENSE, f.whole(lane), I64).differs(0)):
                f.helper("dense_factor", f.whole(lane))
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
    for stage in range(2, tableau.STAGES + 1):
        f.helper(f"combine_{stage}")
        node = f.vector(tableau.NODES[stage - 1])
        f.put(Slot.STAGE_TIME, f.fma(taken, node, time))
        f.put(Slot.SLOPE, taken * tableau.D[stage - 1])
        f.model(Field.RATES)
        f.helper("add_infusion", right)
        f.helper("solve_stage", increment(f, stage))
    f.finish()


# ---- error and step ------------------------------------------------------------------------------
def _write_error(module: Module, lanes: int) -> None:
    """New state, squared error norm, and which lanes are below their floor or badly solved."""
    f = Frame(module, "measure_error", lanes)
    state, stage = f.base(Field.STATE_AT), f.base(Field.STAGE_AT)
    candidate, residual = f.base(Field.CANDIDATE_AT), f.base(Field.RESIDUAL_AT)
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
        scale = f.fma(rtol, size, f.splat(f.item(Field.TOLERANCE, i)))
        error = change / scale
        total.set(f.fma(error, error, total.value))
        low = new < f.splat(f.item(Field.FLOOR, i))
        below.set(below.value | low.convert(I64, "sext"))
        # A residual matters when it moves the solution by more than a tenth of the tolerance.
        limit = dense.select(f.vector(_LARGEST), scale)
        wrong = ~(f.intrinsic("fabs", f.row(residual, i)) * gain <= limit)
        unsolved.set(unsolved.value | wrong.convert(I64, "sext"))
    count = states.convert(F64, "sitofp")
    f.put(Slot.ERROR, total.value / f.splat((count > 0.0).select(count, f.real_number(1.0))))
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
    largest = repeats.equals(0).select(f.vector(_GROWTH), f.vector(1.0))
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
    cause = f.constant(f.integers, int(Status.STEP_TOO_SMALL))
    for where, status in (
        (below & finite, Status.NEGATIVE),
        (unsolved, Status.SINGULAR),
        (~finite, Status.NOT_FINITE),
    ):
        cause = where.select(f.constant(f.integers, int(status)), cause)
    f.put(Slot.CAUSE, reject.select(cause, f.get(Slot.CAUSE, I64)))
    f.put(Slot.REPEATS, reject.select(repeats + 1, f.constant(f.integers, 0)))
    for slot, where in (
        (Slot.STEPS, accept),
        (Slot.REJECTED, reject),
        (Slot.ATTEMPTS, active),
        (Slot.FACTORIZATIONS, active),
    ):
        f.count(slot, where)
    f.put(Slot.RATES, f.get(Slot.RATES, I64) + active.convert(I64, "zext") * (tableau.STAGES - 1))
    smallest = f.intrinsic("fabs", f.get(Slot.TIME)) * (16 * 2.220446049250313e-16)
    chosen = f.splat(f.real(Real.MIN_STEP))
    smallest = (chosen > smallest).select(chosen, smallest)
    small = ~(shorter > smallest)
    many = f.get(Slot.ATTEMPTS, I64) >= f.splat(f.field(Field.MAX_STEPS))
    f.put_mask(Slot.FAILED, (reject & small) | (active & many))
    f.put(
        Slot.CAUSE,
        many.select(f.constant(f.integers, int(Status.TOO_MANY_STEPS)), f.get(Slot.CAUSE, I64)),
    )
    f.finish()


def _write_scaled_norms(module: Module, lanes: int) -> None:
    """Mean squares of an array in units of the tolerance at the present state, into a slot."""
    f = Frame(module, "scaled_square", lanes, PTR, returns=_vector_kind(lanes))
    values, state = f.arguments[3], f.base(Field.STATE_AT)
    rtol = f.splat(f.real(Real.RTOL))
    total = f.variable(f.kind, 0.0)
    with f.loop(f.field(Field.STATES)) as i:
        size = f.intrinsic("fabs", f.row(state, i))
        value = f.row(values, i) / f.fma(rtol, size, f.splat(f.item(Field.TOLERANCE, i)))
        total.set(f.fma(value, value, total.value))
    f.finish(total.value / f.splat(f.field(Field.STATES).convert(F64, "sitofp")))


def _vector_kind(lanes: int) -> str:
    from rascade.engine.kernel.ir import vector

    return vector(F64, lanes)


def _write_fresh(module: Module, lanes: int) -> None:
    """Choose the first step after a discontinuity from the rates and their derivative.

    With f the rates and f' = J f + df/dt, a transient has speed |f'|/|f| and amplitude
    |f|**2/|f'| (in units of the tolerance); the step is the one whose error estimate such a
    transient would bring to about one. A transient below the tolerance does not limit it.
    """
    f = Frame(module, "fresh_step", lanes)
    where = f.mask(Slot.FRESH) & f.mask(Slot.ACTIVE) & f.get(Slot.REPEATS, I64).equals(0)
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
    remembered = f.get(Slot.AFTER_JUMP)
    step = (remembered > 0.0).select(remembered, step)
    f.put(Slot.STEP, where.select(step, f.get(Slot.STEP)))
    f.put(Slot.LAST_ERROR, where.select(f.vector(1.0), f.get(Slot.LAST_ERROR)))
    f.count(Slot.RESTARTS, where)
    f.finish()


# ---- outputs and acceptance ----------------------------------------------------------------------
def _write_outputs(module: Module, lanes: int) -> None:
    """Evaluate outputs at every output time inside the accepted steps."""
    f = Frame(module, "write_outputs", lanes)
    stage = f.base(Field.STAGE_AT)
    time, taken, reached = (f.get(s) for s in (Slot.TIME, Slot.TAKEN, Slot.REACHED))
    accepted = f.mask(Slot.ACCEPTED)

    def due() -> Value:
        return accepted & (f.get(Slot.NEXT_OUTPUT) <= reached)

    with f.when(due().any()):
        with f.loop(f.field(Field.NEEDED)) as n:
            prepare_dense(f, f.item(Field.NEEDED_STATES, n, I64))
        with f.repeat(lambda: due().any()):
            where = due()
            wanted = where.select(f.get(Slot.NEXT_OUTPUT), reached)
            # The end of a step is the new state itself, whatever rounding makes of the quotient.
            part = wanted.equals(reached).select(f.vector(1.0), (wanted - time) / taken)
            with f.loop(f.field(Field.NEEDED)) as n:
                i = f.item(Field.NEEDED_STATES, n, I64)
                f.put_row(stage, i, interpolate(f, i, part))
            f.put(Slot.STAGE_TIME, wanted)
            f.model(Field.EVALUATE)
            for lane in range(lanes):
                number = f.whole(lane)
                with f.when(where.lane(lane)):
                    f.helper("emit_output", number)
                    f.helper("next_output", number)
    f.finish()


def _write_check_inside(module: Module, lanes: int) -> None:
    """Reject steps whose dense output is asked for and is not as good as the step itself.

    The embedded error says nothing about a fast component that follows an explicit function of
    time: it is right at the end of the step and may be anything inside (G. Steinebach, Rodas5Pr,
    Proceedings of the JuliaCon Conferences 2024). So the rates at the middle of the step are
    compared with the slope of the dense output there; the solve with W turns the difference into
    an error of the state.
    """
    f = Frame(module, "check_inside", lanes)
    where = f.mask(Slot.ACCEPTED) & (f.get(Slot.NEXT_OUTPUT) < f.get(Slot.REACHED))
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


def _write_commit(module: Module, lanes: int) -> None:
    """Move the accepted lanes to their new states and times."""
    f = Frame(module, "commit", lanes)
    accepted = f.mask(Slot.ACCEPTED)
    state, candidate = f.base(Field.STATE_AT), f.base(Field.CANDIDATE_AT)
    with f.loop(f.field(Field.STATES)) as i:
        f.put_row(state, i, accepted.select(f.row(candidate, i), f.row(state, i)))
    f.put(Slot.TIME, accepted.select(f.get(Slot.REACHED), f.get(Slot.TIME)))
    # Remember what the first step after a discontinuity should have been.
    first = accepted & f.mask(Slot.FRESH) & ~f.mask(Slot.CUT)
    f.put(Slot.AFTER_JUMP, first.select(f.get(Slot.STEP), f.get(Slot.AFTER_JUMP)))
    fresh = f.get(Slot.FRESH, I64)
    f.put(Slot.FRESH, accepted.select(f.constant(f.integers, 0), fresh))
    dense = f.get(Slot.DENSE, I64)
    less = (dense > 0).select(dense - 1, dense)
    f.put(Slot.DENSE, accepted.select(less, dense))
    f.finish()


# ---- the loop ------------------------------------------------------------------------------------
def _choose_step(f: Frame) -> None:
    """Step of each lane: never past the next stop, and no crumb left before it."""
    step, time, stop = (f.get(s) for s in (Slot.STEP, Slot.TIME, Slot.NEXT_STOP))
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


def _write_run(module: Module, lanes: int, machine: Machine) -> None:
    f = Frame(module, "run", lanes, external=True)
    restore = _flush_subnormals(f, machine)
    stop = f.at(f.pointer(Field.SHARED), int(Shared.STOP), I64)
    for lane in range(lanes):
        f.helper("load_patient", f.whole(lane))
    moved = f.variable(I64, 1)
    with f.repeat(lambda: f.mask(Slot.ACTIVE).any()) as after:
        asked = f.new(I64, f"load atomic i64, ptr {stop.name} monotonic, align 8")
        f.leave(after, asked.differs(0))
        with f.when(moved.value.differs(0)):
            f.model(Field.LINEARIZE)
        with f.when(f.mask(Slot.SUSPECT).any()):
            f.helper("clean_jacobian")
        arrived = f.get(Slot.REPEATS, I64).equals(0) & f.mask(Slot.ACTIVE)
        f.count(Slot.JACOBIANS, arrived)
        f.count(Slot.RATES, arrived)
        starting = f.mask(Slot.FRESH) & arrived
        with f.when(starting.any()):
            f.helper("fresh_step")
        _choose_step(f)
        f.helper("attempt")
        f.helper("measure_error")
        f.helper("control_step")
        with f.when(f.mask(Slot.ODD).any()):
            for lane in range(lanes):
                with f.when(f.lane(Slot.ODD, f.whole(lane), I64).differs(0)):
                    f.helper("retry_lane", f.whole(lane))
        f.helper("check_inside")
        with f.when(f.field(Field.EVENTS).differs(0)):
            f.helper("check_events")
        f.helper("write_outputs")
        f.helper("commit")
        moved.set((f.mask(Slot.ACCEPTED) | f.mask(Slot.FAILED)).any().convert(I64, "zext"))
        landed = f.mask(Slot.ACCEPTED) & f.mask(Slot.LANDS)
        with f.when((landed | f.mask(Slot.FAILED) | f.mask(Slot.EVENT)).any()):
            for lane in range(lanes):
                f.helper("serve_lane", f.whole(lane))
    for lane in range(lanes):
        with f.when(f.lane(Slot.ACTIVE, f.whole(lane), I64).differs(0)):
            f.helper("save_patient", f.whole(lane), f.whole(int(Status.RUNNING)))
    restore()
    f.finish()
    _write_serve(module, lanes)


def _write_serve(module: Module, lanes: int) -> None:
    """What happens to a lane at the end of a step: failure, the end, a dose, or nothing."""
    f = Frame(module, "serve_lane", lanes, I64)
    lane = f.arguments[3]

    def replace(status: Value) -> None:
        f.helper("save_patient", lane, status)
        f.helper("load_patient", lane)

    def failed() -> None:
        replace(f.lane(Slot.CAUSE, lane, I64))

    def go_on() -> None:
        """A dose, or only the place where a trigger was expected and did not yet hold."""
        time = f.lane(Slot.TIME, lane)
        f.helper("apply_events", lane)
        hunt = f.lane(Slot.HUNT, lane, I64)
        with f.when(hunt > 0):
            more = f.whole(1) << (hunt * 2)
            target = time + f.lane(Slot.CLOSE, lane) * more.convert(F64, "sitofp")
            stop = f.lane(Slot.NEXT_STOP, lane)
            f.put_lane(Slot.NEXT_STOP, lane, (target < stop).select(target, stop))
            f.put_lane(Slot.HUNT, lane, (hunt < 20).select(hunt + 1, f.whole(0)))

    def alive() -> None:
        landed = f.lane(Slot.LANDS, lane, I64) & f.lane(Slot.ACCEPTED, lane, I64)
        with f.when(landed.differs(0)):
            f.choose(
                f.lane(Slot.TIME, lane) >= f.real(Real.TO),
                lambda: replace(f.whole(int(Status.RUNNING))),
                go_on,
            )

    def unhurt() -> None:
        f.choose(
            f.lane(Slot.EVENT, lane, I64).differs(0),
            lambda: replace(f.whole(int(Status.EVENT))),
            alive,
        )

    with f.when(f.lane(Slot.ACTIVE, lane, I64).differs(0)):
        # The last step allowed may be the one that arrives.
        lost = f.lane(Slot.FAILED, lane, I64).differs(0) & (
            f.lane(Slot.TIME, lane) < f.real(Real.TO)
        )
        f.choose(lost, failed, unhurt)
    f.finish()


def _flush_subnormals(f: Frame, machine: Machine):  # type: ignore[no-untyped-def]
    """Set the processor to flush subnormals; returns what puts its old state back."""
    if machine.x86:
        saved, wanted = f.variable("i32"), f.variable("i32", _FLUSH)
        for variable, word in ((saved, "stmxcsr"), (wanted, "ldmxcsr")):
            f.call(f"llvm.x86.sse.{word}", "void", [Value(f, PTR, variable.address)])
        return lambda: f.call("llvm.x86.sse.ldmxcsr", "void", [Value(f, PTR, saved.address)])
    if machine.arm:
        old = f.call("llvm.aarch64.get.fpcr", I64, [])
        f.call("llvm.aarch64.set.fpcr", "void", [old | (1 << 24)])
        return lambda: f.call("llvm.aarch64.set.fpcr", "void", [old])
    return lambda: None
