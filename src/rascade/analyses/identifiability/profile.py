"""Profile likelihood of a few parameters: is the Gaussian picture right away from the centre?

A parameter is held at a few values; all others move to where data and prior together fit best, by
Gauss-Newton steps with the derivatives at the centre. What is left of misfit, in units of
chi-square, is the profile (Raue et al. 2009, doi:10.1093/bioinformatics/btp358). In the Gaussian
picture it is t^2 at t posterior standard deviations. The steps are few and the derivatives are not
made anew, so a profile is an upper bound: the true one may be lower, not higher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rascade.analyses.identifiability.fisher import Information

__all__ = ["STEPS", "Profile", "chosen", "factors", "profiles"]

Values = NDArray[np.float64]
#: Where a parameter is held, in posterior standard deviations from its typical value.
STEPS: Final = (-2.0, -1.0, 1.0, 2.0)
_ROUNDS: Final = 3


@dataclass(frozen=True)
class Profile:
    """The profile of one parameter.

    Attributes:
        parameter: its place among the q.
        steps: (S,) where it is held, in posterior standard deviations.
        misfit: (S,) least chi-square found there, prior included; NaN where nothing was solved.
    """

    parameter: int
    steps: Values
    misfit: Values


def chosen(information: Information, count: int) -> list[int]:
    """Return the parameters whose profile says most.

    Half of them are those that the data pin down best; the others are those that the data speak
    of, would pin down if the rest were known, and cannot tell from the rest.
    """
    best = np.argsort(information.variance, kind="stable")[: (count + 1) // 2].tolist()
    gap = (information.variance - information.alone) * (1.0 - information.variance)
    hidden = [k for k in np.argsort(-gap, kind="stable").tolist() if k not in best]
    return [*best, *hidden[: count - len(best)]]


def profiles(
    information: Information,
    which: Sequence[int],
    logs: Callable[[Values], Values],
    errors: Values,
    progress: Callable[[float], None] | None = None,
) -> list[Profile]:
    """Return the profiles of some parameters.

    Args:
        information: at the centre.
        which: the parameters.
        logs: returns the logs of the n read-outs, (n, S), at S places x (q, S): logs of the
            parameters over typical values, in prior standard deviations.
        errors: (n,) standard errors of the logs.
        progress: called with the share done.
    """
    size = information.variance.size
    held = [(k, t) for k in which for t in STEPS]
    x = np.zeros((size, len(held)))
    for column, (k, t) in enumerate(held):
        sd = np.sqrt(information.variance[k])
        x[:, column] = information.covariance[:, k] / information.variance[k] * t * sd
    centre = logs(np.zeros((size, 1)))
    least = np.full(len(held), np.nan)
    solvers = {k: _solver(information, k) for k in which}
    for turn in range(_ROUNDS):
        residuals = (logs(x) - centre) / errors[:, None]
        misfit = (residuals**2).sum(axis=0) + (x**2).sum(axis=0)
        least = np.fmin(least, misfit)
        if progress:
            progress((turn + 1) / _ROUNDS)
        if turn + 1 == _ROUNDS:
            break
        for column, (k, _) in enumerate(held):
            if np.isfinite(residuals[:, column]).all():
                x[:, column] -= solvers[k](residuals[:, column], x[:, column])
    found = least.reshape(len(which), len(STEPS))
    return [Profile(k, np.array(STEPS), found[i]) for i, k in enumerate(which)]


def _solver(information: Information, held: int) -> Callable[[Values, Values], Values]:
    """Return the Gauss-Newton step of all parameters but one."""
    others = np.delete(np.arange(information.variance.size), held)
    s = information.scaled[:, others]
    inverse = np.linalg.inv(np.eye(others.size) + s.T @ s)

    def step(residual: Values, x: Values) -> Values:
        found = np.zeros(x.size)
        found[others] = inverse @ (s.T @ residual + x[others])
        return found

    return step


def factors(rows: Sequence[str], priors: Values, x: Values) -> Mapping[str, Values]:
    """Return row -> (S,) factors on its typical value at places x (q, S)."""
    return {row: np.exp(priors[k] * x[k]) for k, row in enumerate(rows)}
