"""CA 19-9 and KRAS in plasma: at balance with the cells, and as a laboratory reports them."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.trial.assessment.lesions import load_measurement
from rascade.trial.assessment.markers import measured_markers

PATIENTS = np.arange(3000)
ALLELES = np.where(PATIENTS % 10 == 0, "WT", "G12D")


def values(level=1000.0, mutant=60.0, wild=3000.0):
    full = np.ones(PATIENTS.size)
    return {
        "CA19_9": full * level * 1e3,
        "ctDNA": full * mutant * 1e3,
        "KRAS_allele_fraction": full * mutant / (mutant + wild) if mutant else 0 * full,
    }


def test_some_patients_cannot_make_ca_19_9_at_any_visit() -> None:
    first = measured_markers(values(), ALLELES, 1, PATIENTS, 0)["ca19_9_u_ml"]
    later = measured_markers(values(), ALLELES, 1, PATIENTS, 5)["ca19_9_u_ml"]
    np.testing.assert_array_equal(np.isnan(first), np.isnan(later))
    share = load_measurement()["CA19_9_negative"].value
    assert np.isnan(first).mean() == pytest.approx(share, abs=0.015)
    error = load_measurement()["CA19_9_error"].value
    assert np.nanstd(np.log(first)) == pytest.approx(error, rel=0.1)
    assert np.nanmedian(first) == pytest.approx(1000.0, rel=0.01)


def test_wild_type_tumours_have_no_mutant_kras_to_find() -> None:
    fraction = measured_markers(values(), ALLELES, 1, PATIENTS, 0)["kras_maf_pct"]
    np.testing.assert_array_equal(np.isnan(fraction), ALLELES == "WT")
    assert np.nanmedian(fraction) == pytest.approx(100 * 60 / 3060, rel=0.02)
    # 240 molecules in the tube: their count varies by a fifteenth.
    assert np.nanstd(fraction) / np.nanmean(fraction) == pytest.approx(240**-0.5, rel=0.1)


@pytest.mark.parametrize("mutant", [0.0, 1.0])
def test_what_is_below_the_limit_is_not_detected(mutant) -> None:
    fraction = measured_markers(values(mutant=mutant), ALLELES, 1, PATIENTS, 0)["kras_maf_pct"]
    assert (fraction[ALLELES != "WT"] == 0).all()


def test_the_model_has_them_at_balance_with_the_cells() -> None:
    from rascade.engine import Settings
    from rascade.model import assemble, load_table
    from rascade.patients import draw_cohort, steady_state

    assembly = assemble(("daraxonrasib",), table=load_table())
    patients = np.arange(120)
    cohort = draw_cohort(assembly, seed=1, patients=patients)
    start = steady_state(assembly, cohort.population, Settings())
    cells, first = start.value("cells_total"), cohort.population.parameters["CA19_9_start"]
    np.testing.assert_allclose(start.value("CA19_9"), first * 1e3, rtol=1e-3)
    fraction = start.value("KRAS_allele_fraction")
    # Sugimori 2020 (PMID 31746520) found 0.1 to 31.7 % in liver or lung metastases.
    assert 0.005 < np.median(fraction) < 0.06
    assert 0.5 < np.mean((fraction > 0.001) & (fraction < 0.317)) <= 1.0
    # 24 weeks without treatment: cells grow, and both markers with them.
    before = {name: start.value(name) for name in ("CA19_9", "ctDNA")}
    later = start.advance(24 * 168.0, np.array([24 * 168.0]), ("CA19_9", "ctDNA", "cells_total"))
    grown = later["cells_total"][:, -1] / cells
    np.testing.assert_allclose(later["CA19_9"][:, -1] / before["CA19_9"], grown, rtol=1e-3)
    assert np.median(later["ctDNA"][:, -1] / before["ctDNA"]) > 1.5
