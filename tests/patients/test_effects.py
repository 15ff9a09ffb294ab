"""What genes of a patient's tumour do to the disease."""

import numpy as np
import pytest

from rascade.model import assemble, load_table
from rascade.patients import Given, draw_cohort
from rascade.patients.population import engine_parameters, load_effects
from rascade.patients.properties import load_properties


@pytest.mark.parametrize("effect", load_effects(), ids=lambda e: f"{e.property}-{e.row}")
def test_every_effect_is_of_a_property_on_a_row(effect) -> None:
    assert effect.property in load_properties()
    assert effect.row in load_table()
    assert effect.factor >= 0 and effect.factor != 1


def test_msi_high_multiplies_what_was_drawn() -> None:
    assembly = assemble()
    values = {}
    for unstable in (False, True):
        given = Given({"msi_high": unstable})
        cohort = draw_cohort(assembly, seed=1, patients=np.arange(3), given=given)
        drawn = cohort.population.parameters["TMB"]
        values[unstable] = engine_parameters(assembly, cohort.population)["TMB"] / drawn
    np.testing.assert_allclose(values[False], 1.0)
    np.testing.assert_allclose(values[True], 22.0)
