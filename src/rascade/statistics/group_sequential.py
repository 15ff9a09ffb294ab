"""Group-sequential boundaries: when an interim look may stop a trial, and with what chances.

The statistic of look k is Z(k), standard normal without an effect, with the joint distribution
that log-rank tests have at growing numbers of events: Z(k) sqrt(t(k)) is a Brownian motion at the
information fraction t(k), with a drift that is the expected Z at the end (Jennison & Turnbull,
Group Sequential Methods, 2000, chapter 3). Positive Z favours the new treatment; all levels are
one-sided.

Own code, since no wheel fits: rpact and gsDesign are R, `gsdesign` on PyPI (0.1.5) has the
integration but no boundaries, `sequential-analysis` is under the AGPL. The recursive integration is
that of Armitage, McPherson & Rowe (J R Stat Soc A 1969;132:235-244), with Gauss-Legendre nodes, in
panels as narrow as the step between two looks asks for. The tests hold it against printed tables
and R's rpact.

In one module since spending, boundaries and chances are the same recursion, read in three ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rascade.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "SHAPES",
    "SPENDING",
    "Boundaries",
    "Crossing",
    "conditional_power",
    "crossing",
    "efficacy",
    "fixed_drift",
    "futility_by_conditional_power",
    "futility_by_spending",
    "spend",
    "wang_tsiatis",
    "with_lower",
]

_NODES = 24  # in a panel
_PANEL = 4.0  # width of a panel, in standard deviations of the narrower step beside the look
_CHUNK = 64  # rows of a kernel made at once
_CLOSEST = 1e-6  # looks nearer than this share of the information are one look
_REACH = 8.5  # standard deviations integrated on either side; what is left out is below 1e-16
_WIDEST = 10.0  # a boundary is never set farther out than this Z

#: Boundaries of a fixed shape c t^(power - 1/2) (Wang & Tsiatis, Biometrics 1987;43:193-199).
SHAPES = {"obrien-fleming": 0.0, "pocock": 0.5}
#: Spending functions, see `spend`.
SPENDING = ("lan-demets-obrien-fleming", "lan-demets-pocock", "hwang-shih-decani", "power")


class Crossing(NamedTuple):
    """Chances of stopping; arrays of shape (looks,)."""

    upper: Floats
    lower: Floats


@dataclass(frozen=True)
class Boundaries:
    """Boundaries of a design; arrays of shape (looks,).

    Attributes:
        information: fraction of the final information at each look, ending with 1.
        upper: Z at or above which the trial stops for efficacy.
        lower: Z below which it stops for futility; minus infinity where it never does. At the end
            it equals `upper`, since there is nothing in between any more.
        alpha: one-sided level of the whole.
    """

    information: Floats
    upper: Floats
    lower: Floats
    alpha: float

    @property
    def looks(self) -> int:
        """How many looks there are, the final analysis included."""
        return len(self.information)

    def stopping(self, drift: float = 0.0) -> Crossing:
        """Chances of stopping at each look when futility is obeyed.

        Args:
            drift: expected Z at the end.
        """
        return crossing(self.information, self.upper, self.lower, drift)

    def power(self, drift: float) -> float:
        """Chance of stopping for efficacy at any look."""
        return float(self.stopping(drift).upper.sum())

    def expected_information(self, drift: float) -> float:
        """Mean information fraction at which the trial stops."""
        chances = self.stopping(drift)
        stopped = chances.upper + chances.lower
        stopped[-1] = 1.0 - stopped[:-1].sum()
        return float(stopped @ self.information)

    def inflation(self, power: float) -> float:
        """Final information over that of a trial without looks of the same power."""
        return (self.drift(power) / fixed_drift(self.alpha, power)) ** 2

    def drift(self, power: float) -> float:
        """Expected final Z that gives a power; negative where it lies below the level."""
        from scipy.optimize import brentq

        high = 2.0 * _WIDEST
        return float(brentq(lambda d: self.power(d) - power, -high, high, xtol=1e-9))


def fixed_drift(alpha: float, power: float) -> float:
    """Expected Z that a trial without looks needs: z(1 - alpha) + z(power)."""
    from scipy.special import ndtri

    return float(ndtri(1.0 - alpha) + ndtri(power))


@cache
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def _fractions(information: ArrayLike) -> Floats:
    t = np.asarray(information, dtype=float)
    if t.ndim != 1 or not t.size or (t <= 0).any() or (np.diff(t) <= 0).any():
        raise InputError(f"looks: {t.tolist()} must rise, and begin above 0")
    near = np.flatnonzero(np.diff(t) < _CLOSEST)
    if near.size:
        one, two = t[near[0]], t[near[0] + 1]
        raise InputError(f"looks: {one:.9g} and {two:.9g} are one look; leave one out")
    if abs(t[-1] - 1.0) > 1e-9:
        raise InputError(f"looks: the last one is the final analysis, at 1, not {t[-1]:g}")
    return t


class _Walk:
    """The density of Z among trials that are still running, carried from look to look."""

    def __init__(self, information: Floats, drift: float) -> None:
        self.t, self.drift, self.look = information, drift, 0
        self.nodes: Floats = np.empty(0)
        self.mass: Floats = np.empty(0)

    def tails(self, upper: float, lower: float) -> tuple[float, float]:
        """Chance of being at or above `upper`, and below `lower`, at this look."""
        from scipy.special import ndtr

        now = self.t[self.look]
        if self.look == 0:
            mean = self.drift * math.sqrt(now)
            return float(ndtr(mean - upper)), float(ndtr(lower - mean))
        before = self.t[self.look - 1]
        start = self.nodes * math.sqrt(before) + self.drift * (now - before)
        step = math.sqrt(now - before)
        above = ndtr((start - upper * math.sqrt(now)) / step)
        below = ndtr((lower * math.sqrt(now) - start) / step)
        return float(self.mass @ above), float(self.mass @ below)

    def go_on(self, upper: float, lower: float) -> None:
        """Keep the trials between the boundaries and move to the next look."""
        now = self.t[self.look]
        mean = self.drift * math.sqrt(now)
        low, high = max(lower, mean - _REACH), min(upper, mean + _REACH)
        z, weights = self._nodes(low, max(high, low))
        if self.look == 0:
            density = np.exp(-0.5 * (z - mean) ** 2) / math.sqrt(2.0 * math.pi)
        else:
            before = self.t[self.look - 1]
            start = self.nodes * math.sqrt(before) + self.drift * (now - before)
            step = math.sqrt(now - before)
            scale = math.sqrt(now) / step / math.sqrt(2.0 * math.pi)
            density = scale * _blurred(start, self.mass, z * math.sqrt(now), step)
        self.nodes, self.mass = z, density * weights
        self.look += 1

    def _nodes(self, low: float, high: float) -> tuple[Floats, Floats]:
        """Nodes and weights between two values of Z, fine enough for the steps on either side."""
        beside = self.t[max(self.look - 1, 0) : self.look + 2]
        shortest = float(np.diff(beside).min()) if len(beside) > 1 else math.inf
        width = min(1.0, math.sqrt(shortest / self.t[self.look]))
        panels = max(1, math.ceil((high - low) / (_PANEL * width)))
        unit, weights = _legendre()
        half = (high - low) / panels / 2.0
        middle = low + half * (2.0 * np.arange(panels) + 1.0)
        return (middle[:, None] + half * unit).ravel(), np.tile(weights * half, panels)


def _blurred(start: Floats, mass: Floats, at: Floats, step: float) -> Floats:
    """Sum of mass times exp(-((at - start) / step)^2 / 2); both arrays of places ascend."""
    found = np.empty(at.size)
    for row in range(0, at.size, _CHUNK):
        some = at[row : row + _CHUNK]
        ends = np.array([some[0] - _REACH * step, some[-1] + _REACH * step])
        first, last = np.searchsorted(start, ends)
        away = (some[:, None] - start[None, first:last]) / step
        found[row : row + _CHUNK] = np.exp(-0.5 * away**2) @ mass[first:last]
    return found


def crossing(
    information: ArrayLike, upper: ArrayLike, lower: ArrayLike | None = None, drift: float = 0.0
) -> Crossing:
    """Chances of stopping at each look.

    Args:
        information: (looks,) fractions, rising to 1.
        upper: (looks,) Z at or above which the trial stops.
        lower: (looks,) Z below which it stops; never if None.
        drift: expected Z at fraction 1.

    Raises:
        InputError: the fractions do not rise to 1.
    """
    t = _fractions(information)
    up = np.asarray(upper, dtype=float)
    down = np.full(t.shape, -np.inf) if lower is None else np.asarray(lower, dtype=float)
    walk = _Walk(t, drift)
    found = np.empty((2, t.size))
    for k in range(t.size):
        found[:, k] = walk.tails(up[k], down[k])
        walk.go_on(up[k], down[k])
    return Crossing(found[0], found[1])


def spend(kind: str, total: float, fraction: ArrayLike, parameter: float | None = None) -> Floats:
    """Error spent up to an information fraction.

    * ``lan-demets-obrien-fleming``, ``lan-demets-pocock``: Lan & DeMets, Biometrika
      1983;70:659-663. The first is 2 - 2 Phi(z(1 - a/2) / sqrt(t)), the second a ln(1 + (e - 1) t).
    * ``hwang-shih-decani``: a (1 - exp(-g t)) / (1 - exp(-g)), g by default -4 (Stat Med
      1990;9:1439-1445).
    * ``power``: a t^p, p by default 3 (Kim & DeMets, Biometrika 1987;74:149-154).

    Args:
        kind: one of `SPENDING`.
        total: error spent at fraction 1.
        fraction: of the information, 0 to 1.
        parameter: g or p.

    Raises:
        InputError: there is no such function.
    """
    from scipy.special import ndtr, ndtri

    t = np.clip(np.asarray(fraction, dtype=float), 0.0, 1.0)
    if kind == "lan-demets-obrien-fleming":
        with np.errstate(divide="ignore"):
            return np.asarray(2.0 * ndtr(-ndtri(1.0 - total / 2.0) / np.sqrt(t)))
    if kind == "lan-demets-pocock":
        return np.asarray(total * np.log1p((math.e - 1.0) * t))
    if kind == "hwang-shih-decani":
        g = -4.0 if parameter is None else parameter
        return np.asarray(total * (t if g == 0 else np.expm1(-g * t) / math.expm1(-g)))
    if kind == "power":
        return np.asarray(total * t ** (3.0 if parameter is None else parameter))
    raise InputError(f"{kind!r} is no spending function; use {', '.join(SPENDING)}")


def _by_spending(information: Floats, spent: Floats, lower: Floats | None = None) -> Floats:
    """Upper boundaries that spend what is wanted without an effect."""
    walk = _Walk(information, 0.0)
    bounds = np.empty(information.size)
    down = np.full(information.size, -np.inf) if lower is None else lower
    for k, share in enumerate(np.diff(spent, prepend=0.0)):
        bounds[k] = _solve(lambda z: walk.tails(z, -np.inf)[0], float(share))
        walk.go_on(float(bounds[k]), float(down[k]))
    return bounds


def _solve(tail: Callable[[float], float], share: float) -> float:
    """Z whose tail holds a share; the widest Z where the share is next to nothing."""
    from scipy.optimize import brentq

    if tail(_WIDEST) >= share:
        return _WIDEST
    if tail(-_WIDEST) <= share:
        return -_WIDEST
    return float(brentq(lambda z: tail(z) - share, -_WIDEST, _WIDEST, xtol=1e-10))


def wang_tsiatis(information: ArrayLike, alpha: float, power: float) -> Floats:
    """Boundaries c t^(power - 1/2): 0 is O'Brien-Fleming's, 1/2 is Pocock's."""
    from scipy.optimize import brentq

    t = _fractions(information)
    shape = t ** (power - 0.5)

    def excess(c: float) -> float:
        return float(crossing(t, c * shape).upper.sum()) - alpha

    return np.asarray(float(brentq(excess, 0.1, _WIDEST, xtol=1e-10)) * shape)


def efficacy(
    kind: str, information: ArrayLike, alpha: float, parameter: float | None = None
) -> Boundaries:
    """Boundaries for efficacy alone.

    Args:
        kind: one of `SHAPES` or `SPENDING`, or ``none``: no stop before the end.
        information: (looks,) fractions, rising to 1.
        alpha: one-sided level.
        parameter: of the spending function.

    Raises:
        InputError: a name, a level or the looks are wrong.
    """
    from scipy.special import ndtri

    t = _fractions(information)
    if not 0 < alpha < 0.5:
        raise InputError(f"alpha: {alpha:g} must lie between 0 and 0.5 (it is one-sided)")
    if kind == "none":
        upper = np.full(t.size, np.inf)
        upper[-1] = ndtri(1.0 - alpha)
    elif kind in SHAPES:
        upper = wang_tsiatis(t, alpha, SHAPES[kind])
    else:
        upper = _by_spending(t, spend(kind, alpha, t, parameter))
    lower = np.full(t.size, -np.inf)
    lower[-1] = upper[-1]
    return Boundaries(t, upper, lower, alpha)


def with_lower(plan: Boundaries, lower: Sequence[float] | Floats) -> Boundaries:
    """Add a boundary for futility that need not be obeyed: efficacy stays as it is.

    Args:
        plan: boundaries for efficacy.
        lower: (looks - 1,) Z before the final look.
    """
    bounds = np.append(np.asarray(lower, dtype=float), plan.upper[-1])
    return Boundaries(plan.information, plan.upper, np.minimum(bounds, plan.upper), plan.alpha)


def futility_by_spending(
    plan: Boundaries, kind: str, beta: float, parameter: float | None = None
) -> Boundaries:
    """Add a non-binding futility boundary that spends the type II error.

    The drift is the one at which the boundaries meet at the last look, so that the power is 1 -
    `beta` when futility is obeyed (Pampallona, Tsiatis & Kim, Drug Inf J 2001;35:1113-1121).

    Args:
        plan: boundaries for efficacy.
        kind: one of `SPENDING`.
        beta: type II error of the design.
        parameter: of the spending function.
    """
    from scipy.optimize import brentq

    if not 0 < beta < 1 - plan.alpha:
        raise InputError(f"futility: beta {beta:g} must lie between 0 and {1 - plan.alpha:g}")
    shares = np.diff(spend(kind, beta, plan.information, parameter), prepend=0.0)

    def bounds(drift: float) -> tuple[Floats, float]:
        walk, lower, missed = _Walk(plan.information, drift), np.empty(plan.looks), 0.0
        for k in range(plan.looks):
            up, share = float(plan.upper[k]), float(shares[k])
            # At a large drift less than the share may be left to stop: then all of it stops.
            if k == plan.looks - 1 or walk.tails(np.inf, up)[1] <= share:
                lower[k] = up
            else:
                lower[k] = -_solve(lambda z: walk.tails(np.inf, -z)[1], share)
            missed += walk.tails(np.inf, float(lower[k]))[1]
            walk.go_on(up, float(lower[k]))
        return lower, missed

    high = 2.0 * fixed_drift(plan.alpha, 1.0 - beta)
    while bounds(high)[1] > beta:
        high *= 1.5
    drift = float(brentq(lambda d: bounds(d)[1] - beta, 0.0, high, xtol=1e-9))
    return Boundaries(plan.information, plan.upper, bounds(drift)[0], plan.alpha)


def conditional_power(z: ArrayLike, fraction: ArrayLike, final: float, drift: ArrayLike) -> Floats:
    """Chance of a final Z at or above `final`, given Z now.

    Args:
        z: present Z.
        fraction: present information fraction, below 1.
        final: critical value at the end.
        drift: expected final Z from here on; ``z / sqrt(fraction)`` is the present trend.
    """
    from scipy.special import ndtr

    z, t = np.asarray(z, dtype=float), np.asarray(fraction, dtype=float)
    expected = z * np.sqrt(t) + np.asarray(drift, dtype=float) * (1.0 - t)
    return np.asarray(ndtr((expected - final) / np.sqrt(1.0 - t)))


def futility_by_conditional_power(
    plan: Boundaries, least: float, drift: float | None = None
) -> Boundaries:
    """Add a non-binding futility boundary: stop where conditional power falls below a value.

    Args:
        plan: boundaries for efficacy.
        least: conditional power, 0 to 1.
        drift: expected final Z that is assumed for the rest; the present trend if None.
    """
    from scipy.special import ndtri

    if not 0 < least < 1:
        raise InputError(f"futility: a conditional power of {least:g} is not between 0 and 1")
    t, final = plan.information[:-1], float(plan.upper[-1])
    needed = final + float(ndtri(least)) * np.sqrt(1.0 - t)
    lower = np.sqrt(t) * needed if drift is None else (needed - drift * (1.0 - t)) / np.sqrt(t)
    return with_lower(plan, lower)
