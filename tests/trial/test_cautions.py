"""Warnings of what is far from anything known: one place, every verb."""

import re

import pytest

from rascade.evidence import load
from rascade.model import Interventions, known_drugs, load_table
from rascade.regimen import parse
from rascade.regimen.words import ROUTES
from rascade.trial.design.cautions import (
    dose_ranges,
    parameter_cautions,
    regimen_cautions,
    trial_cautions,
)
from rascade.trial.design.selection import dropped_selection
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec

FOLFIRINOX_FU = "fluorouracil 400 mg/m2 IV bolus Q2W + fluorouracil 2400 mg/m2 IV over 46 h Q2W"

BOLUS = "fluorouracil 500 mg/m2 IV bolus Q2W"

QUIET = [
    FOLFIRINOX_FU,
    "none",
    "daraxonrasib 300 mg PO QD",
    "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D",
    "gemcitabine 1000 mg/m2 IV QW x7 + gemcitabine 1000 mg/m2 IV D1,8,15 Q28D from day 57",
    "adagrasib 600 mg PO BID 5 days on 2 days off",
    "pembrolizumab 200 mg IV Q3W over 30 min for 12 weeks",
    "nivolumab 1 mg/kg IV Q3W x4 + nivolumab 3 mg/kg IV Q2W from day 85",
    "sotorasib 960 mg PO QD until day 28 + sotorasib 480 mg PO QD from day 29",
    "TNO155 60 mg PO QD 3 weeks on 1 week off",
    "STAT3 inhibitor 5000 mg PO QD",  # nobody has been given any
]


@pytest.mark.parametrize("orders", QUIET)
def test_known_doses_are_not_warned_of(orders: str) -> None:
    assert regimen_cautions(parse(orders)) == []


@pytest.mark.parametrize(
    ("orders", "says"),
    [
        (f"{FOLFIRINOX_FU} + {BOLUS}", "fluorouracil is ordered twice at the same time, and both"),
        ("sotorasib 960 mg PO QD + sotorasib 240 mg PO BID", "sotorasib is ordered twice"),
        ("sotorasib 960 mg PO QD + AMG510 240 mg PO QD from day 9", "sotorasib is ordered twice"),
        (
            "daraxonrasib 3000 mg PO QD",
            "daraxonrasib: a dose of 3000 mg PO is far above .*10 to 40",
        ),
        ("daraxonrasib 3 mg PO QD", "a dose of 3 mg PO is far below"),
        ("daraxonrasib 5 g PO once", "a dose of 5 g PO is far above"),
        ("gemcitabine 10000 mg/m2 IV QW", "gemcitabine: a dose of 10000 mg/m2 IV is far above"),
        ("gemcitabine 10 g IV QW", "a dose of 10 g IV is far above"),
        ("gemcitabine 1000 mg/m2 IV QD", "7000 mg/m2 a week is far above .* 375 to 1500 mg/m2"),
        ("pembrolizumab 200 mg IV every 20 weeks", "mg a week is far below"),
        ("fluorouracil 2400 mg/m2 IV bolus Q2W", "a dose of 2400 mg/m2 IV is far above"),
        ("TNO155 600 mg PO QD", "batoprotafib: a dose of 600 mg PO is far above"),
        ("pembrolizumab 200 mg IV Q3W loading dose 4 g", "a dose of 4 g IV is far above"),
    ],
)
def test_a_far_dose_and_a_drug_ordered_twice_are_warned_of(orders: str, says: str) -> None:
    found = regimen_cautions(parse(orders), "arm x: ")
    assert len(found) == 1 and found[0].startswith("arm x: ")

    assert re.search(says, found[0]), found


def test_mice_have_no_labelled_doses() -> None:
    twice = parse("sotorasib 960 mg PO QD + sotorasib 100 mg/kg PO QD")
    assert len(regimen_cautions(twice, people=False)) == 1
    assert regimen_cautions(parse("daraxonrasib 3 mg PO QD"), people=False) == []


def test_ranges_are_of_known_drugs_and_rise() -> None:
    evidence, routes = load(), set()
    for row in dose_ranges():
        assert evidence.drug(row.drug).name == row.drug
        assert row.route in ROUTES and (row.drug, row.route, row.given) not in routes
        routes.add((row.drug, row.route, row.given))
        for low, high in filter(None, (row.single, row.weekly)):
            assert 0 < low <= high, row


def test_the_orders_of_published_arms_are_not_far() -> None:
    """What the evidence's trials gave has been studied."""
    from rascade.studies.files.arms import arm_plans

    for plan in arm_plans():
        if plan.refusal() is None and plan.orders is not None:
            found = regimen_cautions(parse(plan.orders))
            assert found == [], plan.label


def test_values_outside_their_range() -> None:
    row = load_table()["KRAS_share"]
    assert parameter_cautions({"KRAS_share": row.value}) == []
    assert parameter_cautions({"KRAS_share": 0.9}, "arm a: ") == [
        "arm a: KRAS_share = 0.9 fraction is outside its plausible range, 0.15 to 0.6"
    ]


def trial(*arms: ArmSpec, **more: object) -> TrialSpec:
    cohort = CohortSpec("PDAC", "metastatic", 2, 4)
    return TrialSpec("t", 1, cohort, arms, **more)  # type: ignore[arg-type]


def test_a_trial_is_warned_of_all_its_arms_and_values() -> None:
    one = ArmSpec("one", parse("daraxonrasib 3 g PO QD"))
    two = ArmSpec(
        "two",
        parse("sotorasib 960 mg PO QD"),
        changes=Interventions(("MDSC",), {"KRAS_share": 0.9}),
    )
    found = trial_cautions(trial(one, two, parameters={"stroma_density": 1e3}))
    assert [text.split(" = ")[0].split(" of ")[0] for text in found] == [
        "stroma_density",
        "arm one: daraxonrasib: a dose",
        "arm two: KRAS_share",
    ]


@pytest.mark.parametrize(
    ("arm", "says"),
    [
        ("keynote-028-pdac.pembrolizumab", "PD-L1 positive"),
        ("halo-109-301.gemcitabine-plus-nab-paclitaxel-plus-placebo", "HA-high"),
        ("pacto.gemcitabine-plus-nab-paclitaxel", "mGPS 1-2"),
        ("polo.placebo", "gBRCA"),
        ("bedard-2015-pdac-expansion.buparlisib-plus-trametinib", "only KRAS is simulated"),
        ("ulixertinib-fih.ulixertinib", "other tumours"),
        ("kamath-2020.ipilimumab-plus-gemcitabine", "locally advanced tumours besides"),
    ],
)
def test_a_published_selection_that_is_dropped_is_told(arm: str, says: str) -> None:
    found = trial_cautions(trial(ArmSpec("a", parse("none"), published=arm)))
    assert len(found) == 1 and says in found[0]
    assert "the model cannot apply" in found[0] and load().trial(arm).trial in found[0]


#: Populations of the evidence that the simulated one matches, by what they are told apart by.
APPLIED = {
    "PDAC, >=1 prior line, KRAS G12C",
    "PDAC 2L, RAS G12X",
    "PDAC 2L, RAS G12/G13/Q61",
    "PDAC metastatic, 1 prior line, all-comers",
    "PDAC metastatic 1L, unselected",
    "PDAC metastatic, gem-pretreated",
    "PDAC pretreated, MSI-H/dMMR",
    "PDAC KRAS mutant pretreated",
    "PDAC metastatic chemo-refractory",
}


def test_every_population_is_read_to_its_end() -> None:
    populations = {arm.population for arm in load().trials}
    assert populations >= APPLIED
    assert {text for text in APPLIED if dropped_selection(text)} == set()
    # What carries one of these words is selected by something that no patient here has.
    words = ("PD-L1", "mGPS", "HA-", "MTAP", "TMB", "BRCA", "HLA", "platinum", "advanced", "MSS")
    for text in populations:
        if any(word in text for word in words):
            assert dropped_selection(text), text
    assert dropped_selection("PDAC metastatic, G12D, HLA-C*08:02") == ("HLA-C*08:02",)


def test_every_infused_or_swallowed_drug_of_people_has_a_range() -> None:
    """A drug that is added brings its doses, or is known to have none in people."""
    evidence = load()
    without = {
        "RMC-7977", "BI-3406", "anti-AGER", "STAT3 inhibitor", "MUC4 shRNA",  # tools
        "MRTX1133", "BI-1701963", "iExo-KrasG12D", "ELI-002",  # doses not known
        "selected TIL", "tislelizumab",
    }  # fmt: skip
    covered = {row.drug for row in dose_ranges()}
    assert {evidence.drug(name).name for name in known_drugs()} <= covered | without
