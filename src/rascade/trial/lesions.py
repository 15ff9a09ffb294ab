"""Target lesions of virtual patients: baseline sizes, how each follows the tumour, measuring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from rascade.model import ParameterTable, parse_table
from rascade.patients.keys import normal, uniform
from rascade.trial.response import MAX_TARGETS, MEASURABLE_MM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Lesions", "draw_lesions", "load_measurement", "measured_diameters"]


@cache
def load_measurement() -> ParameterTable:
    """Return the numbers of lesions and their measurement, with sources."""
    text = (files("rascade.trial") / "data" / "measurement.csv").read_text(encoding="utf-8")
    return parse_table(text, "measurement.csv")


@dataclass(frozen=True)
class Lesions:
    """Target lesions of n patients, at most five each.

    Attributes:
        baseline_mm: (n, 5) true diameters at baseline, NaN where there is no lesion.
        exponent: (n, 5) power of the tumour's relative size that each lesion follows.
        count: (n,) number of lesions.
    """

    baseline_mm: Floats
    exponent: Floats
    count: NDArray[np.int64]

    def true_diameters(self, relative_size: Floats) -> Floats:
        """Return (n, 5) true diameters for relative tumour sizes of shape (n,)."""
        return np.asarray(self.baseline_mm * relative_size[:, None] ** self.exponent)


def draw_lesions(seed: int, patients: NDArray[np.int64], sum_mm: Floats) -> Lesions:
    """Divide each patient's sum of diameters among target lesions.

    Args:
        seed: of the study.
        patients: (n,) patient numbers.
        sum_mm: (n,) sum of target diameters at baseline.

    Returns:
        Between one and five lesions each, none below the 10 mm that RECIST 1.1 asks of a target.
    """
    table = load_measurement()
    most = np.clip(sum_mm // (2.0 * MEASURABLE_MM), 1, MAX_TARGETS)
    count = 1 + np.floor(uniform(seed, "lesion count", patients) * most).astype(np.int64)
    count = np.minimum(count, MAX_TARGETS)
    index = np.arange(MAX_TARGETS)
    share = np.where(index == 0, table["largest_share"].value, 0.0) + np.zeros((patients.size, 1))
    rest = (1.0 - table["largest_share"].value) / np.maximum(count - 1, 1)
    share = np.where((index > 0) & (index < count[:, None]), rest[:, None], share)
    share[count == 1, 0] = 1.0
    size = np.where(index < count[:, None], share * sum_mm[:, None], np.nan)
    spread = table["lesion_heterogeneity"].value
    exponent = np.stack(
        [np.exp(spread * normal(seed, f"lesion {k} exponent", patients)) for k in index], axis=1
    )
    return Lesions(np.maximum(size, MEASURABLE_MM), exponent, count)


def measured_diameters(
    true_mm: Floats,
    seed: int,
    patients: NDArray[np.int64],
    visit: int,
    reading_error: Floats | None = None,
) -> Floats:
    """Return what a reader measures: true diameters with error, to the millimetre.

    Args:
        true_mm: (n, 5) true diameters, NaN where there is no lesion.
        seed: of the study.
        patients: (n,) patient numbers.
        visit: number of the visit, 0 at baseline; each has its own error.
        reading_error: (n,) coefficient of variation where each patient is read; that of the table
            if None.
    """
    error: float | Floats = load_measurement()["measurement_error"].value
    if reading_error is not None:
        error = reading_error[:, None]
    noise = np.stack(
        [
            normal(seed, f"measurement of lesion {k}", patients, visit)
            for k in range(true_mm.shape[1])
        ],
        axis=1,
    )
    return np.asarray(np.round(true_mm * np.exp(error * noise)))
