"""What a build simulated, as a function of the hyperparameters that costs microseconds.

Each datum is a Gaussian process of the hyperparameters that can act on it, with a kernel of a
quadratic in all of them, interactions included, so that its mean is a polynomial. The chance of a
member's simulated patients is noise that it sees through: together, members hold thousands of
patients. Variances are those of highest marginal likelihood. Markov chains on it give the posterior
(calibrate, emulate, sample: Cleary 2021, doi:10.1016/j.jcp.2020.109716).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.chains import sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Emulator", "emulate", "posterior"]

#: Variance of a datum's level, which is known to nobody before the simulation.
_LEVEL = 100.0
#: Bounds of the logarithms of the three variances, as shares of the datum's own.
_BOUNDS = ((-12.0, 4.0), (-12.0, 4.0), (-5.0, 1.0))


@dataclass(frozen=True)
class Emulator:
    """A quadratic of k hyperparameters for each of q data.

    Attributes:
        sd: (k,) of the prior, in which hyperparameters are measured.
        level: (q,) where all hyperparameters are 0.
        slope: (k, q).
        curve: (q, k, k), symmetric.
        explained: (q,) share of the variance that is predicted of a member left out.
        variance: (q,) of the emulator's own mean, as an average over the last members.
    """

    sd: Floats
    level: Floats
    slope: Floats
    curve: Floats
    explained: Floats
    variance: Floats

    def __call__(self, members: Floats) -> Floats:
        """Return the data of members: (m, k) to (m, q)."""
        x = members / self.sd
        k, q = self.slope.shape
        bent = (x @ self.curve.transpose(1, 0, 2).reshape(k, q * k)).reshape(len(x), q, k)
        return np.asarray(self.level + x @ self.slope + np.einsum("mqk,mk->mq", bent, x))

    def only(self, used: Flags) -> Emulator:
        """Return the emulator of some of the data."""
        return Emulator(
            self.sd, self.level[used], self.slope[:, used], self.curve[used],
            self.explained[used], self.variance[used],
        )  # fmt: skip


def posterior(
    emulator: Emulator,
    observed: Floats,
    variance: Floats,
    rng: np.random.Generator,
    *,
    walkers: int = 300,
    steps: int = 3000,
) -> Floats:
    """Draw hyperparameters given data: prior times likelihood, by Markov chains on the emulator.

    Args:
        emulator: of the data.
        observed: (q,).
        variance: (q,) of their errors; that of the emulator is added.
        rng: random numbers; walkers start from the prior.
        walkers: how many.
        steps: of each; the second half is drawn from, ten times.

    Returns:
        (10 walkers, k) draws.
    """
    total = variance + emulator.variance

    def log_density(members: Floats) -> Floats:
        miss = ((emulator(members) - observed) ** 2 / total).sum(axis=1)
        return np.asarray(-0.5 * miss - 0.5 * ((members / emulator.sd) ** 2).sum(axis=1))

    start = rng.standard_normal((walkers, emulator.sd.size)) * emulator.sd
    return sample(
        log_density, start, emulator.sd,
        steps=steps, warm_up=steps // 2, thin=max(1, steps // 20), rng=rng,
    )  # fmt: skip


@dataclass(frozen=True)
class _Fit:
    level: float
    slope: Floats
    curve: Floats
    explained: float
    variance: float


def emulate(members: Floats, data: Floats, sd: Floats, mask: Flags) -> Emulator:
    """Fit the emulator to what was simulated.

    Args:
        members: (n, k), hyperparameters; the last tenth are where it is wanted.
        data: (n, q), what they predict.
        sd: (k,) of the prior.
        mask: (k, q), which hyperparameter can act on which datum.
    """
    x = members / sd
    fits = [_fit(x[:, acting], y, acting) for acting, y in zip(mask.T, data.T, strict=True)]
    return Emulator(
        sd,
        np.array([fit.level for fit in fits]),
        np.stack([fit.slope for fit in fits], axis=1),
        np.stack([fit.curve for fit in fits]),
        np.array([fit.explained for fit in fits]),
        np.array([fit.variance for fit in fits]),
    )


def _fit(x: Floats, y: Floats, acting: Flags) -> _Fit:
    """Fit one datum; ``x`` holds the hyperparameters that act on it, (n, j)."""
    from scipy.optimize import minimize

    scale = max(float(y.std()), 1e-9)
    wanted = (y - y.mean()) / scale
    n, j = x.shape
    gram = x @ x.T / max(j, 1)
    parts = (gram, gram**2, np.eye(n))

    def cost(logs: Floats) -> tuple[float, Floats]:
        shares = np.exp(logs)
        inverse, log_det = _inverse(parts, shares)
        alpha = inverse @ wanted
        slope = [
            0.5 * v * (float((inverse * part).sum()) - float(alpha @ part @ alpha))
            for v, part in zip(shares, parts, strict=True)
        ]
        return 0.5 * float(wanted @ alpha) + 0.5 * log_det, np.array(slope)

    found = minimize(cost, np.log([0.3, 0.1, 0.3]), jac=True, bounds=_BOUNDS)
    shares = np.exp(found.x)
    inverse, _ = _inverse(parts, shares)
    alpha = inverse @ wanted
    left_out = alpha / np.diag(inverse)
    prior = shares[0] * gram + shares[1] * gram**2 + _LEVEL
    own = np.diag(prior - prior @ inverse @ prior)[-max(1, n // 10) :]
    k = acting.size
    slope, curve = np.zeros(k), np.zeros((k, k))
    slope[acting] = shares[0] / max(j, 1) * (x.T @ alpha)
    curve[np.ix_(acting, acting)] = shares[1] / max(j, 1) ** 2 * (x.T * alpha) @ x
    return _Fit(
        float(y.mean() + scale * _LEVEL * alpha.sum()),
        scale * slope,
        scale * curve,
        float(1.0 - (left_out**2).mean() / max(float(wanted.var()), 1e-12)),
        float(scale**2 * max(float(own.mean()), 0.0)),
    )


def _inverse(parts: tuple[Floats, ...], shares: Floats) -> tuple[Floats, float]:
    """Return the inverse of the data's covariance, and the logarithm of its determinant."""
    from scipy.linalg import cho_factor, cho_solve

    total = sum(v * part for v, part in zip(shares, parts, strict=True)) + _LEVEL
    factor = cho_factor(total, lower=True)
    inverse = cho_solve(factor, np.eye(len(total)))
    return inverse, float(2.0 * np.log(np.diag(factor[0])).sum())
