"""Truncated normal and log-normal distributions: quantiles, shares below a value, densities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shape", "density", "quantile", "shape_of", "share_below", "truncated_lognormal"]

Floats = NDArray[np.float64]
#: Mean and standard deviation (normal) or median and coefficient of variation (log-normal), both
#: before the distribution is cut; lower and upper bound.
Shape = tuple[float, float, float, float]


def truncated_lognormal(draws: Floats, median: float, cv: float, low: float, high: float) -> Floats:
    """Turn uniform numbers into log-normal ones between two bounds.

    Args:
        draws: shape (n,), in (0, 1).
        median: of the distribution before it is cut.
        cv: coefficient of variation, as a fraction.
        low: lower bound, >= 0.
        high: upper bound.
    """
    return np.exp(_truncated_normal(draws, *_of_logarithm(median, cv, low, high)))


def shape_of(row: Mapping[str, str]) -> Shape:
    """Return the shape of a distribution from ``value``, ``spread``, ``low`` and ``high``."""
    return float(row["value"]), float(row["spread"]), float(row["low"]), float(row["high"])


def quantile(kind: str, shape: Shape, draws: Floats) -> Floats:
    """Turn uniform numbers into values of a distribution.

    Args:
        kind: ``normal`` or ``lognormal``.
        shape: of the distribution.
        draws: shape (n,), in (0, 1).
    """
    if kind == "lognormal":
        return truncated_lognormal(draws, *shape)
    return _truncated_normal(draws, *shape)


def share_below(kind: str, shape: Shape, value: float) -> float:
    """Return the share of a distribution that lies below a value: `quantile` the other way."""
    from scipy.special import ndtr

    if kind == "lognormal":
        value, shape = float(np.log(value)) if value > 0 else -np.inf, _of_logarithm(*shape)
    mean, sd, low, high = shape
    start, end = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return float(np.clip((ndtr((value - mean) / sd) - start) / (end - start), 0.0, 1.0))


def density(kind: str, shape: Shape, value: float) -> float:
    """Return the probability density of a distribution at a value, zero outside the bounds."""
    from scipy.stats import norm

    centre, spread, low, high = shape
    if not low <= value <= high:
        return 0.0
    if kind == "lognormal":
        mean, sd, start, end = _of_logarithm(centre, spread, low, high)
        inside = norm(mean, sd)
        share = inside.cdf(end) - inside.cdf(start)
        return float(inside.pdf(np.log(value)) / value / share)
    inside = norm(centre, spread)
    return float(inside.pdf(value) / (inside.cdf(high) - inside.cdf(low)))


def _of_logarithm(median: float, cv: float, low: float, high: float) -> Shape:
    """Return mean, standard deviation and bounds of the logarithm."""
    lowest = float(np.log(low)) if low > 0 else -np.inf
    return float(np.log(median)), float(np.sqrt(np.log1p(cv**2))), lowest, float(np.log(high))


def _truncated_normal(draws: Floats, mean: float, sd: float, low: float, high: float) -> Floats:
    from scipy.special import ndtr, ndtri

    start, end = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(mean + sd * ndtri(start + draws * (end - start)))
