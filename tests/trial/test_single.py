import numpy as np
import pytest

from rascade.errors import InputError
from rascade.patients import load_properties
from rascade.regimen import parse
from rascade.trial.conduct.single import simulate_patient

NONE = parse("none")


def simulate(**known):
    return simulate_patient(NONE, days=1, seed=4, backend="compiled", **known)


def test_what_is_given_is_kept_and_reaches_what_is_drawn() -> None:
    bodies = {}
    for sex in ("female", "male"):
        patient = simulate(profile={"sex": sex, "kras_allele": "G12D"}).info["patient"]
        assert (patient["sex"], patient["kras_allele"]) == (sex, "G12D")
        rows = load_properties()["height_cm"].rows[sex]
        assert float(rows["low"]) <= patient["height_cm"] <= float(rows["high"])
        assert patient["body_surface_m2"] == pytest.approx(
            np.sqrt(patient["weight_kg"] * patient["height_cm"] / 3600)
        )
        bodies[sex] = patient
    # The same random numbers, so the same place in each sex's distribution.
    assert bodies["male"]["height_cm"] > bodies["female"]["height_cm"] + 8
    assert bodies["male"]["weight_kg"] > bodies["female"]["weight_kg"]


def test_a_patient_whose_tumour_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"no plausible patient .* k_division: 0.*20 to 977 days"):
        simulate(parameters={"k_division": 0.0})


def test_a_value_outside_its_plausible_range_is_told() -> None:
    course = simulate(parameters={"KRAS_share": 0.9})
    assert course.info["parameters"]["KRAS_share"] == 0.9
    assert course.info["warnings"] == [
        "KRAS_share = 0.9 fraction is outside its plausible range, 0.15 to 0.6"
    ]
    assert simulate(parameters={"KRAS_share": 0.4}).info["warnings"] == []


def test_compartments_are_no_results() -> None:
    course = simulate()
    assert not {"body", "cell", "tumour_mass", "tumour_tissue"} & set(course.info["columns"])
    assert {"day", *course.info["columns"]} == set(course.trajectory.columns)
    assert "pERK_sensitive" in course.info["columns"]
