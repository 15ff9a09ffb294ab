"""Sensitivity measures on functions whose indices are known."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.statistics.sensitivity import (
    latin_hypercube,
    morris_design,
    morris_effects,
    partial_ranks,
    sobol_design,
    sobol_indices,
)


def test_morris_of_a_line_is_its_slope_and_of_a_product_is_spread() -> None:
    design = morris_design(4, 20, 3)
    assert design.shape == (100, 4) and design.min() >= 0 and design.max() <= 1
    outputs = 3 * design[:, 0] - 2 * design[:, 1] + design[:, 2] * design[:, 3]
    size, mean, sigma = morris_effects(design, outputs, 1)
    assert mean[:2] == pytest.approx([3, -2]) and size.value[:2] == pytest.approx([3, 2])
    assert sigma[:2] == pytest.approx([0, 0], abs=1e-9) and (sigma[2:] > 0.2).all()
    assert (size.low90 <= size.value + 1e-12).all() and (size.high90 >= size.value - 1e-12).all()


def test_sobol_of_the_ishigami_function() -> None:
    a, b = 7.0, 0.1
    design = sobol_design(3, 2048, 5)
    x = (2 * design - 1) * np.pi
    outputs = np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])
    # Published (Ishigami and Homma 1990; Saltelli 2008): variances of the parts by hand.
    pi4 = np.pi**4
    v1, v2, v13 = 0.5 * (1 + b * pi4 / 5) ** 2, a**2 / 8, 8 * b**2 * pi4**2 / 225
    total = v1 + v2 + v13
    first, whole = sobol_indices(outputs, 3)
    assert first.value == pytest.approx([v1 / total, v2 / total, 0], abs=0.03)
    assert whole.value == pytest.approx([(v1 + v13) / total, v2 / total, v13 / total], abs=0.03)
    assert (whole.low90 <= whole.value).all() and (whole.value <= whole.high90).all()


def test_partial_ranks_see_one_input_behind_another() -> None:
    x = latin_hypercube(3, 200, 1)
    for column in x.T:
        assert sorted((column * 200).astype(int)) == list(range(200))
    y = np.exp(4 * x[:, :1]) - 30 * x[:, 1:2] ** 3
    first, second, none = partial_ranks(x, y)[:, 0]
    assert first > 0.8 and second < -0.7 and abs(none) < 0.2


def test_an_output_that_nothing_moves_has_no_indices() -> None:
    first, total = sobol_indices(np.ones(8 * 4), 2)
    assert (first.value == 0).all() and (total.value == 0).all()
