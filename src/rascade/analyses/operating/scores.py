"""Log-rank scores and Cox estimates of thousands of trials at once.

Every row of the arrays is one trial of n places. Rows are sorted once and then handled as one flat
list of distinct times, so the work is a few passes over the data. Conventions are those of
`rascade.statistics.survival`: hypergeometric variance, Efron's method for ties (R's defaults), and
times that differ by rounding alone are tied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rascade.statistics.samples import TIE_TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Scores", "cox_log_hazard", "log_rank_scores"]

_STEPS = 30
_WIDEST = 10.0  # beyond it a likelihood has no maximum: one arm has no events


class Scores(NamedTuple):
    """Log-rank scores; arrays of shape (r,).

    Attributes:
        difference: events of arm 1 less those expected without an effect.
        variance: of the difference.
        events: of both arms.
    """

    difference: Floats
    variance: Floats
    events: NDArray[np.int64]

    @property
    def z(self) -> Floats:
        """Standardised score, positive where arm 1 does better; 0 where there is no information."""
        known = self.variance > 0
        root = np.sqrt(np.where(known, self.variance, 1.0))
        return np.where(known, -self.difference / root, 0.0)


@dataclass(frozen=True)
class _Moments:
    """The distinct event times of all rows, one after the other.

    Attributes:
        row: which trial.
        at_risk, at_risk_1: patients at risk just before, in both arms and in arm 1.
        died, died_1: events.
    """

    row: NDArray[np.intp]
    at_risk: Floats
    at_risk_1: Floats
    died: Floats
    died_1: Floats


def _moments(time: Floats, event: Flags, arm: Flags, present: Flags) -> _Moments:
    rows, columns = time.shape
    placed = np.where(present, time, np.inf)
    order = np.argsort(placed, axis=1)
    placed = np.take_along_axis(placed, order, axis=1)
    died = event & present
    code = present + 2 * (present & arm) + 4 * died + 8 * (died & arm).astype(np.uint8)
    code = np.take_along_axis(code, order, axis=1)
    last = np.ones((rows, columns), dtype=bool)
    limit = TIE_TOLERANCE * np.where(present, np.abs(time), 0.0).sum(axis=1)
    limit /= np.maximum(present.sum(axis=1), 1)
    np.greater(placed[:, 1:], placed[:, :-1] + limit[:, None], out=last[:, :-1])
    at = np.flatnonzero(last)
    row = at // columns
    now, before, total = [], [], []
    for bit in (1, 2, 4, 8):
        # 32 bits hold any count here, and halve what moves through memory.
        counted = np.cumsum((code & bit) > 0, dtype=np.int32)
        now.append(counted[at])
        before.append(np.concatenate([[0], now[-1][:-1]]))
        total.append(counted[columns - 1 :: columns])
    deaths = now[2] - before[2]
    kept = deaths > 0
    row = row[kept]
    # Every row ends a run of equal times, so counts up to its end hold what came before it too.
    at_risk, at_risk_1 = (total[k][row] - before[k][kept] for k in (0, 1))
    return _Moments(
        row,
        at_risk.astype(float),
        at_risk_1.astype(float),
        deaths[kept].astype(float),
        (now[3] - before[3])[kept].astype(float),
    )


def log_rank_scores(
    time: Floats,
    event: Flags,
    arm: Flags,
    present: Flags,
    stratum: NDArray[np.int64] | None = None,
) -> Scores:
    """Compare two arms in every row.

    Args:
        time: (r, n) times.
        event: (r, n) event flags.
        arm: (r, n) True for arm 1.
        present: (r, n) False for places that do not count.
        stratum: (r, n) codes; scores are summed over strata.
    """
    rows = time.shape[0]
    sums = np.zeros((3, rows))
    codes = [None] if stratum is None else list(np.unique(stratum))
    for code in codes:
        own = present if code is None else present & (stratum == code)
        m = _moments(time, event, arm, own)
        share = m.at_risk_1 / m.at_risk
        spread = m.died * (m.at_risk - m.died) / np.maximum(m.at_risk - 1.0, 1.0)
        parts = (m.died_1 - m.died * share, spread * share * (1.0 - share), m.died)
        for total, part in zip(sums, parts, strict=True):
            total += np.bincount(m.row, weights=part, minlength=rows)
    return Scores(sums[0], sums[1], np.rint(sums[2]).astype(np.int64))


def cox_log_hazard(time: Floats, event: Flags, arm: Flags, present: Flags) -> Floats:
    """Log hazard ratio of arm 1 against arm 0 in every row, NaN where there is no maximum.

    Args: as `log_rank_scores`.

    Returns:
        (r,) maximum of the partial likelihood with Efron's method.
    """
    rows = time.shape[0]
    m = _moments(time, event, arm, present)
    ties = m.died.astype(np.int64)
    row = np.repeat(m.row, ties)
    first = np.repeat(np.cumsum(ties) - ties, ties)
    gone = (np.arange(first.size) - first) / np.repeat(m.died, ties)
    ones = np.repeat(m.at_risk_1, ties) - gone * np.repeat(m.died_1, ties)
    zeros = np.repeat(m.at_risk - m.at_risk_1, ties) - gone * np.repeat(m.died - m.died_1, ties)
    observed = np.bincount(m.row, weights=m.died_1, minlength=rows)
    beta, done = np.zeros(rows), np.zeros(rows, dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(_STEPS):
            weight = ones * np.exp(beta)[row]
            chance = weight / (weight + zeros)
            slope = observed - np.bincount(row, weights=chance, minlength=rows)
            information = np.bincount(row, weights=chance * (1.0 - chance), minlength=rows)
            step = np.clip(slope / information, -2.0, 2.0)
            # A row that has arrived stays where it is, so that it does not depend on the others.
            beta = np.where(done, beta, beta + step)
            done |= ~(np.abs(step) > 1e-9)
            if done.all():
                break
    return np.where(done & (np.abs(beta) < _WIDEST), beta, np.nan)
