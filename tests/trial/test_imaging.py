"""Scans of virtual patients: the rules of RECIST act on nodes, non-targets and new lesions."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.trial.assessment.imaging import MAX_NEW_LESIONS, Imaging, lesion_names
from rascade.trial.assessment.irecist import IResponse
from rascade.trial.assessment.lesions import load_measurement
from rascade.trial.assessment.response import NonTarget, Response

PATIENTS = np.arange(1500)
SUMS = np.full(PATIENTS.size, 70.0)
ALL = np.ones(PATIENTS.size, dtype=bool)
NONE = np.zeros(PATIENTS.size)


def imaging(seed: int = 4) -> Imaging:
    return Imaging(seed, PATIENTS, SUMS)


def test_a_tumour_that_does_not_change_is_stable() -> None:
    scan = imaging().read(np.ones(PATIENTS.size), NONE, 1, ALL)
    stable = scan.reading.overall[scan.done] == Response.SD
    assert stable.mean() > 0.97
    assert not scan.new_lesion.any() and np.isnan(scan.new_mm).all()


def test_a_tumour_that_vanishes_is_a_complete_response_although_nodes_stay() -> None:
    images = imaging()
    scan = images.read(np.full(PATIENTS.size, 1e-9), NONE, 1, ALL)
    whole = scan.done & scan.reading.complete
    assert (scan.reading.overall[whole] == Response.CR).all()
    node = images.lesions.is_node[:, :5] & np.isfinite(images.lesions.baseline_mm[:, :5])
    sized = scan.lesion_mm[:, :5][node & whole[:, None]]
    assert sized.size > 50 and sized.min() >= 4 and sized.max() < 10, "nodes are measured, normal"


def test_growth_is_progression_of_targets_and_often_of_non_targets() -> None:
    scan = imaging().read(np.full(PATIENTS.size, 1.6), NONE, 1, ALL)
    read = scan.done & scan.reading.complete
    assert (scan.reading.overall[read] == Response.PD).mean() > 0.98
    has = scan.non_target != NonTarget.NONE
    assert (scan.non_target[has & scan.done] == NonTarget.PD).mean() > 0.6


def test_non_targets_alone_can_be_progression() -> None:
    images, alone = imaging(), 0
    for visit, size in enumerate((0.9, 1.0, 1.1, 1.15), start=1):
        scan = images.read(np.full(PATIENTS.size, size), NONE, visit, ALL)
        only = (scan.non_target == NonTarget.PD) & (scan.reading.target == Response.SD)
        assert (scan.reading.overall[only] == Response.PD).all()
        alone += int(only.sum())
    assert alone > 0


def test_missed_scans_and_unread_targets_are_not_evaluable() -> None:
    scan = imaging().read(np.ones(PATIENTS.size), NONE, 1, ALL)
    missed = load_measurement()["scan_missed"].value
    assert abs((~scan.done).mean() - missed) < 0.012
    assert (scan.reading.overall[~scan.done] == Response.NE).all()
    assert (scan.immune[~scan.done] == IResponse.NE).all()
    assert np.isnan(scan.lesion_mm[~scan.done]).all()
    unread = scan.done & ~scan.reading.complete
    assert 0 < unread.sum() < 60
    assert (scan.reading.overall[unread] == Response.NE).all()


def test_who_is_not_there_is_not_read() -> None:
    scan = imaging().read(np.ones(PATIENTS.size), NONE, 1, PATIENTS < 10)
    assert not scan.done[10:].any() and np.isnan(scan.true_sum_mm[10:]).all()


def test_new_lesions_come_with_the_hazard_stay_and_follow_the_tumour() -> None:
    images = imaging()
    first = images.read(np.ones(PATIENTS.size), np.full(PATIENTS.size, 0.7), 1, ALL)
    share = first.new_lesion[first.done].mean()
    assert share == pytest.approx(1 - np.exp(-0.7), abs=0.04)
    assert (first.reading.overall[first.new_lesion] == Response.PD).all()
    assert (first.immune[first.new_lesion] == IResponse.IUPD).all()
    later = images.read(np.full(PATIENTS.size, 2.0), np.full(PATIENTS.size, 3.0), 2, ALL)
    both = first.new_lesion & later.done
    assert later.new_lesion[both].all()
    assert (later.immune[both] == IResponse.ICPD).all(), "grown, and more of them"
    start = load_measurement()["new_lesion_start"].value
    assert np.nanmedian(first.new_mm) == pytest.approx(start, abs=1)
    assert np.nanmedian(later.new_mm[both, 0]) == pytest.approx(2 * start, abs=1.5)
    assert np.isfinite(later.new_mm).sum(axis=1).max() == MAX_NEW_LESIONS


def test_a_scan_does_not_depend_on_who_else_is_scanned() -> None:
    size = np.exp(0.3 * np.sin(PATIENTS))
    hazard = 0.2 + 0.1 * np.cos(PATIENTS)
    whole = imaging().read(size, hazard, 1, ALL)
    few = PATIENTS[7:40]
    part = Imaging(4, few, SUMS[few]).read(size[few], hazard[few], 1, ALL[few])
    np.testing.assert_array_equal(part.lesion_mm, whole.lesion_mm[few])
    np.testing.assert_array_equal(part.new_mm, whole.new_mm[few])
    np.testing.assert_array_equal(part.reading.overall, whole.reading.overall[few])


def test_every_place_for_a_lesion_has_a_name() -> None:
    names = lesion_names()
    scan = imaging().read(np.ones(PATIENTS.size), NONE, 1, ALL)
    assert len(names) == scan.lesion_mm.shape[1] + scan.new_mm.shape[1] == len(set(names))


def test_a_reader_who_errs_more_reads_less_alike() -> None:
    usual = imaging()
    poor = Imaging(4, PATIENTS, SUMS, np.full(PATIENTS.size, 0.15))
    true = usual.lesions.baseline_mm[:, 0]
    spread = [np.std(np.log(images.baseline_mm[:, 0] / true)) for images in (usual, poor)]
    error = load_measurement()["measurement_error"].value
    assert spread == pytest.approx([error, 0.15], rel=0.1)
