"""One runner: the dish of a claim or fact and that of a study file are the same dish."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.bench.cells import Cells
from rascade.bench.questions.courses import run_courses
from rascade.bench.questions.effects import effect_of_courses
from rascade.bench.questions.schema import ExperimentTable
from rascade.bench.run import run_experiment
from rascade.bench.spec import ExperimentSpec, Exposure, Treatment
from rascade.model import load_table

HOURS = (1.0, 4.0, 8.0)


def of_record(wash: float) -> np.ndarray:
    given = {
        "id": "x", "title": "x", "kind": "dish", "hours": [*HOURS],
        "conditions": {
            "mek": {"allele": "G12D", "drugs": {"trametinib": 10}, "wash": wash},
            "none": {"allele": "G12D"},
        },
        "checks": [
            {"claim": "S1", "reading": "right", "what": "x", "effect": "x", "low": 0, "source": "x"}
        ],
    }  # fmt: skip
    courses = run_courses(
        ExperimentTable.model_validate(given).record(), load_table(), draws=0, seed=0
    )
    return np.array(
        [
            effect_of_courses(f"at(pERK, mek, {hour:g}) / at(pERK, none, {hour:g})", courses)[0]
            for hour in HOURS
        ]
    )


def of_study(wash: float) -> np.ndarray:
    treatment = Treatment(exposures=(Exposure("trametinib", 10.0, 0.0, wash),))
    spec = ExperimentSpec(
        name="x", design="wash-out", cells=(Cells("G12D", "G12D"),), treatments=(treatment,),
        readouts=("pERK",), hours=HOURS, draws=0,
    )  # fmt: skip
    return run_experiment(spec).relative[1, 0, :, 0]


@pytest.mark.parametrize("wash", [4.0, float("inf")])
def test_a_record_and_a_study_file_give_the_same_dish(wash: float) -> None:
    record, study = of_record(wash), of_study(wash)
    assert record == pytest.approx(study, rel=2e-3)
    assert record[1] < 0.5


def test_a_wash_is_seen_after_its_hour_and_not_before() -> None:
    kept, washed = of_record(float("inf")), of_record(4.0)
    assert washed[:2] == pytest.approx(kept[:2], rel=1e-3)
    assert washed[2] > 1.2 * kept[2]
