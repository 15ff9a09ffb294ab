"""Derivatives of outputs by parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.population.backend import Settings, Status
from rascade.engine.population.doses import Doses
from rascade.engine.simulation import Simulation, simulate
from rascade.engine.symbolic.system import unknown_name
from rascade.engine.symbolic.tangents import direction, tangent, tangent_system
from rascade.errors import InputError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rascade.engine.population.backend import Backend
    from rascade.engine.symbolic.system import System

__all__ = ["SensitivityResult", "sensitivities"]

_CHUNK = 2**25  # numbers of one piece of work: 256 MiB


@dataclass(frozen=True)
class SensitivityResult:
    """Outputs and their derivatives.

    Attributes:
        times: (T,).
        outputs: the k names.
        parameters: the q names.
        values: (n, T, k); NaN where a patient had failed.
        gradients: (n, T, k, q), d value / d parameter in the units of both.
        status: (n,) `Status`; a patient for which any piece of the work failed has that status.
    """

    times: NDArray[np.float64]
    outputs: tuple[str, ...]
    parameters: tuple[str, ...]
    values: NDArray[np.float64]
    gradients: NDArray[np.float64]
    status: NDArray[np.int32]

    def of(self, output: str, parameter: str) -> NDArray[np.float64]:
        """Return the derivative of one output by one parameter, (n, T)."""
        for kind, name, known in (
            ("selected output", output, self.outputs),
            ("selected parameter", parameter, self.parameters),
        ):
            if name not in known:
                raise InputError(unknown_name(kind, name, known))
        return self.gradients[..., self.outputs.index(output), self.parameters.index(parameter)]


def sensitivities(
    system: System,
    parameters: Sequence[str],
    *,
    times: ArrayLike,
    outputs: Sequence[str],
    values: Mapping[str, ArrayLike] | None = None,
    initial: Mapping[str, ArrayLike] | None = None,
    doses: Doses | None = None,
    patients: int = 1,
    start: float = 0.0,
    settings: Settings | None = None,
    backend: str | Backend = "compiled",
    together: int = 4,
) -> SensitivityResult:
    """Simulate a population and differentiate outputs by parameters, exactly.

    The derivatives are states of a larger model (tangents.py), solved in the same steps as the
    model's own and held to the same tolerances, relative to output over parameter.

    Args:
        system: the model.
        parameters: the q parameters to differentiate by.
        times: (T,) output times, ascending; the simulation ends at the last.
        outputs: the k outputs.
        values: parameter values, as `Simulation` takes them.
        initial: initial values; where given, they do not depend on parameters.
        doses: what is given; does not depend on parameters.
        patients: how many.
        start: the time at which the simulation starts.
        settings: tolerances and limits.
        backend: as in `Simulation`.
        together: how many parameters share one solution of the model. More save work a parameter
            and cost time to compile; it is done once and kept.

    Raises:
        InputError: an unknown or repeated name, or what `Simulation` refuses.
        UnsupportedFeature: events for which the derivative is not known, or infusions where the
            moment of an event depends on states or parameters.
    """
    chosen = _chosen(system, parameters)
    if together < 1:
        raise InputError(f"together must be at least 1, not {together}")
    request = _Request(
        times=np.array(times, dtype=np.float64, ndmin=1),
        outputs=tuple(outputs),
        values=dict(values or {}),
        initial=dict(initial or {}),
        doses=doses or Doses.empty(),
        start=start,
        settings=settings,
        backend=backend,
    )
    units = _units(system, chosen, request, patients)
    lanes = min(together, len(chosen))
    given = frozenset(request.values) & {system.parameters[k] for k in system.derived}
    made = tangent_system(system, chosen, given, lanes)
    if made.moving and np.any(request.doses.duration > 0):
        raise UnsupportedFeature(
            "sensitivities with infusions and moments that depend on states or parameters"
        )
    work = _Work(made.system, chosen, lanes, units, request)
    parts = [work.run(who) for who in work.pieces(patients)]
    found, gradients, status = (np.concatenate(p) for p in zip(*parts, strict=True))
    return SensitivityResult(request.times, request.outputs, chosen, found, gradients, status)


@dataclass(frozen=True)
class _Request:
    """What was asked for; columns of patients as given."""

    times: NDArray[np.float64]
    outputs: tuple[str, ...]
    values: dict[str, ArrayLike]
    initial: dict[str, ArrayLike]
    doses: Doses
    start: float
    settings: Settings | None
    backend: str | Backend


def _chosen(system: System, parameters: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(parameters)
    if not chosen:
        raise InputError("give at least one parameter to differentiate by")
    for name in chosen:
        if name not in system.parameter_index:
            raise InputError(unknown_name("parameter", name, system.parameters))
    if len(set(chosen)) < len(chosen):
        raise InputError("a parameter to differentiate by is given twice")
    return chosen


def _units(
    system: System, chosen: tuple[str, ...], request: _Request, patients: int
) -> NDArray[np.float64]:
    """Check the request as `Simulation` does; return (n, q) the sizes of the parameters."""
    plain = Simulation(
        system, patients=patients, parameters=request.values, initial=request.initial,
        doses=request.doses, start=request.start, settings=request.settings,
        backend=request.backend,
    )  # fmt: skip
    for name in request.outputs:
        system.observable(name)
    if not request.times.size:
        raise InputError("give at least one output time")
    present = np.column_stack([plain.parameter(name) for name in chosen])
    return np.where(present != 0, np.abs(present), 1.0)


class _Work:
    """The larger model, and every patient in as many copies as there are blocks of parameters.

    Args:
        system: the larger model.
        parameters: the q names.
        lanes: directions of one copy.
        units: (n, q) by how much a direction moves: the parameter's size, so that tangents have
            the size of their states and the states' tolerances.
        request: what was asked for.
    """

    def __init__(
        self,
        system: System,
        parameters: tuple[str, ...],
        lanes: int,
        units: NDArray[np.float64],
        request: _Request,
    ) -> None:
        self.system, self.parameters, self.lanes, self.units = system, parameters, lanes, units
        self.request = request
        self.blocks = -(-len(parameters) // lanes)

    def pieces(self, patients: int) -> list[NDArray[np.int64]]:
        """Return the patients in pieces whose outputs fit into memory."""
        columns = self.request.times.size * len(self.request.outputs) * (1 + self.lanes)
        size = max(1, _CHUNK // max(1, self.blocks * columns))
        return [np.arange(k, min(k + size, patients)) for k in range(0, patients, size)]

    def run(
        self, who: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
        """Return values (n, T, k), gradients (n, T, k, q) and status (n,) of some patients."""
        asked, n, k = self.request, len(who), len(self.request.outputs)
        initial = self._rows(asked.initial, who)
        slopes = {tangent(r, name): v for r in range(self.lanes) for name, v in initial.items()}
        names = [tangent(lane, name) for lane in range(self.lanes) for name in asked.outputs]
        segment = simulate(
            self.system,
            patients=n * self.blocks,
            parameters=self._rows(asked.values, who) | self._directions(who),
            initial=initial | slopes,
            doses=_copied(asked.doses, who, self.blocks),
            start=asked.start,
            to=float(asked.times[-1]),
            times=asked.times,
            outputs=[*asked.outputs, *names],
            settings=asked.settings,
            backend=asked.backend,
        )
        times = len(asked.times)
        table = segment.values.reshape(n, self.blocks, times, 1 + self.lanes, k)
        # (n, T, k, blocks, lanes): block by block, lane by lane are the parameters in order.
        slope = table[:, :, :, 1:].transpose(0, 2, 4, 1, 3).reshape(n, times, k, -1)
        gradients = slope[..., : len(self.parameters)] / self.units[who, None, None, :]
        status = segment.status.reshape(n, self.blocks)
        worst = np.where(status >= Status.STEP_TOO_SMALL, status, 0).max(axis=1)
        return table[:, 0, :, 0], gradients, np.where(worst > 0, worst, status[:, 0])

    def _rows(
        self, columns: Mapping[str, ArrayLike], who: NDArray[np.int64]
    ) -> dict[str, NDArray[np.float64]]:
        """Return columns for the copies of some patients."""
        rows = np.repeat(who, self.blocks)
        shape = (len(self.units),)
        return {
            name: np.broadcast_to(np.asarray(column, dtype=np.float64), shape)[rows]
            for name, column in columns.items()
        }

    def _directions(self, who: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        out = {}
        for lane in range(self.lanes):
            for k, name in enumerate(self.parameters):
                block, own = divmod(k, self.lanes)
                column = np.zeros((len(who), self.blocks))
                if own == lane:
                    column[:, block] = self.units[who, k]
                out[direction(lane, name)] = column.ravel()
        return out


def _copied(doses: Doses, who: NDArray[np.int64], copies: int) -> Doses:
    """Return doses for copies of some patients, patient by patient; those of all stay so."""
    mine = (doses.patient < 0) | ((doses.patient >= who[0]) & (doses.patient <= who[-1]))
    kept = np.flatnonzero(mine)
    own = doses.patient[kept] >= 0
    repeats = np.where(own, copies, 1)
    row = np.repeat(kept, repeats)
    copy = np.concatenate([np.arange(r) for r in repeats]) if len(kept) else kept
    patient = np.where(doses.patient[row] < 0, -1, (doses.patient[row] - who[0]) * copies + copy)
    out = Doses.empty()
    out.targets = doses.targets
    out.patient, out.target = patient.astype(np.int64), doses.target[row]
    out.time, out.amount, out.duration = doses.time[row], doses.amount[row], doses.duration[row]
    return out
