"""MuSyC: synergy of potency and of efficacy from one surface fitted to a dose matrix.

Meyer 2019, doi:10.1016/j.cels.2019.01.003; Wooten 2021, doi:10.1038/s41467-021-24789-z. A cell is
untouched, under the first drug, under the second or under both; mass action moves it between the
four states, and each drug may change how readily the other acts (alpha). What is seen is the mean
of the states' effects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rascade.statistics.dose_response import AT_BOUND, FourParameterFit, half_widths
from rascade.statistics.synergy import DoseMatrix, single_fits

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MusycFit", "fit_musyc", "musyc_surface"]

_ALPHA_DECADES = 4.0
_ORDER = ("e1", "e2", "e3", "ln_h1", "ln_h2", "ln_c1", "ln_c2", "ln_alpha12", "ln_alpha21")


def musyc_surface(
    first: ArrayLike,
    second: ArrayLike,
    *,
    effects: tuple[float, float, float, float],
    hill: tuple[float, float],
    ec50: tuple[float, float],
    alpha: tuple[float, float] = (1.0, 1.0),
) -> NDArray[np.float64]:
    """Return the MuSyC surface at some pairs of doses (cooperativity gamma = 1).

    Args:
        first: doses of the first drug, broadcast with `second`.
        second: doses of the second drug.
        effects: response of the four states: untouched, first drug, second drug, both.
        hill: slope of each drug.
        ec50: potency of each drug alone.
        alpha: factor on the effective dose of the second drug once the first acts (12), and of
            the first once the second acts (21).
    """
    d1, d2 = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    h1, h2 = hill
    # Rates relative to the way back, which is 1 for both drugs.
    x1, x2 = (d1 / ec50[0]) ** h1, (d2 / ec50[1]) ** h2
    x1_after, x2_after = x1 * alpha[1] ** h1, x2 * alpha[0] ** h2
    # Steady state of the cycle U - A1 - A12 - A2 by the matrix-tree theorem: the weight of a state
    # is the sum, over the four spanning trees, of the products of the rates that lead to it.
    u = 2.0 + x1_after + x2_after
    a1 = x1 * (1.0 + x1_after) + x1 + x2 * x1_after
    a2 = x2 * (1.0 + x2_after) + x2 + x1 * x2_after
    both = x1 * x2_after * (1.0 + x1_after) + x2 * x1_after * (1.0 + x2_after)
    total = u + a1 + a2 + both
    e0, e1, e2, e3 = effects
    return np.asarray((e0 * u + e1 * a1 + e2 * a2 + e3 * both) / total)


@dataclass(frozen=True)
class MusycFit:
    """A fitted MuSyC surface.

    Attributes:
        effects: responses of the four states; untouched is 1.
        hill: slopes.
        ec50: potencies alone.
        alpha: (12, 21); above 1 a drug makes the other more potent.
        log10_alpha_ci: 95 % confidence limits of log10 alpha, (12, 21); infinite where alpha ended
            at the bound of four decades, or where the doses say nothing of it.
        beta: synergy of efficacy: how much further the pair goes than the stronger drug, relative
            to what that drug does alone; above 0 is synergy.
        beta_ci: its 95 % confidence limits, from those of the pair's effect.
        r2: share of the variance explained.
    """

    effects: tuple[float, float, float, float]
    hill: tuple[float, float]
    ec50: tuple[float, float]
    alpha: tuple[float, float]
    log10_alpha_ci: tuple[tuple[float, float], tuple[float, float]]
    beta: float
    beta_ci: tuple[float, float]
    r2: float

    def response(self, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
        """Return the surface at some pairs of doses."""
        return musyc_surface(
            first, second, effects=self.effects, hill=self.hill, ec50=self.ec50, alpha=self.alpha
        )


def _named(p: NDArray[np.float64]) -> dict[str, Any]:
    value = dict(zip(_ORDER, (float(x) for x in p), strict=True))
    return {
        "effects": (1.0, value["e1"], value["e2"], value["e3"]),
        "hill": (math.exp(value["ln_h1"]), math.exp(value["ln_h2"])),
        "ec50": (math.exp(value["ln_c1"]), math.exp(value["ln_c2"])),
        "alpha": (math.exp(value["ln_alpha12"]), math.exp(value["ln_alpha21"])),
    }


def fit_musyc(
    matrix: DoseMatrix, fits: Sequence[FourParameterFit | None] | None = None
) -> MusycFit | None:
    """Fit the surface by least squares.

    Returns:
        The fit, or None where a drug does nothing alone: its potency is then not in the data.
    """
    from scipy.optimize import least_squares

    a, b = fits or single_fits(matrix)
    if a is None or b is None:
        return None
    d1, d2 = np.meshgrid(matrix.first, matrix.second, indexing="ij")
    y = matrix.response
    low, high = _bounds(matrix, a, b)

    def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(musyc_surface(d1, d2, **_named(p)) - y).ravel()

    found = []
    deepest = float(y[-1, -1])
    for alpha12, alpha21 in ((0.0, 0.0), (2.0, 0.0), (0.0, 2.0), (-2.0, -2.0)):
        start = np.array(
            [a.emax, b.emax, deepest, math.log(a.hill), math.log(b.hill), math.log(a.ec50),
             math.log(b.ec50), alpha12, alpha21]
        )  # fmt: skip
        start = np.clip(start, low + 1e-9, high - 1e-9)
        found.append(least_squares(residuals, start, bounds=(low, high), x_scale="jac"))
    best = min(found, key=lambda fit: float(fit.cost))
    best["at_bound"] = np.minimum(best.x - low, high - best.x) < AT_BOUND
    return _described(best, y)


def _bounds(
    matrix: DoseMatrix, a: FourParameterFit, b: FourParameterFit
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    span = float(np.ptp(matrix.response)) or 1.0
    bottom, top = float(matrix.response.min()) - span, float(matrix.response.max()) + span
    # A live share below zero has no meaning; the fit may not go there if the data do not.
    bottom = max(bottom, 0.0) if matrix.response.min() >= 0 else bottom
    decades = math.log(10.0)
    alpha = _ALPHA_DECADES * decades
    low = [bottom, bottom, bottom, math.log(0.1), math.log(0.1)]
    high = [top, top, top, math.log(10.0), math.log(10.0)]
    low += [math.log(a.ec50) - decades, math.log(b.ec50) - decades, -alpha, -alpha]
    high += [math.log(a.ec50) + decades, math.log(b.ec50) + decades, alpha, alpha]
    return np.array(low), np.array(high)


def _described(best: Any, y: NDArray[np.float64]) -> MusycFit:
    named = _named(best.x)
    half = half_widths(best)[0]
    ln10 = math.log(10.0)

    def alpha_limits(index: int) -> tuple[float, float]:
        middle, width = float(best.x[index]) / ln10, float(half[index]) / ln10
        return middle - width, middle + width

    e0, e1, e2, e3 = named["effects"]
    strongest = min(e1, e2)
    depth = e0 - strongest

    def beta(pair: float) -> float:
        return (strongest - pair) / depth if depth else math.nan

    total = float(((y - y.mean()) ** 2).sum())
    return MusycFit(
        **named,
        log10_alpha_ci=(alpha_limits(7), alpha_limits(8)),
        beta=beta(e3),
        beta_ci=(beta(e3 + float(half[2])), beta(e3 - float(half[2]))),
        r2=1.0 - 2.0 * float(best.cost) / total if total > 0 else 1.0,
    )
