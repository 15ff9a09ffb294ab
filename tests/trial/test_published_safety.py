"""Published hazard ratios and side effects find their simulated arms; what acts on a patient."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rascade.regimen import parse
from rascade.trial.results.provenance import covariates
from rascade.trial.results.published.safety import published_contrasts, published_events

NEW, OLD = "rasolute-302.daraxonrasib", "rasolute-302.chemotherapy"


def test_hazard_ratios_of_the_arms_of_one_trial() -> None:
    rows = {row["endpoint"]: row for row in published_contrasts({"new": NEW, "old": OLD}, "old")}
    assert set(rows) == {"pfs", "os"}
    own = rows["pfs"]
    assert (own["arm"], own["reference"]) == ("new", "old")
    assert (own["value"], own["low"], own["high"]) == (0.49, 0.38, 0.64)
    assert "PMID:42223072" in own["source"] and own["use"] == "compare"
    assert own["note"] == "not a target itself, but both medians were"
    assert rows["os"]["note"] == "not a target itself, but the median of one arm was"


def test_a_ratio_published_the_other_way_round_is_inverted_and_said_to_be() -> None:
    rows = {row["endpoint"]: row for row in published_contrasts({"new": NEW, "old": OLD}, "new")}
    own = rows["os"]
    assert own["arm"] == "old" and own["value"] == pytest.approx(1 / 0.40)
    assert [own["low"], own["high"]] == pytest.approx([1 / 0.53, 1 / 0.30])
    assert "other way round" in own["note"]


def test_no_ratio_without_a_reference_or_between_trials() -> None:
    assert published_contrasts({"new": NEW, "old": OLD}, None) == []
    assert published_contrasts({"new": NEW}, "old") == []
    assert published_contrasts({"new": NEW, "old": "mpact.gemcitabine"}, "old") == []


def test_side_effects_of_the_own_trial_come_first_and_say_what_was_set_to_them() -> None:
    cited = {"ae.daraxonrasib-300-mg.rash-grouped.rasolute-302": ["rash_gain"]}
    rows = {r["basis"]: r for r in published_events("new", NEW, ["daraxonrasib"], cited)}
    assert rows["Rash"]["grade3plus_pct"] == 14 and rows["Rash"]["own"]
    assert rows["Rash"]["use"] == "calibrate" and "rash_gain set to it" in rows["Rash"]["note"]
    assert rows["any related"]["grade3plus_pct"] == 43.6
    assert rows["discontinued"]["any_pct"] == 1.2
    assert rows["Mucositis oral"]["use"] == "compare"
    assert "Diarrhea" not in rows, "named on the label, but without a percentage"


def test_another_trial_of_the_same_drugs_only_where_parameters_were_set_to_it() -> None:
    drugs = ["gemcitabine", "nab-paclitaxel"]
    fatigue = "ae.gemcitabine-plus-nab-paclitaxel.fatigue.mpact"
    alone = {row["basis"] for row in published_events("old", OLD, drugs, {})}
    assert "Fatigue" not in alone and "any related" in alone
    rows = {r["basis"]: r for r in published_events("old", OLD, drugs, {fatigue: ["x"]})}
    assert (
        not rows["Fatigue"]["own"]
        and "of MPACT, not of this arm's trial" in rows["Fatigue"]["note"]
    )
    assert "Fatigue" not in {
        row["basis"] for row in published_events("old", OLD, ["gemcitabine"], {fatigue: ["x"]})
    }
    assert published_events("new", None, ["daraxonrasib"], {}) == []


def acting(orders: str, rows: list[str]) -> dict[str, str]:
    regimen = parse(orders)
    run = SimpleNamespace(
        assembly=SimpleNamespace(composition=SimpleNamespace(parameters=dict(enumerate(rows)))),
        arm=SimpleNamespace(course=[SimpleNamespace(regimen=regimen)]),
    )
    return {row["name"]: row["how"] for row in covariates([run]) if row["acts"]}


def test_what_acts_follows_from_the_model_and_the_doses() -> None:
    assert set(acting("daraxonrasib 300 mg PO QD", [])) == {
        "kras_allele", "tp53", "escape_1", "escape_2",
    }  # fmt: skip
    assert acting("daraxonrasib 300 mg PO QD", ["PTEN_level"])["pten"] == "changes PTEN_level"
    by_surface = acting("gemcitabine 1000 mg/m2 IV D1,8,15 Q28D", [])
    assert {"weight_kg", "height_cm"} <= set(by_surface)
    by_weight = acting("nivolumab 3 mg/kg IV Q2W", [])
    assert "weight_kg" in by_weight and "height_cm" not in by_weight
    prognostic = {"ecog", "age_years", "albumin_g_l", "nlr", "liver_metastases"}
    assert not {"sex", *prognostic} & set(by_surface)
    dying = acting("gemcitabine 1000 mg/m2 IV D1,8,15 Q28D", ["frailty"])
    assert prognostic <= set(dying) and dying["nlr"] == "changes the hazard of death"
