"""A good set of data sets is broken in many ways, and the check names each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError
from rascade.exchange.adam import check_datasets, write_datasets

DAY = pd.Timedelta(1, "D")
BREAKS = []
VALUES = {}


def breaks(dataset: str, says: str):
    """Note a function that breaks a rule of a data set, and what the check must say of it."""

    def note(change):
        BREAKS.append(pytest.param(change, dataset, says, id=change.__name__))
        return change

    return note


def put(dataset, column, value, says, *, rows=None):
    """Note that one value, or all of a column, is overwritten."""
    VALUES.setdefault(dataset, []).append((column, value, says, rows))


def first(mask) -> int:
    """Return the label of the first record of a mask."""
    assert mask.any(), "the trial of these tests has no such record"
    return mask[mask].index[0]


def of(data, code, *, event=None, said=None):
    """Return the label of the first time of an end point that is an event or not."""
    table = data["ADTTE"]
    mask = table["PARAMCD"] == code
    if event is not None:
        mask &= (table["CNSR"] == 0) == event
    if said is not None:
        mask &= table["EVNTDESC"].str.startswith(said)
    return first(mask)


def move(data, row, days) -> None:
    """Move the end of a time, with all that follows from it within ADTTE."""
    table = data["ADTTE"]
    table.loc[row, "ADT"] += days * DAY
    for column in ("AVAL", "SIMTIME", "AVALLO", "AVALHI"):
        table.loc[row, column] += days


def resize(data, row, factor) -> None:
    """Change a size, with the changes that follow from it in its record."""
    table = data["ADTR"]
    size = table.loc[row, "AVAL"] * factor
    base = table.loc[row, "BASE"]
    table.loc[row, ["AVAL", "CHG", "PCHG"]] = [size, size - base, 100 * (size - base) / base]


ALL = slice(None)
put("ADSL", "SEX", "X", "must be one of F, M")
put("ADSL", "DTHDT", pd.NaT, "date of death if, and only if", rows=ALL)
put("ADSL", "STUDYID", "OTHER", "begins its identifier")
put("ADSL", "SUBJID", "999999", "within the study ends")
put("ADSL", "TRTEDT", pd.Timestamp("1999-01-01"), "not before its start")
put("ADSL", "KRASALL", "G12DG12DG12D", "at most 10 characters")
put("ADSL", "KRASALL", "naïve", "texts are ASCII")
put("ADSL", "RACE", "MARTIAN", "must be one of AMERICAN INDIAN")
put("ADSL", "EOSSTT", "DIED", "must be one of COMPLETED")
put("ADSL", "TRT01P", "another", "the arm is the treatment planned")
put("ADSL", "TRT01PN", 2.0, "TRT01P and TRT01PN belong together")
put("ADSL", "TRT01P", "", "every subject has a treatment")
put("ADSL", "RANDDT", pd.Timestamp("2030-01-01"), "nobody is treated before randomisation")
put("ADSL", "DCUTDT", pd.Timestamp("2000-02-01"), "nothing is known from after", rows=ALL)
put("ADSL", "STRATARN", 77.0, "STRATAR and STRATARN belong together")
put("ADSL", "LSTALVDT", pd.Timestamp("1999-06-01"), "known alive only before the start")
put("ADSL", "SUMDBL", 1.0, "the sum at baseline of ADSL")
put("ADSL", "NTARGET", 9.0, "the number of lesions of ADSL")
put("ADSL", "NNONTGT", 9.0, "the number of lesions of ADSL")
put("ADTTE", "CNSR", 2.0, "must be one of 0, 1")
put("ADTTE", "AVAL", 3.0, "AVAL is ADT - STARTDT + 1")
put("ADTTE", "SIMTIME", 7000.0, "less than a day apart")
put("ADTTE", "USUBJID", "NOBODY", "every subject is in ADSL")
put("ADTTE", "PARAM", "Time to Response (days)", "PARAM and PARAMCD belong together")
put("ADTTE", "PARAMN", 99.0, "PARAMN and PARAMCD belong together")
put("ADTTE", "TRT01P", "other", "the treatment is that of ADSL")
put("ADTTE", "TRTP", "other", "the treatment is that of ADSL")
put("ADTTE", "TRTA", "other", "the actual treatment is that of ADSL")
put("ADTTE", "AVALLO", 1e6, "enclose AVAL", rows=ALL)
put("ADTTE", "EVNTDESC", "", "every time says what ended it")
put("ADTTE", "STARTDT", pd.Timestamp("2000-06-01"), "the time runs from randomisation", rows=ALL)
put("ADTTE", "SRCSEQ", 4000.0, "the record that SRCDOM, SRCVAR and SRCSEQ name", rows=ALL)
put("ADRS", "AVALC", "XX", "must be one of CR")
put("ADRS", "AVISITN", np.nan, "a part of the key is never missing")
put("ADRS", "AVISIT", "SCAN 99", "AVISIT and AVISITN belong together")
put("ADRS", "PARCAT1", "iRECIST", "the criteria are those of the parameter", rows=ALL)
put("ADTR", "ADY", 0.0, "ADY is the relative day of ADT", rows=ALL)
put("ADTR", "CHG", 1e3, "CHG is AVAL - BASE", rows=ALL)
put("ADTR", "PCHG", 1e3, "PCHG is 100", rows=ALL)
put("ADTR", "TRLNKID", "T99", "a sum has none", rows=ALL)
put("ADTR", "AVAL", -1.0, "no diameter is below 0")
put("ADTR", "STUDYID", "OTHER-STUDY", "the study is that of ADSL")
put("ADTR", "ABLFL", "Y", "no other, is the baseline", rows=ALL)
put("ADAE", "ATOXGRN", 5.0, "ATOXGR and ATOXGRN")
put("ADAE", "AENDT", pd.Timestamp("1999-01-01"), "does not end before it begins")
put("ADAE", "CTCAEVER", "", "version of CTCAE")
put("ADAE", "AEACN", "NOTHING", "must be one of DOSE NOT CHANGED")
put("ADAE", ["ATOXGR", "ATOXGRN"], ["5", 5.0], "grade 5 is serious")


@breaks("ADSL", "the key tells every record from the others")
def a_subject_twice(data):
    data["ADSL"].loc[1, "USUBJID"] = data["ADSL"].loc[0, "USUBJID"]


@breaks("ADSL", "the variable is missing")
def a_variable_is_gone(data):
    data["ADSL"].pop("AGE")


@breaks("ADSL", "not defined for this data set")
def a_variable_is_new(data):
    data["ADSL"].insert(0, "NEW", 1)


@breaks("ADSL", "must hold numbers")
def ages_are_words(data):
    data["ADSL"]["AGE"] = "old"


@breaks("ADRS", "the data set is missing")
def a_data_set_is_gone(data):
    del data["ADRS"]


# Dates of death


@breaks("ADTTE", "OS ends on the day of death")
def death_is_a_day_later_in_adsl(data):
    row = first(data["ADSL"]["DTHFL"] == "Y")
    data["ADSL"].loc[row, ["DTHDT", "LSTALVDT", "EOSDT"]] += DAY


@breaks("ADSL", "last known alive on the day of death")
def last_alive_is_not_the_day_of_death(data):
    row = first(data["ADSL"]["DTHFL"] == "Y")
    data["ADSL"].loc[row, "LSTALVDT"] -= DAY


@breaks("ADTTE", "OS is an event if, and only if")
def a_death_is_censored_in_adtte(data):
    row = of(data, "OS", event=True)
    words = [1.0, "ALIVE AT DATA CUT-OFF", "DATE LAST KNOWN ALIVE"]
    data["ADTTE"].loc[row, ["CNSR", "EVNTDESC", "CNSDTDSC"]] = words


@breaks("ADTTE", "the description is that of an event if, and only if")
def a_death_is_described_as_alive(data):
    data["ADTTE"].loc[of(data, "OS", event=True), "EVNTDESC"] = "ALIVE AT DATA CUT-OFF"


@breaks("ADTTE", "an event (CNSR 0) has no reason for the date")
def an_event_has_a_reason_for_its_censoring(data):
    data["ADTTE"].loc[of(data, "OS", event=True), "CNSDTDSC"] = "DATE LAST KNOWN ALIVE"


@breaks("ADTTE", "an event that is a death is dated on the day of death")
def death_of_pfs_is_not_that_of_adsl(data):
    move(data, of(data, "PFS", event=True, said="DEATH"), -3)


@breaks("ADTTE", "who died is not said to be without progression")
def who_died_is_without_event_in_pfs(data):
    row = of(data, "PFS", event=True, said="DEATH")
    words = [1.0, "NO PROGRESSION OR DEATH BY DATA CUT-OFF", "DATE OF RANDOMIZATION"]
    data["ADTTE"].loc[row, ["CNSR", "EVNTDESC", "CNSDTDSC"]] = words


@breaks("ADAE", "nothing is recorded after the day of death")
def an_event_after_death(data):
    adsl = data["ADSL"]
    row = first(adsl["USUBJID"].isin(data["ADAE"]["USUBJID"]))
    adsl.loc[row, ["DTHFL", "DTHDT"]] = ["Y", adsl.loc[row, "TRTSDT"]]


@breaks("ADRS", "nothing is recorded after the day last known alive")
def a_scan_after_the_last_day_alive(data):
    adsl = data["ADSL"]
    row = first((adsl["DTHFL"] == "") & adsl["LSTALVDT"].notna())
    adsl.loc[row, "LSTALVDT"] = adsl.loc[row, "TRTSDT"] + DAY


# Ends of treatment and study


@breaks("ADSL", "who died left the study by death")
def who_died_was_lost(data):
    data["ADSL"].loc[first(data["ADSL"]["DTHFL"] == "Y"), "DCSREAS"] = "LOST TO FOLLOW-UP"


@breaks("ADSL", "DCSREAS is given if, and only if, EOSSTT is DISCONTINUED")
def who_died_is_on_study(data):
    data["ADSL"].loc[first(data["ADSL"]["DTHFL"] == "Y"), "EOSSTT"] = "ONGOING"


@breaks("ADSL", "DCTREAS is given if, and only if, EOTSTT is DISCONTINUED")
def a_treatment_ends_without_reason(data):
    data["ADSL"].loc[first(data["ADSL"]["EOTSTT"] == "DISCONTINUED"), "DCTREAS"] = ""


@breaks("ADSL", "treatment does not go on in a subject who died")
def treatment_goes_on_after_death(data):
    row = first(data["ADSL"]["DTHFL"] == "Y")
    data["ADSL"].loc[row, ["EOTSTT", "DCTREAS"]] = ["ONGOING", ""]


@breaks("ADSL", "ended by death is that of a subject who died")
def treatment_ended_by_a_death_that_was_none(data):
    row = first((data["ADSL"]["DTHFL"] == "") & (data["ADSL"]["EOTSTT"] == "DISCONTINUED"))
    data["ADSL"].loc[row, "DCTREAS"] = "DEATH"


@breaks("ADSL", "who is on study has no end of study")
def an_end_of_study_of_who_is_on_study(data):
    row = first(data["ADSL"]["EOSSTT"] == "ONGOING")
    data["ADSL"].loc[row, "EOSDT"] = data["ADSL"].loc[row, "LSTALVDT"]


@breaks("ADSL", "ended on the day of death")
def study_ends_before_death(data):
    data["ADSL"].loc[first(data["ADSL"]["DTHFL"] == "Y"), "EOSDT"] -= DAY


@breaks("ADSL", "nobody is treated after death")
def treatment_after_death(data):
    row = first(data["ADSL"]["DTHFL"] == "Y")
    data["ADSL"].loc[row, "TRTEDT"] = data["ADSL"].loc[row, "DTHDT"] + DAY


# PFS and its scans


@breaks("ADTTE", "dated at the first scan of ADRS that read PD")
def progression_is_dated_a_week_early(data):
    move(data, of(data, "PFS", event=True, said="PROGRESSIVE"), -7)


@breaks("ADTTE", "dated at the first scan of ADRS that read PD")
def the_scan_of_progression_reads_stable_disease(data):
    adtte, adrs = data["ADTTE"], data["ADRS"]
    row = of(data, "PFS", event=True, said="PROGRESSIVE")
    own = adrs["USUBJID"] == adtte.loc[row, "USUBJID"]
    adrs.loc[own & (adrs["ADT"] == adtte.loc[row, "ADT"]), "AVALC"] = "SD"


@breaks("ADTTE", "PFS ends at the progression that ADRS has, not later")
def a_progression_is_overlooked(data):
    row = of(data, "PFS", event=True, said="PROGRESSIVE")
    words = [1.0, "NEW ANTICANCER TREATMENT", "DATE OF LAST ADEQUATE ASSESSMENT"]
    data["ADTTE"].loc[row, ["CNSR", "EVNTDESC", "CNSDTDSC"]] = words


@breaks("ADTTE", "who progressed in ADRS is not said to be without progression")
def a_censored_subject_progressed_in_adrs(data):
    adtte, adrs = data["ADTTE"], data["ADRS"]
    row = of(data, "PFS", event=False, said="NO PROGRESSION")
    own = (adrs["USUBJID"] == adtte.loc[row, "USUBJID"]) & (adrs["PARAMCD"] == "OVRLRESP")
    adrs.loc[first(own), "AVALC"] = "PD"


@breaks("ADTTE", "a censored time ends at a scan that could be read")
def a_time_is_censored_between_scans(data):
    move(data, of(data, "PFS", event=False), -5)


@breaks("ADTTE", "PFS is not longer than OS")
def pfs_is_longer_than_os(data):
    move(data, of(data, "PFS", event=True, said="DEATH"), 5)


@breaks("ADTTE", "a progression by iRECIST is dated at the first iUPD that")
def progression_by_irecist_without_scan(data):
    move(data, of(data, "IPFS", event=True, said="PROGRESSIVE"), -3)


@breaks("ADTTE", "the record that SRCDOM, SRCVAR and SRCSEQ name")
def a_source_is_another_record(data):
    data["ADTTE"].loc[of(data, "PFS", event=True, said="PROGRESSIVE"), "SRCSEQ"] += 1


@breaks("ADRS", "a later scan has a later date")
def scans_in_the_wrong_order(data):
    adrs = data["ADRS"]
    last = adrs[(adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVISITN"] == 3)].iloc[0]
    own = (adrs["USUBJID"] == last["USUBJID"]) & (adrs["AVISITN"] == 3)
    adrs.loc[own, ["ADT", "ADY"]] = [last["ADT"] - 100 * DAY, last["ADY"] - 100]


@breaks("ADRS", "all readings of a scan have one date")
def a_scan_with_two_dates(data):
    row = first(data["ADRS"]["PARAMCD"] == "TRGRESP")
    data["ADRS"].loc[row, ["ADT", "ADY"]] += [DAY, 1]


@breaks("ADTR", "a scan with measurements has a response in ADRS")
def diameters_of_another_day(data):
    adtr = data["ADTR"]
    row = adtr[adtr["AVISITN"] == 1].iloc[0]
    own = (adtr["USUBJID"] == row["USUBJID"]) & (adtr["AVISITN"] == 1)
    adtr.loc[own, ["ADT", "ADY"]] = [row["ADT"] + DAY, row["ADY"] + 1]


# Best responses


@breaks("ADRS", "BOR is the best of the responses at the scans")
def a_best_response_that_no_scan_read(data):
    adrs = data["ADRS"]
    adrs.loc[first((adrs["PARAMCD"] == "BOR") & (adrs["AVALC"] == "SD")), "AVALC"] = "CR"


@breaks("ADRS", "CBOR is the best of the responses at the scans")
def a_confirmed_response_that_was_not(data):
    adrs = data["ADRS"]
    adrs.loc[first((adrs["PARAMCD"] == "CBOR") & (adrs["AVALC"] == "PD")), "AVALC"] = "PR"


@breaks("ADRS", "IBOR is the best of the responses at the scans")
def a_best_response_by_irecist_that_no_scan_read(data):
    adrs = data["ADRS"]
    adrs.loc[first((adrs["PARAMCD"] == "IBOR") & (adrs["AVALC"] == "iSD")), "AVALC"] = "iCR"


@breaks("ADRS", "BOR is the best of the responses at the scans")
def responding_scans_are_gone(data):
    adrs = data["ADRS"]
    own = (adrs["PARAMCD"] == "OVRLRESP") & adrs["AVALC"].isin(["CR", "PR"])
    data["ADRS"] = adrs[~own].reset_index(drop=True)


@breaks("ADRS", "BOR is one of CR, PR, SD, PD, NE")
def a_best_response_in_the_terms_of_irecist(data):
    adrs = data["ADRS"]
    adrs.loc[first(adrs["PARAMCD"] == "BOR"), "AVALC"] = "iPR"


@breaks("ADRS", "a progression of targets or non-targets is a progression overall")
def targets_progress_and_the_scan_does_not(data):
    adrs = data["ADRS"]
    row = adrs[(adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "SD")].iloc[0]
    own = (adrs["USUBJID"] == row["USUBJID"]) & (adrs["AVISITN"] == row["AVISITN"])
    adrs.loc[own & (adrs["PARAMCD"] == "TRGRESP"), "AVALC"] = "PD"


@breaks("ADRS", "without progression the overall response is that of the targets")
def a_response_without_one_of_the_targets(data):
    adrs = data["ADRS"]
    row = adrs[(adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "PR")].iloc[0]
    own = (adrs["USUBJID"] == row["USUBJID"]) & (adrs["AVISITN"] == row["AVISITN"])
    adrs.loc[own & (adrs["PARAMCD"] == "TRGRESP"), "AVALC"] = "SD"


@breaks("ADRS", "a progression is one of targets, of non-targets, or a new lesion")
def a_progression_without_a_cause(data):
    adrs = data["ADRS"]
    known = set(data["ADTR"].loc[data["ADTR"]["TRLNKID"].str.startswith("NEW"), "USUBJID"])
    own = (adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "SD")
    adrs.loc[first(own & ~adrs["USUBJID"].isin(known)), "AVALC"] = "PD"


@breaks("ADRS", "are numbered from 1 without a gap")
def a_reading_is_gone(data):
    adrs = data["ADRS"]
    row = first((adrs["PARAMCD"] == "IOVRRESP") & (adrs["AVISITN"] == 1))
    data["ADRS"] = adrs.drop(index=row).reset_index(drop=True)


@breaks("ADAE", "are numbered from 1 without a gap")
def an_adverse_event_is_gone(data):
    data["ADAE"] = data["ADAE"].iloc[1:].reset_index(drop=True)


@breaks("ADAE", "an event that came with treatment does not begin before it")
def an_event_before_treatment(data):
    data["ADAE"].loc[0, ["ASTDT", "ASTDY"]] = [pd.Timestamp("1999-12-31"), -1.0]


@breaks("ADSL", "nobody is treated after the day last known alive")
def treatment_after_the_last_day_alive(data):
    row = first(data["ADSL"]["EOSSTT"] == "ONGOING")
    data["ADSL"].loc[row, "TRTEDT"] = data["ADSL"].loc[row, "LSTALVDT"] + DAY


@breaks("ADSL", "the treatment of period 1 does not end after all treatment")
def period_1_ends_after_all_treatment(data):
    data["ADSL"].loc[0, "TR01EDT"] = data["ADSL"].loc[0, "TRTEDT"] + DAY


@breaks("ADRS", "every scan has an overall response")
def a_scan_without_overall_response(data):
    adrs = data["ADRS"]
    row = first((adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "SD"))
    data["ADRS"] = adrs.drop(index=row).reset_index(drop=True)


@breaks("ADTTE", "who responded in ADRS has a record of DOR")
def a_responder_without_duration(data):
    adtte = data["ADTTE"]
    data["ADTTE"] = adtte.drop(index=of(data, "DOR")).reset_index(drop=True)


@breaks("ADTTE", "TTR is of the first response in ADRS")
def a_response_is_dated_early(data):
    move(data, of(data, "TTR"), -10)


@breaks("ADTTE", "a response lasts until PFS ends")
def a_response_outlasts_pfs(data):
    move(data, of(data, "DOR"), 10)


# Diameters


@breaks("ADTR", "the sum of diameters is the sum of the target lesions")
def a_sum_that_is_none(data):
    adtr = data["ADTR"]
    resize(data, first((adtr["PARAMCD"] == "SUMDIAM") & (adtr["AVISITN"] == 1)), 1.01)


@breaks("ADTR", "a sum is of all target lesions of baseline")
def a_target_is_missing_in_the_sum(data):
    adtr = data["ADTR"]
    several = data["ADSL"].loc[data["ADSL"]["NTARGET"] > 1, "USUBJID"]
    own = adtr["USUBJID"].isin(several) & (adtr["AVISITN"] == 1)
    whole = set(adtr.loc[own & (adtr["PARAMCD"] == "SUMDIAM"), "USUBJID"])
    row = first(own & adtr["USUBJID"].isin(whole) & (adtr["TRLNKID"] == "T01"))
    data["ADTR"] = adtr.drop(index=row).reset_index(drop=True)


@breaks("ADTR", "have one baseline")
def two_baselines_of_a_lesion(data):
    row = first((data["ADTR"]["PARAMCD"] == "DIAM") & (data["ADTR"]["AVISITN"] == 1))
    data["ADTR"].loc[row, ["BASE", "CHG"]] += [1.0, -1.0]


@breaks("ADTR", "at least 30 % below baseline")
def a_partial_response_of_a_sum_that_grew(data):
    adtr, adrs = data["ADTR"], data["ADRS"]
    row = adrs[(adrs["PARAMCD"] == "TRGRESP") & (adrs["AVALC"] == "PR")].iloc[0]
    own = (adtr["USUBJID"] == row["USUBJID"]) & (adtr["AVISITN"] == row["AVISITN"])
    for label in adtr[own & adtr["BASE"].notna()].index:
        resize(data, label, 1.5)


@breaks("ADTR", "20 % and 5 mm above the smallest before")
def a_sum_doubles_without_progression(data):
    adtr, adrs = data["ADTR"], data["ADRS"]
    row = adrs[(adrs["PARAMCD"] == "TRGRESP") & (adrs["AVALC"] == "SD")].iloc[0]
    own = (adtr["USUBJID"] == row["USUBJID"]) & (adtr["AVISITN"] == row["AVISITN"])
    for label in adtr[own & adtr["BASE"].notna()].index:
        resize(data, label, 2.0)


@breaks("ADTR", "a scan with a new lesion is a progression")
def a_new_lesion_without_progression(data):
    adtr, adrs = data["ADTR"], data["ADRS"]
    row = adrs[(adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "SD")].iloc[0]
    own = (adtr["USUBJID"] == row["USUBJID"]) & (adtr["AVISITN"] == row["AVISITN"])
    new = adtr.loc[[first(own & (adtr["PARAMCD"] == "DIAM"))]].assign(TRLNKID="NEW01", AVAL=12.0)
    new[["BASE", "CHG", "PCHG"]] = np.nan
    data["ADTR"] = pd.concat([adtr, new], ignore_index=True)


@breaks("ADTR", "a lesion stays where it is")
def a_lesion_moves(data):
    row = first((data["ADTR"]["TRLNKID"] == "T01") & (data["ADTR"]["AVISITN"] == 1))
    data["ADTR"].loc[row, "TRLOC"] = "elsewhere"


# Subjects that are missing


def without(data, name) -> None:
    table = data[name]
    known = data["ADSL"].loc[data["ADSL"]["LSTALVDT"].notna(), "USUBJID"].iloc[0]
    data[name] = table[table["USUBJID"] != known].reset_index(drop=True)


@breaks("ADTTE", "every subject of ADSL has a record of OS")
def a_subject_is_missing_in_adtte(data):
    without(data, "ADTTE")


@breaks("ADRS", "every subject of ADSL has a record of BOR")
def a_subject_is_missing_in_adrs(data):
    without(data, "ADRS")


@breaks("ADTR", "has a sum of diameters at baseline")
def a_subject_is_missing_in_adtr(data):
    without(data, "ADTR")


@breaks("ADTR", "every subject is in ADSL")
def a_subject_is_missing_in_adsl(data):
    data["ADSL"] = data["ADSL"].iloc[1:].reset_index(drop=True)


# Arms and treatments


@breaks("ADSL", "TRT01P and TRT01PN belong together one to one")
def two_arms_of_one_name(data):
    for table in data.values():
        for variable in {"ARM", "TRT01P", "TRT01A", "TRTP", "TRTA"} & set(table):
            table[variable] = "???"


@breaks("ADSL", "TRT01P and ARMCD belong together one to one")
def an_arm_of_two_codes(data):
    data["ADSL"].loc[0, "ARMCD"] = "ARM9"


@breaks("ADRS", "the treatment is that of ADSL")
def treatments_are_swapped_in_one_data_set(data):
    table, names = data["ADRS"], data["ADSL"]["TRT01P"].unique()
    table["TRTP"] = table["TRTP"].map(dict(zip(names, names[::-1], strict=True)))


@breaks("ADRS", "after the change of treatment a record has the second treatment")
def who_crossed_over_stays_on_the_first_treatment(data):
    table = data["ADRS"]
    table["TRTA"], table["TRTAN"] = table["TRTP"], table["TRTPN"]


@breaks("ADRS", "the actual treatment is that of ADSL at the time")
def who_has_not_crossed_over_has_the_second_treatment(data):
    adsl, adrs = data["ADSL"], data["ADRS"]
    row = first(adsl["TRT02A"] != "")
    own = adrs["USUBJID"] == adsl.loc[row, "USUBJID"]
    adrs.loc[own, "TRTA"] = adsl.loc[row, "TRT02A"]
    adrs.loc[own, "TRTAN"] = adsl.loc[row, "TRT02AN"]


@breaks("ADSL", "a second treatment has a start")
def a_second_treatment_without_start(data):
    data["ADSL"].loc[first(data["ADSL"]["TRT02A"] != ""), "TR02SDT"] = pd.NaT


@breaks("ADSL", "the second treatment does not begin before the first")
def a_second_treatment_before_the_first(data):
    row = first(data["ADSL"]["TRT02A"] != "")
    data["ADSL"].loc[row, "TR02SDT"] = pd.Timestamp("1999-01-01")


@breaks("ADAE", "a term has one preferred term and one organ class")
def a_term_in_two_organ_classes(data):
    data["ADAE"] = pd.concat(
        [data["ADAE"], data["ADAE"].iloc[[0]].assign(AESEQ=9.0, AEBODSYS="Elsewhere")],
        ignore_index=True,
    )


put("ADSL", "AGE", -4.0, "nobody has an age, weight or height of 0 or less")


@breaks("ADTTE", "every subject of ADSL has a record of PFSFDA")
def a_subject_without_pfs_by_fda(data):
    data["ADTTE"] = data["ADTTE"].drop(index=of(data, "PFSFDA", event=True))


@breaks("ADSL", "ends on the day last known alive")
def a_study_that_ends_before_the_last_day(data):
    adsl = data["ADSL"]
    row = first((adsl["EOSSTT"] == "DISCONTINUED") & (adsl["DCSREAS"] == "LOST TO FOLLOW-UP"))
    adsl.loc[row, "EOSDT"] -= 30 * DAY


@breaks("ADSL", "does not go on in a subject who left")
def treatment_that_goes_on_in_a_lost_subject(data):
    adsl = data["ADSL"]
    row = first(adsl["DCSREAS"] == "LOST TO FOLLOW-UP")
    adsl.loc[row, ["EOTSTT", "DCTREAS"]] = ["ONGOING", ""]


@breaks("ADSL", "is known of until the day last known alive")
def ended_treatment_that_goes_on(data):
    adsl = data["ADSL"]
    row = first((adsl["DTHFL"] == "") & (adsl["TR01EDT"] < adsl["LSTALVDT"]))
    adsl.loc[row, ["EOTSTT", "DCTREAS"]] = ["ONGOING", ""]


@breaks("ADSL", "the data of all subjects are cut on one day")
def two_data_cuts(data):
    data["ADSL"].loc[3, "DCUTDT"] += 400 * DAY


@breaks("ADSL", "SAFFL is Y if, and only if")
def nobody_was_treated(data):
    data["ADSL"]["SAFFL"] = ""


@breaks("ADSL", "subjects of one stratum have one value")
def a_factor_that_is_not_of_the_stratum(data):
    adsl = data["ADSL"]
    row = first(adsl["STRATAR"].duplicated())
    adsl.loc[row, "STRAT1R"] = "9"


@breaks("ADSL", "a treatment that progression ended has a progression in ADRS")
def an_end_by_a_progression_that_nobody_saw(data):
    adsl, adrs = data["ADSL"], data["ADRS"]
    worse = adrs.loc[(adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "PD"), "USUBJID"]
    row = first((adsl["EOTSTT"] != "") & ~adsl["USUBJID"].isin(worse))
    adsl.loc[row, ["EOTSTT", "DCTREAS"]] = ["DISCONTINUED", "PROGRESSIVE DISEASE"]


@breaks("ADTTE", "OS says that a subject was lost if, and only if")
def a_lost_subject_whom_adsl_follows(data):
    data["ADTTE"].loc[of(data, "OS", event=False, said="ALIVE"), "EVNTDESC"] = "LOST TO FOLLOW-UP"


@breaks("ADTTE", "every time is counted")
def a_time_that_is_not_counted(data):
    data["ADTTE"].loc[0, "ANL01FL"] = ""


@breaks("ADRS", "the flag is Y up to and with the first progression")
def a_scan_after_progression_that_is_counted(data):
    data["ADRS"].loc[first(data["ADRS"]["ANL01FL"] == ""), "ANL01FL"] = "Y"


@breaks("ADTTE", "PFS by the rule of FDA is not longer")
def pfs_longer_by_fda(data):
    adtte = data["ADTTE"]
    date = adtte[adtte["PARAMCD"] == "PFSFDA"].set_index("USUBJID")["ADT"]
    later = adtte["ADT"] > adtte["USUBJID"].map(date)
    row = first((adtte["PARAMCD"] == "PFSEMA") & later)
    other = first((adtte["PARAMCD"] == "PFSFDA") & (adtte["USUBJID"] == adtte.loc[row, "USUBJID"]))
    columns = [c for c in adtte if c not in ("ASEQ", "PARAMCD", "PARAM", "PARAMN")]
    kept = adtte.loc[row, columns].copy()
    adtte.loc[row, columns] = adtte.loc[other, columns]
    adtte.loc[other, columns] = kept


@breaks("ADTTE", "PFS is that by the rule of EMA or by that of FDA")
def pfs_by_no_rule(data):
    adtte = data["ADTTE"]
    move(data, of(data, "PFS", event=True), -1)
    assert (adtte["PARAMCD"] == "PFSEMA").any()


@breaks("ADTTE", "who progressed by iRECIST in ADRS has that progression")
def a_progression_by_irecist_that_is_censored(data):
    row = of(data, "IPFS", event=True, said="PROGRESSIVE")
    data["ADTTE"].loc[row, ["CNSR", "EVNTDESC", "CNSDTDSC"]] = [
        1.0, "NO PROGRESSION OR DEATH BY DATA CUT-OFF", "DATE OF LAST ADEQUATE ASSESSMENT"
    ]  # fmt: skip


@breaks("ADTTE", "dated at the first iUPD that no later reading overturned")
def a_progression_by_irecist_dated_at_its_confirmation(data):
    adtte, adrs = data["ADTTE"], data["ADRS"]
    sure = adrs[(adrs["PARAMCD"] == "IOVRRESP") & (adrs["AVALC"] == "iCPD")]
    date = adtte["USUBJID"].map(sure.groupby("USUBJID")["ADT"].min())
    row = first((adtte["PARAMCD"] == "IPFS") & (adtte["CNSR"] == 0) & (adtte["ADT"] < date))
    move(data, row, (date[row] - adtte.loc[row, "ADT"]).days)


def test_the_good_data_sets_break_no_rule(rich, datasets) -> None:
    assert check_datasets(rich) == []
    assert check_datasets(datasets) == []


@pytest.mark.parametrize(("change", "dataset", "says"), BREAKS)
def test_every_break_is_named(rich, change, dataset, says) -> None:
    spoilt = {name: table.copy() for name, table in rich.items()}
    change(spoilt)
    faults = check_datasets(spoilt)
    assert any(f.dataset == dataset and says in str(f) for f in faults), [*map(str, faults)]


def test_factors_without_a_stratum_are_no_defect(rich) -> None:
    check_datasets(rich | {"ADSL": rich["ADSL"].drop(columns=["STRATAR", "STRATARN"])})


@pytest.mark.parametrize("dataset", VALUES)
def test_wrong_values_are_named_each(rich, dataset) -> None:
    spoilt = {name: table.copy() for name, table in rich.items()}
    for row, (column, value, _, rows) in enumerate(VALUES[dataset]):
        number = row % len(spoilt[dataset])
        spoilt[dataset].loc[number if rows is None else rows, column] = value
    said = [str(fault) for fault in check_datasets(spoilt) if fault.dataset == dataset]
    for column, _, says, _ in VALUES[dataset]:
        assert any(says in one for one in said), (column, says, said)


def test_data_that_break_a_rule_are_not_written(rich, tmp_path) -> None:
    spoilt = rich | {"ADSL": rich["ADSL"].assign(SEX="X")}
    with pytest.raises(InputError, match="were not written: ADSL SEX: must be one of F, M"):
        write_datasets(tmp_path / "out", spoilt)
    assert not (tmp_path / "out").exists()
