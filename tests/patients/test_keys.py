import numpy as np

from rascade.random_streams import exponential, normal, uniform, uniform_rows


def test_a_draw_depends_on_seed_stream_patient_and_attempt_only() -> None:
    few, many = np.arange(5), np.arange(1000)
    np.testing.assert_array_equal(uniform(1, "a", few), uniform(1, "a", many)[:5])
    np.testing.assert_array_equal(uniform(1, "a", many[::-1]), uniform(1, "a", many)[::-1])
    base = uniform(1, "a", many)
    for other in (uniform(2, "a", many), uniform(1, "b", many), uniform(1, "a", many, 1)):
        assert np.corrcoef(base, other)[0, 1] < 0.1
        assert not np.any(base == other)


def test_far_patients_are_reached_without_the_near_ones() -> None:
    digest_stream = np.arange(10_000)
    alone = uniform(1, "a", np.array([9_999, 4_096, 4_095]))
    np.testing.assert_array_equal(alone, uniform(1, "a", digest_stream)[[9_999, 4_096, 4_095]])
    assert 0.0 < uniform(1, "a", np.array([10**12]))[0] < 1.0


def test_distributions_are_what_they_are_called() -> None:
    from scipy.stats import kstest

    many = np.arange(20_000)
    assert kstest(uniform(3, "u", many), "uniform").pvalue > 0.001
    assert kstest(normal(3, "n", many), "norm").pvalue > 0.001
    assert kstest(exponential(3, "e", many), "expon").pvalue > 0.001
    assert uniform(3, "u", np.empty(0, dtype=np.int64)).size == 0


def test_rows_are_the_streams_of_their_attempts():
    rows = uniform_rows(5, "replicate", np.array([0, 7, 12]), 4500)
    for row, attempt in zip(rows, (0, 7, 12), strict=True):
        assert (row == uniform(5, "replicate", np.arange(4500), attempt)).all()
    assert (uniform_rows(5, "replicate", np.array([7]), 10)[0] == rows[1][:10]).all()
