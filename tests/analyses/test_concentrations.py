"""Concentrations as they are written, and grids of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rascade.bench.concentrations import concentration_text, log_grid, nanomolar
from rascade.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100 nM", 100.0),
        ("0.5uM", 500.0),
        ("1 µM", 1000.0),
        ("2 μM", 2000.0),
        ("1e-3 mM", 1000.0),
        ("50 pM", 0.05),
        ("0 nM", 0.0),
        ("10 NM", 10.0),
    ],
)
def test_molar(text: str, value: float) -> None:
    assert nanomolar(text) == pytest.approx(value)


def test_mass_needs_the_weight() -> None:
    assert nanomolar("500 ng/mL", 500.0) == pytest.approx(1000.0)
    with pytest.raises(InputError, match="molecular weight is not known"):
        nanomolar("500 ng/mL")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("100", "100 has no unit; write 100 nM"),
        (100, "100 has no unit"),
        ("-5 nM", "negative"),
        ("5 nm2", "not a unit of concentration"),
        ("5 mg/kg", "not a unit of concentration"),
        ("nM", "not a concentration"),
        ("", "not a concentration"),
        (None, "expected a concentration"),
        (True, "expected a concentration"),
        ("1 M", "more than 10 mM"),
        ("5 MM", "not a unit"),
    ],
)
def test_wrong(text: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        nanomolar(text, 500.0)
    assert says in str(caught.value)


def test_grid_is_even_on_a_log_scale_and_ends_where_it_should() -> None:
    grid = log_grid(0.1, 1e4, 11)
    assert (grid[0], grid[-1], len(grid)) == (0.1, 1e4, 11)
    steps = np.diff(np.log10(grid))
    assert np.allclose(steps, 0.5, atol=1e-5)
    for wrong in ((0, 1, 5), (2, 1, 5), (1, 2, 1), (1, 2, 1000)):
        with pytest.raises(InputError):
            log_grid(*wrong)


@pytest.mark.parametrize("value", [0.05, 0.5, 100.0, 1500.0, 2e6])
def test_text_reads_back(value: float) -> None:
    assert math.isclose(nanomolar(concentration_text(value)), value)
