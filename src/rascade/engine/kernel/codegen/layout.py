"""Where everything lies in the memory of one group of lanes.

The memory is an array of slots; a slot holds one double (or one 64-bit integer) for each lane, so
that every access of the kernel is one aligned vector. The first slots have fixed meanings and are
known to the control loop; the rest depends on the model. States are stored in the order of
elimination.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum, auto

__all__ = ["Layout", "Slot", "make_layout"]


class Slot(IntEnum):
    """Slots with one value a lane, used by the control loop and the model's functions."""

    TIME = 0  # time of the lane
    STAGE_TIME = auto()  # time at which rates are evaluated
    STEP = auto()  # step to try next
    TAKEN = auto()  # step being tried
    PER_STEP = auto()  # 1 / TAKEN
    DIAGONAL = auto()  # 1 / (TAKEN * gamma)
    SLOPE = auto()  # TAKEN * d_i, factor of the time derivative in a stage
    NEXT_STOP = auto()  # time a step must land on: dose, end of infusion, pause
    NEXT_OUTPUT = auto()  # next output time, infinity when none is left
    LAST_ERROR = auto()  # squared error norm of the last accepted step
    AFTER_JUMP = auto()  # step that worked after the last discontinuity, 0 if unknown
    PATIENT = auto()  # integers from here
    ACTIVE = auto()
    FRESH = auto()  # right after a discontinuity: choose the step anew
    INFUSING = auto()
    DOSE = auto()  # next dose
    DOSE_END = auto()
    DOSE_FIRST = auto()  # first dose that may still be running
    OUTPUT = auto()  # index of the next output time
    ATTEMPTS = auto()  # steps since the call began
    REPEATS = auto()  # rejections of the present step
    CAUSE = auto()  # why it was last rejected: a status
    SUSPECT = auto()  # Jacobian entries that are not finite are to be taken as zero
    DENSE = auto()  # for how many more steps the pivoted factorisation is in use
    ERROR = auto()  # squared error norm of the step just tried (a real number)
    REACHED = auto()  # time at its end (a real number)
    STEP_BEFORE = auto()  # STEP as it was when the step was tried (a real number)
    BELOW = auto()  # whether a state fell below its floor
    UNSOLVED = auto()  # whether the linear system was solved badly
    ACCEPTED = auto()
    DUE = auto()  # an output is to be written
    ODD = auto()  # rejected because something is not finite or was solved badly
    FAILED = auto()
    LANDS = auto()  # whether the step ends at NEXT_STOP
    CUT = auto()  # whether it is shorter than STEP because of that
    EVENT = auto()  # the trigger of an event holds at the end of the step
    RATE_TIME = auto()  # TIME, or AFTER where that is later: where a step looks at the rates first
    BEFORE = auto()  # last time at which rates are looked at on the way to the next stop
    AFTER = auto()  # first such time
    BREAK = auto()  # next row of the breaks
    BREAK_END = auto()
    CLOSE = auto()  # how near a time must be to where the trigger turns (a real number)
    HUNT = auto()  # looking for where a trigger turns: how often it was missed, plus one
    STEPS = auto()  # work counters, in the order of COUNTERS
    REJECTED = auto()
    FACTORIZATIONS = auto()
    RATES = auto()
    JACOBIANS = auto()
    RESTARTS = auto()
    COUNT = auto()


@dataclass(frozen=True)
class Layout:
    """First slot of each region; a region of states has one slot a state.

    Attributes:
        state: present states.
        stage: states at which rates are evaluated; scratch otherwise.
        candidate: states after the step being tried.
        rate: rates at the present states.
        slope: explicit time derivative of the rates.
        right: right-hand side of a stage.
        coupling: sum of C[i][j] k_j.
        infusion: constant inflow.
        increments: k_1 to k_8, then three arrays for dense output.
        residual: residual of the linear solve.
        tolerance: absolute tolerances.
        parameter: parameters.
        trigger: whether each trigger holds (1 or 0), and whether it did before.
        condition: differences of the comparisons in triggers: at the place looked at, at the one
            from which changes count, and at the last two places of a step.
        output: chosen outputs.
        model: the model's own slots: shared nodes, Jacobian, factors.
        end: number of slots.
    """

    state: int
    stage: int
    candidate: int
    rate: int
    slope: int
    right: int
    coupling: int
    infusion: int
    increments: int
    residual: int
    tolerance: int
    parameter: int
    trigger: int
    condition: int
    output: int
    model: int
    end: int

    def offsets(self) -> dict[str, int]:
        """Name to first slot."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def make_layout(states: int, parameters: int, events: int, conditions: int, own: int) -> Layout:
    """Lay out a model with so many states, parameters, events, conditions and slots of its own.

    The outputs come last, so that their number does not matter.
    """
    at = int(Slot.COUNT)
    first: dict[str, int] = {}
    sizes = {
        "state": states,
        "stage": states,
        "candidate": states,
        "rate": states,
        "slope": states,
        "right": states,
        "coupling": states,
        "infusion": states,
        "increments": 11 * states,
        "residual": states,
        "tolerance": states,
        "parameter": parameters,
        "trigger": 2 * events,
        "condition": 4 * conditions,
        "model": own,
        "output": 0,
    }
    for name, size in sizes.items():
        first[name] = at
        at += size
    return Layout(**first, end=at)
