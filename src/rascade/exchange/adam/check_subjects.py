"""Checks of ADSL, of what other data sets say of its subjects, and of ADAE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rascade.exchange.adam.fault import TOLERANCE, found, missing, one_to_one, subject_values
from rascade.exchange.adam.variables import dispositions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from rascade.exchange.adam.fault import Fault

__all__ = [
    "check_against_subjects",
    "check_ends",
    "check_events",
    "check_nobody_missing",
    "check_subjects",
]


def check_subjects(adsl: pd.DataFrame) -> Iterator[Fault]:
    """Yield what contradicts itself in ADSL."""
    yield from _identifiers(adsl)
    yield from _arms(adsl)
    yield from _dates(adsl)
    yield from _dispositions(adsl)


def _identifiers(adsl: pd.DataFrame) -> Iterator[Fault]:
    rule = "the study of a subject begins its identifier"
    wrong = [not u.startswith(s) for u, s in zip(adsl["USUBJID"], adsl["STUDYID"], strict=True)]
    yield from found("ADSL", "USUBJID", rule, adsl, wrong)
    rule = "the identifier within the study ends the one of the subject"
    wrong = [not u.endswith(s) for u, s in zip(adsl["USUBJID"], adsl["SUBJID"], strict=True)]
    yield from found("ADSL", "USUBJID, SUBJID", rule, adsl, wrong)
    for variable in ("AGE", "WEIGHTBL", "HEIGHTBL"):
        rule = "nobody has an age, weight or height of 0 or less"
        yield from found("ADSL", variable, rule, adsl, adsl[variable] <= 0)
    if len(adsl):
        rule = "all subjects are of one study"
        yield from found(
            "ADSL", "STUDYID", rule, adsl, adsl["STUDYID"] != adsl["STUDYID"].mode()[0]
        )


def _arms(adsl: pd.DataFrame) -> Iterator[Fault]:
    for one, other in (
        ("TRT01P", "TRT01PN"),
        ("TRT01P", "ARMCD"),
        ("TRT01A", "TRT01AN"),
        ("TRT02P", "TRT02PN"),
        ("TRT02A", "TRT02AN"),
        ("STRATAR", "STRATARN"),
    ):
        yield from one_to_one("ADSL", adsl, one, other)
    factors = [str(n) for n in adsl if re.fullmatch(r"STRAT\d+[DR]", str(n))]
    for factor in factors if "STRATAR" in adsl else ():
        rule = "subjects of one stratum have one value of each of its factors"
        several = adsl.groupby("STRATAR")[factor].transform("nunique") > 1
        yield from found("ADSL", f"STRATAR, {factor}", rule, adsl, several)
    rule = "the arm is the treatment planned for period 1"
    yield from found("ADSL", "ARM, TRT01P", rule, adsl, adsl["ARM"] != adsl["TRT01P"])
    yield from found("ADSL", "TRT01P", "every subject has a treatment", adsl, adsl["TRT01P"] == "")
    if "TRT02A" in adsl and "TR02SDT" in adsl:
        rule = "a second treatment has a start, and a start has a treatment"
        wrong = (adsl["TRT02A"] != "") != adsl["TR02SDT"].notna()
        yield from found("ADSL", "TRT02A, TR02SDT", rule, adsl, wrong)
        rule = "the second treatment does not begin before the first"
        wrong = adsl["TR02SDT"] < adsl["TR01SDT"]
        yield from found("ADSL", "TR02SDT", rule, adsl, wrong)


def _dates(adsl: pd.DataFrame) -> Iterator[Fault]:
    died = adsl["DTHFL"] == "Y"
    rule = "a subject has a date of death if, and only if, DTHFL is Y"
    yield from found("ADSL", "DTHFL, DTHDT", rule, adsl, died != adsl["DTHDT"].notna())
    rule = "the end of treatment is not before its start"
    yield from found("ADSL", "TRTEDT", rule, adsl, adsl["TRTEDT"] < adsl["TRTSDT"])
    rule = "nobody is treated after death"
    yield from found("ADSL", "TRTEDT, DTHDT", rule, adsl, adsl["TRTEDT"] > adsl["DTHDT"])
    rule = "nobody is treated after the day last known alive"
    yield from found("ADSL", "TRTEDT, LSTALVDT", rule, adsl, adsl["TRTEDT"] > adsl["LSTALVDT"])
    rule = "the treatment of period 1 does not end after all treatment"
    yield from found("ADSL", "TR01EDT, TRTEDT", rule, adsl, adsl["TR01EDT"] > adsl["TRTEDT"])
    rule = "who died was last known alive on the day of death"
    wrong = died & (adsl["LSTALVDT"] != adsl["DTHDT"])
    yield from found("ADSL", "LSTALVDT, DTHDT", rule, adsl, wrong)
    rule = "nobody is known alive only before the start of treatment"
    yield from found("ADSL", "LSTALVDT", rule, adsl, adsl["LSTALVDT"] < adsl["TRTSDT"])
    rule = "nobody is treated before randomisation"
    yield from found("ADSL", "RANDDT, TRTSDT", rule, adsl, adsl["TRTSDT"] < adsl["RANDDT"])
    for flag, date in (("ITTFL", "RANDDT"), ("SAFFL", "TRTSDT")):
        rule = f"{flag} is Y if, and only if, there is a {date}"
        yield from found("ADSL", flag, rule, adsl, (adsl[flag] == "Y") != adsl[date].notna())
    if "DCUTDT" in adsl:
        rule = "the data of all subjects are cut on one day"
        cut = adsl["DCUTDT"].dropna()
        wrong = adsl["DCUTDT"].notna() & (adsl["DCUTDT"] != cut.min())
        yield from found("ADSL", "DCUTDT", rule, adsl, wrong)
        rule = "nothing is known from after the data cut"
        wrong = adsl["LSTALVDT"] > adsl["DCUTDT"]
        yield from found("ADSL", "LSTALVDT, DCUTDT", rule, adsl, wrong)


def _dispositions(adsl: pd.DataFrame) -> Iterator[Fault]:
    for status, reason in (("EOSSTT", "DCSREAS"), ("EOTSTT", "DCTREAS")):
        rule = f"{reason} is given if, and only if, {status} is DISCONTINUED"
        wrong = (adsl[status] == "DISCONTINUED") != (adsl[reason] != "")
        yield from found("ADSL", f"{status}, {reason}", rule, adsl, wrong)
    died = adsl["DTHFL"] == "Y"
    rule = "who died left the study by death, and nobody else did"
    yield from found("ADSL", "DTHFL, DCSREAS", rule, adsl, died != (adsl["DCSREAS"] == "DEATH"))
    rule = "a treatment that ended by death is that of a subject who died"
    wrong = ~died & (adsl["DCTREAS"] == "DEATH")
    yield from found("ADSL", "DTHFL, DCTREAS", rule, adsl, wrong)
    rule = "treatment does not go on in a subject who died"
    yield from found("ADSL", "DTHFL, EOTSTT", rule, adsl, died & (adsl["EOTSTT"] == "ONGOING"))
    rule = "who is on study has no end of study, everybody else has one"
    known = adsl["LSTALVDT"].notna()
    wrong = known & ((adsl["EOSSTT"] == "ONGOING") == adsl["EOSDT"].notna())
    yield from found("ADSL", "EOSSTT, EOSDT", rule, adsl, wrong)
    rule = "the study of a subject who died ended on the day of death"
    wrong = died & (adsl["EOSDT"] != adsl["DTHDT"])
    yield from found("ADSL", "EOSDT, DTHDT", rule, adsl, wrong)
    rule = "the study of a subject ends on the day last known alive"
    wrong = known & adsl["EOSDT"].notna() & (adsl["EOSDT"] != adsl["LSTALVDT"])
    yield from found("ADSL", "EOSDT, LSTALVDT", rule, adsl, wrong)
    going_on = known & (adsl["EOTSTT"] == "ONGOING")
    rule = "treatment does not go on in a subject who left the study"
    wrong = going_on & (adsl["EOSSTT"] == "DISCONTINUED")
    yield from found("ADSL", "EOTSTT, EOSSTT", rule, adsl, wrong)
    rule = "treatment that goes on is known of until the day last known alive"
    wrong = going_on & (adsl["TR01EDT"] != adsl["LSTALVDT"])
    yield from found("ADSL", "EOTSTT, TR01EDT", rule, adsl, wrong)


def check_ends(adsl: pd.DataFrame, adrs: pd.DataFrame) -> Iterator[Fault]:
    """Yield treatments of ADSL that ended by a progression that ADRS does not have."""
    worse = adrs[(adrs["PARAMCD"] == "OVRLRESP") & (adrs["AVALC"] == "PD")]
    first = adsl["USUBJID"].map(worse.groupby("USUBJID")["ADT"].min())
    ended = adsl["DCTREAS"] == dispositions("treatment")["progression"].reason
    rule = "a treatment that progression ended has a progression in ADRS by then"
    yield from found("ADSL", "DCTREAS", rule, adsl, ended & ~(first <= adsl["TR01EDT"]))


def check_nobody_missing(datasets: Mapping[str, pd.DataFrame]) -> Iterator[Fault]:
    """Yield subjects of ADSL whom another data set lacks."""
    adsl = datasets["ADSL"]
    known = adsl[adsl["LSTALVDT"].notna()]
    for dataset, codes in (("ADTTE", ("OS", "PFS")), ("ADRS", ("BOR", "CBOR", "IBOR"))):
        if dataset in datasets:
            table = datasets[dataset]
            also = {"IPFS", "PFSEMA", "PFSFDA"} & set(table["PARAMCD"])  # of all or of nobody
            for code in (*codes, *sorted(also)):
                there = set(table.loc[table["PARAMCD"] == code, "USUBJID"])
                rule = f"every subject of ADSL has a record of {code}"
                yield from missing(dataset, "USUBJID", rule, set(known["USUBJID"]) - there)
    if "ADTR" in datasets:
        table = datasets["ADTR"]
        first = table[(table["PARAMCD"] == "SUMDIAM") & (table["ABLFL"] == "Y")]
        wanted = set(known.loc[known["NTARGET"] > 0, "USUBJID"])
        rule = "every subject with target lesions has a sum of diameters at baseline"
        yield from missing("ADTR", "USUBJID", rule, wanted - set(first["USUBJID"]))


def check_against_subjects(
    dataset: str, table: pd.DataFrame, adsl: pd.DataFrame
) -> Iterator[Fault]:
    """Yield what contradicts ADSL in another data set."""
    known = table["USUBJID"].isin(adsl["USUBJID"])
    yield from found(dataset, "USUBJID", "every subject is in ADSL", table, ~known)
    subject = subject_values(adsl, table)
    yield from found(
        dataset, "STUDYID", "the study is that of ADSL", table,
        known & (subject["STUDYID"] != table["STUDYID"]),
    )  # fmt: skip
    yield from _treatments(dataset, table, subject, known)
    yield from _relative_days(dataset, table, subject, known)
    for date in ("ADT", "ASTDT", "AENDT"):
        if date in table:
            rule = "nothing is recorded after the day of death"
            yield from found(dataset, date, rule, table, table[date] > subject["DTHDT"])
            rule = "nothing is recorded after the day last known alive"
            late = (table[date] > subject["LSTALVDT"]) & subject["DTHDT"].isna()
            yield from found(dataset, date, rule, table, late)


def _treatments(
    dataset: str, table: pd.DataFrame, subject: pd.DataFrame, known: pd.Series[bool]
) -> Iterator[Fault]:
    for own, first in (
        ("TRT01P", "TRT01P"),
        ("TRT01A", "TRT01A"),
        ("TRTP", "TRT01P"),
        ("TRTPN", "TRT01PN"),
    ):
        if own in table:
            wrong = known & (subject[first] != table[own])
            yield from found(dataset, own, "the treatment is that of ADSL", table, wrong)
    fine = (table["TRTA"] == subject["TRT01A"]) & (table["TRTAN"] == subject["TRT01AN"])
    if "TRT02A" in subject:
        second = (table["TRTA"] == subject["TRT02A"]) & (table["TRTAN"] == subject["TRT02AN"])
        date = table["ASTDT"] if "ASTDT" in table else table["ADT"]
        fine |= second & (date >= subject["TR02SDT"])
        rule = "after the change of treatment a record has the second treatment"
        late = (date > subject["TR02SDT"]) & (dataset != "ADTTE")
        yield from found(dataset, "TRTA", rule, table, known & late & ~second)
    rule = "the actual treatment is that of ADSL at the time"
    yield from found(dataset, "TRTA", rule, table, known & ~fine)


def _relative_days(
    dataset: str, table: pd.DataFrame, subject: pd.DataFrame, known: pd.Series[bool]
) -> Iterator[Fault]:
    for date, day in (("ADT", "ADY"), ("ASTDT", "ASTDY"), ("AENDT", "AENDY")):
        if day not in table:
            continue
        days = (table[date] - subject["TRTSDT"]).dt.days
        expected = days + (days >= 0)
        same = (expected.isna() & table[day].isna()) | ((expected - table[day]).abs() < TOLERANCE)
        rule = f"{day} is the relative day of {date} (day 1 is TRTSDT, no day 0)"
        yield from found(dataset, day, rule, table, known & ~same)


def check_events(adae: pd.DataFrame) -> Iterator[Fault]:
    """Yield what contradicts itself in ADAE."""
    if not len(adae):
        return
    rule = "an event does not end before it begins"
    yield from found("ADAE", "AENDT", rule, adae, adae["AENDT"] < adae["ASTDT"])
    rule = "an event that came with treatment does not begin before it"
    wrong = (adae["TRTEMFL"] == "Y") & (adae["ASTDY"] < 1)
    yield from found("ADAE", "TRTEMFL, ASTDY", rule, adae, wrong)
    rule = "ATOXGR and ATOXGRN say the same"
    wrong = adae["ATOXGR"].astype(str) != adae["ATOXGRN"].map(lambda g: f"{g:.0f}")
    yield from found("ADAE", "ATOXGR, ATOXGRN", rule, adae, wrong)
    rule = "an event of grade 5 is serious"
    wrong = (adae["ATOXGRN"] == 5) & (adae["AESER"] != "Y")
    yield from found("ADAE", "AESER", rule, adae, wrong)
    rule = "graded events name the version of CTCAE"
    yield from found("ADAE", "CTCAEVER", rule, adae, adae["CTCAEVER"] == "")
    rule = "a term has one preferred term and one organ class"
    pairs = adae[["AETERM", "AEDECOD", "AEBODSYS"]].drop_duplicates()
    several = set(pairs.loc[pairs.duplicated("AETERM", keep=False), "AETERM"])
    wrong = adae["AETERM"].isin(several)
    yield from found("ADAE", "AETERM, AEDECOD, AEBODSYS", rule, adae, wrong)
