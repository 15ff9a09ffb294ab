"""Weights of virtual patients by how well they agree with what was seen of a patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.assessment.lesions import load_measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.analyses.forecast.particles import Particles

    Floats = NDArray[np.float64]

__all__ = ["LEAST_SAMPLE", "Posterior", "Seen", "weigh"]

#: Effective sample below which nothing is forecast.
LEAST_SAMPLE = 15.0
#: How far the model may be from a tumour that it describes rightly, as a share of the diameter.
_DISCREPANCY = 0.08
#: The same of the baseline and of CA 19-9, which the model draws more broadly than it knows them.
_BASELINE_SD, _MARKER_SD, _TMB_SD = 0.35, 0.35, 0.3
_STRANGE = 0.001


@dataclass(frozen=True)
class Seen:
    """What was seen of a patient.

    Attributes:
        sizes: (day, sum of diameters in mm), the first on day 0.
        markers: (day, CA 19-9 in U/mL), the first on day 0.
        tmb: mutations per megabase; None where not measured.
    """

    sizes: Sequence[tuple[float, float]] = ()
    markers: Sequence[tuple[float, float]] = ()
    tmb: float | None = None

    @property
    def last_day(self) -> float:
        """The last day on which something was seen; he was alive on it."""
        return max((day for day, _ in (*self.sizes, *self.markers)), default=0.0)


@dataclass(frozen=True)
class Posterior:
    """Virtual patients as they agree with a patient.

    Attributes:
        weight: (p,) weights that add up to 1.
        sample: effective number of virtual patients.
        misfit: of the best one, the sum of squares in units of its standard deviations.
        refused: why nothing can be forecast; empty where it can.
    """

    weight: Floats
    sample: float
    misfit: float
    refused: str = field(default="")


def weigh(particles: Particles, seen: Seen) -> Posterior:
    """Weigh virtual patients by what was seen of a patient (importance sampling from the prior).

    Args:
        particles: virtual patients with his profile under what he has been given.
        seen: of him.
    """
    squares = np.zeros(particles.weight.size)
    terms = 0
    reading = load_measurement()["measurement_error"].value
    sd = math.sqrt(2.0 * reading**2 + _DISCREPANCY**2)
    if seen.sizes:
        squares += ((math.log(seen.sizes[0][1]) - np.log(particles.size_mm)) / _BASELINE_SD) ** 2
        terms += 1
    marker_sd = math.sqrt(2.0 * load_measurement()["CA19_9_error"].value ** 2 + _MARKER_SD**2)
    for series, spread, marker in ((seen.sizes, sd, False), (seen.markers, marker_sd, True)):
        for day, value in series[1:]:
            said = math.log(value / series[0][1])
            squares += ((said - particles.at(day, marker)) / spread) ** 2
            terms += 1
    if seen.tmb is not None and np.isfinite(particles.tmb).all():
        squares += ((math.log(seen.tmb) - np.log(particles.tmb)) / _TMB_SD) ** 2
        terms += 1
    possible = (particles.weight > 0) & np.isfinite(squares)
    if not possible.any():
        nothing = np.zeros(squares.size)
        return Posterior(nothing, 0.0, math.inf, "no virtual patient lived as long as this one")
    return _posterior(squares, possible, terms)


def _posterior(squares: Floats, possible: NDArray[np.bool_], terms: int) -> Posterior:
    from scipy.stats import chi2

    best = float(squares[possible].min())
    raw = np.where(possible, np.exp(-0.5 * (np.where(possible, squares, best) - best)), 0.0)
    weight = raw / raw.sum()
    sample = float(1.0 / (weight**2).sum())
    refused = ""
    if terms and best > float(chi2.ppf(1.0 - _STRANGE, terms)):
        refused = (
            "the course lies outside the model: not even the nearest of "
            f"{int(possible.sum())} virtual patients agrees with it"
        )
    elif sample < LEAST_SAMPLE:
        refused = (
            f"only {sample:.0f} virtual patients are like this one, fewer than {LEAST_SAMPLE:g}; "
            "simulate more with --patients"
        )
    return Posterior(weight, sample, best, refused)
