"""ADaM-shaped data sets: what they say, what the formats keep, every rule broken once."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError
from rascade.exchange.adam import (
    FORMATS,
    AdamSource,
    build_datasets,
    check_datasets,
    check_folder,
    read_datasets,
    write_datasets,
)
from rascade.exchange.adam.build import plain_text
from rascade.exchange.adam.variables import DATASETS, controlled_terms, variables_of
from rascade.regimen import parse
from rascade.trial.run import run
from rascade.trial.spec import ArmSpec, CohortSpec, TrialSpec
from rascade.trial.survival import kaplan_meier

EVENTS = pd.DataFrame(
    {
        "patient": [0, 0, 3],
        "arm": ["drug", "drug", "untreated"],
        "term": ["Rash", "Diarrhoea – watery", "Fatigue"],
        "soc": ["Skin", "Gastrointestinal", "General"],
        "grade": [2, 3, 1],
        "start_day": [3.2, 10.0, 0.0],
        "end_day": [9.0, np.nan, 4.7],
        "serious": [False, True, False],
        "related": [True, True, False],
        "action": ["none", "dose held", "none"],
    }
)


@pytest.fixture(scope="module")
def outcome():
    arms = (
        ArmSpec("drug", parse("daraxonrasib 300 mg PO QD")),
        ArmSpec("untreated", parse("none")),
    )
    cohort = CohortSpec("PDAC", "metastatic", 2, 10, ())
    return run(TrialSpec("a study – of α", 5, cohort, arms, 8.0, 12.0))


def source(outcome, events=EVENTS, version="v5") -> AdamSource:
    return AdamSource(
        "a study – of α", ["drug", "untreated"], outcome.patients, outcome.visits,
        outcome.lesions, events, version,
    )  # fmt: skip


@pytest.fixture(scope="module")
def datasets(outcome):
    return build_datasets(source(outcome))


def copy_of(datasets):
    return {name: table.copy() for name, table in datasets.items()}


def test_all_rules_hold(datasets) -> None:
    assert list(datasets) == list(DATASETS)
    assert check_datasets(datasets) == []


def test_subjects_are_the_patients(outcome, datasets) -> None:
    adsl = datasets["ADSL"]
    assert len(adsl) == 20 and adsl["USUBJID"].is_unique
    assert adsl["USUBJID"].iloc[0] == "A-STUDY-OF-000000"
    assert adsl["SUBJID"].astype(int).tolist() == outcome.patients["patient"].tolist()
    assert (adsl["TRT01P"] == outcome.patients["arm"].to_numpy()).all()
    assert (adsl["DTHFL"] == "Y").tolist() == outcome.patients["os_event"].tolist()


def test_texts_become_ascii_readably_and_short_enough() -> None:
    assert plain_text("étude – “α”\n 2") == 'etude - "?" 2'
    assert plain_text("x" * 300) == "x" * 200


def test_times_are_those_of_the_trial_to_the_day(outcome, datasets) -> None:
    adtte = datasets["ADTTE"]
    for code, months in (("OS", "os_months"), ("PFS", "pfs_months"), ("DOR", "dor_months")):
        own = adtte[adtte["PARAMCD"] == code]
        days = outcome.patients[months].dropna().to_numpy() * 30.4375
        np.testing.assert_allclose(own["SIMTIME"], days)
        assert (np.abs(own["AVAL"] - 1 - days) <= 1.0).all()
    survival = adtte[adtte["PARAMCD"] == "OS"]
    simulated = kaplan_meier(
        outcome.patients["os_months"] * 30.4375, outcome.patients["os_event"]
    ).median()
    from_data = kaplan_meier(survival["AVAL"], survival["CNSR"] == 0).median()
    assert from_data.estimate == pytest.approx(simulated.estimate, abs=1.5)


def test_responses_and_sums_are_those_of_the_trial(outcome, datasets) -> None:
    adrs, adtr = datasets["ADRS"], datasets["ADTR"]
    best = adrs[adrs["PARAMCD"] == "BOR"]["AVALC"].tolist()
    assert best == outcome.patients["best_response"].tolist()
    overall = adrs[adrs["PARAMCD"] == "OVRLRESP"]
    assert len(overall) == len(outcome.visits)
    assert sorted(overall["AVALC"]) == sorted(outcome.visits["response"])
    sums = adtr[(adtr["PARAMCD"] == "SUMDIAM") & (adtr["AVISITN"] > 0)]
    known = outcome.visits["change_pct"].notna().to_numpy()
    np.testing.assert_allclose(
        np.sort(sums["PCHG"]), np.sort(outcome.visits["change_pct"].to_numpy()[known])
    )
    first = adtr[(adtr["PARAMCD"] == "SUMDIAM") & (adtr["ABLFL"] == "Y")]
    assert first["AVAL"].tolist() == outcome.patients["baseline_sld_mm"].tolist()


def test_adverse_events_are_dated_and_translated(datasets) -> None:
    adae = datasets["ADAE"]
    assert adae["ASTDY"].tolist() == [4.0, 11.0, 1.0]
    assert adae["AENDY"].tolist()[::2] == [10.0, 5.0] and np.isnan(adae["AENDY"][1])
    assert adae["AEACN"].tolist() == ["DOSE NOT CHANGED", "DRUG INTERRUPTED", "DOSE NOT CHANGED"]
    assert adae["AESEQ"].tolist() == [1, 2, 1]
    assert adae["AEDECOD"][1] == "Diarrhoea - watery", "transport files hold ASCII only"
    assert (adae["CTCAEVER"] == "v5").all()


def test_nothing_happens_to_a_patient_after_death(outcome) -> None:
    people = outcome.patients[outcome.patients["os_event"]]
    patient = int(people["patient"].iloc[0])
    died = float(people["os_months"].iloc[0]) * 30.4375
    late = EVENTS.iloc[[0, 1]].assign(
        patient=patient, start_day=[died - 3, died + 2], end_day=[died + 9, died + 9]
    )
    made = build_datasets(source(outcome, late))
    adsl = made["ADSL"].set_index("USUBJID")
    assert check_datasets(made) == []
    assert made["ADAE"]["AETERM"].tolist() == ["Rash"]
    assert made["ADAE"]["AENDT"][0] == adsl["DTHDT"][made["ADAE"]["USUBJID"][0]]


@pytest.mark.parametrize("events", [None, EVENTS.iloc[:0]])
def test_no_adverse_events_make_an_empty_data_set(outcome, events, tmp_path) -> None:
    made = build_datasets(source(outcome, events, ""))
    assert len(made["ADAE"]) == 0 and check_datasets(made) == []
    write_datasets(tmp_path, made)
    assert check_folder(tmp_path)[1] == []


def test_all_formats_hold_the_same_and_the_same_bytes_come_again(datasets, tmp_path) -> None:
    files = write_datasets(tmp_path / "one", datasets)
    write_datasets(tmp_path / "two", datasets)
    assert len(files) == len(DATASETS) * len(FORMATS) + 1
    assert not [path for path in (tmp_path / "one").iterdir() if path.name.startswith(".")]
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    for suffix in FORMATS:
        again = read_datasets(tmp_path / "one", suffix)
        for name, table in datasets.items():
            pd.testing.assert_frame_equal(again[name], table, rtol=1e-14)
    assert check_folder(tmp_path / "one")[1] == []
    definition = json.loads((tmp_path / "one" / "define.json").read_text())
    assert definition["datasets"]["ADSL"]["records"] == 20


def test_transport_files_are_version_5_with_labels_and_dates(datasets, tmp_path) -> None:
    import pyreadstat

    write_datasets(tmp_path, datasets)
    head = (tmp_path / "adtte.xpt").read_bytes()[:80]
    assert head.startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"), "not LIBV8"
    _, meta = pyreadstat.read_xport(str(tmp_path / "adtte.xpt"))
    assert meta.table_name == "ADTTE"
    assert meta.column_names_to_labels["CNSR"] == "Censor"
    assert meta.original_variable_types["ADT"] == "DATE9"


def test_the_definition_itself_fits_version_5() -> None:
    terms = controlled_terms()
    for name in DATASETS:
        for variable in variables_of(name):
            assert len(variable.name) <= 8 and len(variable.label) <= 40, variable
            assert variable.length <= 200 and (not variable.terms or variable.terms in terms)


def put(column, value, row=0):
    def change(table):
        table.loc[row, column] = value

    return change


DAY = np.timedelta64(1, "D")
RULES = [
    ("ADSL", put("SEX", "X"), "must be one of F, M"),
    ("ADSL", put("DTHDT", pd.NaT, slice(None)), "date of death if, and only if"),
    ("ADSL", put("USUBJID", "A-STUDY-OF-000001"), "the key tells every record from the others"),
    ("ADSL", put("STUDYID", "OTHER"), "begins its identifier"),
    ("ADSL", put("TRTEDT", pd.Timestamp("1999-01-01")), "not before its start"),
    ("ADSL", put("ARM", "x" * 120), "at most 100 characters"),
    ("ADSL", put("ARM", "naïve"), "texts are ASCII"),
    ("ADSL", lambda t: t.pop("AGE"), "the variable is missing"),
    ("ADSL", lambda t: t.insert(0, "NEW", 1), "not defined for this data set"),
    ("ADSL", lambda t: t.isetitem(t.columns.get_loc("AGE"), "old"), "must hold numbers"),
    ("ADTTE", put("CNSR", 2.0), "must be one of 0, 1"),
    ("ADTTE", lambda t: t.isetitem(t.columns.get_loc("CNSR"), 1.0 - t["CNSR"]), "CNSR"),
    ("ADTTE", put("AVAL", 3.0), "AVAL is ADT - STARTDT + 1"),
    ("ADTTE", put("USUBJID", "NOBODY"), "every subject is in ADSL"),
    ("ADTTE", put("PARAM", "Time to Response"), "PARAM and PARAMCD belong together"),
    ("ADTTE", put("TRT01P", "other"), "the treatment is that of ADSL"),
    ("ADTTE", put("AVALLO", 1e6, slice(None)), "enclose AVAL"),
    ("ADRS", put("AVALC", "XX"), "must be one of CR"),
    ("ADRS", put("AVISITN", np.nan), "a part of the key is never missing"),
    ("ADTR", put("ADY", 0.0, slice(None)), "ADY is the relative day of ADT"),
    ("ADTR", put("CHG", 1e3, slice(None)), "CHG is AVAL - BASE"),
    ("ADTR", put("PCHG", 1e3, slice(None)), "PCHG is 100"),
    ("ADTR", put("TRLNKID", "T99", slice(None)), "a sum has none"),
    ("ADAE", put("ATOXGRN", 5.0), "ATOXGR and ATOXGRN"),
    ("ADAE", put("AENDT", pd.Timestamp("1999-01-01")), "does not end before it begins"),
    ("ADAE", put("CTCAEVER", ""), "version of CTCAE"),
    ("ADAE", put("AEACN", "NOTHING"), "must be one of DOSE NOT CHANGED"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "says"), RULES, ids=[rule[2] for rule in RULES])
def test_every_rule_can_be_broken(datasets, name, change, says) -> None:
    spoilt = copy_of(datasets)
    change(spoilt[name])
    faults = check_datasets(spoilt)
    assert any(fault.dataset == name and says in str(fault) for fault in faults), faults


def test_data_that_break_a_rule_are_not_written(datasets, tmp_path) -> None:
    spoilt = copy_of(datasets)
    spoilt["ADSL"].loc[0, "SEX"] = "X"
    with pytest.raises(InputError, match="were not written: ADSL SEX: must be one of F, M"):
        write_datasets(tmp_path / "out", spoilt)
    assert not (tmp_path / "out").exists()


def test_grade_5_must_be_serious(datasets) -> None:
    spoilt = copy_of(datasets)
    spoilt["ADAE"].loc[0, ["ATOXGR", "ATOXGRN"]] = ["5", 5.0]
    assert any("grade 5 is serious" in str(fault) for fault in check_datasets(spoilt))


def test_what_contradicts_adsl_is_found(datasets) -> None:
    spoilt = copy_of(datasets)
    dead = spoilt["ADSL"]["DTHFL"] == "Y"
    spoilt["ADSL"].loc[dead, "DTHDT"] = spoilt["ADSL"]["TRTSDT"] + 3 * DAY
    said = " ".join(map(str, check_datasets(spoilt)))
    assert "nothing is recorded after the day of death" in said
    spoilt = copy_of(datasets)
    free = spoilt["ADTTE"]["PARAMCD"] == "PFS"
    spoilt["ADTTE"].loc[free, "AVAL"] = 1e6
    assert "PFS is not longer than OS" in " ".join(map(str, check_datasets(spoilt)))
    spoilt = copy_of(datasets)
    del spoilt["ADRS"]
    assert [str(fault) for fault in check_datasets(spoilt)] == ["ADRS -: the data set is missing"]


def test_formats_that_differ_are_found(datasets, tmp_path) -> None:
    write_datasets(tmp_path, datasets)
    path = tmp_path / "adtte.csv"
    path.write_text(path.read_text().replace(",DAYS,", ",DAYX,", 1))
    faults = check_folder(tmp_path)[1]
    assert [(f.dataset, f.variable, f.count) for f in faults] == [("ADTTE", "AVALU", 1)]
    (tmp_path / "adsl.xpt").write_bytes(b"not a transport file" * 50)
    with pytest.raises(InputError, match=r"adsl\.xpt: cannot be read"):
        check_folder(tmp_path)
    (tmp_path / "adsl.xpt").unlink()
    assert "but not as both" in str(check_folder(tmp_path)[1][-1])


def test_a_folder_without_data_sets_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match="no data set there"):
        check_folder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        check_folder(tmp_path / "nowhere")
