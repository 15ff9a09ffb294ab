"""How cancer cells escape: adaptation to MEK inhibitors, and twins that T cells do not see."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rest import settle
from scipy.integrate import solve_ivp

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
    assert "adapted_sensitive" not in assemble([drug], setting="culture").system.observables
    assert "adapted_sensitive" not in assemble(["daraxonrasib"]).system.observables


def test_adaptation_follows_its_equation_and_stays_a_share() -> None:
    patient = under_trametinib()
    days = np.array([10.0, 40.0, 90.0, 180.0, 365.0, 2000.0])
    before = patient.value("adapted_sensitive")[0]
    occupancy = patient.value("MEK_occupancy_sensitive")[0]
    found = patient.advance(days[-1] * DAY, days * DAY, ("adapted_sensitive",)).values[0, :, 0]
    table = assemble(["trametinib"]).table
    division, gain, cost, power = (
        table[name].value
        for name in ("k_division", "adaptation_gain", "adaptation_cost", "hill_overshoot")
    )

    def slope(_: float, a: np.ndarray) -> np.ndarray:
        loss = cost * (1 - occupancy) ** power * a
        return division * (gain * occupancy - loss) * (1 - a)

    expected = solve_ivp(slope, (0.0, days[-1]), [0.0], t_eval=days, rtol=1e-10, atol=1e-12).y[0]
    assert before == 0.0 and 0.3 < occupancy < 0.99
    assert_allclose(found[:3], expected[:3], rtol=0.02)  # the drug in the tumour follows perfusion
    assert (np.diff(found) >= 0).all() and found[-1] <= 1.0 + 1e-9


def test_adapted_cells_have_more_erk_under_the_drug_and_die_when_mek_is_free() -> None:
    plain = under_trametinib(adaptation_gain=0.0)
    adapting = under_trametinib()
    for patient in (plain, adapting):
        patient.advance(200 * DAY)
    assert plain.value("adapted_sensitive")[0] == 0.0
    assert adapting.value("ERK_tumour")[0] > 1.2 * plain.value("ERK_tumour")[0]
    before = adapting.value("overshoot_kill_sensitive")[0]
    adapting.set_parameters({"affinity_trametinib": 0.0})  # as if it were washed out at once
    share = adapting.value("adapted_sensitive")[0]
    assert adapting.value("overshoot_kill_sensitive")[0] > 3 * before
    adapting.advance(260 * DAY)
    assert adapting.value("adapted_sensitive")[0] < share


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
