"""ADaM-shaped data sets: what they say, what the formats keep, what becomes of every column."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError
from rascade.exchange.adam import (
    FORMATS,
    build_datasets,
    check_datasets,
    check_folder,
    read_datasets,
    write_datasets,
)
from rascade.exchange.adam.variables import (
    DATASETS,
    controlled_terms,
    dispositions,
    meddra_terms,
    reasons,
    variables_of,
)
from rascade.statistics.survival import kaplan_meier
from rascade.trial.assessment.ctcae import load_terms
from rascade.trial.assessment.times import REASONS


def copy_of(datasets):
    return {name: table.copy() for name, table in datasets.items()}


def test_all_rules_hold(datasets) -> None:
    assert list(datasets) == list(DATASETS)
    assert check_datasets(datasets) == []


def test_subjects_are_the_patients(outcome, datasets) -> None:
    adsl = datasets["ADSL"]
    assert len(adsl) == 40 and adsl["USUBJID"].is_unique
    assert adsl["USUBJID"].str.fullmatch(r"A-STUDY-OF-ALPHA-[0-9A-F]{8}-\d{6}").all()
    assert adsl["SUBJID"].astype(int).tolist() == outcome.patients["patient"].tolist()
    assert (adsl["TRT01P"] == outcome.patients["arm"].to_numpy()).all()
    assert (adsl["DTHFL"] == "Y").tolist() == outcome.patients["os_event"].tolist()
    assert set(adsl["RACE"]) == {"UNKNOWN"}, "the simulation draws no race"


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
    assert (adae["CTCAEVER"] == "v5").all()


def test_terms_of_meddra_stand_beside_those_of_ctcae(datasets) -> None:
    adae = datasets["ADAE"].set_index("AETERM")
    assert adae.loc["Diarrhea", "AELLT"] == adae.loc["Diarrhea", "AETOX"] == "Diarrhea"
    assert adae.loc["Diarrhea", "AEDECOD"] == "Diarrhoea"
    assert adae.loc["Diarrhea", "AEBODSYS"] == "Gastrointestinal disorders"
    assert adae.loc["Fatigue – at night", "AEDECOD"] == "Fatigue – at night", "not in the table"
    assert adae.loc["Fatigue – at night", "AEBODSYS"] == "General"


def test_every_term_that_is_graded_has_a_preferred_term() -> None:
    assert {term.name for term in load_terms("v5") + load_terms("v6")} <= set(meddra_terms())


def test_nothing_happens_to_a_patient_after_death(outcome, source) -> None:
    people = outcome.patients[outcome.patients["os_event"]]
    patient = int(people["patient"].iloc[0])
    died = float(people["os_months"].iloc[0]) * 30.4375
    late = (
        source()
        .adverse_events.iloc[[0, 1]]
        .assign(patient=patient, start_day=[died - 3, died + 2], end_day=[died + 9, died + 9])
    )
    made = build_datasets(source(late))
    adsl = made["ADSL"].set_index("USUBJID")
    assert check_datasets(made) == []
    assert made["ADAE"]["AETERM"].tolist() == ["Rash"]
    assert made["ADAE"]["AENDT"][0] == adsl["DTHDT"][made["ADAE"]["USUBJID"][0]]


def test_no_adverse_events_make_an_empty_data_set(source, tmp_path) -> None:
    made = build_datasets(source(source().adverse_events.iloc[:0], ""))
    assert len(made["ADAE"]) == 0 and check_datasets(made) == []
    pd.testing.assert_frame_equal(build_datasets(source(None, ""))["ADAE"], made["ADAE"])
    write_datasets(tmp_path, made)
    assert check_folder(tmp_path)[1] == []


def test_a_trial_without_patients_has_empty_data_sets(source) -> None:
    whole = source()
    made = build_datasets(
        source(
            whole.adverse_events.iloc[:0],
            patients=whole.patients.iloc[:0],
            visits=whole.visits.iloc[:0],
            lesions=whole.lesions.iloc[:0],
        )
    )
    assert not any(len(table) for table in made.values()) and check_datasets(made) == []


def test_all_formats_hold_the_same_and_the_same_bytes_come_again(datasets, tmp_path) -> None:
    files = write_datasets(tmp_path / "one", datasets)
    write_datasets(tmp_path / "two", datasets)
    assert len(files) == len(DATASETS) * len(FORMATS) + 3
    assert not [path for path in (tmp_path / "one").iterdir() if path.name.startswith(".")]
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    for suffix in FORMATS:
        again = read_datasets(tmp_path / "one", suffix)
        for name, table in datasets.items():
            pd.testing.assert_frame_equal(again[name], table, rtol=1e-14)
    assert check_folder(tmp_path / "one")[1] == []
    definition = json.loads((tmp_path / "one" / "define.json").read_text())
    assert definition["datasets"]["ADSL"]["records"] == 40


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


def test_formats_that_differ_are_found(datasets, tmp_path) -> None:
    write_datasets(tmp_path, datasets)
    path = tmp_path / "adtte.csv"
    path.write_text(path.read_text().replace(",DAYS,", ",DAYX,", 1))
    faults = check_folder(tmp_path)[1]
    assert [(f.dataset, f.variable, f.count) for f in faults] == [("ADTTE", "AVALU", 1)] * 2
    assert "in .csv: must be one of DAYS" in str(faults[1])
    (tmp_path / "adsl.xpt").write_bytes(b"not a transport file" * 50)
    with pytest.raises(InputError, match=r"adsl\.xpt: cannot be read"):
        check_folder(tmp_path)
    (tmp_path / "adsl.xpt").unlink()
    assert any("but not as both" in str(fault) for fault in check_folder(tmp_path)[1])


def test_a_folder_without_data_sets_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match="no data set there"):
        check_folder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        check_folder(tmp_path / "nowhere")


def test_reasons_are_told_in_words_and_every_word_is_known(rich) -> None:
    adtte = rich["ADTTE"]
    for code, family in (("OS", "death"), ("PFS", "progression"), ("TTR", "response")):
        own = adtte[adtte["PARAMCD"] == code]
        assert set(own["EVNTDESC"]) <= {reason.text for reason in reasons(family).values()}
    told = adtte.groupby("PARAMCD")["EVNTDESC"].agg(set)
    assert {"DEATH", "ALIVE AT DATA CUT-OFF", "LOST TO FOLLOW-UP"} == told["OS"]
    assert "WITHDRAWAL BEFORE PROGRESSION OR DEATH" in told["PFS"]
    assert "WITHDRAWAL BEFORE PROGRESSION OR DEATH" in told["IPFS"]
    assert "PROGRESSIVE DISEASE: TARGET LESIONS" in told["PFS"]
    assert "EVENT AFTER TWO OR MORE MISSED ASSESSMENTS" in told["PFSFDA"]
    assert "EVENT AFTER TWO OR MORE MISSED ASSESSMENTS" not in told["PFSEMA"]
    dated = adtte[adtte["CNSR"] == 1].groupby("PARAMCD")["CNSDTDSC"].agg(set)
    assert dated["OS"] == {"DATE LAST KNOWN ALIVE"}
    assert "DATE OF LAST ADEQUATE ASSESSMENT" in dated["PFS"]
    assert (adtte.loc[adtte["CNSR"] == 0, "CNSDTDSC"] == "").all()


def test_all_reasons_of_a_trial_have_words() -> None:
    assert set(REASONS) - {"censored"} <= set(reasons("progression"))
    for reason in ("progression", "adverse event", "death", "dropout"):
        assert dispositions("treatment")[reason].status == "DISCONTINUED"


def test_times_are_traced_to_their_source(rich) -> None:
    adtte, adrs = rich["ADTTE"], rich["ADRS"]
    assert (adtte.loc[adtte["PARAMCD"] == "OS", "SRCDOM"] == "ADSL").all()
    scans = adtte[adtte["SRCDOM"] == "ADRS"]
    assert (scans["SRCVAR"] == "ADT").all() and len(scans) > 20
    source = scans.merge(
        adrs, left_on=["USUBJID", "SRCSEQ"], right_on=["USUBJID", "ASEQ"], suffixes=("", "_source")
    )
    assert len(source) == len(scans) and (source["ADT"] == source["ADT_source"]).all()
    assert set(source.loc[source["PARAMCD"] == "IPFS", "PARAMCD_source"]) == {"IOVRRESP"}
    assert set(source.loc[source["PARAMCD"] == "PFS", "PARAMCD_source"]) == {"OVRLRESP"}


def test_ends_of_treatment_and_study_are_told_in_controlled_terms(rich_source, rich) -> None:
    adsl, people = rich["ADSL"].set_index("SUBJID"), rich_source.patients
    adsl.index = adsl.index.astype(int)
    assert check_datasets(rich) == []
    died = people.loc[people["os_event"], "patient"]
    assert set(adsl.loc[died, "EOSSTT"]) == {"DISCONTINUED"}
    assert set(adsl.loc[died, "DCSREAS"]) == {"DEATH"}
    ongoing = people.loc[people["study_end_reason"] == "", "patient"]
    ongoing = [p for p in ongoing if pd.notna(adsl.loc[p, "LSTALVDT"])]
    assert set(adsl.loc[ongoing, "EOSSTT"]) == {"ONGOING"}, "a data cut is no dropout"
    assert adsl.loc[ongoing, "EOSDT"].isna().all()
    left = int(people.loc[people["study_end_reason"] == "lost to follow-up", "patient"].iloc[0])
    assert adsl.loc[left, ["EOSSTT", "DCSREAS"]].tolist() == ["DISCONTINUED", "LOST TO FOLLOW-UP"]
    assert adsl.loc[left, "DCTREAS"] == "WITHDRAWAL BY SUBJECT"
    failed = adsl[adsl["LSTALVDT"].isna()].iloc[0]
    assert failed[["EOSSTT", "DCSREAS", "DCSREASP"]].tolist() == [
        "DISCONTINUED", "OTHER", "SIMULATION FAILED",
    ]  # fmt: skip
    assert len(set(adsl["DCUTDT"])) == 1, "the data cut is one day of the calendar"


def test_prognostic_factors_are_in_adsl(rich_source, rich) -> None:
    adsl, people = rich["ADSL"], rich_source.patients
    assert adsl["ALBBL"].tolist() == people["albumin_g_l"].tolist()
    assert adsl["NLRBL"].tolist() == people["nlr"].tolist()
    assert ((adsl["LIVMETFL"] == "Y") == people["liver_metastases"]).all()
    assert set(adsl["LIVMETFL"]) == {"Y", "N"}


def test_strata_and_second_treatments_are_in_adsl(rich_source, rich) -> None:
    adsl, people = rich["ADSL"], rich_source.patients
    assert adsl["STRATAR"].tolist() == people["stratum"].tolist()
    assert set(adsl["STRAT1D"]) == {"ecog"} and set(adsl["STRAT2D"]) == {"sex"}
    assert adsl["STRAT1R"].tolist() == people["stratum_ecog"].tolist()
    assert "STRAT3R" not in adsl
    second = adsl["TRT02A"] != ""
    assert (second == people["other_treatment_day"].notna().to_numpy()).all()
    assert {"試験群 α", "gemcitabine 1 g/m²"} == set(adsl.loc[second, "TRT02A"])
    assert set(adsl.loc[adsl["TRT02A"] == "試験群 α", "TRT02AN"]) == {1.0}, "the number of the arm"
    assert adsl.loc[second, "TR02SDT"].notna().all()
    both = rich["ADRS"].merge(adsl[["USUBJID", "TR02SDT", "TRT02A"]], on="USUBJID")
    later = both[both["ADT"] > both["TR02SDT"]]
    assert (later["TRTA"] == later["TRT02A"]).all() and len(later)
    assert (later["TRTP"] == later["TRT01P"]).all(), "as randomised"


def test_a_plain_trial_has_no_variables_for_what_it_lacks(datasets) -> None:
    absent = {"TRT02P", "TR02SDT", "STRATAR", "STRAT1R", "DCUTDT", "STRATUM"}
    assert not absent & set(datasets["ADSL"])


def test_analysis_flags_end_with_the_first_progression(datasets) -> None:
    adrs = datasets["ADRS"]
    overall = adrs[adrs["PARAMCD"] == "OVRLRESP"]
    first = overall[overall["AVALC"] == "PD"].groupby("USUBJID")["AVISITN"].min()
    limit = overall["USUBJID"].map(first).fillna(np.inf)
    assert ((overall["ANL01FL"] == "Y") == (overall["AVISITN"] <= limit)).all()
    assert (overall["ANL01FL"] == "").any(), "some were scanned after progression"
    assert (adrs.loc[adrs["PARAMCD"] == "BOR", "ANL01FL"] == "Y").all()
    assert (datasets["ADTTE"]["ANL01FL"] == "Y").all()


def test_responses_are_in_controlled_terms(datasets) -> None:
    adrs = datasets["ADRS"]
    other = adrs[adrs["PARAMCD"] == "NTRGRESP"]
    assert "NON-CR/NON-PD" in set(other["AVALC"])
    assert not set(adrs["AVALC"]) & {"NON-CR-NON-PD", "NONE"}
    for name in ("ADTTE", "ADRS", "ADTR"):
        table = datasets[name]
        assert len(table[["PARAMCD", "PARAMN"]].drop_duplicates()) == table["PARAMCD"].nunique()
