"""What the line of treatment changes."""

import pytest

from rascade.model import load_table
from rascade.patients import TABLE_LINE, known_lines, line_values
from rascade.patients.lines import load_lines
from rascade.regimen import parse
from rascade.trial.conduct.run import arm_assembly
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec


def trial(line: int, **parameters: float) -> TrialSpec:
    return TrialSpec(
        "lines",
        1,
        CohortSpec("PDAC", "metastatic", line, 2),
        (ArmSpec("untreated", parse("none")),),
        parameters=parameters,
    )


@pytest.mark.parametrize("item", load_lines(), ids=lambda i: f"{i.line}-{i.row}")
def test_every_factor_is_of_a_known_row_and_stays_in_its_range(item) -> None:
    row = load_table()[item.row]
    assert row.low <= row.value * item.factor <= row.high
    assert item.line != TABLE_LINE


def test_the_table_is_that_of_the_second_line() -> None:
    assert line_values(TABLE_LINE) == {}
    assert known_lines() == (1, 2, 3)
    assert line_values(7) == line_values(3)


def test_the_line_of_a_trial_changes_its_patients() -> None:
    rate = {
        line: arm_assembly(trial(line), trial(line).arms[0]).values["new_lesions_per_growth"]
        for line in (1, 2, 3)
    }
    assert rate[1] < rate[2] < rate[3]


def test_what_a_study_sets_has_the_last_word() -> None:
    spec = trial(1, k_death=0.005)
    assert arm_assembly(spec, spec.arms[0]).table["k_death"].value == 0.005
