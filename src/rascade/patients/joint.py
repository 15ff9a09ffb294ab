"""Characteristics drawn together: a Gaussian copula over properties and parameters of a patient.

Each characteristic keeps its own distribution to the letter; what is joint is only who has a high
number and who a low one. ``data/correlations.csv`` holds the correlations of the normal scores
behind the numbers. What is not in it is drawn for itself. A yes or no counts as high at yes.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EvidenceError, ParameterError
from rascade.model import load_table
from rascade.model.sources import parse_source
from rascade.patients.properties import load_properties
from rascade.text import did_you_mean

__all__ = [
    "Correlation",
    "Known",
    "copula_density",
    "correlated",
    "joint_names",
    "load_correlations",
    "normal_score",
    "parse_correlations",
]

Floats = NDArray[np.float64]
#: Between which two numbers in (0, 1) a characteristic is known to lie, each of shape (n,).
Known = tuple[Floats, Floats]

_FILE = "correlations.csv"
_NOMINAL = ("sex", "kras_allele", "escape_1", "escape_2")
_LEAST_EIGENVALUE = 1e-6  # below it the triangle of Cholesky is no longer to be trusted
_TINY = 2.0**-54


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two characteristics go together.

    Attributes:
        first, second: properties of the profile, or rows of the parameter table that vary.
        value: correlation of their normal scores.
        source: where that is from.
        confidence: as in the parameter table.
        seen: what of the source was seen.
    """

    first: str
    second: str
    value: float
    source: str
    confidence: str
    seen: str


@cache
def load_correlations() -> tuple[Correlation, ...]:
    """Return the correlations of the package.

    Raises:
        EvidenceError: see `parse_correlations`.
    """
    return parse_correlations(
        (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    )


def parse_correlations(text: str, file: str = _FILE) -> tuple[Correlation, ...]:
    """Read correlations from CSV text.

    Raises:
        EvidenceError: a row is wrong, or the correlations cannot hold together; the message names
            file, line and what to change.
    """
    reader = csv.DictReader(text.splitlines())
    found: dict[frozenset[str], Correlation] = {}
    for row in reader:
        where = f"{file}:{reader.line_num}: {row['first']} and {row['second']}"
        item = _read(row, where)
        pair = frozenset((item.first, item.second))
        if len(pair) < 2 or pair in found:
            raise EvidenceError(f"{where}: stands there twice, or is one with itself")
        found[pair] = item
    correlations = tuple(found.values())
    _check_definite(correlations, file)
    return correlations


def _read(row: Mapping[str, str], where: str) -> Correlation:
    for column in ("first", "second"):
        _check_name(row[column], f"{where}: {column}")
    try:
        value = float(row["correlation"])
        parse_source(row["source"], row["confidence"])
    except ValueError:
        raise EvidenceError(
            f"{where}: correlation: {row['correlation']!r} is not a number"
        ) from None
    except ParameterError as error:
        raise EvidenceError(f"{where}: source: {error}") from None
    if not -1 < value < 1:
        raise EvidenceError(f"{where}: correlation: {value:g} is not between -1 and 1")
    return Correlation(
        row["first"], row["second"], value, row["source"], row["confidence"], row["seen"]
    )


def _check_name(name: str, where: str) -> None:
    properties, table = load_properties(), load_table()
    if name in _NOMINAL:
        raise EvidenceError(f"{where}: {name} has no order, so it has no correlation")
    if name in properties or (name in table and table[name].varies):
        return
    able = [*properties, *(row for row in table if table[row].varies)]
    raise EvidenceError(
        f"{where}: {name!r} is neither a property of a patient nor a parameter that differs "
        f"between patients{did_you_mean(name, able)}"
    )


def _check_definite(correlations: Sequence[Correlation], file: str) -> None:
    """Refuse correlations that no patients can have together."""
    names = _names(correlations)
    if not names:
        return
    values, vectors = np.linalg.eigh(_matrix(correlations, names))
    if values[0] >= _LEAST_EIGENVALUE:
        return
    most = np.argsort(-np.abs(vectors[:, 0]))[:3]
    raise EvidenceError(
        f"{file}: these correlations cannot hold together: the matrix is not positive definite "
        f"(smallest eigenvalue {values[0]:.3g}); bring those among "
        f"{', '.join(names[k] for k in most)} nearer to 0"
    )


def _names(correlations: Sequence[Correlation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for c in correlations for name in (c.first, c.second)))


def _matrix(correlations: Sequence[Correlation], names: Sequence[str]) -> Floats:
    place = {name: k for k, name in enumerate(names)}
    matrix = np.eye(len(names))
    for item in correlations:
        if item.first in place and item.second in place:
            a, b = place[item.first], place[item.second]
            matrix[a, b] = matrix[b, a] = item.value
    return matrix


@cache
def joint_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the properties and the parameters that are drawn together, each in a fixed order."""
    names = _names(load_correlations())
    properties = tuple(name for name in load_properties() if name in names)
    return properties, tuple(sorted(set(names) - set(properties)))


@cache
def _triangle(names: tuple[str, ...]) -> Floats:
    return np.asarray(np.linalg.cholesky(_matrix(load_correlations(), names)))


@cache
def _turned() -> frozenset[str]:
    """Return the properties that are true at low numbers."""
    return frozenset(name for name, item in load_properties().items() if item.truth)


def correlated(
    names: Sequence[str],
    independent: Callable[[str], Floats],
    known: Mapping[str, Known] | None = None,
) -> dict[str, Floats]:
    """Turn independent numbers into correlated ones, each still uniform in (0, 1).

    A number depends on those of the same patient alone. What is known comes first, so that the rest
    is drawn on that condition: exactly so for known numbers and one known category; where several
    categories are known, each is drawn on the condition of those before it.

    Args:
        names: which, all from `joint_names`; what comes later does not change what comes before.
        independent: called with a name; returns shape (n,), in (0, 1).
        known: name -> the two bounds of what is known; both the same where it is one number.
    """
    from scipy.special import ndtr, ndtri

    known = known or {}
    order = tuple(sorted(names, key=lambda name: _rank(known.get(name))))
    triangle = _triangle(order)
    steps: list[Floats] = []
    found: dict[str, Floats] = {}
    for k, name in enumerate(order):
        sign = -1.0 if name in _turned() else 1.0
        step = sign * ndtri(independent(name))
        mean = np.zeros(step.shape)
        # Summed one by one: a matrix product may round differently for other numbers of patients.
        for j in range(k):
            if triangle[k, j]:
                mean += triangle[k, j] * steps[j]
        if name in known:
            step = _within(step, known[name], sign, mean, triangle[k, k])
        steps.append(step)
        score = mean + triangle[k, k] * step
        found[name] = np.clip(ndtr(sign * score), _TINY, 1.0 - _TINY)
    return found


def normal_score(number: float) -> float:
    """Return the normal score of a number in [0, 1], which is taken to lie within."""
    from scipy.special import ndtri

    return float(ndtri(np.clip(number, _TINY, 1.0 - _TINY)))


def copula_density(scores: Mapping[str, float]) -> float:
    """Return how much likelier normal scores are together than if each were drawn for itself."""
    together = [name for part in joint_names() for name in part if name in scores]
    if len(together) < 2:
        return 1.0
    triangle = _triangle(tuple(together))
    values = np.array([scores[name] for name in together])
    steps = np.linalg.solve(triangle, values)
    exponent = (values @ values - steps @ steps) / 2
    return float(np.exp(exponent) / np.prod(np.diag(triangle)))


def _rank(known: Known | None) -> int:
    if known is None:
        return 2
    return 0 if np.array_equal(*known) else 1


def _within(step: Floats, known: Known, sign: float, mean: Floats, own: float) -> Floats:
    """Return the step of a characteristic that is known to lie between two numbers."""
    from scipy.special import ndtr, ndtri

    ends = [sign * ndtri(np.clip(end, _TINY, 1.0 - _TINY)) for end in known]
    low, high = ((end - mean) / own for end in (ends if sign > 0 else ends[::-1]))
    if np.array_equal(low, high):
        return np.asarray(low)
    start, end = ndtr(low), ndtr(high)
    share = start + ndtr(step) * (end - start)
    return np.asarray(ndtri(np.clip(share, _TINY, 1.0 - _TINY)))
