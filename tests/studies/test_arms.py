"""Arms of the evidence as studies: every covered one loads, some run, the others say why not."""

import csv
from importlib.resources import files

import pytest

from rascade.errors import EvidenceError, InputError, UnsupportedFeature
from rascade.evidence import load as load_evidence
from rascade.model import known_drugs
from rascade.regimen import parse
from rascade.studies import dump, loads
from rascade.studies.files.arm_population import read_population
from rascade.studies.files.arms import (
    arm_plans,
    arm_study,
    arm_table,
    find_arm,
)
from rascade.studies.running.trial import run_trial

RUNNING = [plan for plan in arm_plans() if plan.refusal() is None]


@pytest.mark.parametrize("plan", RUNNING, ids=lambda plan: plan.arm.id)
def test_every_covered_arm_makes_a_study_that_loads(plan):
    study = plan.study()
    assert loads(dump(study)) == study
    assert study.arms[0].published == plan.arm.id
    assert study.cohort.size == (plan.arm.n or plan.arm.n_evaluable or 100)
    assert set(study.arms[0].regimen.drugs) <= set(known_drugs())
    assert plan.arm.id in study.description


def test_coverage_follows_from_the_drugs_that_the_model_has():
    assert len(RUNNING) >= 83 and len(arm_plans()) == len(load_evidence().trials)
    for plan in arm_plans():
        given = {drug for drug in plan.arm.drugs if drug not in plan.left_out}
        refused = plan.refusal()
        if refused is None:
            assert given <= set(known_drugs())
        elif refused.feature.startswith("drug "):
            assert refused.feature.removeprefix("drug ") in given
            assert refused.feature.removeprefix("drug ") in str(refused)
    assert [row["arm"] for row in arm_table() if row["runs"]] == [p.label for p in RUNNING]
    dropped = {row["id"]: row["not_selected_by"] for row in arm_table()}
    assert dropped["keynote-028-pdac.pembrolizumab"] == ["PD-L1 positive"]
    assert dropped["mpact.gemcitabine"] == []


def test_arms_of_the_standard_regimens_run_by_name():
    for name in (
        "PRODIGE 4/ACCORD 11/FOLFIRINOX",
        "NAPOLI-3/NALIRIFOX",
        "NAPOLI-1/liposomal irinotecan",
        "NAPOLI-1/liposomal irinotecan + fluorouracil + folinic acid",
        "NAPOLI-1/fluorouracil + folinic acid",
        "SWOG S1115/mFOLFOX",
    ):
        plan = find_arm(name)
        assert plan.refusal() is None and not plan.left_out, name
        given = {drug for drug in plan.arm.drugs if drug}
        assert given == set(parse(plan.orders).drugs), name


def test_a_drug_that_is_added_brings_its_arms(monkeypatch):
    from rascade.studies.files import arms

    added = {"nivolumab", "ipilimumab", "durvalumab", "tremelimumab"}
    monkeypatch.setattr(arms, "_known", lambda: frozenset({*known_drugs(), *added}))
    arms._modelled.cache_clear()
    try:
        for name in (
            "O'Reilly 2019/durvalumab + tremelimumab",
            "CheckMate 032 (PDAC)/nivolumab + ipilimumab + cobimetinib",
            "PRINCE/gemcitabine + nab-paclitaxel + nivolumab",
            "Royal 2010/ipilimumab",
        ):
            assert find_arm(name).refusal() is None, name
    finally:
        arms._modelled.cache_clear()


def test_what_all_patients_of_an_arm_have_in_common_is_set_and_told():
    study = find_arm("POLO/olaparib").study()
    assert study.arms[0].set == {"HRD": 1.0} and "HRD is 1" in study.description
    assert find_arm("Parpvax/niraparib + nivolumab").study().arms[0].set == {}
    text = (files("rascade.studies") / "data" / "arm_settings.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        assert load_evidence().trial(row["arm_id"]) and row["note"]


def test_the_rows_of_orders_are_orders_of_the_arm_s_own_drugs():
    text = (files("rascade.studies") / "data" / "arm_orders.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len({row["arm_id"] for row in rows}) == len(rows)
    for row in rows:
        arm = load_evidence().trial(row["arm_id"])
        left_out = {drug for drug in row["left_out"].split("; ") if drug}
        assert left_out <= {"folinic acid"}, row
        assert row["basis"] in {"stated", "recalled", "chosen"}
        assert row["note"] or (row["basis"] == "stated" and not left_out), row
        if arm.drugs:
            assert {*parse(row["orders"]).drugs} | left_out == {*arm.drugs}, row


POPULATIONS = [
    ("PDAC, >=1 prior line, KRAS G12C", "PDAC", "metastatic", 2, ("kras_allele == 'G12C'",)),
    ("PDAC metastatic 1L, unselected", "PDAC", "metastatic", 1, ()),
    ("PDAC metastatic, gem-pretreated", "PDAC", "metastatic", 2, ()),
    ("PDAC 2L, RAS G12/G13/Q61", "PDAC", "metastatic", 2, ("kras_allele != 'WT'",)),
    ("PDAC KRAS mutant pretreated", "PDAC", "metastatic", 2, ("kras_allele != 'WT'",)),
    ("PDAC pretreated, MSI-H/dMMR", "PDAC", "metastatic", 2, ("msi_high == True",)),
    ("PDAC unresectable 1L", "PDAC", "metastatic", 1, ()),
    ("PDAC resectable", "PDAC", "resectable", None, ()),
    ("PDAC locally advanced/metastatic", "PDAC", "metastatic", None, ()),
    ("LAPC, KRAS G12D (mostly)", "PDAC", "locally advanced", None, ("kras_allele == 'G12D'",)),
    ("NSCLC pretreated, KRAS G12C", "NSCLC", "metastatic", 2, ("kras_allele == 'G12C'",)),
    ("solid tumours MAPK mutant", "solid tumours", "metastatic", None, ("kras_allele != 'WT'",)),
    ("CRC 3L+, mostly MSS", "CRC", "metastatic", 3, ()),
]


@pytest.mark.parametrize(("text", "disease", "stage", "line", "eligibility"), POPULATIONS)
def test_populations_are_read_as_a_reader_would(text, disease, stage, line, eligibility):
    found = read_population(text)
    assert (found.disease, found.stage, found.line) == (disease, stage, line)
    assert found.eligibility == eligibility


def test_a_g12_population_holds_g12_alleles_only():
    for text in ("PDAC 2L, RAS G12", "PDAC 2L, RAS G12X"):
        (condition,) = read_population(text).eligibility
        assert "G12V" in condition and "Q61" not in condition and "G13" not in condition


@pytest.mark.parametrize(
    ("name", "arm"),
    [
        ("MPACT/gemcitabine + nab-paclitaxel", "mpact.gemcitabine-plus-nab-paclitaxel"),
        ("MPACT/gem + nab-paclitaxel", "mpact.gemcitabine-plus-nab-paclitaxel"),
        ("mpact/gem", "mpact.gemcitabine"),
        ("mpact.gemcitabine", "mpact.gemcitabine"),
        ("prodige/folfirinox", "prodige-4-accord-11.folfirinox"),
        ("checkmate-032/nivolumab", "checkmate-032-pdac.nivolumab"),
        ("krystal-1/adagrasib", "krystal-1-pdac.adagrasib"),
    ],
)
def test_arms_are_found_by_what_people_write(name, arm):
    assert find_arm(name).arm.id == arm


def test_names_that_fit_none_or_several_are_explained():
    with pytest.raises(EvidenceError, match="may be more than one arm: RASolute 302"):
        find_arm("rasolute")
    with pytest.raises(EvidenceError, match="did you mean 'MPACT/gemcitabine"):
        find_arm("MPACD/gemcitabine")
    with pytest.raises(EvidenceError, match="--list-arms"):
        find_arm("?")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Tango/vopimetostat + zoldo", "vopimetostat is not modelled, nor is any other PRMT5"),
        ("CodeBreaK 200/sotorasib", "NSCLC is not modelled, only PDAC"),
        ("Zeh 2020/preoperative", "resectable PDAC is not modelled yet"),
        ("MRTX1133-001/MRTX1133", "states no dose"),
        ("Foundation TMB-high PDAC/ICI, TMB <10", "names no drug"),
    ],
)
def test_arms_that_are_not_covered_say_why(name, says):
    with pytest.raises(UnsupportedFeature, match=says):
        arm_study(name)


def test_size_and_seed_can_be_others():
    study = arm_study("mpact/gem", size=12, seed=5)
    assert study.cohort.size == 12 and study.seed == 5
    with pytest.raises(InputError, match="--size"):
        arm_study("mpact/gem", size=0)


@pytest.mark.parametrize(
    "name",
    [
        "MPACT/gem + nab-paclitaxel",
        pytest.param("Wolpin everolimus/everolimus", marks=pytest.mark.slow),
        pytest.param("KEYNOTE-028/pembro", marks=pytest.mark.slow),
        pytest.param("RMC-GI-102/daraxonrasib 200 + gem", marks=pytest.mark.slow),
    ],
)
def test_an_arm_runs_and_stands_beside_what_was_published(name, tmp_path):
    study = find_arm(name).study()
    result = run_trial(study, tmp_path / "out", size=3)
    assert result.summary["arms"][0]["n"] == 3
    published = {row["endpoint"] for row in result.manifest["published"]}
    assert published & {"orr", "os", "pfs"}
    warned = any("second-line" in text for text in result.summary["warnings"])
    assert warned == (study.cohort.line != 2)


def test_arms_are_cut_as_published_or_say_that_it_was_not_seen():
    study = find_arm("MPACT/gem + nab-paclitaxel").study()
    assert (study.cut_off.month, study.follow_up_months) == (40.3, 40.3)
    assert "accrual and data cut at month 40.3 are recalled" in study.description.lower()
    expected = study.accrual.accrual().expected(35.3 * 30.4375)
    assert expected == pytest.approx(study.cohort.size, rel=1e-3)
    # A rate that rises throughout gives the published follow-up: 16.1 months.
    study = find_arm("NAPOLI-3/gemcitabine + nab-paclitaxel").study()
    middle = study.accrual.accrual().day_of(study.cohort.size / 2) / 30.4375
    assert study.cut_off.month - middle == pytest.approx(16.1, abs=0.4)
    unknown = find_arm("Le 2013/ipilimumab").study()
    assert unknown.cut_off is None and "were not seen" in unknown.description
    text = (files("rascade.studies") / "data" / "arm_follow_up.csv").read_text("utf-8")
    trials = {arm.trial for arm in load_evidence().trials}
    for row in csv.DictReader(text.splitlines()):
        assert row["trial"] in trials and row["basis"] in {"stated", "recalled", "derived"}
        assert row["source"]


@pytest.mark.parametrize("name", ["rasolute-302", "codebreak-100-pdac", "krystal-1-pdac"])
def test_studies_of_published_trials_have_the_published_follow_up(name):
    from pathlib import Path

    from rascade.studies import load

    study = load(Path(__file__).parents[2] / "studies" / f"{name}.yaml")
    patients = sum(study.size_of(arm) for arm in study.arms)
    middle = study.accrual.accrual().day_of(patients / 2) / 30.4375
    published = {"rasolute-302": 8.5}.get(name, 16.8)
    assert study.cut_off.month - middle == pytest.approx(published, abs=0.1)
