import numpy as np

from rascade.trial.assessment.lesions import draw_lesions, load_measurement, measured_diameters
from rascade.trial.assessment.response import select_targets

PATIENTS = np.arange(2000)
SUMS = np.linspace(15.0, 200.0, PATIENTS.size)


def test_lesions_share_the_sum_and_are_measurable() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    assert lesions.count.min() == 1 and lesions.count.max() == 5
    targets, node = lesions.baseline_mm[:, :5], lesions.is_node[:, :5]
    assert np.nanmin(targets) >= 10.0 and np.nanmin(targets[node]) >= 15.0
    assert (np.isfinite(targets).sum(axis=1) == lesions.count).all()
    large = SUMS > 100.0  # where no lesion had to be raised to 10 mm
    np.testing.assert_allclose(np.nansum(targets, axis=1)[large], SUMS[large])


def test_no_organ_has_more_than_two_targets_and_select_targets_takes_them_all() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    targets = lesions.baseline_mm[:, :5]
    chosen = select_targets(targets, lesions.organ[:, :5], lesions.is_node[:, :5])
    np.testing.assert_array_equal(chosen, np.isfinite(targets))
    assert (lesions.organ[:, 0] == 0).all()
    assert 0.03 < lesions.is_node[:, 1:5][np.isfinite(targets[:, 1:])].mean() < 0.2


def test_non_targets_are_those_that_cannot_be_targets() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    others, node = lesions.baseline_mm[:, 5:], lesions.is_node[:, 5:]
    assert set(lesions.non_target_count) == {0, 1, 2, 3}
    assert np.nanmax(others[~node]) < 10.0 and np.nanmin(others[~node]) >= 5.0
    assert np.nanmax(others[node]) < 15.0 and np.nanmin(others[node]) >= 10.0


def test_a_node_whose_tumour_is_gone_is_a_normal_node() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    gone = lesions.true_diameters(np.full(PATIENTS.size, 1e-15))
    there = np.isfinite(lesions.baseline_mm)
    normal = load_measurement()["normal_node"].value
    np.testing.assert_allclose(gone[there & lesions.is_node], normal, atol=1e-3)
    assert gone[there & ~lesions.is_node].max() < 0.1


def test_lesions_follow_the_tumour_each_in_its_way() -> None:
    lesions = draw_lesions(1, PATIENTS, SUMS)
    same = lesions.true_diameters(np.ones(PATIENTS.size))
    np.testing.assert_array_equal(same, lesions.baseline_mm)
    half = lesions.true_diameters(np.full(PATIENTS.size, 0.5)) / lesions.baseline_mm
    half = np.where(lesions.is_node, np.nan, half)
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
