"""Information of data and prior, in units of the prior: which parameters they pin down.

With J the derivatives of n log read-outs by q log parameters, s their standard errors and p the
prior standard deviations, S = J p / s is without unit. The Fisher information of the data is S'S,
that of the prior the identity, and the posterior covariance, in the Gaussian approximation at the
typical parameters, (I + S'S)^-1 (Kay, Fundamentals of Statistical Signal Processing I, 1993,
chapters 3 and 10). The eigenvalues of S'S are the spectrum of the data: a direction whose
eigenvalue is above 1 is known better from the data than from the prior; most models of this kind
have few of those ("sloppy"; Gutenkunst et al. 2007, doi:10.1371/journal.pcbi.0030189).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rascade.errors import InputError
from rascade.model import Parameter

__all__ = ["Information", "clusters", "fisher", "prior_sd", "strongest"]

Values = NDArray[np.float64]
_TWO_SIDED_95: Final = 1.959963984540054  # of the normal distribution


def prior_sd(row: Parameter) -> float:
    """Return the standard deviation of the log of a parameter, from its plausible range.

    The range is read as the central 95 % of a log-normal distribution; where it begins at zero, the
    part above the typical value stands for both. 0 if there is no range.
    """
    if row.low > 0:
        return math.log(row.high / row.low) / (2 * _TWO_SIDED_95)
    return math.log(row.high / row.value) / _TWO_SIDED_95 if row.value > 0 else 0.0


@dataclass(frozen=True)
class Information:
    """What data and prior together know of q parameters.

    Attributes:
        scaled: (n, q), S: change of a read-out by one prior standard deviation of a parameter, in
            standard errors.
        variance: (q,), posterior over prior variance; exactly 1 where no read-out depends.
        alone: (q,), the same if every other parameter were known.
        covariance: (q, q), posterior, in units of the prior.
        eigenvalues: (q,), of S'S, descending.
        directions: (q, q), the eigenvectors, in columns; the largest component is positive.
    """

    scaled: Values
    variance: Values
    alone: Values
    covariance: Values
    eigenvalues: Values
    directions: Values

    @property
    def identified(self) -> int:
        """Number of directions that the data know better than the prior."""
        return int((self.eigenvalues > 1.0).sum())

    @property
    def correlation(self) -> Values:
        """Posterior correlation, (q, q)."""
        sd = np.sqrt(self.variance)
        return np.asarray(self.covariance / np.outer(sd, sd))


def fisher(slopes: Values, errors: Values, priors: Values) -> Information:
    """Put data and prior together.

    Args:
        slopes: (n, q), derivative of each log read-out by each log parameter.
        errors: (n,), standard errors of the log read-outs.
        priors: (q,), prior standard deviations of the log parameters.

    Raises:
        InputError: shapes differ, or an error or a prior is not above zero.
    """
    if slopes.shape != (errors.size, priors.size):
        raise InputError(f"slopes of shape {slopes.shape} for {errors.size} x {priors.size}")
    if not ((errors > 0).all() and (priors > 0).all()):
        raise InputError("every standard error and every prior standard deviation must be above 0")
    scaled = slopes * priors / errors[:, None]
    seen = np.flatnonzero(np.any(scaled != 0, axis=0))
    information = scaled.T @ scaled
    # Singular values of S, not eigenvalues of S'S: a direction that is not seen stays at zero.
    _, singular, right = np.linalg.svd(scaled[:, seen])
    values, vectors = np.zeros(seen.size), right.T
    values[: singular.size] = singular**2
    own = (vectors / (1.0 + values)) @ vectors.T
    size = priors.size
    covariance = np.eye(size)
    covariance[np.ix_(seen, seen)] = 0.5 * (own + own.T)
    eigenvalues, directions = np.zeros(size), np.zeros((size, size))
    eigenvalues[: seen.size] = values
    directions[np.ix_(seen, np.arange(seen.size))] = _signed(vectors)
    unseen = np.setdiff1d(np.arange(size), seen)
    directions[unseen, seen.size + np.arange(unseen.size)] = 1.0
    return Information(
        scaled, np.diag(covariance).copy(), 1.0 / (1.0 + np.diag(information)),
        covariance, eigenvalues, directions,
    )  # fmt: skip


def _signed(vectors: Values) -> Values:
    """Return eigenvectors with their largest component positive: the sign has no meaning."""
    if not vectors.size:
        return vectors
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.asarray(vectors * np.where(largest < 0, -1.0, 1.0))


def clusters(correlation: Values, least: float) -> list[list[int]]:
    """Return groups of parameters that are tied to each other, each of two or more.

    Two belong together if their correlation is at least `least` in size, directly or through
    others; the largest group comes first.
    """
    from scipy.sparse.csgraph import connected_components

    tied = np.abs(correlation) >= least
    count, label = connected_components(tied, directed=False)
    groups = [np.flatnonzero(label == k).tolist() for k in range(count)]
    return sorted((g for g in groups if len(g) > 1), key=lambda g: (-len(g), g))


def strongest(correlation: Values, least: float) -> Sequence[tuple[int, int]]:
    """Return pairs of parameters whose correlation is at least `least` in size, strongest first."""
    first, second = np.triu_indices(correlation.shape[0], k=1)
    size = np.abs(correlation[first, second])
    order = [k for k in np.argsort(-size, kind="stable") if size[k] >= least]
    return [(int(first[k]), int(second[k])) for k in order]
