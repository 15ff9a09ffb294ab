"""Patients of the user's own: a table with a row a patient, the rest drawn given what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rascade as rc
from rascade.cli.main import main
from rascade.errors import InputError, StudyFileError
from rascade.studies.files.own_patients import read_patient_table

TABLE = """\
id,age,weight [lb],sex,ECOG,KRAS allele,albumin [g/dL],liver metastases,baseline_sum_of_diameters
A1,71,154.3,female,1,G12D,3.5,yes,90
A2,58,,male,0,G12V,,no,
A3,64,170,,1,,4.1,,45
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(TABLE)
    return path


def study(table: Path, **more) -> rc.Trial:
    path = table.parent / "study.yaml"
    arms = {"a": "none", "b": "none"}
    rc.Trial(arms, rc.Cohort(size=6), follow_up_months=2, population="table", **more).to_file(path)
    path.write_text(path.read_text().replace("  size: 6", f"  size: 6\n  patients: {table.name}"))
    return rc.Trial.from_file(path)


def test_a_table_is_read_in_the_units_of_the_package(table: Path) -> None:
    first, second, third = read_patient_table(table)
    assert first["weight_kg"] == pytest.approx(70.0, abs=0.02)
    assert first["albumin_g_l"] == pytest.approx(35)
    assert first["liver_metastases"] is True
    assert set(second) == {"id", "age_years", "sex", "ecog", "kras_allele", "liver_metastases"}
    assert "sex" not in third


def test_every_arm_treats_everybody_in_order(table: Path) -> None:
    result = study(table).run(progress=False)
    for arm in ("a", "b"):
        patients = result.of_arm(arm)
        assert patients["own_patient"].tolist() == ["A1", "A2", "A3"] * 2
        assert patients["age_years"].tolist() == [71, 58, 64] * 2
        assert patients["kras_allele"].astype(str).tolist()[:2] == ["G12D", "G12V"]
        assert patients["p:baseline_sum_of_diameters"].tolist()[::3] == [90, 90]
        # What is not known is drawn, for each virtual patient anew.
        weights = patients["weight_kg"].tolist()
        assert weights[1] != weights[4]
        assert weights[0] == weights[3]
    again = study(table).run(progress=False, threads=1)
    assert again.patients.equals(result.patients)


def test_pairs_are_the_same_patients(table: Path) -> None:
    result = study(table, pairing="same-patients").run(progress=False)
    one, other = (result.of_arm(arm) for arm in ("a", "b"))
    assert one["own_patient"].tolist() == other["own_patient"].tolist() == ["A1", "A2", "A3"] * 2
    assert np.array_equal(one["weight_kg"], other["weight_kg"])


def test_a_study_keeps_its_patients(table: Path, tmp_path: Path) -> None:
    trial = study(table)
    written = trial.to_file(tmp_path / "again.yaml")
    table.unlink()
    assert rc.Trial.from_file(written).study == trial.study
    from rascade.studies.files.trial_plan import to_plan
    from rascade.trial.design.plan_text import plan_from_text, plan_text

    plan = to_plan(trial.study)
    assert plan_from_text(plan_text(plan)) == plan


def test_in_python_and_from_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age_years": [60.0, np.nan], "ecog": [1, 0], "tp53": [True, False]})
    cohort = rc.Cohort.from_frame(frame, times=3)
    assert cohort.size == 6
    assert cohort.patients == (
        {"age_years": 60.0, "ecog": 1, "tp53": True},
        {"ecog": 0, "tp53": False},
    )
    trial = rc.Trial({"a": "none"}, cohort, follow_up_months=1, population="table")
    assert trial.run(progress=False).patients["ecog"].tolist() == [1, 0] * 3
    frame.to_parquet(tmp_path / "mine.parquet")
    assert read_patient_table(tmp_path / "mine.parquet") == [dict(one) for one in cohort.patients]


def test_the_prediction_is_of_these_patients(table: Path, with_ensemble: Path) -> None:
    trial = rc.Trial({"a": "none"}, rc.Cohort.from_frame(pd.DataFrame({"ecog": [1]}), times=20),
                     follow_up_months=6, members=1)  # fmt: skip
    fitter = rc.Trial({"a": "none"}, rc.Cohort.from_frame(pd.DataFrame({"ecog": [0]}), times=20),
                      follow_up_months=6, members=1)  # fmt: skip
    frail, fit = (t.run(progress=False) for t in (trial, fitter))
    assert (frail.patients["ecog"] == 1).all()
    ends = [r.prediction("a").medians["os"].median or 99.0 for r in (frail, fit)]
    assert ends[0] < ends[1]


WRONG = {
    "no column": ("agee\n60\n", "mine.csv:2: no property of a patient is called 'agee'; did you"),
    "no unit": ("weight [stonn]\n60\n", "'stonn' is no unit"),
    "another unit": ("weight [cm]\n60\n", "'cm' measures something else than kg"),
    "no number": ("age\nold\n", "mine.csv:2: age: 'old' is no number"),
    "a comma": ('age\n"60,5"\n', "write a point, not a comma"),
    "infinite": ("age\ninf\n", "is no finite number"),
    "an impossible age": ("age\n17\n60\n", "mine.csv:2: age_years: "),
    "ECOG and a half": ("ecog\n0.5\n", "ECOG is 0, 1 or 2"),
    "an unknown allele": ("kras_allele\nG12X\n", "mine.csv:2: kras_allele: "),
    "no yes or no": ("liver_metastases\nmaybe\n", "write yes or no"),
    "no sex": ("sex\nx\n", "mine.csv:2: sex: "),
    "twice": ("id,age\na,60\na,61\n", "mine.csv:3: id: 'a' stands in"),
    "columns twice": ("age,age\n60,61\n", "age: two columns are called so"),
    "too few cells": ("age,ecog\n60\n", "1 cells, but the header has 2"),
    "no name of a column": ("age,\n60,1\n", "column 2 has no name"),
    "numbers on top": ("60,1\n61,0\n", "write a header above"),
    "an open quote": ('age\n"60\n', "mine.csv:2: not CSV"),
    "too many cells": ("age\n60,61\n", "2 cells, but the header has 1"),
    "nobody": ("age\n", "a header and no rows"),
    "negative": ("baseline_sum_of_diameters\n-3\n", "mine.csv:2: baseline_sum_of_diameters: "),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_tables_get_one_clear_line(what: str, table: Path) -> None:
    text, told = WRONG[what]
    table.write_text(text)
    with pytest.raises(StudyFileError) as error:
        study(table)
    assert told in str(error.value)
    assert "study.yaml:" in str(error.value)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"", b"x" * 21_000_000, b"age\n6\x000\n", b"PAR1garbage"]
)
def test_hostile_tables(tmp_path: Path, content: bytes, capsys) -> None:
    name = "mine.parquet" if content.startswith(b"PAR1") else "mine.csv"
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="mine"):
        read_patient_table(tmp_path / name)


def test_who_can_never_be_eligible_is_named(table: Path, capsys) -> None:
    trial = study(table)
    path = trial.to_file(table.parent / "study.yaml")
    path.write_text(path.read_text().replace("eligibility: []", "eligibility: [ecog == 0]"))
    assert main(["trial", str(path), "--check"]) == 2
    err = capsys.readouterr().err
    assert "patient A1 can never meet ecog == 0" in err
