"""Information of data and prior: limits that must hold, and a model whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rascade.analyses.identifiability.fisher import clusters, fisher, prior_sd, strongest
from rascade.analyses.identifiability.profile import STEPS, chosen, profiles
from rascade.engine import read_sbml, sensitivities
from rascade.errors import InputError
from rascade.model import Parameter, load_table


def row(value: float, low: float, high: float) -> Parameter:
    return Parameter("x", value, "nM", low, high, "fixed", 0.0, "", "prior: x", "assumed", "x")


def test_the_prior_is_the_plausible_range() -> None:
    z = 1.959963984540054
    assert prior_sd(row(1.0, 0.1, 10.0)) == pytest.approx(math.log(100) / (2 * z))
    assert prior_sd(row(0.5, 0.0, 1.0)) == pytest.approx(math.log(2) / z)
    assert prior_sd(row(1.0, 1.0, 1.0)) == 0
    assert prior_sd(row(1.0, 0.0, 1.0)) == 0


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_what_no_read_out_depends_on_keeps_exactly_its_prior(random) -> None:
    slopes = random.normal(size=(12, 6))
    slopes[:, [1, 4]] = 0.0
    found = fisher(slopes, np.full(12, 0.2), random.uniform(0.2, 2.0, 6))
    assert found.variance[1] == 1.0 and found.variance[4] == 1.0
    assert found.alone[1] == 1.0
    assert (found.variance[[0, 2, 3, 5]] < 1).all()
    assert (found.covariance[1, [0, 2, 3, 4, 5]] == 0).all()
    assert (found.eigenvalues[-2:] == 0).all()


def test_it_is_the_inverse_and_what_is_known_alone_is_less(random) -> None:
    slopes, errors = random.normal(size=(9, 5)), random.uniform(0.1, 0.5, 9)
    priors = random.uniform(0.2, 2.0, 5)
    found = fisher(slopes, errors, priors)
    precision = np.diag(priors**-2) + (slopes / errors[:, None] ** 2).T @ slopes
    expected = np.linalg.inv(precision) / np.outer(priors, priors)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-9, atol=1e-12)
    assert (found.alone <= found.variance + 1e-12).all()
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(5), atol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_one_more_read_out_never_raises_a_variance(seed: int) -> None:
    random = np.random.default_rng(seed)
    slopes = random.normal(size=(10, 7)) * random.choice([0.0, 1.0, 10.0], size=(10, 7))
    errors, priors = random.uniform(0.05, 1.0, 10), random.uniform(0.1, 3.0, 7)
    before = np.ones(7)
    for n in range(1, 11):
        now = fisher(slopes[:n], errors[:n], priors).variance
        assert (now <= before * (1 + 1e-9)).all()
        before = now


SUM_OF_RATES = """
model decay
  x' = -(k1 + k2)*x; x = A
  k1 = 0.3; k2 = 0.3; A = 5
end
"""


def test_a_sum_of_rates_is_known_and_the_difference_is_not() -> None:
    """x = A exp(-(k1 + k2) t): A and k1 + k2 are identified, k1 - k2 is exactly at its prior."""
    import antimony

    antimony.clearPreviousLoads()
    assert antimony.loadString(SUM_OF_RATES) != -1
    system = read_sbml(antimony.getSBMLString("decay"))
    names = ["A", "k1", "k2"]
    times = np.array([0.5, 1.0, 2.0, 4.0])
    run = sensitivities(system, names, times=times, outputs=["x"], backend="reference")
    size = np.array([5.0, 0.3, 0.3])
    slopes = run.gradients[0, :, 0, :] * size / run.values[0]
    exact = np.column_stack([np.ones(4), -0.3 * times, -0.3 * times])
    np.testing.assert_allclose(slopes, exact, rtol=1e-5)
    found = fisher(exact, np.full(4, 0.05), np.ones(3))
    assert found.identified == 2
    np.testing.assert_allclose(
        np.abs(found.directions[:, 2]), [0, math.sqrt(0.5), math.sqrt(0.5)], atol=1e-9
    )
    assert found.directions[1, 2] * found.directions[2, 2] < 0
    assert found.eigenvalues[2] < 1e-9 * found.eigenvalues[0]
    # Of k1 and k2 only the sum is known: the variance of each is half the prior's, tied at -1.
    sloppy = fisher(1e4 * exact, np.full(4, 0.05), np.ones(3))
    np.testing.assert_allclose(sloppy.variance[1:], 0.5, rtol=1e-6)
    assert sloppy.correlation[1, 2] == pytest.approx(-1.0, abs=1e-6)
    assert clusters(sloppy.correlation, 0.9) == [[1, 2]]
    assert strongest(sloppy.correlation, 0.9) == [(1, 2)]


def test_profiles_of_a_linear_model_are_parabolas(random) -> None:
    slopes, errors = random.normal(size=(9, 4)), np.full(9, 0.3)
    found = fisher(slopes, errors, np.ones(4))
    drawn = profiles(found, [0, 2], lambda x: slopes @ x, errors)
    for profile in drawn:
        np.testing.assert_allclose(profile.misfit, np.square(STEPS), rtol=1e-9)


def test_profiles_find_their_way_back_to_the_fit(random) -> None:
    """A bent model: where the straight path misses, steps must lower the misfit, not raise it."""
    slopes, errors = random.normal(size=(9, 4)), np.full(9, 0.3)
    found = fisher(slopes, errors, np.ones(4))

    def bent(x):
        return slopes @ (x + 0.15 * x**2)

    (profile,) = profiles(found, [1], bent, errors)
    start = found.covariance[:, [1]] / math.sqrt(found.variance[1]) * np.array(STEPS)
    straight = (((bent(start)) / errors[:, None]) ** 2).sum(axis=0) + (start**2).sum(axis=0)
    assert (profile.misfit <= straight + 1e-9).all()
    assert (profile.misfit < 0.999 * straight).any()


def test_chosen_are_the_best_known_and_the_best_hidden() -> None:
    exact = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
    found = fisher(exact, np.array([0.1, 0.1]), np.ones(4))
    assert chosen(found, 2)[0] == 0 and chosen(found, 2)[1] in (1, 2)
    assert chosen(found, 0) == []


def test_wrong_shapes_and_numbers_are_told() -> None:
    with pytest.raises(InputError, match="slopes of shape"):
        fisher(np.ones((2, 2)), np.ones(3), np.ones(2))
    with pytest.raises(InputError, match="above 0"):
        fisher(np.ones((2, 2)), np.zeros(2), np.ones(2))


def test_priors_of_the_package_are_finite() -> None:
    values = [prior_sd(r) for r in load_table().values()]
    assert np.isfinite(values).all() and min(values) >= 0
