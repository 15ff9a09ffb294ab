"""Null models of synergy: closed forms, each model's own null, and the PyPI library `synergy`."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.statistics.dose_response import four_parameters
from rascade.statistics.musyc import fit_musyc, musyc_surface
from rascade.statistics.synergy import (
    DoseMatrix,
    bliss_excess,
    combination_index,
    hsa_excess,
    isobole,
    loewe,
    single_fits,
    zip_excess,
)

A = np.append(0.0, np.logspace(-1, 3, 9))
B = np.append(0.0, np.logspace(0, 4, 9))
MUSYC = {"effects": (1.0, 0.4, 0.5, 0.1), "hill": (1.2, 0.9), "ec50": (20.0, 300.0)}


def _hill(dose: np.ndarray, ec50: float, hill: float, emax: float = 0.0) -> np.ndarray:
    return four_parameters(dose, 1.0, emax, ec50, hill)


def _bliss(power: float = 1.0) -> DoseMatrix:
    product = _hill(A, 20.0, 1.4)[:, None] * _hill(B, 300.0, 0.8)[None, :]
    y = product.copy()
    y[1:, 1:] **= power
    return DoseMatrix(A, B, y)


def _surface(alpha: tuple[float, float]) -> DoseMatrix:
    return DoseMatrix(A, B, musyc_surface(A[:, None], B[None, :], alpha=alpha, **MUSYC))


def test_a_drug_with_itself_is_loewe_additive() -> None:
    matrix = DoseMatrix(A, A, _hill(A[:, None] + A[None, :], 20.0, 1.4, 0.1))
    found = loewe(matrix)
    assert found is not None
    assert np.abs(found.excess).max() < 1e-8
    index = found.index[np.isfinite(found.index)]
    assert index.size > 40
    assert np.abs(index - 1.0).max() < 1e-6
    # Steeper than 1, a sham pair is no Bliss pair: that is what Loewe is for.
    assert np.abs(bliss_excess(matrix)).max() > 0.05


def test_a_diluted_drug_with_itself_is_loewe_additive_and_its_isobole_straight() -> None:
    matrix = DoseMatrix(A, B, _hill(A[:, None] + B[None, :] / 15.0, 20.0, 1.0))
    found = loewe(matrix)
    assert found is not None
    assert np.abs(found.excess).max() < 1e-6
    line = isobole(matrix, single_fits(matrix))
    assert line is not None
    assert line.alone == pytest.approx((20.0, 300.0), rel=1e-4)
    share = line.points[:, 0] / line.alone[0] + line.points[:, 1] / line.alone[1]
    assert np.abs(share - 1.0).max() < 0.15  # interpolated between doses a factor of 3 apart


def test_independent_drugs_have_no_bliss_and_no_zip_excess() -> None:
    assert np.abs(bliss_excess(_bliss())).max() < 1e-12
    assert np.abs(zip_excess(_bliss())).max() < 1e-5
    fit = fit_musyc(_bliss())
    assert fit is not None
    assert np.log10(fit.alpha) == pytest.approx((0.0, 0.0), abs=1e-2)
    assert fit.beta == pytest.approx(0.0, abs=1e-2)


def test_signs() -> None:
    more, less = _bliss(1.5), _bliss(0.6)
    for excess in (bliss_excess, zip_excess):
        assert excess(more).mean() > 0.01
        assert excess(less).mean() < -0.01
    assert np.nanmedian(combination_index(more)) < np.nanmedian(combination_index(_bliss()))
    assert np.nanmedian(combination_index(less)) > np.nanmedian(combination_index(_bliss()))


def test_hsa_by_hand() -> None:
    y = np.array([[1.0, 0.8], [0.6, 0.5]])
    matrix = DoseMatrix(np.array([0.0, 1.0]), np.array([0.0, 2.0]), y)
    assert hsa_excess(matrix) == pytest.approx(np.array([[0.1]]))
    assert bliss_excess(matrix) == pytest.approx(np.array([[0.48 - 0.5]]))


def test_an_index_by_hand() -> None:
    # Hill slope 1, EC50 10 and 100: response 1/3 needs 20 or 200 alone.
    y = _hill(A, 10.0, 1.0)[:, None] * np.ones(B.size)
    y[0] = _hill(B, 100.0, 1.0)
    i, j = 5, 5
    y[i, j] = 1 / 3
    index = combination_index(DoseMatrix(A, B, y))
    assert index[i - 1, j - 1] == pytest.approx(A[i] / 20.0 + B[j] / 200.0, rel=1e-4)


def test_a_drug_that_does_nothing() -> None:
    y = np.broadcast_to(_hill(A, 20.0, 1.4)[:, None], (A.size, B.size)).copy()
    matrix = DoseMatrix(A, B, y)
    found = loewe(matrix)
    assert found is not None
    assert np.abs(found.excess).max() < 1e-6
    assert fit_musyc(matrix) is None
    nothing = DoseMatrix(A, B, np.ones((A.size, B.size)))
    assert loewe(nothing) is None
    assert np.isnan(combination_index(nothing)).all()
    assert isobole(nothing, single_fits(nothing)) is None


def test_musyc_limits_are_those_of_the_paper() -> None:
    kwargs = {**MUSYC, "alpha": (8.0, 2.0)}
    big = 1e12
    assert musyc_surface(big, big, **kwargs) == pytest.approx(0.1, abs=1e-6)
    assert musyc_surface(big, 0.0, **kwargs) == pytest.approx(0.4, abs=1e-6)
    assert musyc_surface(0.0, big, **kwargs) == pytest.approx(0.5, abs=1e-6)
    alone = musyc_surface(A, 0.0, **kwargs)
    assert alone == pytest.approx(_hill(A, 20.0, 1.2, 0.4))
    # Without interaction the drugs occupy the cell independently of each other.
    share_a, share_b = 1 - _hill(A, 20.0, 1.2)[:, None], 1 - _hill(B, 300.0, 0.9)[None, :]
    mean = (
        (1 - share_a) * (1 - share_b)
        + 0.4 * share_a * (1 - share_b)
        + 0.5 * (1 - share_a) * share_b
        + 0.1 * share_a * share_b
    )
    assert musyc_surface(A[:, None], B[None, :], **MUSYC) == pytest.approx(mean)


@pytest.mark.parametrize("alpha", [(8.0, 2.0), (0.2, 1.0), (1.0, 1.0)])
def test_musyc_finds_what_made_the_data(alpha: tuple[float, float]) -> None:
    fit = fit_musyc(_surface(alpha))
    assert fit is not None
    assert fit.alpha == pytest.approx(alpha, rel=1e-3)
    assert fit.effects == pytest.approx(MUSYC["effects"], abs=1e-4)
    assert fit.ec50 == pytest.approx(MUSYC["ec50"], rel=1e-3)
    assert fit.beta == pytest.approx(0.5, abs=1e-3)  # (0.4 - 0.1) / (1 - 0.4)
    assert fit.response(A[:, None], B[None, :]) == pytest.approx(_surface(alpha).response, abs=1e-6)


def test_against_the_library_synergy() -> None:
    """Numbers of `synergy` 1.0.0 (PyPI, not a dependency: GPL) on the same surface."""
    matrix, every = _surface((8.0, 2.0)), (slice(None, None, 3),) * 2
    bliss = [[0.000, 0.000, 0.001], [0.002, 0.026, 0.055], [0.010, 0.124, 0.153]]
    hsa = [[0.001, 0.001, 0.002], [0.004, 0.081, 0.092], [0.012, 0.152, 0.331]]
    potency = [[0.000, 0.000, 0.001], [0.002, 0.025, 0.055], [0.010, 0.124, 0.153]]
    index = [[1.031, 1.001, 0.983], [0.963, 0.729, 0.239]]
    assert bliss_excess(matrix)[every] == pytest.approx(np.array(bliss), abs=6e-4)
    assert hsa_excess(matrix)[every] == pytest.approx(np.array(hsa), abs=6e-4)
    assert zip_excess(matrix)[every] == pytest.approx(np.array(potency), abs=1.2e-3)
    found = combination_index(matrix)[every][:2]
    seen = np.isfinite(found)
    assert seen.sum() >= 4
    assert found[seen] == pytest.approx(np.array(index)[seen], abs=2e-3)
    # The library, given this surface, finds alpha12 = 8.000 and alpha21 = 2.000 as well.


def test_a_matrix_must_be_one() -> None:
    with pytest.raises(InputError, match="shape"):
        DoseMatrix(A, B, np.ones((2, 2)))
    with pytest.raises(InputError, match="start at 0"):
        DoseMatrix(A[1:], B, np.ones((9, 10)))


def test_where_the_pair_says_nothing_of_a_factor_its_limits_are_open() -> None:
    # The second drug alone does all there is to do, so that what it does to the first is not seen.
    doses = np.array([0.0, 1.0, 10.0, 100.0, 1000.0])
    effects, hill, ec50 = (1.0, 0.0, 0.0, 0.0), (1.0, 1.0), (10.0, 10.0)
    surface = musyc_surface(
        doses[:, None], doses[None, :], effects=effects, hill=hill, ec50=ec50, alpha=(1e6, 1e6)
    )
    fit = fit_musyc(DoseMatrix(doses, doses, surface))
    assert fit is not None
    for alpha, (low, high) in zip(fit.alpha, fit.log10_alpha_ci, strict=True):
        at_bound = abs(abs(np.log10(alpha)) - 4.0) < 1e-5
        assert not at_bound or (np.isinf(low) and np.isinf(high))
    assert any(np.isinf(limits).all() for limits in fit.log10_alpha_ci)
