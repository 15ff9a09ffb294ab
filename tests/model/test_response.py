"""How tumours answer treatment: speed and depth, cytotoxics, new lesions, markers, death."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Settings
from rascade.model import assemble, load_table
from rascade.patients import line_values, settled_cohort
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

DARAXONRASIB = "daraxonrasib 300 mg PO QD"
GEMCITABINE = "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D"
DOUBLET = f"{GEMCITABINE} + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D"
FOLFIRINOX = (
    "oxaliplatin 85 mg/m2 IV Q2W + irinotecan 180 mg/m2 IV Q2W + folinic acid 400 mg/m2 IV Q2W + "
    "fluorouracil 400 mg/m2 IV Q2W + fluorouracil 2400 mg/m2 IV Q2W over 46 h"
)
MUTANT = ("kras_allele != 'WT'",)


def course(
    regimen: str,
    outputs: Sequence[str],
    days: Sequence[float] | NDArray[np.float64],
    *,
    size: int = 1,
    line: int = 2,
    parameters: Mapping[str, float] | None = None,
    include: Sequence[str] = (),
    rtol: float = 1e-4,
) -> dict[str, NDArray[np.float64]]:
    """Return outputs of drawn patients on these days, each (size, days)."""
    plan = parse(regimen)
    table = load_table().with_values({**line_values(line), **(parameters or {})})
    assembly = assemble(plan.drugs, table=table, include=include)
    cohort, simulation = settled_cohort(
        assembly,
        seed=5,
        patients=np.arange(size),
        eligibility=MUTANT,
        settings=Settings(rtol=rtol),
    )
    hours = np.asarray(days) * 24.0
    last = int(np.ceil(max(days)))
    simulation.set_doses(engine_doses(assembly, plan, cohort.population.profiles, last))
    segment = simulation.advance(float(hours[-1]), hours, tuple(outputs))
    assert not simulation.failures()
    return {name: np.asarray(segment[name]) for name in outputs}


@pytest.fixture(scope="module")
def block() -> dict[str, NDArray[np.float64]]:
    """Sixty patients of a second line under a RAS(ON) inhibitor, weekly to week 24."""
    wanted = ("relative_size", "KRAS_allele_fraction", "CA19_9", "wasting", "new_lesion_hazard")
    return course(DARAXONRASIB, wanted, np.arange(0.0, 169.0, 7.0) + 0.001, size=60)


def test_most_responses_are_there_by_the_second_scan(block) -> None:
    """RASolute 302 scans every 8 weeks; sotorasib's responses came after 1.5 months."""
    shrunk = block["relative_size"][:, 8::8] <= 0.7
    responses, by_second = shrunk.any(axis=1), shrunk[:, :2].any(axis=1)
    assert 0.15 < responses.mean() < 0.55
    assert by_second.sum() >= 0.7 * responses.sum()
    assert shrunk[:, 0].any()


def test_depth_runs_from_nothing_to_two_thirds(block) -> None:
    best = block["relative_size"].min(axis=1) - 1
    assert best.min() < -0.6
    assert np.quantile(best, 0.8) > -0.15


def test_tumour_dna_falls_in_nearly_all_by_the_second_cycle_and_by_half_in_most(block) -> None:
    """All of 44 under daraxonrasib; by more than half in 86 % under zoldonrasib."""
    fraction = block["KRAS_allele_fraction"] / block["KRAS_allele_fraction"][:, :1]
    assert (fraction[:, 3] < 1).mean() > 0.9
    assert (fraction[:, 6] < 0.5).mean() > 0.5


def test_ca_19_9_halves_in_some_and_not_in_all(block) -> None:
    """29 % under liposomal irinotecan with fluorouracil, 45 % before surgery."""
    lowest = (block["CA19_9"] / block["CA19_9"][:, :1]).min(axis=1)
    assert 0.2 < (lowest < 0.5).mean() < 0.8


def test_chemotherapy_does_not_raise_tumour_dna_above_the_cells() -> None:
    wanted = ("ctDNA", "cells_total", "relative_size")
    found = course(DOUBLET, wanted, [0.001, 42.0], size=12)
    dna, cells = (found[name][:, 1] / found[name][:, 0] for name in ("ctDNA", "cells_total"))
    assert (dna <= 1.2 * cells).all()
    shrunk = found["relative_size"][:, 1] < 0.9
    assert shrunk.any()
    assert (dna[shrunk] < 0.8).all()


def kill(regimen: str, **parameters: float) -> float:
    """Return the log-kill per cell at full cycling that a regimen has given by week 16."""
    days = np.arange(0.25, 112.0, 0.25)
    found = course(regimen, ["cytotoxic_kill"], days, parameters=parameters)
    return float(found["cytotoxic_kill"].sum() * 6.0)


@pytest.fixture(scope="module")
def gemcitabine() -> float:
    return kill(GEMCITABINE)


def test_twice_the_kill_of_a_drug_is_twice_its_log_kill(gemcitabine) -> None:
    """One adaptation to all drugs held each regimen to the same log-kill."""
    twice = load_table()["gemcitabine.k_kill"].value * 2
    assert kill(GEMCITABINE, **{"gemcitabine.k_kill": twice}) == pytest.approx(
        2 * gemcitabine, rel=1e-3
    )


def test_gemcitabine_has_lost_half_of_its_effect_by_the_sixth_cycle() -> None:
    """57 % in a fit of tumour sizes of 285 patients; what is left holds some tumours longer."""
    lost = course(GEMCITABINE, ["adaptation_gemcitabine"], [154.0], size=12)
    assert 0.45 < np.median(lost["adaptation_gemcitabine"]) < 0.7


def test_regimens_give_as_much_as_their_drugs_together(gemcitabine) -> None:
    without = kill(DOUBLET, **{"gemcitabine.k_kill": 0.0})
    assert kill(DOUBLET) == pytest.approx(gemcitabine + without, rel=0.01)
    assert kill(FOLFIRINOX) > kill(DOUBLET) > 1.8 * gemcitabine


def test_a_clone_takes_its_part_of_the_kill() -> None:
    wanted = ["drug_kill_sensitive"]
    drugged = course(GEMCITABINE, wanted, [1.0 / 24, 0.1])
    spared = course(GEMCITABINE, wanted, [1.0 / 24, 0.1], parameters={"cytotoxic_sensitivity": 0.0})
    untreated = course("none", wanted, [1.0 / 24, 0.1])
    name = wanted[0]
    assert (drugged[name] > 1.5 * untreated[name]).all()
    np.testing.assert_allclose(spared[name], untreated[name], rtol=1e-3)


@pytest.mark.parametrize("regimen", [DARAXONRASIB, "none"])
def test_growth_of_the_volume_is_its_derivative(regimen) -> None:
    """Whatever holds cells must say what it adds and loses, or new lesions are wrong."""
    days = np.linspace(20.0, 24.0, 385)
    found = course(
        regimen,
        ("volume_growth", "tumour_volume"),
        days,
        include=("b2m_loss", "mesothelin_loss"),
        parameters={"b2m_null_fraction": 0.05, "mesothelin_null_fraction": 0.1},
        rtol=1e-8,
    )
    slope = np.gradient(np.log(found["tumour_volume"][0]), days * 24.0)
    np.testing.assert_allclose(slope[2:-2], found["volume_growth"][0][2:-2], rtol=0.01, atol=2e-7)


def test_new_lesions_follow_growth(block) -> None:
    """Tumours that shrink get few; those that grow, about one for each e-fold."""
    untreated = course("none", ("relative_size", "new_lesion_hazard"), [84.0], size=8)
    growth = 3 * np.log(untreated["relative_size"][:, 0])
    hazard = untreated["new_lesion_hazard"][:, 0]
    assert np.corrcoef(growth, hazard)[0, 1] > 0
    assert 0.3 < np.median(hazard / growth) < 3
    assert np.median(block["new_lesion_hazard"][:, 12]) < 0.3 * np.median(hazard)


def test_blocking_kras_spares_from_wasting_as_far_as_the_hypothesis_goes(block) -> None:
    np.testing.assert_allclose(block["wasting"][:, 0], 1.0, atol=0.02)
    assert np.median(block["wasting"][:, 8]) < 0.7
    none = course(DARAXONRASIB, ["wasting"], [14.0], parameters={"wasting_KRAS": 0.0})
    assert none["wasting"][0, 0] == pytest.approx(1.0)
