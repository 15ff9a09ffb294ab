"""Arms of one study are one model: what one arm needs of the tumour is in all of them."""

import pytest

from rascade.model import Interventions
from rascade.trial.design.models import arm_assembly
from rascade.trial.design.spec import ArmSpec
from rascade.trial.running.run import run

from . import trial_specs as specs

HYDROXYCHLOROQUINE = f"{specs.CHEMOTHERAPY} + hydroxychloroquine 600 mg PO BID"


def own_names(arm: int, *regimens: str, **more) -> set[str]:
    """Return the symbols of an arm's model that belong to no drug."""
    trial = specs.spec(*regimens, **more)
    symbols = arm_assembly(trial, trial.arms[arm]).composition.symbols
    return {name for name, (copy, _) in symbols.items() if copy.drug is None}


def test_what_one_arm_needs_of_the_tumour_is_in_all() -> None:
    arms = (specs.CHEMOTHERAPY, HYDROXYCHLOROQUINE)
    assert own_names(0, *arms) == own_names(1, *arms)
    assert "flux_sensitive" in own_names(0, *arms)
    assert "flux_sensitive" not in own_names(0, specs.CHEMOTHERAPY)
    # Not the side effects of other arms, nor their drugs.
    alone = own_names(0, specs.DARAXONRASIB, "nivolumab 240 mg IV Q2W")
    assert "b2m_null_sensitive" in alone and not any(n.startswith("colitis") for n in alone)


@pytest.mark.slow
def test_a_drug_that_does_nothing_changes_nothing() -> None:
    """The pair of arms differs in the drug alone, so without its effect they are the same."""
    idle = {"hydroxychloroquine.affinity": 0.0}
    trial = specs.spec(
        "daraxonrasib 300 mg PO QD",
        "daraxonrasib 300 mg PO QD + hydroxychloroquine 600 mg PO BID",
        size=4, months=4.0, parameters=idle, paired=True,
    )  # fmt: skip
    visits = run(trial).visits
    visits["who"] = visits["patient"] // 2  # the same patient in both arms
    sizes = visits.pivot(index=["who", "visit"], columns="arm", values="tumour_volume_ml")
    first, second = (sizes[column] for column in sizes)
    assert first.notna().sum() > 6
    assert (first / second - 1).abs().max() < 1e-3


def test_what_one_arm_asks_for_is_in_all() -> None:
    trial = specs.spec(specs.DARAXONRASIB, specs.CHEMOTHERAPY)
    asked = ArmSpec("asks", trial.arms[0].regimen, changes=Interventions(include=("muc4",)))
    trial = type(trial)(trial.name, trial.seed, trial.cohort, (asked, trial.arms[1]))
    for arm in trial.arms:
        assert "MUC4_sensitive" in arm_assembly(trial, arm).composition.symbols
