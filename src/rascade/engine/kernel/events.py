"""Finding where the trigger of an event comes true. Only run for models that have events.

After an accepted step the triggers are evaluated at its end and, by dense output, at some places
inside, so that a short pulse is less likely to be missed; for the same reason steps of a model with
events end at every output time. If a trigger has become true, bisection says where; the step is
then taken again so that it ends there, which makes the state at the event as accurate as any
other. If the trigger does not hold at the end of the shorter step after all, a little more is
added until it does.
"""

from __future__ import annotations

from rascade.engine.kernel.dense import interpolate, prepare_dense
from rascade.engine.kernel.frame import Field, Frame
from rascade.engine.kernel.ir import F64, I64, Module, Value, vector
from rascade.engine.kernel.layout import Slot

__all__ = ["write_event_functions"]

_HALVINGS = 54  # of a step: to the last place of a double
_LOOKS = 4  # places in a step at which triggers are evaluated, its end included
_CLOSE = 1e-10  # of a step
_ULPS = 16 * 2.220446049250313e-16


def _close_enough(f: Frame, time: Value, step: Value) -> Value:
    """How near a time must be to where a trigger turns."""
    relative, absolute = step * _CLOSE, f.intrinsic("fabs", time) * _ULPS
    return (relative > absolute).select(relative, absolute)


def write_event_functions(module: Module, lanes: int) -> None:
    """Write the functions that look for events."""
    _write_rising(module, lanes)
    _write_note(module, lanes)
    _write_check(module, lanes)


def _write_rising(module: Module, lanes: int) -> None:
    """Which lanes have a trigger that holds at the stage states and did not before: 1 or 0."""
    f = Frame(module, "rising_triggers", lanes, returns=vector(I64, lanes))
    f.model(Field.TRIGGERS)
    now, before = f.base(Field.TRIGGER_AT), f.base(Field.ARMED_AT)
    rising = f.variable(f.integers, 0)
    with f.loop(f.field(Field.EVENTS)) as e:
        new = f.row(now, e).differs(0.0) & f.row(before, e).equals(0.0)
        rising.set(rising.value | new.convert(I64, "zext"))
    f.finish(rising.value)


def _write_note(module: Module, lanes: int) -> None:
    """In lanes that go on, note the triggers that have become false."""
    f = Frame(module, "note_triggers", lanes)
    now, before = f.base(Field.TRIGGER_AT), f.base(Field.ARMED_AT)
    where = f.mask(Slot.ACCEPTED) & ~f.mask(Slot.EVENT)
    with f.loop(f.field(Field.EVENTS)) as e:
        gone = where & f.row(now, e).equals(0.0)
        f.put_row(before, e, gone.select(f.vector(0.0), f.row(before, e)))
    f.finish()


def _look(f: Frame, part: Value) -> Value:
    """Lanes with a new trigger after a part of the step (all states by dense output)."""
    stage = f.base(Field.STAGE_AT)
    with f.loop(f.field(Field.STATES)) as i:
        f.put_row(stage, i, interpolate(f, i, part))
    inside = f.fma(part, f.get(Slot.TAKEN), f.get(Slot.TIME))
    f.put(Slot.STAGE_TIME, part.equals(1.0).select(f.get(Slot.REACHED), inside))
    rising = f.call("rising_triggers", f.integers, [f.memory, f.fields, f.reals])
    return rising.differs(0)


def _write_check(module: Module, lanes: int) -> None:
    """Look at the triggers after a step; shorten it, or mark the lane, where one came true."""
    _write_locate(module, lanes)
    f = Frame(module, "check_events", lanes)
    accepted = f.mask(Slot.ACCEPTED)
    f.put(Slot.EVENT, f.constant(f.integers, 0))
    with f.loop(f.field(Field.STATES)) as i:
        prepare_dense(f, i)
    high = f.variable(f.kind, 2.0)  # beyond the step: none
    for look in range(_LOOKS, 0, -1):
        part = f.vector(look / _LOOKS)
        high.set((accepted & _look(f, part)).select(part, high.value))
    rising = high.value <= 1.0
    with f.when(rising.any()):
        where = f.call("locate_trigger", f.kind, [f.memory, f.fields, f.reals, high.value])
        time, taken = f.get(Slot.TIME), f.get(Slot.TAKEN)
        hunt = f.get(Slot.HUNT, I64)
        searching = hunt > 0
        close = searching.select(f.get(Slot.CLOSE), _close_enough(f, time, taken))
        f.put(Slot.CLOSE, close)
        # Twice: the shortest step there is, close itself, must count as arrived after rounding.
        here = rising & ((1.0 - where) * taken <= close * 2.0)
        shorten = rising & ~here
        target = where * taken
        target = time + (target > close).select(target, close)
        f.put_mask(Slot.EVENT, here)
        f.put(Slot.NEXT_STOP, shorten.select(target, f.get(Slot.NEXT_STOP)))
        f.put(Slot.STEP, shorten.select(f.get(Slot.STEP_BEFORE), f.get(Slot.STEP)))
        f.put(Slot.HUNT, shorten.select(f.constant(f.integers, 1), hunt))
        f.put_mask(Slot.ACCEPTED, accepted & ~shorten)
        again = shorten.convert(I64, "zext")
        f.put(Slot.STEPS, f.get(Slot.STEPS, I64) - again)
        f.put(Slot.REJECTED, f.get(Slot.REJECTED, I64) + again)
    _look(f, f.vector(1.0))
    f.helper("note_triggers")
    f.finish()


def _write_locate(module: Module, lanes: int) -> None:
    """The first part of the step at whose end a new trigger holds, up to a part where one does."""
    f = Frame(module, "locate_trigger", lanes, vector(F64, lanes), returns=vector(F64, lanes))
    end = f.arguments[3]
    high, low = f.variable(f.kind, end), f.variable(f.kind, end - 1.0 / _LOOKS)
    with f.loop(_HALVINGS):
        middle = (low.value + high.value) * 0.5
        holds = _look(f, middle)
        high.set(holds.select(middle, high.value))
        low.set(holds.select(low.value, middle))
    f.finish(high.value)
