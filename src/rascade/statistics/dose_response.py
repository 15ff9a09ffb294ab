"""Four-parameter logistic curves: EC50, IC50, Hill slope and Emax with their intervals.

Intervals come from the covariance of the fit where the data determine the curve. Where they do not
(every dose beyond the effect or before it, a step between two doses, a parameter at its bound), the
interval of the EC50 is its profile: all doses for which some curve describes the data nearly as
well as the best one. It may be open on either side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "AT_BOUND",
    "FourParameterFit",
    "fit_four_parameters",
    "four_parameters",
    "half_widths",
]

_FLAT = 0.02  # a response that moves less than this fraction has no EC50 worth naming
_SMALL = 1e-4  # and one that moves less than this, relative to untreated, has nothing left to move
_HILL = (0.1, 10.0)
_DECADES = 2.0  # how far outside the tested doses an EC50 may be sought
_BEYOND = 10.0  # how far outside the responses, in their range, an end of the curve may lie
_RESOLUTION = 1e-3  # of the range of responses: a difference that no experiment would see
_WIDE = 1.0  # half width in ln EC50 from which a covariance is not trusted
#: How near to a bound a fitted number is at it.
AT_BOUND = 1e-6
_STEEPEST = 100.0  # Hill slope of a profile, so that a step is one
_FAR = 6.0  # decades beyond the tested doses that count as open


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
        ec50_ci: 95 % confidence limits of the fit; 0 where it is open below, infinite where above.
        hill_ci: the same of the slope.
        emax_ci: the same of the greatest effect; infinite where it is open.
        r2: share of the variance explained.
        reached: whether the EC50 lies among the tested doses.
        ec50_determined: whether its interval is closed; if not, `ec50` is one of many that fit.
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
    ec50_determined: bool = True

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
    dose: ArrayLike, response: ArrayLike, *, e0: float | None = None, profile: bool = True
) -> FourParameterFit | None:
    """Fit a four-parameter logistic curve by least squares.

    Args:
        dose: (n,) doses above zero; n of 4 or more, of which 4 differ.
        response: (n,) responses; NaN is left out.
        e0: response without the drug where it is known (1 for values relative to untreated);
            it is fitted if None.
        profile: search the interval of an EC50 that the covariance does not give; it is open on
            both sides if False.

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
    return _described(best, x, y, e0, profile)


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
    low = [y.min() - _BEYOND * span, log_x.min() - wide, math.log(_HILL[0])]
    high = [y.max() + _BEYOND * span, log_x.max() + wide, math.log(_HILL[1])]
    if e0 is None:
        low, high = [*low, y.min() - _BEYOND * span], [*high, y.max() + _BEYOND * span]

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
    best = min(found, key=lambda fit: float(fit.cost))
    best["at_bound"] = np.minimum(best.x - low, high - best.x) < AT_BOUND
    return best


def _described(
    best: Any,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    e0: float | None,
    profile: bool,
) -> FourParameterFit:
    start, end, ec50, hill = _split(best.x, e0)
    error, trusted = _errors(best, float(np.ptp(np.append(y, start))))
    total = float(((y - y.mean()) ** 2).sum())

    def limits(value: float, half: float) -> tuple[float, float]:
        with np.errstate(over="ignore"):
            return float(value * np.exp(-half)), float(value * np.exp(half))

    ec50_ci = limits(ec50, float(error[1]))
    if not trusted:
        ec50_ci = _profile_limits(x, y, e0, math.log(ec50)) if profile else (0.0, math.inf)
    return FourParameterFit(
        start,
        end,
        ec50,
        hill,
        ec50_ci,
        limits(hill, float(error[2])),
        (end - float(error[0]), end + float(error[0])),
        1.0 - 2.0 * float(best.cost) / total if total > 0 else 1.0,
        bool(x.min() <= ec50 <= x.max()),
        bool(ec50_ci[0] > 0 and math.isfinite(ec50_ci[1])),
    )


def half_widths(best: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half widths of the 95 % intervals of a vector fitted by least squares.

    Args:
        best: result of SciPy's `least_squares`, with ``at_bound``: (p,) flags of its places at the
            ends of where they were sought.

    Returns:
        Two (p,) arrays: the half widths, and those for residuals of size 1. Both are infinite for a
        place at its bound, or in a direction that the data say nothing of.
    """
    from scipy.stats import t

    count, free = best.x.size, best.fun.size - best.x.size
    unit = np.full(count, np.inf)
    if free <= 0:
        return unit, unit.copy()
    size = np.sqrt((best.jac**2).sum(axis=0))
    told = size > 0
    _, singular, axes = np.linalg.svd(best.jac / np.where(told, size, 1.0), full_matrices=False)
    known = singular > 1e-6 * singular.max()
    width = np.sqrt((axes[known] ** 2 / singular[known, None] ** 2).sum(axis=0))
    told &= (np.abs(axes[~known]) < 1e-3).all(axis=0) & ~best.at_bound
    unit[told] = width[told] / size[told] * float(t.ppf(0.975, free))
    half = unit.copy()
    half[told] *= math.sqrt(2.0 * best.cost / free)
    return half, unit


def _errors(best: Any, span: float) -> tuple[NDArray[np.float64], bool]:
    """Half widths of the intervals of a curve, and whether that of its EC50 can be trusted."""
    half, unit = half_widths(best)
    # Simulated responses have no noise. Ask how well they would determine the EC50 if they had.
    coarse = max(float(half[1]), float(unit[1]) * _RESOLUTION * span)
    return half, bool(np.isfinite(half).all() and coarse < _WIDE)


def _profile_limits(
    x: NDArray[np.float64], y: NDArray[np.float64], e0: float | None, log_ec50: float
) -> tuple[float, float]:
    """Doses between which an EC50 describes the data nearly as well as the best one."""
    from scipy.stats import f

    log_x, far = np.log(x), _FAR * math.log(10.0)
    free = y.size - (4 if e0 is None else 3)
    grid = np.linspace(log_x.min() - far, log_x.max() + far, 401)
    grid = np.sort(np.append(grid, log_ec50))
    misfit = _misfit(grid, log_x, y, e0)
    span = float(np.ptp(y if e0 is None else np.append(y, e0)))
    allowed = float(f.ppf(0.95, 1, free)) / free if free > 0 else 0.0
    most = misfit.min() * (1.0 + allowed) + y.size * (_RESOLUTION * span) ** 2
    inside = misfit <= most
    middle = int(np.searchsorted(grid, log_ec50))
    middle = middle if inside[middle] else int(misfit.argmin())
    outside = np.flatnonzero(~inside)
    low, high = outside[outside < middle], outside[outside > middle]
    best = math.exp(log_ec50)

    def edge(inner: float, outer: float) -> float:
        for _ in range(30):
            half = 0.5 * (inner + outer)
            fits = _misfit(np.array([half]), log_x, y, e0)[0] <= most
            inner, outer = (half, outer) if fits else (inner, half)
        return math.exp(inner)

    return (
        min(edge(grid[low[-1] + 1], grid[low[-1]]), best) if low.size else 0.0,
        max(edge(grid[high[0] - 1], grid[high[0]]), best) if high.size else math.inf,
    )


def _misfit(
    log_ec50: NDArray[np.float64],
    log_x: NDArray[np.float64],
    y: NDArray[np.float64],
    e0: float | None,
) -> NDArray[np.float64]:
    """Least sum of squares at each of some EC50s, over slope and ends of the curve."""
    low, high = math.log(_HILL[0]), math.log(_STEEPEST)
    slopes = np.linspace(low, high, 24)
    sums = np.stack(
        [_ends_fitted(log_ec50, np.full(log_ec50.size, h), log_x, y, e0) for h in slopes]
    )
    step = slopes[1] - slopes[0]
    left = np.clip(slopes[sums.argmin(axis=0)] - step, low, high)
    right = np.clip(left + 2.0 * step, low, high)
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    for _ in range(25):  # golden section, all EC50s at once
        one, two = right - ratio * (right - left), left + ratio * (right - left)
        better = _ends_fitted(log_ec50, one, log_x, y, e0) < _ends_fitted(
            log_ec50, two, log_x, y, e0
        )
        left, right = np.where(better, left, one), np.where(better, two, right)
    refined = _ends_fitted(log_ec50, 0.5 * (left + right), log_x, y, e0)
    return np.asarray(np.minimum(refined, sums.min(axis=0)))


def _ends_fitted(
    log_ec50: NDArray[np.float64],
    log_hill: NDArray[np.float64],
    log_x: NDArray[np.float64],
    y: NDArray[np.float64],
    e0: float | None,
) -> NDArray[np.float64]:
    """Sum of squares of curves whose ends, in which they are linear, fit best; one a row."""
    power = np.exp(log_hill)[:, None] * (log_x - log_ec50[:, None])
    told = -np.logaddexp(0.0, -power)  # ln of the share, and where e0 is free, of what it lacks
    if e0 is None:
        lacks = -np.logaddexp(0.0, power)
        told = np.where(lacks.max(axis=1) < told.max(axis=1), lacks.T, told.T).T
    share = np.exp(told - told.max(axis=1, keepdims=True))  # else far away all of it underflows
    fall = np.broadcast_to(y - (y.mean() if e0 is None else e0), share.shape)
    if e0 is None:
        share = share - share.mean(axis=1, keepdims=True)
    square = (share**2).sum(axis=1)
    depth = (share * fall).sum(axis=1) / np.where(square > 0, square, np.inf)
    return np.asarray(((fall - depth[:, None] * share) ** 2).sum(axis=1))
