"""One patient and experiments from Python."""

from __future__ import annotations

import pytest

import rascade as rc
from rascade.errors import InputError, RegimenError


def test_one_patient_is_a_data_set_with_units() -> None:
    course = rc.simulate("sotorasib 960 mg PO QD", days=1, patient={"kras_allele": "G12C"})
    assert course["sum_of_diameters"].dims == ("day",)
    assert course["sum_of_diameters"].attrs["units"] == "mm"
    assert float(course["day"][-1]) == 1.0
    assert "Research use only" in course.attrs["research_use"]


@pytest.mark.parametrize("days", [0, 4000, 1.5])
def test_days_out_of_range(days: float) -> None:
    with pytest.raises(InputError, match="days: "):
        rc.simulate("none", days=days)  # type: ignore[arg-type]


def test_orders_that_cannot_be_read() -> None:
    with pytest.raises(RegimenError):
        rc.simulate("sotorasib 960 mg")


def test_an_experiment_runs_in_memory() -> None:
    made = rc.Experiment(
        name="MEK inhibitor",
        design="time-course",
        cells=[{"name": "AsPC-1"}],
        treatments=[{"drug": "trametinib", "concentration": "30 nM"}],
        readouts=["pERK"],
        hours=[0, 4],
    )
    assert repr(made) == "Experiment('MEK inhibitor', time-course, seed 1)"
    result = made.run(draws=0, progress=False)
    assert result.folder is None and len(result.table) >= 2


def test_a_wrong_experiment_names_what_is_wrong() -> None:
    with pytest.raises(InputError, match="Experiment: design: "):
        rc.Experiment(name="x", design="dose-respons", cells=[{"name": "AsPC-1"}])
