"""Finding where the trigger of an event turns. Only run for models that have events.

After an accepted step the triggers, and the differences of the two sides of each comparison in
them, are evaluated by dense output at some places inside. Where a comparison changes its sign
between two places, its roots are found one after the other and the triggers looked at just after
each: a window between two comparisons is found however narrow it is. Where a comparison comes near
turning and goes away again, the place where it is nearest is found first. If a trigger has
turned, the step is taken again so that it ends there, which makes the state at the event as
accurate as any other. If the trigger has not turned at the end of the shorter step after all, a
little more is added until it has.
"""

from __future__ import annotations

from rascade.engine.kernel.codegen.ir import F64, I64, Module, Value, vector
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.solver.dense import interpolate, prepare_dense
from rascade.engine.kernel.solver.frame import Field, Frame
from rascade.engine.population.events import LOOKS

__all__ = ["write_event_functions"]

_HALVINGS = 42  # of a part of a step: far below its accuracy
_SECTIONS = 40  # golden sections towards the nearest place of a comparison
_GOLDEN = 0.6180339887498949
_CHANGES = 64  # of comparisons between two places
_CLOSE = 1e-10  # of a step
_ULPS = 16 * 2.220446049250313e-16
_SCREEN = (0.0, 1 / 3, 2 / 3, 1.0)
_NONE = 2.0  # a part of the step beyond it


def write_event_functions(module: Module, lanes: int) -> None:
    """Write the functions that look for events."""
    _write_rising(module, lanes)
    _write_turned(module, lanes)
    _write_note(module, lanes)
    _write_look(module, lanes)
    _write_walk(module, lanes)
    _write_lowest(module, lanes)
    _write_dips(module, lanes)
    _write_restless(module, lanes)
    _write_search(module, lanes)
    _write_check(module, lanes)


def _tables(f: Frame) -> list[Value]:
    return [f.memory, f.fields, f.reals]


def _close_enough(f: Frame, time: Value, step: Value) -> Value:
    """How near a time must be to where a trigger turns."""
    relative, absolute = step * _CLOSE, f.intrinsic("fabs", time) * _ULPS
    return (relative > absolute).select(relative, absolute)


def _write_rising(module: Module, lanes: int) -> None:
    """Which lanes have a trigger that holds where it was last looked at and did not before."""
    f = Frame(module, "rising_triggers", lanes, returns=vector(I64, lanes))
    now, before = f.base(Field.TRIGGER_AT), f.base(Field.ARMED_AT)
    rising = f.variable(f.integers, 0)
    with f.loop(f.field(Field.EVENTS)) as e:
        new = f.row(now, e).differs(0.0) & f.row(before, e).equals(0.0)
        rising.set(rising.value | new.convert(I64, "zext"))
    f.finish(rising.value)


def _write_turned(module: Module, lanes: int) -> None:
    """Whether a trigger is not what it was, plus twice the number of comparisons not as marked."""
    f = Frame(module, "turned_triggers", lanes, returns=vector(I64, lanes))
    now, before = f.base(Field.TRIGGER_AT), f.base(Field.ARMED_AT)
    found = f.variable(f.integers, 0)
    with f.loop(f.field(Field.EVENTS)) as e:
        turned = f.row(now, e).differs(f.row(before, e))
        found.set(found.value | turned.convert(I64, "zext"))
    value, mark = f.base(Field.CONDITION_AT), f.base(Field.MARK_AT)
    with f.loop(f.field(Field.CONDITIONS)) as j:
        here, there = f.row(value, j), f.row(mark, j)
        above = (here > 0.0) ^ (there > 0.0)
        below = (here < 0.0) ^ (there < 0.0)
        found.set(found.value + ((above | below).convert(I64, "zext") << 1))
    f.finish(found.value)


def _write_note(module: Module, lanes: int) -> None:
    """In lanes that go on, note the triggers that have become false."""
    f = Frame(module, "note_triggers", lanes)
    now, before = f.base(Field.TRIGGER_AT), f.base(Field.ARMED_AT)
    where = f.mask(Slot.ACCEPTED) & ~f.mask(Slot.EVENT)
    with f.loop(f.field(Field.EVENTS)) as e:
        gone = where & f.row(now, e).equals(0.0)
        f.put_row(before, e, gone.select(f.vector(0.0), f.row(before, e)))
    f.finish()


def _write_look(module: Module, lanes: int) -> None:
    """Evaluate triggers and comparisons after a part of the step; what has turned."""
    f = Frame(module, "look_at", lanes, vector(F64, lanes), returns=vector(I64, lanes))
    _evaluate(f, f.arguments[3])
    f.finish(f.call("turned_triggers", f.integers, _tables(f)))


def _evaluate(f: Frame, part: Value) -> None:
    """Triggers and comparisons after a part of the step."""
    stage = f.base(Field.STAGE_AT)
    with f.loop(f.field(Field.WATCHED)) as n:
        i = f.item(Field.WATCHED_STATES, n, I64)
        f.put_row(stage, i, interpolate(f, i, part))
    inside = f.fma(part, f.get(Slot.TAKEN), f.get(Slot.TIME))
    f.put(Slot.STAGE_TIME, part.equals(1.0).select(f.get(Slot.REACHED), inside))
    f.model(Field.TRIGGERS)


def _look(f: Frame, part: Value) -> Value:
    return f.call("look_at", f.integers, [*_tables(f), part])


def _copy(f: Frame, source: Field, target: Field, where: Value | None = None) -> None:
    """Copy an array of the comparisons, in some lanes."""
    one, other = f.base(source), f.base(target)
    with f.loop(f.field(Field.CONDITIONS)) as j:
        value = f.row(one, j)
        f.put_row(other, j, value if where is None else where.select(value, f.row(other, j)))


def _write_walk(module: Module, lanes: int) -> None:
    """Go from change to change of the comparisons between two parts, in some lanes.

    Returns the first part at which a trigger has turned, or _NONE.
    """
    kind = vector(F64, lanes)
    f = Frame(module, "walk_triggers", lanes, vector(I64, lanes), kind, kind, returns=kind)
    which, first, end = f.arguments[3:]
    result, start = f.variable(f.kind, _NONE), f.variable(f.kind, first)
    going, left = f.variable(f.integers, which), f.variable(I64, _CHANGES)
    _look(f, first)
    _copy(f, Field.CONDITION_AT, Field.MARK_AT)
    with f.repeat(lambda: going.value.differs(0).any() & (left.value > 0)) as after:
        going.set(_look(f, end).differs(0).select(going.value, f.constant(f.integers, 0)))
        f.leave(after, ~going.value.differs(0).any())
        low, high = f.variable(f.kind, start.value), f.variable(f.kind, end)
        with f.loop(_HALVINGS):
            middle = (low.value + high.value) * 0.5
            changed = _look(f, middle).differs(0)
            high.set(changed.select(middle, high.value))
            low.set(changed.select(low.value, middle))
        turned = (_look(f, high.value) & 1).differs(0) & going.value.differs(0)
        result.set(turned.select(high.value, result.value))
        going.set(turned.select(f.constant(f.integers, 0), going.value))
        _copy(f, Field.CONDITION_AT, Field.MARK_AT)
        start.set(high.value)
        left.set(left.value - 1)
    f.finish(result.value)


def _write_lowest(module: Module, lanes: int) -> None:
    """The part between two at which one comparison is nearest to turning, or has turned."""
    kind = vector(F64, lanes)
    f = Frame(module, "nearest_part", lanes, I64, kind, kind, kind, returns=kind)
    j, sign, first, last = f.arguments[3:]
    value = f.base(Field.CONDITION_AT)

    def size(part: Value) -> Value:
        _look(f, part)
        return f.row(value, j) * sign

    a, b = f.variable(f.kind, first), f.variable(f.kind, last)
    width = last - first
    left, right = (
        f.variable(f.kind, last - width * _GOLDEN),
        f.variable(f.kind, first + width * _GOLDEN),
    )
    low, high = f.variable(f.kind, size(left.value)), f.variable(f.kind, size(right.value))
    with f.loop(_SECTIONS):
        lower = low.value <= high.value
        near, best = (
            lower.select(left.value, right.value),
            lower.select(low.value, high.value),
        )
        begin, end = lower.select(a.value, left.value), lower.select(right.value, b.value)
        a.set(begin)
        b.set(end)
        reach = (end - begin) * _GOLDEN
        new = lower.select(end - reach, begin + reach)
        found = size(new)
        left.set(lower.select(new, near))
        right.set(lower.select(near, new))
        low.set(lower.select(found, best))
        high.set(lower.select(best, found))
    f.finish((low.value <= high.value).select(left.value, right.value))


def _write_dips(module: Module, lanes: int) -> None:
    """Look for comparisons that come near turning between the last three places, and turn.

    The arguments are the lanes in question and the parts of the three places; the result is the
    first part at which a trigger has turned, or _NONE.
    """
    kind = vector(F64, lanes)
    f = Frame(module, "dipping_triggers", lanes, vector(I64, lanes), *[kind] * 3, returns=kind)
    which, a, b, c = f.arguments[3:]
    bases = [f.base(x) for x in (Field.EARLIER_AT, Field.LAST_AT, Field.CONDITION_AT)]
    result = f.variable(f.kind, _NONE)
    ahead, behind = (c - b) / (b - a), (b - a) / (c - b)
    disturbed = f.variable(I64, 0)  # the present differences are those of another place
    with f.loop(f.field(Field.CONDITIONS)) as j:
        with f.when(disturbed.value.differs(0)):
            _look(f, c)
            disturbed.set(0)
        x, y, z = (f.row(base, j) for base in bases)
        sign = (y < 0.0).select(f.vector(-1.0), f.vector(1.0))
        x, y, z = x * sign, y * sign, z * sign
        near = (x > y) & (y > 0.0) & (z >= y) & which.differs(0)
        near = near & ((y <= (x - y) * ahead) | (y <= (z - y) * behind))
        with f.when(near.any()):
            disturbed.set(1)
            lowest = f.call("nearest_part", f.kind, [*_tables(f), j, sign, a, c])
            going = near.convert(I64, "zext")
            found = f.call("walk_triggers", f.kind, [*_tables(f), going, a, lowest])
            found = (found < result.value).select(found, result.value)
            result.set(near.select(found, result.value))
    f.finish(result.value)


def _write_restless(module: Module, lanes: int) -> None:
    """The accepted lanes in which a trigger may turn within the step; it leaves the end looked at.

    Mostly every comparison stays further from turning than half of what it changes within the step.
    A cubic cannot leave the range of its values at four such places by more than a third of it.
    """
    f = Frame(module, "restless_triggers", lanes, returns=vector(I64, lanes))
    with f.loop(f.field(Field.WATCHED)) as n:
        prepare_dense(f, f.item(Field.WATCHED_STATES, n, I64))
    value, held, before = (
        f.base(x) for x in (Field.CONDITION_AT, Field.TRIGGER_AT, Field.ARMED_AT)
    )
    kept = [f.base(x) for x in (Field.MARK_AT, Field.EARLIER_AT, Field.LAST_AT)]
    restless = f.variable(f.integers, 0)
    for k, part in enumerate(_SCREEN):
        _evaluate(f, f.vector(part))
        with f.loop(f.field(Field.EVENTS)) as e:
            turned = f.row(held, e).differs(f.row(before, e))
            restless.set(restless.value | turned.convert(I64, "zext"))
        if k < len(kept):
            with f.loop(f.field(Field.CONDITIONS)) as j:
                f.put_row(kept[k], j, f.row(value, j))
    with f.loop(f.field(Field.CONDITIONS)) as j:
        low = high = f.row(value, j)
        for base in kept:
            now = f.row(base, j)
            low, high = (low < now).select(low, now), (high > now).select(high, now)
        change = high - low
        calm = (low > change * 0.5) | (high < change * -0.5)
        restless.set(restless.value | (~calm).convert(I64, "zext"))
    where = f.mask(Slot.ACCEPTED) & restless.value.differs(0)
    f.finish(where.convert(I64, "zext"))


def _write_search(module: Module, lanes: int) -> None:
    """The first part of the step at which a trigger has turned, or _NONE; of some lanes."""
    f = Frame(module, "search_triggers", lanes, vector(I64, lanes), returns=vector(F64, lanes))
    which = f.arguments[3].differs(0)
    result = f.variable(f.kind, _NONE)
    parts = [f.vector(part) for part in LOOKS]
    _look(f, parts[0])
    for target in (Field.MARK_AT, Field.LAST_AT):
        _copy(f, Field.CONDITION_AT, target)
    fell = f.variable(f.kind, _NONE)
    few = f.splat((f.field(Field.PLAIN) << 1) + 2)
    for k in range(1, len(parts)):
        open_ = which & (result.value > 1.0)
        found = _look(f, parts[k])
        rising = f.call("rising_triggers", f.integers, _tables(f)).differs(0)
        # Where one comparison has changed, and passed zero at once, no trigger is true in between
        # that is not at the end. One that became false is noted after the step, unless more
        # happens.
        simple = open_ & ~rising & (found < few)
        again = open_ & (fell.value <= 1.0) & (rising | (found > 1))
        result.set(again.select(fell.value, result.value))
        new = simple & (fell.value > 1.0) & (found & 1).differs(0)
        fell.set(new.select(parts[k], fell.value))
        several = open_ & ~simple & ~again
        with f.when(several.any()):
            going = several.convert(I64, "zext")
            arguments = [*_tables(f), going, parts[k - 1], parts[k]]
            place = f.call("walk_triggers", f.kind, arguments)
            result.set(several.select(place, result.value))
            _look(f, parts[k])
        if k > 1:
            quiet = (simple & ~again).convert(I64, "zext")
            arguments = [*_tables(f), quiet, *parts[k - 2 : k + 1]]
            place = f.call("dipping_triggers", f.kind, arguments)
            result.set((place <= 1.0).select(place, result.value))
            with f.when((place <= 1.0).any()):
                _look(f, parts[k])
        _copy(f, Field.LAST_AT, Field.EARLIER_AT)
        for target in (Field.MARK_AT, Field.LAST_AT):
            _copy(f, Field.CONDITION_AT, target)
    f.finish(result.value)


def _write_check(module: Module, lanes: int) -> None:
    """Look at the triggers after a step; shorten it, or mark the lane, where one has turned."""
    f = Frame(module, "check_events", lanes)
    accepted = f.mask(Slot.ACCEPTED)
    f.put(Slot.EVENT, f.constant(f.integers, 0))
    place = f.variable(f.kind, _NONE)
    restless = f.call("restless_triggers", f.integers, _tables(f))
    with f.when(restless.differs(0).any()):
        place.set(f.call("search_triggers", f.kind, [*_tables(f), restless]))
        _look(f, f.vector(1.0))
    where = place.value
    turned = where <= 1.0
    with f.when(turned.any()):
        time, taken = f.get(Slot.TIME), f.get(Slot.TAKEN)
        hunt, none = f.get(Slot.HUNT, I64), f.constant(f.integers, 0)
        searching = hunt > 0
        close = searching.select(f.get(Slot.CLOSE), _close_enough(f, time, taken))
        f.put(Slot.CLOSE, close)
        # Twice: the shortest step there is, close itself, must count as arrived after rounding.
        here = turned & ((1.0 - where) * taken <= close * 2.0)
        shorten = turned & ~here
        target = where * taken
        target = time + (target > close).select(target, close)
        rising = f.call("rising_triggers", f.integers, _tables(f)).differs(0)
        f.put_mask(Slot.EVENT, here & rising)
        f.put(Slot.NEXT_STOP, shorten.select(target, f.get(Slot.NEXT_STOP)))
        f.put(Slot.STEP, shorten.select(f.get(Slot.STEP_BEFORE), f.get(Slot.STEP)))
        hunt = shorten.select(f.constant(f.integers, 1), here.select(none, hunt))
        f.put(Slot.HUNT, hunt)
        f.put_mask(Slot.ACCEPTED, accepted & ~shorten)
        again = shorten.convert(I64, "zext")
        f.put(Slot.STEPS, f.get(Slot.STEPS, I64) - again)
        f.put(Slot.REJECTED, f.get(Slot.REJECTED, I64) + again)
    f.helper("note_triggers")
    f.finish()
