"""What-if in study files and on the command line."""

import pytest

from rascade.errors import InputError, StudyFileError
from rascade.studies import loads
from rascade.studies.files.interventions import read_interventions
from rascade.studies.files.trial_plan import to_plan

STUDY = """\
kind: trial
name: What if
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 2}
seed: 5
arms:
  - {name: intact, regimen: none}
  - {name: changed, regimen: none, knockout: [mdsc], set: {stroma_density: 0.3}, include: [muc4]}
imaging_every_weeks: 8
follow_up_months: 3
parameters: {stroma_density: 0.6}
knockout: [IL6]
"""


def test_an_arm_has_the_last_word() -> None:
    spec = to_plan(loads(STUDY, "s.yaml"))
    intact, changed = (spec.changes_of(arm) for arm in spec.arms)
    assert intact.parameters == {"IL6_level": 0.0, "stroma_density": 0.6}
    assert changed.parameters == {"IL6_level": 0.0, "MDSC_level": 0.0, "stroma_density": 0.3}
    assert changed.include == ("muc4",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[mdsc]", "[MDCS]", r"s\.yaml:7: .*did you mean 'MDSC'"),
        ("stroma_density: 0.3", "stroma: 0.3", r"s\.yaml:7: .*no parameter 'stroma'"),
        ("[muc4]", "[muc5]", r"s\.yaml:7: .*did you mean 'muc4'"),
        ("knockout: [IL6]", "knockout: IL6", r"s\.yaml:11: knockout"),
    ],
)
def test_what_can_be_wrong(old: str, new: str, says: str) -> None:
    from rascade.studies.files.load import model_checks

    with pytest.raises(StudyFileError, match=says):
        loads(STUDY.replace(old, new), "s.yaml", model_checks())


def test_words_of_a_command_line() -> None:
    assert read_interventions() is None
    found = read_interventions(["MDSC"], ["stroma_density=0.3"], ["autophagy"])
    assert found is not None
    assert found.parameters == {"MDSC_level": 0.0, "stroma_density": 0.3}
    for word in ("stroma_density", "=1", "stroma_density=nan", "stroma_density=thin"):
        with pytest.raises(InputError, match="expected NAME=VALUE"):
            read_interventions(set_to=[word])
