"""How cancer cells escape: adaptation to MEK inhibitors, and twins that T cells do not see."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rest import settle

from rascade.engine import Doses, Simulation
from rascade.model import assemble
from rascade.model.interventions import knockouts

DAY = 24.0
MEK_INHIBITORS = ("binimetinib", "cobimetinib", "selumetinib", "trametinib")


def under_trametinib(**values: float) -> Simulation:
    """Return one patient at rest under a plasma level that stays as it is, the tumour let go."""
    still = {"CL_trametinib": 0.0, "Q_trametinib": 0.0}
    patient = settle("trametinib", initial={"central_trametinib": 4000.0}, **still, **values)
    patient.set_parameters({"tumour_active": 1.0})
    return patient


@pytest.mark.parametrize("drug", MEK_INHIBITORS)
def test_adaptation_comes_with_a_mek_inhibitor_only(drug: str) -> None:
    assert "adapted_sensitive" in assemble([drug]).system.observables


def test_adaptation_comes_neither_with_other_drugs_nor_in_a_dish() -> None:
    assert "adapted_sensitive" not in assemble(["trametinib"], setting="culture").system.observables
    assert "adapted_sensitive" not in assemble(["daraxonrasib"]).system.observables


def test_adapted_cells_arise_from_divisions_under_the_drug() -> None:
    """Their first days: a share of the divisions of their siblings by occupancy of MEK, no more."""
    patient = under_trametinib()
    table = assemble(["trametinib"]).table
    assert patient.value("adapted_sensitive")[0] == 0.0
    occupancy = patient.value("MEK_occupancy_sensitive")[0]
    divisions = patient.value("division_sensitive")[0]
    patient.advance(1.0)
    signal = patient.value("adaptation_signal_sensitive")[0]
    expected = table["adaptation_gain"].value * occupancy * signal * divisions
    assert 0.3 < signal < 1.0
    assert 0.3 < occupancy < 0.99
    assert_allclose(patient.value("adapted_cells_sensitive")[0], expected, rtol=0.02)


def test_the_drug_selects_adapted_cells_and_they_stay_a_share() -> None:
    patient = under_trametinib()
    days = np.array([30.0, 90.0, 180.0, 365.0, 1000.0])
    found = patient.advance(days[-1] * DAY, days * DAY, ("adapted_sensitive",)).values[0, :, 0]
    assert (np.diff(found) > 0).all() and 0.5 < found[-1] <= 1.0


def test_adapted_cells_have_more_erk_under_the_drug_and_die_when_mek_is_free() -> None:
    plain = under_trametinib(adaptation_gain=0.0)
    adapting = under_trametinib()
    for patient in (plain, adapting):
        patient.advance(200 * DAY)
    assert plain.value("adapted_sensitive")[0] == 0.0
    assert adapting.value("ERK_tumour")[0] > 1.1 * plain.value("ERK_tumour")[0]
    assert adapting.value("adapted_ERK_sensitive")[0] > 1.3 * plain.value("ERK_active_sensitive")[0]
    before = adapting.value("overshoot_sensitive")[0]
    adapting.set_parameters({"affinity_trametinib": 0.0})  # as if it were washed out at once
    share = adapting.value("adapted_sensitive")[0]
    adapting.advance(201 * DAY)
    assert adapting.value("overshoot_sensitive")[0] > 3 * before
    adapting.advance(260 * DAY)
    assert adapting.value("adapted_sensitive")[0] < 0.8 * share


@pytest.mark.parametrize(
    ("drug", "binds"),
    [("daraxonrasib", "affinity_daraxonrasib"), ("BI-3406", "KD_SOS1_BI_3406")],
    ids=["RAS(ON)", "SOS1"],
)
def test_a_block_of_ras_or_its_exchange_reaches_adapted_cells(drug: str, binds: str) -> None:
    """Their RAF needs RAS-GTP: with the second drug they have less ERK than without it."""
    body = {"gut_daraxonrasib": 400_000.0} if drug == "daraxonrasib" else {"gut_BI_3406": 1e6}
    still = {"CL_trametinib": 0.0, "Q_trametinib": 0.0, f"CL_{drug.replace('-', '_')}": 0.0}
    patient = settle(
        "trametinib", drug, n=2, initial={"central_trametinib": 4000.0, **body}, **still,
        **{binds: [0.0, 1.0] if binds.startswith("affinity") else [1e9, 0.94]},
    )  # fmt: skip
    alone, both = patient.value("adapted_ERK_sensitive")
    assert both < 0.8 * alone


def test_the_knock_out_is_a_tumour_that_does_not_adapt() -> None:
    knockout = knockouts()["MEK adaptation"]
    assert (knockout.row, knockout.value) == ("adaptation_gain", 0.0)


def test_without_a_therapy_that_tells_them_apart_twins_keep_their_share() -> None:
    """Like their siblings they rest, divide and die, with a drug on the tumour cell or without."""
    drugs = ("CARTmeso", "KRAS G12D TCR-T", "daraxonrasib")
    blind = {"k_CD8_kill": 0.0, "k_resistance": 0.0, "b2m_null_fraction": 0.01}
    patients = settle(*drugs, n=2, **blind)
    patients.set_parameters({"tumour_active": 1.0})
    days = np.arange(168.0)
    second = np.ones(len(days), dtype=np.int64)
    patients.set_doses(Doses(second, days * DAY, "gut_daraxonrasib", 370_000.0))  # 300 mg
    pools = (
        ("cells_sensitive", "tolerant_sensitive"),
        ("b2m_null_sensitive", "b2m_tolerant_sensitive"),
    )

    def sizes() -> np.ndarray:
        return np.array([[patients.value(name) for name in pair] for pair in pools])

    start, lost = sizes(), patients.value("mesothelin_lost_sensitive")
    patients.advance(168 * DAY)
    end = sizes()
    assert (end[0, 1] > 0.01 * end[0, 0]).all()  # there are tolerant cells to speak of
    assert end[0, 0, 1] < 0.5 * end[0, 0, 0]  # and the drug worked
    assert_allclose(end[1, 0] / start[1, 0], end[0, 0] / start[0, 0], rtol=1e-3)
    assert_allclose(end[1, 1] / start[1, 0], end[0, 1] / start[0, 0], rtol=0.02)
    # Without CAR-T cells the share of cells without mesothelin stays as it was.
    assert_allclose(patients.value("mesothelin_lost_sensitive"), lost, rtol=1e-12)
