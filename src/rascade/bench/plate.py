"""Cells, mice or bodies that are simulated together: the one runner of every experiment.

A plate has M members, each with as many parameter sets as there are draws and one more. What they
are (cells, alleles, changed parameters) and what is read of them is the experiment's to say; how
they come to rest, get their drugs and are read is here and nowhere else.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rascade.bench.cells import constant
from rascade.bench.mice import MICE
from rascade.bench.spec import Exposure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import Doses, Settings, System
    from rascade.model import Assembly
    from rascade.progress import Progress
    from rascade.regimen import Regimen

__all__ = ["ACTIVE", "Member", "Plate"]

#: Parameter that holds a tumour still (0) until what surrounds it has come to rest.
ACTIVE: Final = "tumour_active"
_CULTURE: Final = "culture"
_BODIES: Final = ("patient", "mouse")
_PERSON: Final = (70.0, 1.8)  # doses of these experiments are flat, so size does not matter


@dataclass(frozen=True)
class Member:
    """What one member gets from hour 0 on.

    Attributes:
        exposures: drugs in the medium, each with its concentration.
        regimen: doses of a mouse or a patient.
    """

    exposures: tuple[Exposure, ...] = ()
    regimen: Regimen | None = None


class Plate:
    """Members under one model.

    Args:
        assembly: the model.
        system: its equations, or larger ones that hold them.
        members: M members.
        sets: parameter sets of each.
        settings: of the engine; results do not depend on threads.
        backend: ``compiled`` or ``reference``.
    """

    def __init__(
        self,
        assembly: Assembly,
        system: System,
        members: Sequence[Member],
        sets: int,
        settings: Settings,
        backend: str = "compiled",
    ) -> None:
        self.assembly, self.system, self.members = assembly, system, tuple(members)
        self.shape = (len(self.members), sets)
        self.settings, self.backend = settings, backend

    def settle(self, parameters: Mapping[str, NDArray[np.float64] | float]) -> None:
        """Bring cells, and what surrounds them, to rest before hour 0.

        Args:
            parameters: identifier -> values in the model's units, one or (M, sets).
        """
        from rascade.engine import Simulation

        body = self.assembly.setting in _BODIES
        flat = {
            name: values.ravel() if isinstance(values, np.ndarray) else values
            for name, values in parameters.items()
        }
        self.simulation = Simulation(
            self.system,
            patients=math.prod(self.shape),
            parameters={**flat, ACTIVE: 0.0},
            start=-constant("equilibration_body" if body else "equilibration"),
            settings=self.settings,
            backend=self.backend,
        )
        self.simulation.advance(0.0)

    def value(self, name: str) -> NDArray[np.float64]:
        """Return an observable as it is now, (M, sets)."""
        return self.simulation.value(name).reshape(self.shape)

    def set(self, parameters: Mapping[str, NDArray[np.float64] | float]) -> None:
        """Set parameters from now on; values are one or (M, sets)."""
        self.simulation.set_parameters(
            {n: v.ravel() if isinstance(v, np.ndarray) else v for n, v in parameters.items()}
        )

    def treat(
        self, hours: Sequence[float], names: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float64]:
        """Treat and read; a reading at the hour of a change is the one before it.

        Args:
            hours: of the readings, T, ascending; hour 0 is read before treatment.
            names: observables.
            progress: called with the share done (0 to 1) and what is being done.

        Returns:
            (M, sets, T, names); NaN where a member was not solved.
        """
        asked = list(names)
        at = np.array(hours, dtype=float)
        first = np.stack([self.value(name) for name in asked], axis=-1)
        pieces = [np.repeat(first[:, :, None, :], int((at == 0).sum()), axis=2)]
        dosed = self.assembly.setting != _CULTURE
        if dosed:
            self.simulation.set_doses(self._doses(float(at[-1])))
        pauses = self._pauses(float(at[-1]))
        for start, end in itertools.pairwise(pauses):
            if not dosed:
                self.set(self._medium(start))
            now = at[(at > start) & (at <= end)]
            segment = self.simulation.advance(end, now, asked)
            pieces.append(segment.values.reshape(*self.shape, len(now), len(asked)))
            if progress:
                progress(end / pauses[-1], "treating")
        return np.concatenate(pieces, axis=2)

    def _pauses(self, last: float) -> list[float]:
        """Return hours at which a medium changes, with the first and the last."""
        exposures = [e for member in self.members for e in member.exposures]
        at = {hour for e in exposures for hour in (e.from_hour, e.to_hour) if 0 < hour < last}
        return [0.0, *sorted(at), last] if last > 0 else [0.0]

    def _medium(self, hour: float) -> dict[str, NDArray[np.float64]]:
        """Return identifier -> concentration in each medium from an hour on, nM."""
        found = {f"medium_{d.identifier}": np.zeros(self.shape) for d in self.assembly.drugs}
        for m, member in enumerate(self.members):
            for exposure in member.exposures:
                if exposure.from_hour <= hour < exposure.to_hour:
                    name = f"medium_{self.assembly.drug(exposure.drug).identifier}"
                    found[name][m] += exposure.nanomolar or 0.0
        return found

    def _doses(self, last: float) -> Doses:
        from rascade.engine import Doses
        from rascade.trial.conduct.dosing import engine_doses

        size = math.prod(self.shape)
        mouse = self.assembly.setting in MICE
        weight, surface = (
            (constant("mouse_weight"), constant("mouse_surface")) if mouse else _PERSON
        )
        body = {"weight_kg": np.full(size, weight), "body_surface_m2": np.full(size, surface)}
        days = max(1, math.ceil(last / 24.0))
        found = []
        for m, member in enumerate(self.members):
            if member.regimen is not None:
                chosen = np.zeros(self.shape, dtype=bool)
                chosen[m] = True
                found.append(
                    engine_doses(self.assembly, member.regimen, body, days, chosen.ravel())
                )
        return Doses.concat(found) if found else Doses.empty()
