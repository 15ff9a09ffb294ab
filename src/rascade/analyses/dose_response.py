"""Four-parameter logistic curves: EC50, IC50, Hill slope and Emax with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FourParameterFit", "fit_four_parameters", "four_parameters"]

_FLAT = 0.02  # a response that moves less than this fraction has no EC50 worth naming
_SMALL = 1e-4  # and one that moves less than this, relative to untreated, has nothing left to move
_HILL = (0.1, 10.0)
_DECADES = 2.0  # how far outside the tested doses an EC50 may be sought


def four_parameters(
    dose: ArrayLike, e0: float, emax: float, ec50: float, hill: float
) -> NDArray[np.float64]:
    """Return the four-parameter logistic (Hill) curve.

    ``e0 + (emax - e0) * dose^hill / (ec50^hill + dose^hill)``, see Sebaugh 2011,
    doi:10.1002/pst.426.

    Args:
        dose: doses >= 0, any shape.
        e0: response without the drug.
        emax: response at infinite dose.
        ec50: dose of the half-way response, above zero.
        hill: slope, above zero.
    """
    x = np.asarray(dose, dtype=np.float64)
    with np.errstate(divide="ignore"):
        power = hill * (np.log(np.maximum(x, 0.0)) - math.log(ec50))
    # exp overflows long after the curve has reached its end.
    share = 1.0 / (1.0 + np.exp(np.clip(-power, -700.0, 700.0)))
    return np.asarray(e0 + (emax - e0) * np.where(x > 0, share, 0.0))


@dataclass(frozen=True)
class FourParameterFit:
    """A fitted curve.

    Attributes:
        e0: response without the drug.
        emax: response at infinite dose.
        ec50: dose of the half-way response.
        hill: slope.
        ec50_ci: 95 % confidence limits of the fit, from its covariance on the log scale.
        hill_ci: the same of the slope.
        emax_ci: the same of the greatest effect.
        r2: share of the variance explained.
        reached: whether the EC50 lies among the tested doses.
    """

    e0: float
    emax: float
    ec50: float
    hill: float
    ec50_ci: tuple[float, float]
    hill_ci: tuple[float, float]
    emax_ci: tuple[float, float]
    r2: float
    reached: bool

    def response(self, dose: ArrayLike) -> NDArray[np.float64]:
        """Return the curve at some doses."""
        return four_parameters(dose, self.e0, self.emax, self.ec50, self.hill)

    def dose(self, response: float) -> float:
        """Return the dose of a response: 0 if it is e0, infinite if the drug never gets there."""
        share = (response - self.e0) / (self.emax - self.e0) if self.emax != self.e0 else math.inf
        if share <= 0:
            return 0.0 if share == 0 else math.nan
        if share >= 1:
            return math.inf
        return float(self.ec50 * (share / (1.0 - share)) ** (1.0 / self.hill))

    @property
    def ic50(self) -> float:
        """Dose of half of the untreated response; infinite where the drug never gets there."""
        return self.dose(0.5 * self.e0)


def fit_four_parameters(
    dose: ArrayLike, response: ArrayLike, *, e0: float | None = None
) -> FourParameterFit | None:
    """Fit a four-parameter logistic curve by least squares.

    Args:
        dose: (n,) doses above zero; n of 4 or more, of which 4 differ.
        response: (n,) responses; NaN is left out.
        e0: response without the drug where it is known (1 for values relative to untreated);
            it is fitted if None.

    Returns:
        The curve, or None if the response is flat or there are too few points.
    """
    x, y = (np.asarray(a, dtype=np.float64).ravel() for a in (dose, response))
    keep = np.isfinite(x) & np.isfinite(y) & (x > 0)
    x, y = x[keep], y[keep]
    top = float(y.max()) if e0 is None and y.size else e0 or 0.0
    if np.unique(x).size < 4 or np.ptp(np.append(y, top)) < max(_FLAT * abs(top), _SMALL):
        return None
    best = _least_squares(x, y, e0)
    return _described(best, x, y, e0)


def _split(p: NDArray[np.float64], e0: float | None) -> tuple[float, float, float, float]:
    """Return e0, emax, ec50, hill from the fitted vector (emax, ln ec50, ln hill[, e0])."""
    return (
        float(p[3]) if e0 is None else e0,
        float(p[0]),
        math.exp(float(p[1])),
        math.exp(float(p[2])),
    )


def _least_squares(x: NDArray[np.float64], y: NDArray[np.float64], e0: float | None) -> Any:
    from scipy.optimize import least_squares

    log_x = np.log(x)
    wide = _DECADES * math.log(10.0)
    span = float(np.ptp(y if e0 is None else np.append(y, e0)))
    first, last = float(y[np.argmin(x)]), float(y[np.argmax(x)])
    low = [y.min() - span, log_x.min() - wide, math.log(_HILL[0])]
    high = [y.max() + span, log_x.max() + wide, math.log(_HILL[1])]
    if e0 is None:
        low, high = [*low, y.min() - span], [*high, y.max() + span]

    def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return four_parameters(x, *_split(p, e0)) - y

    def slopes(p: NDArray[np.float64]) -> NDArray[np.float64]:
        start, end, ec50, hill = _split(p, e0)
        distance = log_x - math.log(ec50)
        share = four_parameters(x, 0.0, 1.0, ec50, hill)
        bend = (end - start) * share * (1.0 - share)
        columns = [share, -bend * hill, bend * hill * distance]
        return np.stack([*columns, 1.0 - share] if e0 is None else columns, axis=1)

    found = []
    for middle in np.quantile(log_x, (0.15, 0.5, 0.85)):
        start = [last, middle, 0.0] + ([first] if e0 is None else [])
        start = np.clip(start, np.array(low) + 1e-9, np.array(high) - 1e-9)
        found.append(
            least_squares(residuals, start, slopes, bounds=(low, high), x_scale="jac", xtol=1e-12)
        )
    return min(found, key=lambda fit: float(fit.cost))


def _described(
    best: Any, x: NDArray[np.float64], y: NDArray[np.float64], e0: float | None
) -> FourParameterFit:
    from scipy.stats import t

    start, end, ec50, hill = _split(best.x, e0)
    free = y.size - best.x.size
    error = np.full(best.x.size, np.inf)
    if free > 0:
        curvature = best.jac.T @ best.jac
        covariance = np.linalg.pinv(curvature) * 2.0 * best.cost / free
        error = np.sqrt(np.maximum(np.diag(covariance), 0.0)) * float(t.ppf(0.975, free))
    total = float(((y - y.mean()) ** 2).sum())

    def limits(value: float, half: float) -> tuple[float, float]:
        with np.errstate(over="ignore"):
            return float(value * np.exp(-half)), float(value * np.exp(min(half, 700.0)))

    return FourParameterFit(
        start,
        end,
        ec50,
        hill,
        limits(ec50, float(error[1])),
        limits(hill, float(error[2])),
        (end - float(error[0]), end + float(error[0])),
        1.0 - 2.0 * float(best.cost) / total if total > 0 else 1.0,
        bool(x.min() <= ec50 <= x.max()),
    )
