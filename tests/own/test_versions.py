"""Two versions of an own drug in one process are two drugs, and other drugs change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import rascade as rc
from rascade.model.own import check_own_drug
from rascade.own_drugs import forget, own_drugs, use
from rascade.studies.files.trial_plan import to_plan
from rascade.trial.design.models import arm_assembly
from rascade.trial.design.plan_text import plan_text
from rascade.trial.design.spec import TrialSpec
from rascade.trial.running import jobs
from rascade.trial.running.inputs import inputs_hash, plan_inputs

ROW = "mysorasib.kinact_over_KI"


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    for name in list(own_drugs()):
        forget(name)


def potency(value: float, name: str = "mysorasib") -> None:
    number = {"value": value, "unit": "1/(M*s)", "source": "assumed: a test"}
    use(
        check_own_drug(
            {"name": name, "like": "sotorasib", "numbers": {"kinact_over_KI": number}}, "t"
        )
    )


def plan_of(drug: str) -> TrialSpec:
    orders = {"a": f"{drug} 960 mg PO QD"}
    return to_plan(rc.Trial(orders, rc.Cohort(size=2), population="table").study)


def rate(plan: TrialSpec) -> float:
    return arm_assembly(plan, plan.arms[0]).table[ROW].value


def test_a_drug_that_comes_after_a_trial_is_known() -> None:
    known = plan_of("sotorasib")
    arm_assembly(known, known.arms[0])  # makes and keeps the table of the population
    potency(20_000)
    assert rate(plan_of("mysorasib")) == 20_000


def test_a_drug_that_changes_is_another() -> None:
    for value in (20_000, 40_000, 20_000):
        potency(value)
        assert rate(plan_of("mysorasib")) == value


def test_a_job_has_the_drug_of_its_own_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker does jobs of two plans in turn, whose drugs have one name."""
    texts = []
    for value in (20_000, 40_000):
        potency(value)
        texts.append(plan_text(plan_of("mysorasib")))
    forget("mysorasib")
    found = [rate(jobs._known_plan(texts[n])) for n in (0, 1, 0, 1)]
    assert found == [20_000, 40_000, 20_000, 40_000]


def test_other_own_drugs_change_nothing_of_a_trial() -> None:
    """Else a drug that is kept would throw stored patients of every other trial away."""
    before = inputs_hash(plan_inputs(plan_of("sotorasib")))
    potency(20_000)
    assert inputs_hash(plan_inputs(plan_of("sotorasib"))) == before
    own = inputs_hash(plan_inputs(plan_of("mysorasib")))
    potency(10, "otherasib")
    assert inputs_hash(plan_inputs(plan_of("mysorasib"))) == own
    potency(30_000)
    assert inputs_hash(plan_inputs(plan_of("mysorasib"))) != own


@pytest.mark.slow
def test_processes_see_the_drug() -> None:
    from concurrent.futures import ProcessPoolExecutor

    potency(20_000)
    potency(10, "otherasib")
    trial = rc.Trial(
        {"a": "mysorasib 960 mg PO QD"},
        rc.Cohort(size=2, eligibility="kras_allele == 'G12C'"),
        follow_up_months=1,
        population="table",
    )
    here = trial.run(progress=False).table("lesions")
    with ProcessPoolExecutor(1) as pool:
        there = trial.run(executor=pool, progress=False).table("lesions")
    assert here.equals(there)
