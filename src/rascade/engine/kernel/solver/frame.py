"""Access of the control loop's functions to lane memory and to the call's tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, auto

from rascade.engine.kernel.codegen.ir import F64, I64, PTR, Function, Module, Value, vector

__all__ = ["Field", "Frame", "Real", "Shared"]


class Field(IntEnum):
    """The table of integers and addresses that a call hands to the control loop."""

    STATES = 0
    PARAMETERS = auto()
    QUEUE_LENGTH = auto()
    MAX_STEPS = auto()
    TIMES = auto()  # number of output times
    OUTPUTS = auto()  # number of output columns
    NEEDED = auto()  # number of states that outputs need
    STILL = auto()  # number of those, further, that do not change within a step
    SLOPED = auto()  # whether rates depend on time explicitly
    JACOBIAN_COUNT = auto()
    EVENTS = auto()
    CONDITIONS = auto()  # comparisons in triggers
    PLAIN = auto()  # whether none of them can stay where it turns
    WATCHED = auto()  # number of states that triggers need
    ENTRIES = auto()  # entries of the Jacobian
    # first slots
    STATE_AT = auto()
    STAGE_AT = auto()
    CANDIDATE_AT = auto()
    RATE_AT = auto()
    SLOPE_AT = auto()
    RIGHT_AT = auto()
    COUPLING_AT = auto()
    INFUSION_AT = auto()
    INCREMENTS_AT = auto()
    RESIDUAL_AT = auto()
    TOLERANCE_AT = auto()
    PARAMETER_AT = auto()
    OUTPUT_AT = auto()
    TRIGGER_AT = auto()
    ARMED_AT = auto()
    CONDITION_AT = auto()
    MARK_AT = auto()
    LAST_AT = auto()
    EARLIER_AT = auto()
    JACOBIAN_AT = auto()
    # addresses of functions
    PREPARE = auto()
    LINEARIZE = auto()
    RATES = auto()
    FACTOR = auto()
    SOLVE = auto()
    RESIDUAL = auto()
    EVALUATE = auto()
    TRIGGERS = auto()
    # addresses of arrays
    QUEUE = auto()  # patients to run, int64
    BATCH_TIME = auto()
    BATCH_STATE = auto()
    BATCH_PARAMETER = auto()
    BATCH_STEP = auto()
    BATCH_STATUS = auto()
    BATCH_COUNTERS = auto()
    BATCH_FAILED_STATE = auto()
    BATCH_FAILED_TIME = auto()
    BATCH_TRIGGERS = auto()  # bytes
    DOSE_START = auto()
    DOSE_TIME = auto()
    DOSE_STATE = auto()
    DOSE_AMOUNT = auto()
    DOSE_DURATION = auto()
    BREAK_START = auto()
    BREAK_END = auto()
    BREAK_TIME = auto()
    BREAK_BEFORE = auto()
    BREAK_AFTER = auto()
    BREAK_KIND = auto()
    OUTPUT_TIMES = auto()
    OUTPUT_VALUES = auto()
    NEEDED_STATES = auto()  # positions, int64
    STILL_STATES = auto()  # likewise
    WATCHED_STATES = auto()  # likewise
    TOLERANCE = auto()  # absolute, by patient and state
    FLOOR = auto()  # lowest value allowed in units of the tolerance, by position
    ORDER = auto()  # position -> state
    POSITION = auto()  # state -> position
    SHARED = auto()
    ENTRY_PLACES = auto()  # (position of row, of column, slot or -1) of each entry
    ENTRY_FACTORS = auto()  # sign of each entry, or its value where it has no slot
    DENSE = auto()  # this thread's memory for the pivoted fallback, 0 for none
    COUNT = auto()


class Real(IntEnum):
    """The table of real numbers of a call."""

    TO = 0
    RTOL = auto()
    MIN_STEP = auto()
    MAX_STEP = auto()
    COUNT = auto()


class Shared(IntEnum):
    """Integers that all threads of a call share."""

    NEXT = 0  # next place in the queue
    STOP = auto()  # not zero: leave at the next step
    FINISHED = auto()  # patients done, for progress
    COUNT = auto()


class Frame(Function):
    """A function of the control loop: memory, integer table, real table, further arguments.

    Args:
        module: where it goes.
        name: its symbol.
        lanes: lanes in a group.
        extra: types of further arguments.
        external: whether it is called from outside.
        returns: type of the result.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        lanes: int,
        *extra: str,
        external: bool = False,
        returns: str = "void",
    ) -> None:
        super().__init__(
            module,
            name,
            [PTR, PTR, PTR, *extra],
            returns,
            external=external,
            attributes="nounwind" if external else "nounwind noinline",
        )
        self.lanes = lanes
        self.kind = vector(F64, lanes)
        self.integers = vector(I64, lanes)
        self.memory, self.fields, self.reals = self.arguments[:3]

    # ---- tables ----------------------------------------------------------------------------------
    def field(self, which: Field) -> Value:
        """An integer of the call."""
        return self.load(I64, self.at(self.fields, int(which), I64))

    def pointer(self, which: Field) -> Value:
        """An address of the call."""
        return self.load(PTR, self.at(self.fields, int(which), I64))

    def real(self, which: Real) -> Value:
        """A real number of the call."""
        return self.load(F64, self.at(self.reals, int(which)))

    def item(self, which: Field, index: Value | int, element: str = F64) -> Value:
        """``array[index]`` of an array of the call."""
        return self.load(element, self.at(self.pointer(which), index, element))

    def put_item(self, which: Field, index: Value | int, value: Value) -> None:
        """Write ``array[index]``."""
        self.store(value, self.at(self.pointer(which), index, value.kind))

    # ---- slots -----------------------------------------------------------------------------------
    def base(self, which: Field) -> Value:
        """Address of a region of lane memory."""
        return self.at(self.memory, self.field(which) * self.lanes)

    def get(self, slot: int, element: str = F64) -> Value:
        """A fixed slot of all lanes."""
        address = self.at(self.memory, slot * self.lanes)
        return self.load(vector(element, self.lanes), address, 8 * self.lanes)

    def put(self, slot: int, value: Value) -> None:
        """Write a fixed slot of all lanes."""
        self.store(value, self.at(self.memory, slot * self.lanes), 8 * self.lanes)

    def row(self, base: Value, index: Value | int, element: str = F64) -> Value:
        """``base[index]`` of all lanes."""
        at = index * self.lanes
        address = self.at(base, at)
        return self.load(vector(element, self.lanes), address, 8 * self.lanes)

    def put_row(self, base: Value, index: Value | int, value: Value) -> None:
        """Write ``base[index]`` of all lanes."""
        self.store(value, self.at(base, index * self.lanes), 8 * self.lanes)

    def lane_address(self, slot: int, lane: Value) -> Value:
        """Address of one lane of a fixed slot."""
        return self.at(self.at(self.memory, slot * self.lanes), lane)

    def lane(self, slot: int, lane: Value, element: str = F64) -> Value:
        """One lane of a fixed slot."""
        return self.load(element, self.lane_address(slot, lane))

    def put_lane(self, slot: int, lane: Value, value: Value) -> None:
        """Write one lane of a fixed slot."""
        self.store(value, self.lane_address(slot, lane))

    def lane_row(self, base: Value, index: Value, lane: Value) -> Value:
        """Address of one lane of ``base[index]``."""
        return self.at(base, index * self.lanes + lane)

    # ---- values ----------------------------------------------------------------------------------
    def splat(self, value: Value) -> Value:
        """A scalar in every lane."""
        if self.lanes == 1:
            return value
        kind = vector(value.kind, self.lanes)
        one = self.new(kind, f"insertelement {kind} poison, {value.kind} {value.name}, i64 0")
        return self.new(
            kind,
            f"shufflevector {kind} {one.name}, {kind} poison, <{self.lanes} x i32> zeroinitializer",
        )

    def real_number(self, number: float) -> Value:
        """A scalar double."""
        return self.constant(F64, number)

    def whole(self, number: int) -> Value:
        """A scalar integer."""
        return self.constant(I64, number)

    def vector(self, number: float) -> Value:
        """A double in every lane."""
        return self.constant(self.kind, number)

    def mask(self, slot: int) -> Value:
        """Lanes in which an integer slot is not zero."""
        return self.get(slot, I64).differs(0)

    def put_mask(self, slot: int, mask: Value) -> None:
        """Write a condition as 0 and 1."""
        self.put(slot, mask.convert(I64, "zext"))

    def count(self, slot: int, where: Value) -> None:
        """Add one to an integer slot in some lanes."""
        self.put(slot, self.get(slot, I64) + where.convert(I64, "zext"))

    @contextmanager
    def each_lane(self, slot: int) -> Iterator[Value]:
        """Run the body for every lane in which an integer slot is not zero."""
        with self.loop(self.lanes) as lane, self.when(self.lane(slot, lane, I64).differs(0)):
            yield lane

    def helper(self, name: str, *extra: Value) -> None:
        """Call another function of the loop with the same tables."""
        self.call(name, "void", [self.memory, self.fields, self.reals, *extra])

    def model(self, which: Field, *extra: Value) -> None:
        """Call a function of the model."""
        self.call_pointer(self.pointer(which), [self.memory, *extra])
