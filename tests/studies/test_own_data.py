"""Own results in a study file: read into it, in the plan, and told where they are wrong."""

from __future__ import annotations

import pytest

from rascade.errors import StudyFileError
from rascade.studies import dump, load, loads
from rascade.studies.files.load import study_hash
from rascade.studies.files.trial_plan import to_plan
from rascade.trial.design.plan_text import felt_by_patients, plan_from_text, plan_text
from rascade.trial.results.published.own import own_contrasts, own_curves, own_rows

STUDY = """\
kind: trial
name: Mine
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 4}
seed: 1
arms:
  - name: gem
    regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D
    published:
      source: ours
      orr: 8
      pfs: {median: 3.1, rates: {6: 20}}
      os: {curve: os.csv, at_risk: risk.csv}
      hazard_ratios: {os: 0.8}
  - {name: none, regimen: none}
imaging_every_weeks: 8
follow_up_months: 8
population: table
"""
CURVE = "month,survival_pct\n0,100\n4,71\n8,44\n12,24\n18,10\n"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "os.csv").write_text(CURVE)
    (tmp_path / "risk.csv").write_text("month,at_risk\n0,168\n6,90\n12,38\n18,12\n")
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path / "study.yaml"


def test_a_study_holds_its_data_and_so_does_its_plan(file):
    study = load(file)
    assert loads(dump(study), "elsewhere.yaml") == study
    plan = to_plan(study)
    assert plan_from_text(plan_text(plan)) == plan
    rows = own_rows(plan.arms[0])
    assert [(row["endpoint"], row["value"]) for row in rows] == [
        ("orr", 8), ("pfs", 3.1), ("os", 8.0)
    ]  # fmt: skip
    assert own_contrasts(plan)[0]["reference"] == "none"
    found = {row["endpoint"]: row for row in own_curves(plan.arms[0])}
    assert len(found["os"]["months"]) == 168
    assert set(found["os"]["files"]) == {"os.csv", "risk.csv"}
    assert found["pfs"]["rates"] == {"6": 20.0}


def test_another_curve_is_another_study_of_the_same_patients(file):
    study = load(file)
    (file.parent / "os.csv").write_text(CURVE.replace("44", "40"))
    other = load(file)
    assert study_hash(study) != study_hash(other)
    assert felt_by_patients(to_plan(study)) == felt_by_patients(to_plan(other))


def test_landmark_rates_of_the_evidence_are_laid_over(file):
    text = STUDY.split("    published:")[0] + "    published: mpact.gemcitabine\n"
    study = loads(text + "imaging_every_weeks: 8\nfollow_up_months: 8\npopulation: table\n")
    found = {row["endpoint"]: row["rates"] for row in own_curves(to_plan(study).arms[0])}
    assert found["os"]["12"] == 22


def test_what_is_wrong_is_told_with_line_file_and_row(file):
    (file.parent / "os.csv").write_text(CURVE.replace("24", "54"))
    with pytest.raises(StudyFileError) as caught:
        load(file)
    text = str(caught.value)
    assert "study.yaml:9: arms[0].published" in text or "study.yaml:8" in text
    assert "os.csv:5: survival_pct: 54 after 44" in text
