"""The partial likelihood of Cox's model with strata and Efron's ties, and its maximum."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.samples import columns, strata_members

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["CONSTANT", "NO_EVENTS", "SEPARATED", "CoxModel", "Maximum", "Stratum", "maximize"]

#: Why there is no fit.
NO_EVENTS = "no events"
CONSTANT = "the covariates do not vary independently among the patients at risk"
SEPARATED = "separation: all events are on one side, so that the likelihood has no maximum"

_STEPS = 100
_LONGEST_STEP = 20.0  # change of a patient's log hazard in one step of Newton's method
_ABSURD = 100.0  # log hazard of a patient beyond which a likelihood is taken to rise for ever
_TINIEST = 1e-140
_ROUNDING = 1e-10  # a spread below this share of the size of a covariate is rounding
_ALIASED = 1e-9  # share of a covariate's information that the others leave
_SEPARATED = 1e-6  # information left, as a share of that at 0, where a likelihood has no maximum


@dataclass(frozen=True)
class CoxModel:
    """A Cox fit with p covariates.

    Attributes:
        coefficients: (p,) log hazard ratios per unit.
        covariance: (p, p) inverse of the observed information.
        log_likelihood: log partial likelihood at its maximum.
        null_log_likelihood: the same with all coefficients 0.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    null_log_likelihood: float

    @property
    def std_errors(self) -> Floats:
        """Standard errors of the coefficients, (p,)."""
        return np.sqrt(np.diag(self.covariance))


@dataclass(frozen=True)
class Maximum:
    """Where the climb ended, in the covariates' own units.

    Attributes:
        model: the fit; its values are limits where there is a problem.
        kept: numbers of the covariates that are in it.
        problem: why there is no fit, `NO_EVENTS`, `CONSTANT` or `SEPARATED`; None where there is.
        parts: the strata, with covariates centred and divided by `scale`.
        scale: (kept,) what they were divided by.
    """

    model: CoxModel
    kept: NDArray[np.intp]
    problem: str | None
    parts: tuple[Stratum, ...] = ()
    scale: Floats = field(default_factory=lambda: np.empty(0))


def maximize(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    strata: ArrayLike | None,
    *,
    drop_aliased: bool = False,
) -> Maximum:
    """Maximise the partial likelihood.

    Args:
        time, event: (n,) each.
        covariates: (n, p) numbers.
        strata: (n,) labels, or None.
        drop_aliased: leave out covariates that others determine, instead of calling it a problem.

    Raises:
        ValueError: a time is negative, or a time or covariate is not finite.
    """
    times, events = columns(time, event)
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.size and not np.isfinite(x).all():
        raise ValueError("covariates must be finite")
    sizes = np.abs(x[x != 0])
    if sizes.size and not (_TINIEST < sizes.max() < 1.0 / _TINIEST):
        raise ValueError("covariates must be of a size that can be squared; use another unit")
    members = [_under_risk(times, events, m) for m in strata_members(strata, len(times))]
    scaled, scale = _standardized(x, np.concatenate([np.empty(0, dtype=np.intp), *members]))
    parts = [Stratum.of(times[m], events[m], scaled[m]) for m in members]
    information = _total(parts, np.zeros(x.shape[1]))[2]
    kept = _independent(information)
    problem = None
    if not events.any():
        problem = NO_EVENTS
    elif len(kept) < x.shape[1]:
        problem = CONSTANT
    if problem is not None and not (drop_aliased and len(kept)):
        nothing = np.full(x.shape[1], np.nan)
        return Maximum(CoxModel(nothing, np.diag(nothing), np.nan, np.nan), kept, problem)
    parts = [part.only(kept) for part in parts]
    found, separated = _newton(parts, len(kept))
    scale = scale[kept]
    model = CoxModel(
        found.coefficients / scale,
        found.covariance / np.outer(scale, scale),
        found.log_likelihood,
        found.null_log_likelihood,
    )
    return Maximum(model, kept, SEPARATED if separated else None, tuple(parts), scale)


def _under_risk(
    time: Floats, event: NDArray[np.bool_], members: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Those of a stratum who are at risk at an event of it; the others say nothing."""
    died = time[members][event[members]]
    first = died.min() if died.size else np.inf
    return members[time[members] >= first]


def _standardized(x: Floats, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Centre and scale covariates by some rows; one that is constant but for rounding becomes 0."""
    if not rows.size:
        return np.zeros_like(x), np.ones(x.shape[1])
    largest = np.abs(x[rows]).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)  # so that squares neither overflow nor vanish
    unit = x / largest
    centred = unit - unit[rows].mean(axis=0)
    varies = np.ptp(unit[rows], axis=0) > _ROUNDING
    scale = np.where(varies, centred[rows].std(axis=0), 1.0)
    return np.where(varies, centred / scale, 0.0), scale * largest


def _independent(information: Floats) -> NDArray[np.intp]:
    """Numbers of the covariates, in order, that those before them do not determine."""
    kept: list[int] = []
    for k in range(len(information)):
        own = information[k, k]
        left = own
        if kept:
            cross = information[np.ix_(kept, [k])]
            left = own - float(
                (cross.T @ np.linalg.solve(information[np.ix_(kept, kept)], cross))[0, 0]
            )
        if own > _ALIASED and left > _ALIASED * own:
            kept.append(k)
    return np.array(kept, dtype=np.intp)


def _newton(parts: list[Stratum], count: int) -> tuple[CoxModel, bool]:
    """Climb the partial likelihood, which is concave.

    Returns:
        The fit, and whether the likelihood goes on rising for ever: then coefficients are where
        the climb was given up, and the likelihood is its limit up to rounding.
    """
    beta: Floats = np.zeros(count)
    value, slope, information = _total(parts, beta)
    null, start = value, information
    for _ in range(_STEPS):
        step: Floats = np.linalg.lstsq(information, slope, rcond=1e-14)[0].astype(float)
        reach = _reach(parts, step)
        step = step * min(1.0, _LONGEST_STEP / reach) if reach > 0 else step
        gain = float(slope @ step)
        for _ in range(60):
            new = _total(parts, beta + step)
            if np.isfinite(new[2]).all() and new[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            break
        beta = beta + step
        value, slope, information = new
        if np.abs(step).max() < 1e-10 or (gain < 1e-9 and _flat(information, start)):
            break
        if _reach(parts, beta) > _ABSURD:
            break
    separated = _flat(information, start) or _reach(parts, beta) > _ABSURD
    inverse = np.linalg.pinv(information) if separated else np.linalg.inv(information)
    return CoxModel(beta, np.asarray(inverse), value, null), separated


def _reach(parts: list[Stratum], beta: Floats) -> float:
    """Largest log hazard of a patient, against that of the mean patient, at some coefficients."""
    return max((float(np.abs(part.x @ beta).max()) for part in parts if part.x.size), default=0.0)


def _flat(information: Floats, start: Floats) -> bool:
    """Tell whether next to nothing of the information at 0 is left in some direction."""
    if not np.isfinite(information).all():
        return True
    root = np.linalg.cholesky(start)
    half = np.linalg.solve(root, information)
    return bool(np.linalg.eigvalsh(np.linalg.solve(root, half.T))[0] < _SEPARATED)


def _total(parts: list[Stratum], beta: Floats) -> tuple[float, Floats, Floats]:
    pieces = [part.derivatives(beta) for part in parts]
    value = sum(piece[0] for piece in pieces)
    slope = sum((piece[1] for piece in pieces), np.zeros(len(beta)))
    information = sum((piece[2] for piece in pieces), np.zeros((len(beta), len(beta))))
    return float(value), slope, information


@dataclass(frozen=True)
class Stratum:
    """One stratum sorted by falling time, with the Efron weights of its events."""

    x: Floats
    event_x: Floats
    at: Floats  # time of each event
    last: NDArray[np.intp]  # of each event: index of the last patient at risk
    tie: NDArray[np.intp]  # of each event: which distinct event time
    share: Floats  # of each event: k/d of Efron's method

    @classmethod
    def of(cls, time: Floats, event: NDArray[np.bool_], x: Floats) -> Stratum:
        """Sort a stratum: (n,) times and event flags, (n, p) covariates."""
        order = np.argsort(-time, kind="stable")
        falling = -time[order]
        at = time[order][event[order]]
        last = np.searchsorted(falling, -at, side="right") - 1
        start = np.searchsorted(-at, -at, side="left")
        deaths = np.searchsorted(-at, -at, side="right") - start
        share = (np.arange(len(at)) - start) / np.maximum(deaths, 1)
        tie = np.unique(start, return_inverse=True)[1]
        centred = x[order] - (x.mean(axis=0) if len(x) else 0.0)
        return cls(centred, centred[event[order]], at, last, tie, share)

    def only(self, kept: NDArray[np.intp]) -> Stratum:
        """Return the stratum with some of the covariates."""
        return replace(self, x=self.x[:, kept], event_x=self.event_x[:, kept])

    def derivatives(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Log partial likelihood, its slope (p,), and the information (p, p) at `beta`."""
        count = len(beta)
        if not self.last.size:
            return 0.0, np.zeros(count), np.zeros((count, count))
        zero, mean, two = self.moments(beta)
        value = float((self.event_x @ beta).sum() - np.log(zero).sum())
        slope = self.event_x.sum(axis=0) - mean.sum(axis=0)
        information = two.sum(axis=0).reshape(count, count) - mean.T @ mean
        return value, slope, information

    def moments(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Of each event's risk set: sum of hazards (d, 1), mean (d, p), mean square (d, p p)."""
        with np.errstate(over="ignore"):
            zero = self._sums(beta, np.ones((len(self.x), 1)), np.ones((len(self.event_x), 1)))
            one = self._sums(beta, self.x, self.event_x)
            two = self._sums(beta, _square(self.x), _square(self.event_x))
        with np.errstate(invalid="ignore"):
            return zero, one / zero, two / zero

    def _sums(self, beta: Floats, at_risk: Floats, of_events: Floats) -> Floats:
        """Weighted sums over the risk set of each event, less the share of its tie."""
        every = np.cumsum(np.exp(self.x @ beta)[:, None] * at_risk, axis=0)[self.last]
        starts = np.flatnonzero(np.r_[True, self.tie[1:] != self.tie[:-1]])
        own = np.exp(self.event_x @ beta)[:, None] * of_events
        tied = np.add.reduceat(own, starts, axis=0)[self.tie]
        return np.asarray(every - self.share[:, None] * tied)


def _square(x: Floats) -> Floats:
    return (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
