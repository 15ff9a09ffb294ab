import numpy as np

from rascade.trial.lesions import draw_lesions, load_measurement, measured_diameters

PATIENTS = np.arange(2000)
SUMS = np.linspace(15.0, 200.0, PATIENTS.size)


def test_lesions_share_the_sum_and_are_measurable() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    assert lesions.count.min() == 1 and lesions.count.max() == 5
    assert np.nanmin(lesions.baseline_mm) >= 10.0
    assert (np.isfinite(lesions.baseline_mm).sum(axis=1) == lesions.count).all()
    large = SUMS > 100.0  # where no lesion had to be raised to 10 mm
    np.testing.assert_allclose(np.nansum(lesions.baseline_mm, axis=1)[large], SUMS[large])


def test_lesions_follow_the_tumour_each_in_its_way() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    same = lesions.true_diameters(np.ones(PATIENTS.size))
    np.testing.assert_array_equal(same, lesions.baseline_mm)
    half = lesions.true_diameters(np.full(PATIENTS.size, 0.5)) / lesions.baseline_mm
    assert np.nanmedian(half) == np.float64(np.nanmedian(half)) and 0.45 < np.nanmedian(half) < 0.55
    assert np.nanstd(half) > 0.05


def test_measurement_error_has_the_size_of_the_table_and_differs_by_visit() -> None:
    true = np.full((PATIENTS.size, 5), 80.0)
    first = measured_diameters(true, 1, PATIENTS, 1)
    error = load_measurement()["measurement_error"].value
    assert abs(first.std() / 80.0 - error) < 0.1 * error
    assert (first == np.round(first)).all()
    assert not np.array_equal(first, measured_diameters(true, 1, PATIENTS, 2))
    np.testing.assert_array_equal(first[:7], measured_diameters(true[:7], 1, PATIENTS[:7], 1))
