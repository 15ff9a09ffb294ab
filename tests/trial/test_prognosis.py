"""Prognostic factors in a simulated trial: subgroups die as published."""

import numpy as np
import pytest

from rascade.statistics.survival import cox_hazard_ratio
from rascade.trial.running.run import run

from . import trial_specs as specs


@pytest.fixture(scope="module")
def people():
    return run(specs.spec("gemcitabine 1000 mg/m2 IV D1,8,15 Q28D", size=400)).patients


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ecog", "liver_metastases"])
def test_subgroups_die_as_published(people, name) -> None:
    """Within the interval that NAPOLI-1 leaves: see patients/data/prognosis.csv."""
    worse = people[name].to_numpy(bool)
    died = people["os_event"].to_numpy(bool)
    found = cox_hazard_ratio(people["os_months"].to_numpy(float), died, worse).hazard_ratio
    assert died.mean() > 0.7
    assert np.exp(0.087) < found.estimate < np.exp(0.743)


def test_the_table_of_patients_holds_them() -> None:
    found = run(specs.spec("gemcitabine 1000 mg/m2 IV D1,8,15 Q28D", size=3, months=2.0)).patients
    assert {"albumin_g_l", "nlr", "liver_metastases", "age_years", "ecog"} <= set(found)
    assert found["albumin_g_l"].between(25, 50).all() and found["liver_metastases"].dtype == bool
