"""Life of a patient in a lane: loading, doses, outputs, saving, failing. Scalar, run rarely."""

from __future__ import annotations

from rascade.engine.kernel.codegen.ir import F64, I32, I64, Module, Value, Variable
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.solver.frame import Field, Frame, Real, Shared
from rascade.engine.population.backend import COUNTERS, Breaks, Status

__all__ = ["write_lane_functions"]

_INFINITY = float("inf")
_LARGEST = 1.7976931348623157e308
_CLEARED = (
    Slot.ATTEMPTS,
    Slot.REPEATS,
    Slot.CAUSE,
    Slot.DENSE,
    Slot.SUSPECT,
    Slot.INFUSING,
    Slot.HUNT,
    Slot.EVENT,
)


def write_lane_functions(module: Module, lanes: int) -> None:
    """Write the functions that serve one lane."""
    _write_events(module, lanes)
    _write_emit(module, lanes)
    _write_next_output(module, lanes)
    _write_save(module, lanes)
    _write_load(module, lanes)
    _write_culprit(module, lanes)


def _write_load(module: Module, lanes: int) -> None:
    """Fill a lane with the next patient of the queue, or mark it idle."""
    f = Frame(module, "load_patient", lanes, I64)
    lane = f.arguments[3]
    shared = f.pointer(Field.SHARED)
    searching = f.variable(I64, 1)
    with f.repeat(lambda: searching.value.differs(0)):
        place = f.new(
            I64, f"atomicrmw add ptr {f.at(shared, int(Shared.NEXT), I64).name}, i64 1 monotonic"
        )

        def idle() -> None:
            f.put_lane(Slot.ACTIVE, lane, f.whole(0))
            for slot, number in (
                (Slot.TIME, 0.0),
                (Slot.NEXT_STOP, 2.0),
                (Slot.BEFORE, 2.0),
                (Slot.AFTER, 0.0),
                (Slot.STEP, 1.0),
                (Slot.NEXT_OUTPUT, _INFINITY),
                (Slot.LAST_ERROR, 1.0),
            ):
                f.put_lane(slot, lane, f.real_number(number))
            for slot in (Slot.FRESH, Slot.INFUSING, Slot.REPEATS, Slot.DENSE, Slot.SUSPECT):
                f.put_lane(slot, lane, f.whole(0))
            searching.set(0)

        def take() -> None:
            patient = f.item(Field.QUEUE, place, I64)
            _fill(f, lane, patient)

            def already_there() -> None:
                f.helper("save_patient", lane, f.whole(Status.RUNNING))

            def go() -> None:
                f.put_lane(Slot.ACTIVE, lane, f.whole(1))
                f.helper("apply_events", lane)
                searching.set(0)

            f.choose(f.lane(Slot.TIME, lane) >= f.real(Real.TO), already_there, go)

        f.choose(place < f.field(Field.QUEUE_LENGTH), take, idle)
    f.finish()


def _fill(f: Frame, lane: Value, patient: Value) -> None:
    """Copy a patient into a lane and find its place among outputs and doses."""
    f.put_lane(Slot.PATIENT, lane, patient)
    _copy_in(f, lane, patient)
    time = f.item(Field.BATCH_TIME, patient)
    f.put_lane(Slot.TIME, lane, time)
    f.put_lane(Slot.STEP, lane, f.item(Field.BATCH_STEP, patient))
    f.put_lane(Slot.LAST_ERROR, lane, f.real_number(1.0))
    f.put_lane(Slot.AFTER_JUMP, lane, f.real_number(0.0))
    for slot in _CLEARED:
        f.put_lane(slot, lane, f.whole(0))
    for i in range(len(COUNTERS)):
        f.put_lane(Slot.STEPS + i, lane, f.whole(0))
    f.model(Field.PREPARE)
    # Doses: those before the present time are past, but their infusions may still run.
    first = f.item(Field.DOSE_START, patient, I64)
    end = f.item(Field.DOSE_START, patient + 1, I64)
    dose = f.variable(I64, first)
    with f.repeat(lambda: dose.value < end) as after:
        f.leave(after, f.item(Field.DOSE_TIME, dose.value) >= time)
        dose.set(dose.value + 1)
    f.put_lane(Slot.DOSE_FIRST, lane, first)
    f.put_lane(Slot.DOSE, lane, dose.value)
    f.put_lane(Slot.DOSE_END, lane, end)
    f.put_lane(Slot.AFTER, lane, f.real_number(-_LARGEST))
    f.put_lane(Slot.BREAK, lane, f.item(Field.BREAK_START, patient, I64))
    f.put_lane(Slot.BREAK_END, lane, f.item(Field.BREAK_END, patient, I64))
    # Outputs: those before the present time are not ours; those at it are the present state.
    f.put_lane(Slot.OUTPUT, lane, f.whole(-1))
    f.helper("next_output", lane)
    with f.repeat(lambda: f.lane(Slot.NEXT_OUTPUT, lane) <= time):
        with f.when(f.lane(Slot.NEXT_OUTPUT, lane).equals(time)):
            _stage_is_state(f, lane, time)
            f.model(Field.EVALUATE)
            f.helper("emit_output", lane)
        f.helper("next_output", lane)


def _copy_in(f: Frame, lane: Value, patient: Value) -> None:
    states, parameters = f.field(Field.STATES), f.field(Field.PARAMETERS)
    state, parameter = f.base(Field.STATE_AT), f.base(Field.PARAMETER_AT)
    tolerance = f.base(Field.TOLERANCE_AT)
    with f.loop(states) as i:
        place = patient * states + f.item(Field.ORDER, i, I64)
        f.store(f.item(Field.BATCH_STATE, place), f.lane_row(state, i, lane))
        f.store(f.item(Field.TOLERANCE, place), f.lane_row(tolerance, i, lane))
    with f.loop(parameters) as i:
        value = f.item(Field.BATCH_PARAMETER, patient * parameters + i)
        f.store(value, f.lane_row(parameter, i, lane))
    events, armed = f.field(Field.EVENTS), f.base(Field.ARMED_AT)
    with f.loop(events) as i:
        value = f.item(Field.BATCH_TRIGGERS, patient * events + i, "i8").convert(F64, "uitofp")
        f.store(value, f.lane_row(armed, i, lane))


def _stage_is_state(f: Frame, lane: Value, time: Value) -> None:
    """Put the present state of a lane where outputs are evaluated."""
    state, stage = f.base(Field.STATE_AT), f.base(Field.STAGE_AT)
    with f.loop(f.field(Field.STATES)) as i:
        f.store(f.load(F64, f.lane_row(state, i, lane)), f.lane_row(stage, i, lane))
    f.put_lane(Slot.STAGE_TIME, lane, time)


def _write_next_output(module: Module, lanes: int) -> None:
    """Move a lane to its next output time."""
    f = Frame(module, "next_output", lanes, I64)
    lane = f.arguments[3]
    index = f.lane(Slot.OUTPUT, lane, I64) + 1
    f.put_lane(Slot.OUTPUT, lane, index)
    time = f.variable(F64, _INFINITY)
    with f.when(index < f.field(Field.TIMES)):
        time.set(f.item(Field.OUTPUT_TIMES, index))
    f.put_lane(Slot.NEXT_OUTPUT, lane, time.value)
    f.finish()


def _write_emit(module: Module, lanes: int) -> None:
    """Copy a lane's evaluated outputs to the place of its current output time."""
    f = Frame(module, "emit_output", lanes, I64)
    lane = f.arguments[3]
    columns = f.field(Field.OUTPUTS)
    row = f.lane(Slot.PATIENT, lane, I64) * f.field(Field.TIMES) + f.lane(Slot.OUTPUT, lane, I64)
    base = f.base(Field.OUTPUT_AT)
    with f.loop(columns) as j:
        value = f.load(F64, f.lane_row(base, j, lane))
        f.put_item(Field.OUTPUT_VALUES, row * columns + j, value)
    f.finish()


def _write_events(module: Module, lanes: int) -> None:
    """Give the doses due at a lane's time, sum its running infusions, find its next stop."""
    f = Frame(module, "apply_events", lanes, I64)
    lane = f.arguments[3]
    time = f.lane(Slot.TIME, lane)
    state, infusion = f.base(Field.STATE_AT), f.base(Field.INFUSION_AT)
    end = f.lane(Slot.DOSE_END, lane, I64)
    dose = f.variable(I64, f.lane(Slot.DOSE, lane, I64))
    stop = f.variable(F64, f.real(Real.TO))
    jump = f.variable(I64, (f.lane(Slot.STEP, lane) <= 0.0).convert(I64, "zext"))

    def position(index: Value) -> Value:
        return f.item(Field.POSITION, f.item(Field.DOSE_STATE, index, I64), I64)

    with f.repeat(lambda: dose.value < end) as after:
        f.leave(after, f.item(Field.DOSE_TIME, dose.value) > time)
        jump.set(1)
        with f.when(f.item(Field.DOSE_DURATION, dose.value) <= 0.0):
            address = f.lane_row(state, position(dose.value), lane)
            f.store(f.load(F64, address) + f.item(Field.DOSE_AMOUNT, dose.value), address)
        dose.set(dose.value + 1)
    f.put_lane(Slot.DOSE, lane, dose.value)
    with f.when(dose.value < end):
        following = f.item(Field.DOSE_TIME, dose.value)
        stop.set((following < stop.value).select(following, stop.value))

    running = f.variable(I64, 0)
    first = f.variable(I64, dose.value)
    with f.loop(dose.value, f.lane(Slot.DOSE_FIRST, lane, I64)) as j:
        duration = f.item(Field.DOSE_DURATION, j)
        over = f.item(Field.DOSE_TIME, j) + duration
        with f.when((duration > 0.0) & over.equals(time)):
            jump.set(1)
        with f.when((duration > 0.0) & (over > time)):
            with f.when(running.value.equals(0)), f.loop(f.field(Field.STATES)) as i:
                f.store(f.real_number(0.0), f.lane_row(infusion, i, lane))
            address = f.lane_row(infusion, position(j), lane)
            rate = f.item(Field.DOSE_AMOUNT, j) / duration
            f.store(f.load(F64, address) + rate, address)
            stop.set((over < stop.value).select(over, stop.value))
            with f.when(running.value.equals(0)):
                first.set(j)
            running.set(1)
    f.put_lane(Slot.DOSE_FIRST, lane, first.value)
    f.put_lane(Slot.INFUSING, lane, running.value)
    _pass_breaks(f, lane, stop, jump)
    f.put_lane(Slot.NEXT_STOP, lane, stop.value)
    f.put_lane(Slot.FRESH, lane, jump.value)
    f.put_lane(Slot.REPEATS, lane, f.whole(0))
    f.finish()


def _pass_breaks(f: Frame, lane: Value, stop: Variable, jump: Variable) -> None:
    """Go past the breaks up to a lane's time; bound the times at which rates are looked at."""
    time = f.lane(Slot.TIME, lane)
    row, end = f.variable(I64, f.lane(Slot.BREAK, lane, I64)), f.lane(Slot.BREAK_END, lane, I64)
    with f.repeat(lambda: row.value < end) as ahead:
        f.leave(ahead, f.item(Field.BREAK_TIME, row.value) > time)
        f.put_lane(Slot.AFTER, lane, f.item(Field.BREAK_AFTER, row.value))
        now = f.item(Field.BREAK_TIME, row.value).equals(time)
        hard = f.item(Field.BREAK_KIND, row.value, I64).equals(Breaks.JUMP)
        jump.set(jump.value | (now & hard).convert(I64, "zext"))
        row.set(row.value + 1)
    f.put_lane(Slot.BREAK, lane, row.value)
    before = f.variable(F64, _LARGEST)
    with f.when(row.value < end):
        following = f.item(Field.BREAK_TIME, row.value)
        near = following <= stop.value
        before.set(near.select(f.item(Field.BREAK_BEFORE, row.value), before.value))
        stop.set(near.select(following, stop.value))
    # A rate may jump at any stop: a step sees the last time before it at most. 0.54 to 1.08
    # units in the last place below, which rounds to one.
    size = f.intrinsic("fabs", stop.value)
    last = f.fma(-1.2e-16, size, stop.value) - 1e-300
    f.put_lane(Slot.BEFORE, lane, (before.value < last).select(before.value, last))


def _write_save(module: Module, lanes: int) -> None:
    """Write a lane's patient back with a status and count it as finished."""
    f = Frame(module, "save_patient", lanes, I64, I64)
    lane, status = f.arguments[3:]
    patient = f.lane(Slot.PATIENT, lane, I64)
    states = f.field(Field.STATES)
    base = f.base(Field.STATE_AT)
    with f.loop(states) as i:
        value = f.load(F64, f.lane_row(base, i, lane))
        f.put_item(Field.BATCH_STATE, patient * states + f.item(Field.ORDER, i, I64), value)
    events, armed = f.field(Field.EVENTS), f.base(Field.ARMED_AT)
    with f.loop(events) as i:
        held = f.load(F64, f.lane_row(armed, i, lane)).convert("i8", "fptoui")
        f.put_item(Field.BATCH_TRIGGERS, patient * events + i, held)
    f.put_item(Field.BATCH_TIME, patient, f.lane(Slot.TIME, lane))
    f.put_item(Field.BATCH_STEP, patient, f.lane(Slot.STEP, lane))
    f.put_item(Field.BATCH_STATUS, patient, status.convert(I32, "trunc"))
    for column in range(len(COUNTERS)):
        at = patient * len(COUNTERS) + column
        total = f.item(Field.BATCH_COUNTERS, at, I64) + f.lane(Slot.STEPS + column, lane, I64)
        f.put_item(Field.BATCH_COUNTERS, at, total)
    with f.when((status >= int(Status.STEP_TOO_SMALL)) & (status <= int(Status.SINGULAR))):
        f.put_item(Field.BATCH_FAILED_TIME, patient, f.lane(Slot.TIME, lane))
        f.helper("find_culprit", lane)
    shared = f.pointer(Field.SHARED)
    finished = f.at(shared, int(Shared.FINISHED), I64)
    f.line(f"%done = atomicrmw add ptr {finished.name}, i64 1 monotonic")
    f.finish()


def _write_culprit(module: Module, lanes: int) -> None:
    """Name the state a step failed on: not finite, or most negative, or worst in error."""
    f = Frame(module, "find_culprit", lanes, I64)
    lane = f.arguments[3]
    worst, which = f.variable(F64, 0.0), f.variable(I64, -1)
    states = f.field(Field.STATES)
    candidate, state = f.base(Field.CANDIDATE_AT), f.base(Field.STATE_AT)
    tolerance, rate = f.base(Field.TOLERANCE_AT), f.base(Field.RATE_AT)
    last = f.at(f.base(Field.INCREMENTS_AT), states * (7 * lanes))
    negative = f.lane(Slot.CAUSE, lane, I64).equals(int(Status.NEGATIVE))
    with f.loop(states) as i:
        new = f.load(F64, f.lane_row(candidate, i, lane))
        old = f.intrinsic("fabs", f.load(F64, f.lane_row(state, i, lane)))
        unit = f.load(F64, f.lane_row(tolerance, i, lane))
        scale = unit + f.real(Real.RTOL) * old
        error = f.intrinsic("fabs", f.load(F64, f.lane_row(last, i, lane))) / scale
        floor = f.item(Field.FLOOR, i) * unit
        below = (new < floor).select(new / floor, f.real_number(0.0))
        score = negative.select(below, error)
        # Where nothing is finite any more, the one that was changing most is to blame.
        speed = f.intrinsic("fabs", f.load(F64, f.lane_row(rate, i, lane)))
        steep = (speed / scale + 1.0) * 1e100
        score = (f.intrinsic("fabs", new) < _INFINITY).select(score, steep)
        score = score.differs(score).select(f.real_number(_INFINITY), score)
        with f.when(score > worst.value):
            worst.set(score)
            which.set(i)
    patient = f.lane(Slot.PATIENT, lane, I64)
    with f.when(which.value >= 0):
        found = f.item(Field.ORDER, which.value, I64).convert(I32, "trunc")
        f.put_item(Field.BATCH_FAILED_STATE, patient, found)
    f.finish()
