"""Landmark rates and how arms were followed: what is there, and what the check refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from rascade.errors import EvidenceError
from rascade.evidence import Evidence, load
from rascade.evidence.check import check
from rascade.evidence.schema import CONDUCT

NALIRIFOX = "napoli-3.nalirifox"


def test_landmarks_of_an_arm_come_in_order(evidence: Evidence) -> None:
    found = [(one.endpoint, one.month, one.percent) for one in evidence.landmarks_of(NALIRIFOX)]
    assert found == [("PFS", 12, 27.4), ("PFS", 18, 11.4), ("OS", 12, 45.6), ("OS", 18, 26.2)]
    with pytest.raises(EvidenceError, match="no trial arm"):
        evidence.landmarks_of("napoli-3.nalirifoxx")


def test_large_trials_have_landmarks(evidence: Evidence) -> None:
    for arm in (
        "mpact.gemcitabine",
        "prodige-4-accord-11.folfirinox",
        NALIRIFOX,
        "polo.placebo",
        "rmc-gi-102-1l-pdac.daraxonrasib-300-mg",
    ):
        assert {one.endpoint for one in evidence.landmarks_of(arm)} & {"PFS", "OS"}, arm


def test_medians_and_landmarks_are_of_one_curve(evidence: Evidence) -> None:
    """More than half are free of the event before the median, fewer after it."""
    checked = 0
    for one in evidence.landmarks:
        arm = evidence.trial(one.arm_id)
        median = arm.pfs_median_months if one.endpoint == "PFS" else arm.os_median_months
        if median is not None and abs(median - one.month) > 0.5:
            assert (one.percent > 50.0) == (one.month < median), one.id
            checked += 1
    assert checked > 40


def test_how_an_arm_was_followed(evidence: Evidence) -> None:
    found = {one.field: one.value for one in evidence.conduct_of("rasolute-302.daraxonrasib")}
    assert found["scan_interval"] == "8"
    assert found["pfs_assessor"] == "BICR"
    assert {one.field for one in evidence.conduct} <= set(CONDUCT)


def test_what_was_seen_of_a_clinical_fact_is_said(evidence: Evidence) -> None:
    for fact in evidence.clinical:
        assert fact.note.startswith("seen: "), fact.id
        assert ("recalled" in fact.note.split(";")[0]) == (fact.confidence == "recalled"), fact.id


@pytest.mark.parametrize(
    ("file", "row", "field", "value", "message"),
    [
        ("trial_landmarks.csv", f"{NALIRIFOX}:os@12", "percent", "120", "outside 0 to 100"),
        ("trial_landmarks.csv", f"{NALIRIFOX}:os@18", "percent", "35", "is below 35"),
        ("trial_landmarks.csv", f"{NALIRIFOX}:pfs@18", "percent", "40", "which is earlier"),
        ("trial_landmarks.csv", f"{NALIRIFOX}:os@18", "month", "12", "the same month"),
        (
            "trial_landmarks.csv",
            f"{NALIRIFOX}:os@12",
            "arm_id",
            "napoli-3.nalirifo",
            "did you mean",
        ),
        ("trial_landmarks.csv", f"{NALIRIFOX}:os@12", "sources", "", "without a source"),
        ("trial_conduct.csv", f"{NALIRIFOX}:data_cut", "value", "July 2022", "not a date"),
        ("trial_conduct.csv", f"{NALIRIFOX}:scan_interval", "value", "eight", "not a number"),
        ("trial_conduct.csv", f"{NALIRIFOX}:pfs_assessor", "value", "bicr", "no assessor"),
        ("trial_conduct.csv", f"{NALIRIFOX}:later_treatment", "value", "151", "cannot be"),
        ("trial_conduct.csv", f"{NALIRIFOX}:follow_up", "range", "", "say what low and high"),
    ],
)
def test_a_wrong_row_is_an_error(
    file: str, row: str, field: str, value: str, message: str, edit, folder: Path
) -> None:
    line = edit(file, row, field, value)
    found = [p for p in check(load(folder)) if p.severity == "error"]
    assert any(p.line == line and message in p.message for p in found), found
    assert {p.file for p in found} == {file}
