"""One typical patient, treated with each drug of a class: a day when the drug has built up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.drug_class.records import Engagement, engagement_of
from rascade.errors import SimulationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import Assembly
    from rascade.regimen import Regimen

    Floats = NDArray[np.float64]

__all__ = ["BUILT_UP_DAYS", "day_of_each"]

#: A week of doses: small molecules have built up; antibodies have had one dose.
BUILT_UP_DAYS = 7
_CLONE = "sensitive"
_HOURS = 24


def day_of_each(
    regimens: Mapping[str, Regimen], allele: str, *, threads: int = 1
) -> list[dict[str, Any]]:
    """Return the course of the eighth day with each drug, in one typical patient.

    The patient has the typical value of every number; the drugs stand in one model, so that nothing
    but the drug differs.

    Args:
        regimens: drug -> what is given of it.
        allele: of KRAS.
        threads: of the solver; the result does not depend on it.

    Returns:
        One record a drug, ready for JSON: ``drug``, ``orders``, ``hours``, ``held_pct``,
        ``perk_pct`` (of the untreated patient at that hour), ``plasma_nM``.

    Raises:
        SimulationError: the solver gave up.
    """
    from rascade.engine import Settings
    from rascade.model import assemble
    from rascade.patients import Population, steady_state
    from rascade.patients.profile import draw_profiles
    from rascade.trial.conduct.dosing import engine_doses

    names = tuple(regimens)
    assembly = assemble(names)
    one = draw_profiles(1, np.zeros(1, dtype=np.int64), given={"kras_allele": allele})
    count = len(names) + 1  # and one who is not treated
    profiles = {name: np.repeat(values, count) for name, values in one.items()}
    population = Population(np.arange(count), profiles, {})
    simulation = steady_state(assembly, population, Settings(rtol=1e-6, threads=threads))
    until = BUILT_UP_DAYS + 1
    pieces = [
        engine_doses(assembly, regimen, profiles, until, np.arange(count) == place)
        for place, regimen in enumerate(regimens.values())
    ]
    simulation.set_doses(type(pieces[0]).concat(pieces))
    hours = BUILT_UP_DAYS * _HOURS + np.arange(_HOURS + 1.0)
    reads = [_Read(assembly, name) for name in names]
    symbols = tuple(dict.fromkeys([f"pERK_{_CLONE}", *(s for r in reads for s in r.symbols)]))
    segment = simulation.advance(float(hours[-1]), hours, symbols)
    if simulation.failures():
        failure = simulation.failures()[0]
        raise SimulationError(f"the solver gave up at hour {failure.time:.1f}")
    perk = segment[f"pERK_{_CLONE}"]
    return [
        {
            "drug": read.drug,
            "orders": str(regimens[read.drug]),
            "hours": list(range(_HOURS + 1)),
            "held_pct": _tidy(100 * read.held({s: segment[s][place] for s in read.symbols})),
            "perk_pct": _tidy(100 * perk[place] / perk[-1]),
            "plasma_nM": _tidy(segment[read.plasma][place]),
        }
        for place, read in enumerate(reads)
    ]


def _tidy(values: Floats) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


class _Read:
    """Which symbols of the assembled model say how much of its target a drug holds."""

    def __init__(self, assembly: Assembly, drug: str) -> None:
        self.drug = drug
        self.way: Engagement = engagement_of(drug)
        self.known = assembly.composition.symbols
        suffix = f"_{assembly.drug(drug).identifier}"
        self.of_drug = [self._find(s, f"{suffix}_{_CLONE}", suffix) for s in self.way.held]
        self.free = [self._find(s, f"_{_CLONE}", "") for s in self.way.free]
        self.plasma = f"plasma{suffix}"
        self.symbols = (*self.of_drug, *self.free, self.plasma)

    def _find(self, symbol: str, *suffixes: str) -> str:
        return next(s for s in (symbol + suffix for suffix in suffixes) if s in self.known)

    def held(self, values: Mapping[str, Floats]) -> Floats:
        """Return the share of the target that the drug holds, from the course of each symbol."""
        bound = np.sum([values[s] for s in self.of_drug], axis=0)
        rest = np.sum([values[s] for s in self.free], axis=0) if self.free else 1.0
        return np.asarray(bound / (bound + rest))
