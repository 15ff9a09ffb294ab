"""The disease model is solvable wherever its table allows, and beyond.

Every formula that once left its domain has a patient here who brings it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import qmc

from rascade.engine import Doses, Simulation
from rascade.model import assemble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rascade.model import Assembly

# Drugs that bring every formula of a patient that was mended: place, nmol, hours between doses.
DRUGS = {
    "daraxonrasib": ("gut", 3.7e5, 24.0),
    "pembrolizumab": ("central", 1360.0, 504.0),
    "everolimus": ("gut", 1.04e4, 24.0),
    "gemcitabine": ("central", 6.8e6, 168.0),
    "irinotecan": ("central", 5.5e5, 336.0),
    "trametinib": ("gut", 3.2e3, 24.0),
    "hydroxychloroquine": ("gut", 1.8e6, 12.0),
    "MUC4 shRNA": ("central", 1.0e3, 336.0),
}
DAYS = 42
MANY = 24  # as many as fill the lanes of the machine code, so that it is made once


@pytest.fixture(scope="module")
def made() -> Assembly:
    """One model for all, since making it takes longer than solving it."""
    return assemble(list(DRUGS))


def doses_of(made: Assembly, *names: str) -> Doses:
    """The doses of some of its drugs, the same for every patient."""
    return Doses.concat(
        [
            Doses(
                None,
                np.arange(0.0, DAYS * 24.0, DRUGS[name][2]),
                f"{DRUGS[name][0]}_{made.drug(name).identifier}",
                DRUGS[name][1],
            )
            for name in names
        ]
    )


def unsolved(made: Assembly, patients: Mapping[str, np.ndarray], *, rest: bool = True) -> list[str]:
    """Bring patients to rest (if wanted), treat, and say who was not solved."""
    n = len(next(iter(patients.values())))
    start = -350 * 24.0 if rest else 0.0
    switched = {**patients, "tumour_active": np.zeros(n)} if rest else dict(patients)
    sim = Simulation(made.system, patients=n, parameters=switched, start=start)
    sim.advance(0.0)
    if rest:
        sim.set_parameters({"tumour_active": 1.0})
    sim.set_doses(doses_of(made, *DRUGS))
    sim.advance(DAYS * 24.0)
    return [str(failure) for failure in sim.failures()]


@pytest.mark.parametrize("cv", [0.01, 0.2, 0.6])
def test_every_parameter_varied_at_once(made: Assembly, cv: float) -> None:
    rng, sigma = np.random.default_rng(60), np.sqrt(np.log1p(cv**2))
    patients = {
        name: value * np.exp(rng.normal(0.0, sigma, MANY))
        for name, value in made.system.defaults.items()
        if np.isfinite(value) and value != 0
    }
    # Without rest, as in the benchmarks, where the switch of rest varies like all else.
    assert not unsolved(made, patients, rest=False)


@pytest.mark.parametrize("where", ["corners", "between"])
def test_the_whole_range_of_the_table(made: Assembly, where: str) -> None:
    rows = {i: row for i, row in made.composition.parameters.items() if i != "tumour_active"}
    place = qmc.LatinHypercube(len(rows), seed=60).random(MANY).T
    if where == "corners":
        place = np.round(place)
    patients = {}
    for (name, row), share in zip(rows.items(), place, strict=True):
        low, high = (made.scale(name) * x for x in (made.table[row].low, made.table[row].high))
        patients[name] = low + share * (high - low)
    assert not unsolved(made, patients)


# What no single share above one, no sum of shares above one and no exponent may do: name -> value.
BEYOND = {
    "a share of KRAS above one": {"KRAS_share": 1.4},
    "a share of growth above one": {"growth_mTORC1": 2.5},
    "a share of PD-1 above one": {"PD1_reference": 1.0},
    "antibodies that reach more than all": {"antibody_reach": 1.8},
    "killing that needs more than all ERK": {"killing_needs_ERK": 2.5, "priming_needs_ERK": 2.5},
    "sources of cytokines that add up to more than all": {
        "IL6_M2": 3.0, "VEGF_M2": 3.0, "macrophage_level": 0.0, "TGFb_Treg": 3.0, "Treg_level": 0.0,
    },
    "polarisation that adds up to more than all": {
        "M2_exosome": 0.6, "M2_IL6": 0.6, "M2_IL10": 0.6, "TGFb_level": 8.0,
    },
    "Treg and TGF-beta that drive each other": {
        "TGFb_level": 8.0, "TGFb_Treg": 0.4, "Treg_TGFb": 0.6, "Treg_level": 8.0,
    },
    "helpers that turn faster than they die": {
        "k_Th_Treg": 0.1 / 24, "k_Th_death": 0.03 / 24, "TGFb_level": 0.0,
    },
    "a tumour that vanishes": {"k_loss": 2.0, "k_tolerance": 0.0},
    "a switch that is not quite one": {"tumour_active": 1.01},
}  # fmt: skip


def test_beyond_the_table(made: Assembly) -> None:
    doses = doses_of(made, "daraxonrasib", "pembrolizumab")
    names = sorted({name for case in BEYOND.values() for name in case})
    patients = {
        name: np.array([case.get(name, made.system.defaults[name]) for case in BEYOND.values()])
        for name in names
    }
    sim = Simulation(made.system, patients=len(BEYOND), parameters=patients, doses=doses)
    sim.advance(DAYS * 24.0)
    assert [list(BEYOND)[failure.patient] for failure in sim.failures()] == []
    for name in ("IFNg", "IL6", "TGFb", "VEGF", "polarisation", "Treg_drive", "cycling_sensitive"):
        assert (sim.value(name) > -1e-9).all(), name
    assert (sim.value("PD1_signal") <= 1).all()
    assert (sim.value("PD1_occupancy") <= 1).all()
    assert (sim.value("Treg") < 1e5).all()
    assert (sim.value("Th") < 20).all()


def test_marrow_survives_kill_above_proliferation(made: Assembly) -> None:
    weekly = Doses(None, np.arange(12) * 168.0, "central_gemcitabine", 2e8)
    patients = {"gamma_neutrophil": np.linspace(0.1, 0.3, MANY), "MTT_neutrophil": 60.0}
    sim = Simulation(made.system, patients=MANY, parameters=patients, doses=weekly)
    sim.advance(12 * 168.0)
    assert not sim.failures()
    assert (sim.value("neutrophils_relative") > 0).all()
    sim.set_doses(Doses.empty())
    sim.advance(200 * 24.0)
    assert (sim.value("neutrophils_relative") > 0.5).all(), "what was spared grows again"


def test_loss_of_erk_has_no_noise_where_nothing_is_lost(made: Assembly) -> None:
    # ERK has not been learnt yet: what is there is a hundred times the usual.
    sim = Simulation(made.system, patients=MANY)
    sim.set_state("ERK_usual_normal", np.full(MANY, 1e-6))
    sim.advance(48.0)
    lost, edge = sim.value("ERK_lost_normal")[0], made.values["loss_edge"]
    change = sim.value("ERK_change_normal")[0]
    assert change < -1e3
    assert lost == pytest.approx(edge**2 / (4 * -change), rel=1e-6, abs=0)


def test_no_more_ligand_is_bound_than_there_is(made: Assembly) -> None:
    tiny = {"KD_PD1_PDL1": 1e-14, "KD_PD1_PDL2": 1e-14, "PD1_density": 25.0, "PDL1_density": 25.0}
    sim = Simulation(made.system, patients=MANY, parameters=tiny)
    bound = sim.value("PD1_PDL1")[0]
    assert 0 < bound <= 25.0
    assert 0 <= sim.value("PD1_PDL2")[0] <= 25.0 - bound + 1e-12
    sim.advance(24.0)
    assert not sim.failures()
