"""Level, power and bookkeeping of replicate trials."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from rascade.analyses.operating.characteristics import (
    characteristics,
    describe_population,
    null_arms,
)
from rascade.analyses.operating.designs import Reestimation, Selection
from rascade.analyses.operating.enrolment import Source, enrol
from rascade.analyses.operating.population import ArmPopulation, exponential_population
from rascade.analyses.operating.power import (
    power_at,
    sample_size,
    schoenfeld_events,
    schoenfeld_power,
)
from rascade.analyses.operating.replicates import EFFICACY, FUTILITY, run_replicates
from rascade.errors import InputError
from rascade.patients import categories, eligible
from rascade.statistics.group_sequential import futility_by_conditional_power
from rascade.statistics.survival import log_rank
from rascade.trial.design.accrual import Accrual, Centre
from rascade.trial.design.randomization import Randomization

from .operating_designs import ONE_CENTRE, design, exponential, scanned

TRIALS = np.arange(2000)


def by_expression(texts, properties):
    return eligible(texts, properties, categories())


def successes(plan, arms, trials=TRIALS, seed=11, **options):
    found = run_replicates(Source(plan, arms, by_expression), seed, trials, **options)
    return int((found.reason == EFFICACY).sum()), found


def inside(count, level, n=TRIALS.size):
    """Tell whether a count lies in the binomial 99 % interval of a level."""
    low, high = binom.ppf([0.005, 0.995], n, level)
    return low <= count <= high


# -- type I error ---------------------------------------------------------------------------

THREE = (0.4, 0.7, 1.0)
UNDER_THE_NULL = {
    "fixed": design(),
    "by date": design(events=None, months=20.0),
    "three looks": design(THREE),
    "Pocock": design(THREE, "pocock"),
    "two to one": design(THREE, randomization=Randomization("blocks", (1, 2), 6)),
    "simple": design(randomization=Randomization("simple", (1, 1))),
    "dropout": design(dropout_per_year=0.3, events=100),
    "re-estimated": design((0.5, 1.0), size=140, events=100, reestimation=Reestimation()),
}


@pytest.mark.parametrize("name", UNDER_THE_NULL)
def test_type_one_error_is_the_level_with_continuous_times(name):
    plan = UNDER_THE_NULL[name]
    count, _ = successes(plan, null_arms(exponential()))
    assert inside(count, 0.025), count / TRIALS.size


@pytest.mark.parametrize("stratified", [False, True])
def test_type_one_error_is_the_level_with_scans_strata_and_centres(stratified):
    accrual = Accrual(
        (
            Centre("A", 10.0, 0.0, 3.0, {"ecog": {"0": 0.8, "1": 0.2}}),
            Centre("B", 15.0, 2.0, 0.0, {"ecog": {"0": 0.2, "1": 0.8}}),
        )
    )
    plan = design(
        THREE,
        accrual=accrual,
        randomization=Randomization("blocks", (1, 1), 4, ("ecog", "sex")),
        stratified=stratified,
    )
    control = scanned("control", 1.0)
    count, _ = successes(plan, null_arms([control, control]))
    assert inside(count, 0.025), count / TRIALS.size


def test_futility_that_is_obeyed_lowers_the_type_one_error():
    plan = design((0.5, 1.0))
    bounds = futility_by_conditional_power(plan.boundaries, 0.2)
    count, found = successes(replace(plan, boundaries=bounds), null_arms(exponential()))
    stopped = int(((found.reason == FUTILITY) & (found.look == 0)).sum())
    assert inside(stopped, bounds.stopping(0.0).lower[0])
    assert inside(count, bounds.power(0.0))


def test_the_chosen_of_several_arms_is_not_significant_too_often():
    plan = design(
        alpha=0.0125,
        arms=("control", "new", "other"),
        randomization=Randomization("blocks", (1, 1, 1), 6),
        selection=Selection(0.4),
        size=240,
    )
    arms = [*exponential(), replace(exponential()[1], name="other")]
    count, found = successes(plan, null_arms(arms))
    assert count <= binom.ppf(0.995, TRIALS.size, 0.025)
    assert inside(int((found.arm == 1).sum()), 0.5)
    few = TRIALS[:500]
    new = exponential(0.6)[1]
    chosen, found = successes(plan, [arms[0], new, replace(arms[0], name="other")], few)
    assert (found.arm == 1).mean() > 0.85 and chosen / few.size > 0.4


# -- power ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "events"), [(0.7, 200), (0.6, 120)])
def test_power_agrees_with_schoenfeld_under_proportional_hazards(ratio, events):
    count, found = successes(design(size=events + 100, events=events), exponential(ratio))
    expected = schoenfeld_power(ratio, 0.025, events)
    assert inside(count, expected), (count / TRIALS.size, expected)
    assert np.exp(np.median(found.log_hazard)) == pytest.approx(ratio, abs=0.015)
    assert (found.events == events).all() and found.complete.all()


def test_stopping_at_each_look_agrees_with_the_integration():
    plan = design(THREE)
    drift = np.sqrt(plan.events / 4) * -np.log(0.7)
    _, found = successes(plan, exponential())
    expected = plan.boundaries.stopping(drift).upper
    for look in range(3):
        count = int(((found.look == look) & (found.reason == EFFICACY)).sum())
        assert inside(count, expected[look]), (look, count / TRIALS.size, expected[look])


def test_the_size_for_a_power_is_that_of_schoenfeld():
    plan = design(size=120, events=80)
    found = sample_size(plan, exponential(), 0.8, seed=1, replicates=2000)
    needed = schoenfeld_events(0.7, 0.025, 0.8) * 120 / 80
    assert (
        found["low"] <= needed <= found["high"] and found["low"] <= found["size"] <= found["high"]
    )
    assert abs(found["power"]["value"] - 0.8) < 0.02
    assert found["schoenfeld_events"] == pytest.approx(schoenfeld_events(0.7, 0.025, 0.8), abs=2)
    none = sample_size(plan, null_arms(exponential()), 0.8, seed=1, replicates=400)
    assert none["size"] is None


def test_reestimation_raises_power_by_spending_patients():
    plan = design((0.5, 1.0), size=160, events=110)
    grows = replace(plan, reestimation=Reestimation(0.2, 0.9, 2.0))
    before, plain = successes(plan, exponential(), TRIALS[:800])
    after, found = successes(grows, exponential(), TRIALS[:800])
    assert after > before + 16
    assert found.grown.mean() > 0.1 and found.patients.max() <= grows.most
    assert (found.patients[~found.grown] <= 160).all() and (plain.patients <= 160).all()


# -- one trial by hand ----------------------------------------------------------------------


def test_a_trial_is_what_doing_it_by_hand_gives():
    arms = [scanned("control", 1.0), scanned("new", 0.6, seed=4)]
    plan = design((0.5, 1.0), size=80, events=50, dropout_per_year=0.1)
    source = Source(plan, arms)
    found = run_replicates(source, 5, np.arange(40))
    crowd = enrol(source, 5, np.arange(40))
    for r in range(40):
        due, known = np.empty(80), []
        for i in range(80):
            arm = arms[crowd.arm[r, i]]
            row = int(crowd.draw[r, i] * arm.size)  # no strata: in the order of the population
            due[i] = arm.event_day[row] if arm.event_day[row] <= crowd.lost[r, i] else np.inf
            known.append(arm.known_day[row])
        days = np.sort(crowd.entry[r] + due)[[24, 49]]
        for look, day in enumerate(days):
            watched = np.minimum(day - crowd.entry[r], crowd.lost[r])
            here = crowd.entry[r] <= day
            event = due <= watched + 1e-6
            last = [k[max(np.searchsorted(arms[0].checked, w, "right") - 1, 0)]
                    for k, w in zip(known, watched, strict=True)]  # fmt: skip
            time = np.where(event, due, last)
            test = log_rank(time[here], event[here], crowd.arm[r][here])
            z = np.sqrt(test.statistic) * np.sign(test.expected[1] - test.observed[1])
            if z >= plan.boundaries.upper[look] or look == 1:
                break
        assert found.look[r] == look and found.day[r] == pytest.approx(day)
        assert found.z[r] == pytest.approx(z) and found.patients[r] == here.sum()


def test_trials_do_not_depend_on_chunks_or_on_which_others_run():
    plan = UNDER_THE_NULL["re-estimated"]
    source = Source(plan, exponential())
    whole = run_replicates(source, 1, np.arange(60))
    parts = run_replicates(source, 1, np.arange(60), chunk=7)
    late = run_replicates(source, 1, np.arange(50, 60))
    for name in ("z", "day", "log_hazard", "patients", "reason"):
        a, b, c = (getattr(x, name) for x in (whole, parts, late))
        assert np.array_equal(a, b, equal_nan=True) and np.array_equal(a[50:], c, equal_nan=True)
    assert not np.array_equal(whole.z, run_replicates(source, 2, np.arange(60)).z)


# -- enrolment ------------------------------------------------------------------------------


def test_centres_bring_their_case_mix():
    mix = {"ecog": {"0": 0.9, "1": 0.1}, "sex": {"female": 0.7, "male": 0.3}}
    accrual = Accrual((Centre("A", 10.0, case_mix=mix), Centre("B", 10.0)))
    arms = [scanned("control", 1.0), scanned("new", 0.6, seed=4)]
    source = Source(design(accrual=accrual), arms)
    crowd = enrol(source, 1, np.arange(200))
    expected = {}
    for name, category in (("ecog", "0"), ("sex", "female")):
        pooled = np.concatenate([a.properties[name].astype(str) for a in arms])
        expected[name] = (mix[name][category] + (pooled == category).mean()) / 2
        found = (source.cells[name][crowd.cell] == category).mean()
        assert found == pytest.approx(expected[name], abs=0.01)
    for index in (0, 1):  # whoever is drawn has the properties of his cell
        rows = source.patients(crowd, np.full(crowd.arm.shape, index)) - index * arms[0].size
        own = arms[index].properties["sex"][rows]
        assert (own == source.cells["sex"][crowd.cell]).all()


def test_enrichment_takes_only_the_marked_and_enrols_as_slowly():
    arms = [scanned("control", 1.0), scanned("new", 0.6, seed=4)]
    plan = design(eligibility=("sex == 'female'",))
    source = Source(plan, arms, by_expression)
    pooled = np.concatenate([a.properties["sex"] == "female" for a in arms])
    assert source.prevalence == pytest.approx(pooled.mean())
    assert all((arm.properties["sex"] == "female").all() for arm in source.arms)
    slow = enrol(source, 1, np.arange(50)).entry[:, -1].mean()
    fast = enrol(Source(design(), arms), 1, np.arange(50)).entry[:, -1].mean()
    assert fast / slow == pytest.approx(source.prevalence)


def test_characteristics_say_what_the_trials_did():
    arms = exponential(0.6)
    found = characteristics(design(THREE), arms, seed=2, replicates=300)
    assert sum(look["effect_efficacy"] for look in found["looks"]) == pytest.approx(
        found["power"]["value"]
    )
    assert found["effect"]["events"] < found["null"]["events"] <= 130
    assert found["power"]["low"] < found["power"]["value"] < found["power"]["high"]
    low, high = (found["population_power"][k] for k in ("low", "high"))
    assert low < found["power"]["value"] < high
    assert found["type_one_error"]["high"] > 0.025
    population = describe_population(arms)
    assert population[1]["hazard_ratio"] == pytest.approx(0.6, abs=0.01)
    again = characteristics(design(THREE), arms, seed=2, replicates=300)
    assert found == again


def test_a_useless_treatment_has_its_characteristics_too():
    arms = null_arms(exponential())
    for plan in (design(), design(THREE)):
        found = characteristics(plan, [arms[0], exponential(1.3)[1]], seed=2, replicates=300)
        assert found["power"]["value"] < 0.025 < found["power"]["high"] + 0.02
        none = characteristics(plan, arms, seed=2, replicates=300)
        assert none["power"] == {**none["power"], "value": none["type_one_error"]["value"]}


def test_trials_that_run_out_of_events_are_counted():
    found = power_at(
        design(size=210, events=205, months=15.0), exponential(), seed=1, replicates=200
    )
    assert found["short_of_events"] == 1.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"events": None}, "give events or months"),
        ({"looks": (0.5, 1.0), "events": None, "months": 9.0}, "looks are at shares"),
        ({"events": 201}, "must lie between"),
        ({"reestimation": Reestimation()}, "needs one interim look"),
        ({"arms": ("control", "new", "x")}, "one for each arm"),
        ({"selection": Selection()}, "two or more new arms"),
        ({"dropout_per_year": 1.5}, "dropout_per_year"),
    ],
)
def test_designs_that_do_not_fit_are_refused(options, says):
    with pytest.raises(InputError, match=says):
        design(**options)


def test_populations_that_do_not_serve_are_refused():
    arms = [scanned("control", 1.0), scanned("new", 0.6)]
    for plan, says in (
        (design(randomization=Randomization("blocks", (1, 1), 4, ("hair",))), "no property 'hair'"),
        (design(eligibility=("ecog > 5",)), "nobody in the population meets ecog > 5"),
        (
            design(accrual=Accrual((Centre("A", 1.0, case_mix={"sex": {"other": 1.0}}),))),
            "nobody in the population has sex other",
        ),
    ):
        with pytest.raises(InputError, match=says):
            Source(plan, arms, by_expression)
    assert ONE_CENTRE.centres[0].name == "all"


# -- the population described ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "ratio"), [(240.0, 0.5002), (24.0, 0.5001), (12.0, 0.4997), (6.0, 0.502)]
)
def test_the_hazard_ratio_of_a_population_counts_the_censored_as_censored(months, ratio):
    # coxph of the same patients in R, as printed beside the case; the true ratio is 0.5.
    arms = [
        exponential_population("control", np.log(2) / 7, 500, months),
        exponential_population("new", np.log(2) / 14, 500, months),
    ]
    row = describe_population(arms)[1]
    assert row["hazard_ratio"] == pytest.approx(ratio, abs=5e-5)
    assert row["low"] < ratio < row["high"]
    assert row["events"] == int(np.isfinite(arms[1].event_day).sum())


def test_who_is_alive_at_the_end_of_a_small_population_is_no_event():
    alive = np.full(3, np.inf)
    control = ArmPopulation("c", np.array([1.0, 2.0, 3.0]), alive)
    new = ArmPopulation("n", np.array([1.5, 4.0, np.inf]), np.array([np.inf, np.inf, 10.0]))
    row = describe_population([control, new])[1]
    assert (row["hazard_ratio"], row["low"], row["high"]) == pytest.approx(
        (0.248, 0.0253, 2.4292), abs=5e-5
    )
    time, event = new.observe(np.arange(3), np.full(3, np.inf))
    assert time.tolist() == [1.5, 4.0, 10.0] and event.tolist() == [True, True, False]


def test_a_population_without_events_in_an_arm_has_no_hazard_ratio():
    nobody = ArmPopulation("n", np.full(3, np.inf), np.full(3, 10.0))
    control = ArmPopulation("c", np.array([1.0, 2.0, 3.0]), np.full(3, np.inf))
    row = describe_population([control, nobody])[1]
    assert row["hazard_ratio"] is None and row["low"] is None and row["high"] is None
