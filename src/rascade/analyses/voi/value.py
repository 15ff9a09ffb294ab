"""By how much a measurement is expected to narrow a prediction.

Before it is made, a measurement has no result; but over sets of parameters its reading z goes
along with the prediction y, and that is what it will take away. With the regression of y on z the
expected share of the variance that is gone is the squared correlation, less what the noise of the
measurement leaves: the preposterior of the linear Gaussian model (Strong, Oakley and Brennan 2014
do the same by regression for net benefit, recalled). With few draws a chance correlation looks like
information, so the share is adjusted for it, and what chance alone reaches is found by shuffling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Measurement", "Worth", "by_weights", "chance_level", "reduction", "worths"]

_DRAWN, _SHUFFLED = 300, 200


@dataclass(frozen=True)
class Measurement:
    """What would be measured.

    Attributes:
        name: short, unique.
        kind: ``assay``, ``biopsy``, ``arm`` or ``trial``.
        about: what it is, for people.
        reading: (k,) what it would read under each draw, without noise.
        noise: standard deviation of its noise, on the scale of `reading`.
    """

    name: str
    kind: str
    about: str
    reading: Floats
    noise: float


@dataclass(frozen=True, slots=True)
class Worth:
    """What a measurement is worth for a prediction.

    Attributes:
        name, kind, about: of the measurement.
        share: of the prediction's variance that it is expected to take away, 0 to 1.
        low90, high90: limits of the share over the draws.
        sd_after: standard deviation of the prediction that is expected to be left.
        stands_out: whether chance alone would reach the share in fewer than one in twenty sets of
            as many measurements.
    """

    name: str
    kind: str
    about: str
    share: float
    low90: float
    high90: float
    sd_after: float
    stands_out: bool


def reduction(y: Floats, z: Floats, noise: float | Floats = 0.0) -> Floats:
    """Return the expected share of variance that measurements take away, adjusted for chance.

    Args:
        y: (k,) prediction under each draw.
        z: (k,) or (q, k) reading under each draw.
        noise: of the measurement, standard deviation on the scale of z; (q,) for several.
    """
    k = y.size
    from_mean = z - z.mean(axis=-1, keepdims=True)
    spread = (from_mean**2).sum(axis=-1) / (k - 1)
    total = float(y.var(ddof=1))
    known = (spread > 0.0) & (total > 0.0)
    moving = np.where(known, spread, 1.0)
    together = (from_mean @ (y - y.mean())) / (k - 1)
    square = together**2 / (moving * (total or 1.0))
    adjusted = 1.0 - (1.0 - square) * (k - 1) / max(k - 2, 1)
    return np.asarray(known * np.maximum(adjusted, 0.0) * moving / (moving + np.square(noise)))


def by_weights(y: Floats, z: Floats, noise: float) -> float:
    """Return the same by brute force: every draw in turn is the truth, all are weighed by it.

    No line is assumed; it needs many draws within the noise of each other.

    Args:
        y: (k,) prediction under each draw.
        z: (k,) reading under each draw.
        noise: of the measurement, above zero.
    """
    rng = np.random.default_rng(7)
    seen = z + rng.normal(0.0, noise, z.size)
    left = []
    for one in seen:
        log = -0.5 * ((z - one) / noise) ** 2
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        mean = float(weight @ y)
        left.append(float(weight @ (y - mean) ** 2))
    return 1.0 - float(np.mean(left)) / float(y.var())


def chance_level(y: Floats, measurements: Sequence[Measurement], seed: int = 0) -> float:
    """Return the share that the best of the measurements reaches by chance, 95th percentile."""
    rng = np.random.default_rng([seed, 31])
    z, noise = _stacked(measurements)
    best = [float(reduction(rng.permutation(y), z, noise).max()) for _ in range(_SHUFFLED)]
    return float(np.percentile(best, 95.0))


def _stacked(measurements: Sequence[Measurement]) -> tuple[Floats, Floats]:
    return np.stack([m.reading for m in measurements]), np.array([m.noise for m in measurements])


def worths(y: Floats, measurements: Sequence[Measurement], seed: int = 0) -> list[Worth]:
    """Return what measurements are worth for a prediction, the best first.

    Args:
        y: (k,) prediction under each draw.
        measurements: with k readings each.
        seed: of shuffling and of drawing the draws.
    """
    level = chance_level(y, measurements, seed)
    rng = np.random.default_rng([seed, 37])
    z, noise = _stacked(measurements)
    shares = reduction(y, z, noise)
    drawn = []
    for _ in range(_DRAWN):
        rows = rng.integers(0, y.size, y.size)
        drawn.append(reduction(y[rows], z[:, rows], noise))
    low, high = np.percentile(np.stack(drawn), [5.0, 95.0], axis=0)
    left = float(y.std(ddof=1)) * np.sqrt(1.0 - shares)
    found = [
        Worth(
            one.name, one.kind, one.about, float(shares[k]), float(low[k]), float(high[k]),
            float(left[k]), bool(shares[k] > level),
        )
        for k, one in enumerate(measurements)
    ]  # fmt: skip
    return sorted(found, key=lambda worth: (-worth.share, worth.name))
