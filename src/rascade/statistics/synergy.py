"""Synergy on a dose matrix: Bliss, HSA, Loewe (combination index, isobole), ZIP.

Responses are relative to untreated (1: no effect, 0: nothing left), as a viability is, and an
excess is *expected minus observed*: above zero the pair does more than the null model says. MuSyC
is in `rascade.statistics.musyc`. The PyPI library ``synergy`` has the same models, but its licence
(GPL-3) does not go with this package; these are written after the papers and checked against closed
forms, and once against that library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rascade.errors import InputError
from rascade.statistics.dose_response import FourParameterFit, fit_four_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DoseMatrix",
    "Isobole",
    "Loewe",
    "bliss_excess",
    "combination_index",
    "hsa_excess",
    "isobole",
    "loewe",
    "single_fits",
    "zip_excess",
]

_FLAT_END = 0.02
_FAR = 10.0  # a dose further above the tested ones than this is no prediction
_BISECTIONS = 80  # halvings of the interval: exact to the last bit of a double


@dataclass(frozen=True)
class DoseMatrix:
    """Responses to two drugs.

    Attributes:
        first: (A,) doses of the first drug, ascending, 0 first.
        second: (B,) doses of the second drug, ascending, 0 first.
        response: (A, B), relative to untreated; [0, 0] is 1.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    response: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.response.shape != (self.first.size, self.second.size):
            raise InputError(
                f"a response of shape {self.response.shape} for {self.first.size} x "
                f"{self.second.size} doses"
            )
        for doses in (self.first, self.second):
            if doses.size < 2 or doses[0] != 0 or np.any(np.diff(doses) <= 0):
                raise InputError("doses of a matrix must start at 0 and rise")

    @property
    def inner(self) -> NDArray[np.float64]:
        """(A - 1, B - 1), responses to both drugs together."""
        return self.response[1:, 1:]


def bliss_excess(matrix: DoseMatrix) -> NDArray[np.float64]:
    """Return Bliss excess, (A - 1, B - 1): product of the single responses minus the observed one.

    Bliss 1939, doi:10.1111/j.1744-7348.1939.tb06990.x.
    """
    expected = matrix.response[1:, :1] * matrix.response[:1, 1:]
    return np.asarray(expected - matrix.inner)


def hsa_excess(matrix: DoseMatrix) -> NDArray[np.float64]:
    """Return the excess over the highest single agent, (A - 1, B - 1).

    Gaddum 1940; Berenbaum 1989 (PMID:2692037).
    """
    expected = np.minimum(matrix.response[1:, :1], matrix.response[:1, 1:])
    return np.asarray(expected - matrix.inner)


def single_fits(matrix: DoseMatrix) -> tuple[FourParameterFit | None, FourParameterFit | None]:
    """Return the dose-response curve of each drug alone; None where it does nothing."""
    return (
        fit_four_parameters(matrix.first[1:], matrix.response[1:, 0], e0=1.0, profile=False),
        fit_four_parameters(matrix.second[1:], matrix.response[0, 1:], e0=1.0, profile=False),
    )


def _share_of_equivalent(
    dose: NDArray[np.float64], response: NDArray[np.float64], fit: FourParameterFit | None
) -> NDArray[np.float64]:
    """Return dose over the dose of one drug alone that has the same response.

    Where the drug alone never gets there, no dose of it is enough and the share is 0, the limit of
    the additive surface (general isobole equation; Berenbaum 1989).
    """
    dose, response = np.broadcast_arrays(dose, response)
    share = np.zeros(response.shape)
    if fit is None:
        return share
    part = (response - fit.e0) / (fit.emax - fit.e0)
    known = (part > 0) & (part < 1)
    needed = fit.ec50 * (part[known] / (1.0 - part[known])) ** (1.0 / fit.hill)
    share[known] = dose[known] / needed
    share[part <= 0] = np.inf
    return share


def combination_index(
    matrix: DoseMatrix, fits: Sequence[FourParameterFit | None] | None = None
) -> NDArray[np.float64]:
    """Return the combination index of every pair of doses, (A - 1, B - 1); below 1 is synergy.

    Sum of each dose over the dose that has the pair's response alone (Loewe 1926; Chou and Talalay
    1984, PMID:6382953). NaN where the pair's response is beyond what either drug reaches alone, or
    within 2 % of that or of untreated: a dose read off the flat ends of a curve has no meaning.
    """
    a, b = fits or single_fits(matrix)
    y = matrix.inner
    total = _share_of_equivalent(matrix.first[1:, None], y, a) + _share_of_equivalent(
        matrix.second[None, 1:], y, b
    )
    ends = [fit.emax for fit in (a, b) if fit is not None]
    reach = max(ends, key=lambda emax: abs(emax - 1.0)) if ends else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (y - 1.0) / (reach - 1.0)
    inside = (depth > _FLAT_END) & (depth < 1.0 - _FLAT_END) & np.isfinite(total)
    return np.where(inside, total, np.nan)


@dataclass(frozen=True)
class Loewe:
    """Loewe additivity.

    Attributes:
        expected: (A - 1, B - 1), responses of an additive pair.
        excess: expected minus observed.
        index: combination index; NaN where it has no meaning.
    """

    expected: NDArray[np.float64]
    excess: NDArray[np.float64]
    index: NDArray[np.float64]


def loewe(
    matrix: DoseMatrix, fits: Sequence[FourParameterFit | None] | None = None
) -> Loewe | None:
    """Compare with Loewe additivity; None if neither drug does anything alone.

    The additive response is the one for which the shares of the equivalent doses add up to 1;
    it is found by bisection between no effect and the greatest effect of the stronger drug.
    """
    pair = tuple(fits or single_fits(matrix))
    acting = [fit for fit in pair if fit is not None]
    if not acting:
        return None
    dose_a, dose_b = matrix.first[1:, None], matrix.second[None, 1:]
    # With a drug that raises the response the search goes up instead of down.
    end = max((fit.emax for fit in acting), key=lambda emax: abs(emax - 1.0))
    near = np.ones(matrix.inner.shape)
    far = np.full(matrix.inner.shape, end)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (near + far)
        total = _share_of_equivalent(dose_a, middle, pair[0]) + _share_of_equivalent(
            dose_b, middle, pair[1]
        )
        enough = total >= 1.0
        near, far = np.where(enough, middle, near), np.where(enough, far, middle)
    expected = 0.5 * (near + far)
    return Loewe(expected, expected - matrix.inner, combination_index(matrix, pair))


def _row_curve(
    doses: NDArray[np.float64], responses: NDArray[np.float64], e0: float
) -> NDArray[np.float64]:
    fit = fit_four_parameters(doses, responses, e0=e0, profile=False)
    return np.full(doses.size, e0) if fit is None else fit.response(doses)


def zip_excess(matrix: DoseMatrix) -> NDArray[np.float64]:
    """Return the ZIP delta score of every pair, (A - 1, B - 1), as a fraction.

    Zero interaction potency: the pair is compared with two drugs that do not change each other's
    curve. Each row and column is smoothed by a four-parameter curve that starts at the other
    drug's effect; the score is the mean of both smoothed responses against the product of the
    single ones (Yadav 2015, doi:10.1016/j.csbj.2015.09.001).
    """
    a, b = single_fits(matrix)
    doses_a, doses_b = matrix.first[1:], matrix.second[1:]
    alone_a = np.ones(doses_a.size) if a is None else a.response(doses_a)
    alone_b = np.ones(doses_b.size) if b is None else b.response(doses_b)
    along_a = np.stack(
        [
            _row_curve(doses_a, matrix.response[1:, j + 1], float(alone_b[j]))
            for j in range(doses_b.size)
        ],
        axis=1,
    )
    along_b = np.stack(
        [
            _row_curve(doses_b, matrix.response[i + 1, 1:], float(alone_a[i]))
            for i in range(doses_a.size)
        ],
        axis=0,
    )
    return np.asarray(alone_a[:, None] * alone_b[None, :] - 0.5 * (along_a + along_b))


@dataclass(frozen=True)
class Isobole:
    """Pairs of doses with one response.

    Attributes:
        level: the response.
        alone: dose of each drug alone; infinite where it never gets there.
        points: (n, 2), doses of the pair, from the first drug's axis to the second's.
    """

    level: float
    alone: tuple[float, float]
    points: NDArray[np.float64]


def isobole(
    matrix: DoseMatrix, fits: Sequence[FourParameterFit | None], level: float = 0.5
) -> Isobole | None:
    """Return the isobole of a response, or None where the matrix never gets there.

    At each dose of the first drug the dose of the second is interpolated on a log scale.
    """
    a, b = fits
    alone = (_alone(a, matrix.first, level), _alone(b, matrix.second, level))
    points = []
    for i, dose_a in enumerate(matrix.first):
        row = matrix.response[i]
        if row[0] <= level:
            break
        below = np.flatnonzero(row <= level)
        if below.size:
            j = int(below[0])
            points.append((float(dose_a), _between(matrix.second, row, j, level)))
    if not points:
        return None
    if np.isfinite(alone[0]):
        points.append((float(alone[0]), 0.0))
    return Isobole(level, (float(alone[0]), float(alone[1])), np.array(points[::-1]))


def _alone(fit: FourParameterFit | None, doses: NDArray[np.float64], level: float) -> float:
    """Return the dose of one drug alone; infinite if far outside what was tested."""
    dose = np.inf if fit is None else fit.dose(level)
    return float(dose) if dose <= _FAR * doses[-1] else np.inf


def _between(doses: NDArray[np.float64], row: NDArray[np.float64], j: int, level: float) -> float:
    part = float((row[j - 1] - level) / (row[j - 1] - row[j]))
    if doses[j - 1] == 0:
        return float(doses[j] * part)
    return float(doses[j - 1] * (doses[j] / doses[j - 1]) ** part)
