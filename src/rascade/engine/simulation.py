"""Simulations of many patients: the front that does not depend on the back end.

In one module since it is one class: what can be asked of a simulation, whatever computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rascade.engine.population.backend import COUNTERS, Backend, Batch, Settings, Status
from rascade.engine.population.breaks import BreakFinder
from rascade.engine.population.doses import (
    Doses,
    dose_table,
    gather_tables,
    merge_tables,
)
from rascade.engine.population.events import carry_out, prepare_triggers
from rascade.engine.population.start import Scales, start_values
from rascade.engine.symbolic.expression import Op, evaluate, leaves
from rascade.engine.symbolic.system import unknown_name
from rascade.errors import InputError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rascade.engine.population.backend import DoseTable
    from rascade.engine.symbolic.system import System

__all__ = ["Failure", "Segment", "Simulation", "make_backend", "simulate"]


class Failure(NamedTuple):
    """Why and where the solver gave a patient up."""

    patient: int
    status: Status
    time: float
    species: str
    """The state that caused it; empty where unknown."""


@dataclass(frozen=True)
class Segment:
    """Outputs between two pauses.

    Attributes:
        times: (T,).
        values: (n, T, k); NaN where a patient had failed or was stopped.
        outputs: the k names.
        status: (n,) `Status` of each patient at the end.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    outputs: tuple[str, ...]
    status: NDArray[np.int32]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return one output, (n, T)."""
        if name not in self.outputs:
            raise InputError(unknown_name("selected output", name, self.outputs))
        return self.values[:, :, self.outputs.index(name)]


class Simulation:
    """A population on its way, pausing where the caller wants.

    Args:
        system: the model.
        patients: how many.
        parameters: values by parameter name: one number, or one a patient.
        initial: initial values by species or state name, in the meaning that the name has as an
            output; ``amount(S)`` and ``[S]`` force one or the other.
        doses: what is given.
        start: the time at which the simulation starts.
        settings: tolerances and limits.
        backend: ``"compiled"``, ``"reference"`` or a back end made for this system.

    Raises:
        InputError: an unknown name, a wrong shape or a value that is not a number.
        ParameterError: a parameter that the equations need has no value.
    """

    def __init__(
        self,
        system: System,
        *,
        patients: int = 1,
        parameters: Mapping[str, ArrayLike] | None = None,
        initial: Mapping[str, ArrayLike] | None = None,
        doses: Doses | None = None,
        start: float = 0.0,
        settings: Settings | None = None,
        backend: str | Backend = "compiled",
    ) -> None:
        if patients < 1:
            raise InputError(f"patients must be at least 1, not {patients}")
        self.system = system
        self.settings = settings or Settings()
        self._time = float(start)
        self._backend = make_backend(backend, system)
        self._batch = Batch.empty(
            patients, len(system.states), len(system.parameters), len(system.events)
        )
        self._batch.t[:] = start
        start_values(
            system,
            self._batch,
            {self._parameter(k): self._column(k, v) for k, v in (parameters or {}).items()},
            {k: self._column(k, v) for k, v in (initial or {}).items()},
        )
        self._check_known()
        prepare_triggers(system, self._batch)
        self._doses = self._table(doses or Doses.empty())
        self._scales = Scales(system, self.settings, self._batch)
        self._scales.see(self._doses)
        if len(self._doses.time) and self._doses.time.min() < start:
            raise InputError(
                f"a dose at {self._doses.time.min():g} lies before the start at {start:g}"
            )

    @classmethod
    def gather(cls, parts: Sequence[tuple[Simulation, ArrayLike]]) -> Simulation:
        """Return one simulation of chosen patients of others, numbered in the order given.

        Each patient goes on from the present pause exactly as it would have where it was.

        Args:
            parts: simulations of one system that pause at one time, each with (k,) the zero-based
                patients that are taken from it.

        Raises:
            InputError: the simulations are of different systems or pause at different times.
        """
        first = parts[0][0]
        if any(one.system is not first.system or one.time != first.time for one, _ in parts):
            raise InputError("only simulations of one system at one time can be put together")
        chosen = [(one, np.asarray(who, dtype=np.int64)) for one, who in parts]
        self = cls.__new__(cls)
        self.system, self.settings = first.system, first.settings
        self._time, self._backend = first._time, first._backend
        self._batch = Batch.gather([(one._batch, who) for one, who in chosen])
        self._doses = gather_tables([(one._doses, who) for one, who in chosen])
        self._scales = Scales.gather([(one._scales, who) for one, who in chosen], self._batch)
        return self

    # -- going on ---------------------------------------------------------------------------

    def advance(
        self, to: float, times: ArrayLike | None = None, outputs: Sequence[str] = ()
    ) -> Segment:
        """Go on and pause exactly at a time.

        Args:
            to: where to pause; not before the present time.
            times: (T,) ascending output times up to ``to``; None gives ``to`` alone if there are
                outputs.
            outputs: names of the k outputs.

        Returns:
            The outputs. A value at the time of a dose is the one before the dose.

        Raises:
            InputError: times out of order or range, or an unknown output.
        """
        wanted = self._times(float(to), times, bool(outputs))
        nodes = np.array([self.system.observable(name) for name in outputs], dtype=np.int64)
        out = np.full((self._batch.n, len(wanted), len(nodes)), np.nan)
        doses, batch = self._doses, self._batch
        carry_out(self.system, batch, np.flatnonzero(batch.status == Status.RUNNING))
        self._refuse_negative(wanted, nodes, out)
        finder = BreakFinder(self.system, doses)
        breaks = finder.find(batch, float(to))
        for _ in range(self.settings.max_steps):
            self._backend.advance(
                batch, float(to), doses, wanted, nodes, out, self.settings, breaks
            )
            waiting = np.flatnonzero(batch.status == Status.EVENT)
            if not len(waiting):
                break
            batch.status[waiting] = Status.RUNNING
            carry_out(self.system, batch, waiting)
            breaks = finder.renew(breaks, batch, waiting, float(to))
        else:
            batch.status[waiting] = Status.TOO_MANY_STEPS
            batch.failed_time[waiting] = batch.t[waiting]
        self._time = float(to)
        return Segment(wanted, out, tuple(outputs), self._batch.status.copy())

    def stop(self, mask: ArrayLike) -> None:
        """Stop patients: they are not advanced any more and their outputs are NaN from now on."""
        status = self._batch.status
        status[self._mask(mask) & (status == Status.RUNNING)] = Status.STOPPED

    # -- changing ---------------------------------------------------------------------------

    def set_parameters(
        self, values: Mapping[str, ArrayLike], where: ArrayLike | None = None
    ) -> None:
        """Change parameters from now on; initial assignments are not evaluated again.

        Args:
            values: by name: one number, or one a patient.
            where: (n,) truth values, which patients; None for all.
        """
        chosen = self._mask(where)
        columns = {self._parameter(name): self._column(name, v) for name, v in values.items()}
        for index, column in columns.items():
            self._batch.p[chosen, index] = column[chosen]

    def set_state(self, name: str, values: ArrayLike, where: ArrayLike | None = None) -> None:
        """Set a species or another state, in the meaning that its name has as an output.

        Args:
            name: a species or state; ``amount(S)`` and ``[S]`` force amount or concentration.
            values: one number, or one a patient.
            where: (n,) truth values, which patients; None for all.
        """
        if name not in self.system.assignable:
            raise InputError(unknown_name("state", name, self.system.assignable))
        target, chosen = self.system.assignable[name], self._mask(where)
        column = self._column(name, values) * self._evaluate(target.factor)
        self._batch.y[chosen, target.state] = column[chosen]
        self._batch.h[chosen] = 0.0

    def set_doses(self, doses: Doses) -> None:
        """Replace every dose at or after the present time.

        Doses of the new schedule that lie before the present time are left out, so that a whole
        schedule may be given. Infusions that are running run on to their end.
        """
        self._doses = merge_tables(self._doses, self._table(doses), self._time)
        self._scales.see(self._doses)

    # -- asking -----------------------------------------------------------------------------

    @property
    def time(self) -> float:
        """The present time: of the last pause."""
        return self._time

    @property
    def status(self) -> NDArray[np.int32]:
        """(n,) values of `Status`; a copy."""
        return self._batch.status.copy()

    @property
    def counters(self) -> dict[str, NDArray[np.int64]]:
        """Work done so far, (n,) for each kind in `COUNTERS`."""
        return {name: self._batch.counters[:, k].copy() for k, name in enumerate(COUNTERS)}

    def value(self, name: str) -> NDArray[np.float64]:
        """Return (n,) the present value of any output; the last one of a patient that failed."""
        return self._evaluate(self.system.observable(name))

    def conserved(self) -> NDArray[np.float64]:
        """Return (n, n_laws) the present values of the system's conservation laws."""
        system = self.system
        weights = np.zeros((len(system.states), len(system.conservation_laws)))
        for column, law in enumerate(system.conservation_laws):
            for name, number in law.coefficients.items():
                weights[system.states.index(name), column] = number
        return self._batch.y @ weights

    def parameter(self, name: str) -> NDArray[np.float64]:
        """Return (n,) the present value of a parameter."""
        return self._batch.p[:, self._parameter(name)].copy()

    def failures(self) -> list[Failure]:
        """Return the patients that the solver gave up, in order."""
        batch, states = self._batch, self.system.states
        out = []
        failed = (batch.status >= Status.STEP_TOO_SMALL) & (batch.status <= Status.SINGULAR)
        for i in np.flatnonzero(failed).tolist():
            state = int(batch.failed_state[i])
            species = states[state] if state >= 0 else ""
            out.append(Failure(i, Status(batch.status[i]), float(batch.failed_time[i]), species))
        return out

    # -- inside -----------------------------------------------------------------------------

    def _refuse_negative(
        self, times: NDArray[np.float64], nodes: NDArray[np.int64], out: NDArray[np.float64]
    ) -> None:
        """Give up patients in whom a species is negative before anything is solved."""
        batch = self._batch
        # Nearly always nothing is below zero at all, which one pass through the states tells.
        if not self.settings.nonnegative or batch.y.min(initial=0.0) >= 0.0:
            return
        below = (batch.y < -10 * batch.atol) & self.system.nonnegative
        who = np.flatnonzero(below.any(axis=1) & (batch.status == Status.RUNNING))
        if not who.size:
            return
        batch.status[who] = Status.NEGATIVE
        batch.failed_state[who] = below[who].argmax(axis=1)
        batch.failed_time[who] = batch.t[who]
        present = evaluate(
            self.system.graph, nodes.tolist(), batch.t[who], batch.y[who], batch.p[who]
        )
        for place in np.flatnonzero(times == self._time).tolist():
            out[who, place] = present

    def _evaluate(self, node: int) -> NDArray[np.float64]:
        batch = self._batch
        return evaluate(self.system.graph, [node], batch.t, batch.y, batch.p)[:, 0]

    def _parameter(self, name: str) -> int:
        names = self.system.parameters
        places = self.system.parameter_index
        if name not in places:
            hint = "; it is computed by the model" if name in self.system.observables else ""
            raise ParameterError(unknown_name("parameter", name, names) + hint)
        return places[name]

    def _column(self, name: str, values: ArrayLike) -> NDArray[np.float64]:
        try:
            array = np.asarray(values, dtype=np.float64)
            column = np.broadcast_to(array, (self._batch.n,)).copy()
        except (TypeError, ValueError):
            raise InputError(
                f"{name}: give one number or {self._batch.n} numbers, not {values!r:.80}"
            ) from None
        if not np.all(np.isfinite(column)):
            patient = int(np.argmin(np.isfinite(column)))
            raise InputError(f"{name}: the value of patient {patient} is {column[patient]}")
        return column

    def _mask(self, mask: ArrayLike | None) -> NDArray[np.bool_]:
        if mask is None:
            return np.ones(self._batch.n, dtype=np.bool_)
        array = np.asarray(mask)
        if array.dtype != np.bool_ or array.shape != (self._batch.n,):
            raise InputError(f"a mask must be {self._batch.n} truth values, one a patient")
        return array

    def _check_known(self) -> None:
        """Refuse a parameter that is needed and has no value."""
        system, batch = self.system, self._batch
        missing = set(np.flatnonzero(np.isnan(batch.p).any(axis=0)).tolist())
        unknown = np.flatnonzero(np.isnan(batch.y).any(axis=0)).tolist()
        needed = leaves(
            system.graph, [*system.rates, *(system.initial[k] for k in unknown)], Op.PARAMETER
        )
        for index in sorted(missing & needed):
            raise ParameterError(
                f"parameter {system.parameters[index]!r} has no value in the model; give one"
            )

    def _table(self, doses: Doses) -> DoseTable:
        for name in doses.targets:
            if name not in self.system.dose_targets:
                known = self.system.dose_targets
                raise InputError(unknown_name("species to dose", name, known))
        return dose_table(doses, self._batch.n, self.system.dose_targets)

    def _times(self, to: float, times: ArrayLike | None, any_output: bool) -> NDArray[np.float64]:
        if not np.isfinite(to) or to < self._time:
            raise InputError(f"cannot advance to {to}: the present time is {self._time}")
        if times is None:
            return np.array([to] if any_output else [], dtype=np.float64)
        wanted = np.array(times, dtype=np.float64, ndmin=1)
        if wanted.ndim != 1 or not np.all(np.isfinite(wanted)) or np.any(np.diff(wanted) < 0):
            raise InputError("output times must be finite, in one dimension and ascending")
        if wanted.size and (wanted[0] < self._time or wanted[-1] > to):
            raise InputError(
                f"output times {wanted[0]} to {wanted[-1]} leave the span {self._time} to {to}"
            )
        return wanted


def simulate(
    system: System,
    *,
    to: float,
    times: ArrayLike | None = None,
    outputs: Sequence[str] = (),
    patients: int = 1,
    parameters: Mapping[str, ArrayLike] | None = None,
    initial: Mapping[str, ArrayLike] | None = None,
    doses: Doses | None = None,
    start: float = 0.0,
    settings: Settings | None = None,
    backend: str | Backend = "compiled",
) -> Segment:
    """Simulate in one go; the arguments are those of `Simulation` and `Simulation.advance`.

    Returns:
        The outputs; patients that came to the end have the status ``DONE``.
    """
    simulation = Simulation(
        system,
        patients=patients,
        parameters=parameters,
        initial=initial,
        doses=doses,
        start=start,
        settings=settings,
        backend=backend,
    )
    segment = simulation.advance(to, times, outputs)
    segment.status[segment.status == Status.RUNNING] = Status.DONE
    return segment


def make_backend(backend: str | Backend, system: System) -> Backend:
    """Return a back end for a system, made once for each.

    Raises:
        InputError: an unknown name.
    """
    if not isinstance(backend, str):
        return backend
    made: dict[str, Backend] = system.backends
    if backend not in made:
        if backend == "reference":
            from rascade.engine.reference import ReferenceBackend

            made[backend] = ReferenceBackend(system)
        elif backend == "compiled":
            from rascade.engine.kernel.compiled import CompiledBackend

            made[backend] = CompiledBackend(system)
        else:
            raise InputError(f"backend must be 'compiled' or 'reference', not {backend!r}")
    return made[backend]
