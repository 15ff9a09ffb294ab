"""ADRS and ADTR: responses and tumour sizes, by visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.source import (
    dates,
    of_subjects,
    relative_day,
    with_parameter,
    with_treatment,
)

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.source import AdamSource

__all__ = ["NO_VISIT", "PROGRESSED", "response_records", "tumour_records"]

_BY_VISIT = {
    "OVRLRESP": ("response", "RECIST 1.1"),
    "TRGRESP": ("target_response", "RECIST 1.1"),
    "NTRGRESP": ("non_target", "RECIST 1.1"),
    "IOVRRESP": ("immune_response", "iRECIST"),
}
_BEST = {
    "BOR": ("best_response", "RECIST 1.1"),
    "CBOR": ("confirmed_response", "RECIST 1.1"),
    "IBOR": ("best_immune_response", "iRECIST"),
}
#: Criteria -> the reading of all visits that follows them, and its progression.
PROGRESSED = {"RECIST 1.1": ("OVRLRESP", "PD"), "iRECIST": ("IOVRRESP", "iCPD")}
NO_VISIT = 9999.0  # AVISITN of records that belong to no visit: a missing key could not be checked
_TERMS = {"NON-CR-NON-PD": "NON-CR/NON-PD"}
_NO_NON_TARGETS = "NONE"


def response_records(source: AdamSource, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return the records of ADRS: responses at every scan, and best responses of every subject.

    A subject without non-target lesions has no record of a non-target response.
    """
    import pandas as pd

    visits = source.visits.drop(columns="arm")
    rows = of_subjects(visits, subjects)
    rows = _dated(rows, rows["day"], _visit_numbers(source.visits, rows))
    rows = with_treatment(rows, rows["day"].astype(float) > rows["second_day"])
    parts = [
        rows.assign(PARAMCD=code, PARCAT1=criteria, AVALC=rows[column].astype(str).replace(_TERMS))
        for code, (column, criteria) in _BY_VISIT.items()
    ]
    parts = [part[part["AVALC"] != _NO_NON_TARGETS] for part in parts]
    parts = [_until_progression(part, parts) for part in parts]
    people = with_treatment(of_subjects(source.patients.drop(columns="arm"), subjects))
    parts += [
        people.assign(
            PARAMCD=code,
            PARCAT1=criteria,
            AVALC=people[column],
            AVISIT="OVERALL",
            AVISITN=NO_VISIT,
            ADT=np.datetime64("NaT", "ns"),
            ADY=np.nan,
            ANL01FL="Y",
        )
        for code, (column, criteria) in _BEST.items()
    ]
    kept = ["STUDYID", "USUBJID", "TRT01P", "TRTP", "TRTPN", "TRTA", "TRTAN", "PARAMCD"]
    kept += ["PARCAT1", "AVALC", "AVISIT", "AVISITN", "ADT", "ADY", "ANL01FL"]
    columns = {name: np.concatenate([part[name].to_numpy() for part in parts]) for name in kept}
    return with_parameter("ADRS", pd.DataFrame(columns))


def _until_progression(part: pd.DataFrame, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Flag the records up to and with the first progression by the criteria of a part."""
    if not len(part):
        return part.assign(ANL01FL="")
    code, worst = PROGRESSED[part["PARCAT1"].iloc[0]]
    overall = next(p for p in parts if (p["PARAMCD"] == code).any())
    first = overall[overall["AVALC"] == worst].groupby("patient")["AVISITN"].min()
    limit = part["patient"].map(first).fillna(np.inf)
    return part.assign(ANL01FL=np.where(part["AVISITN"] <= limit, "Y", ""))


def _visit_numbers(visits: pd.DataFrame, rows: pd.DataFrame) -> Any:
    """Return the numbers of scans; 1 is the first after baseline."""
    if "visit" in rows:
        return rows["visit"].to_numpy(dtype=float)
    # Results of an earlier version: every scan of the trial has one day.
    days = np.unique(visits["day"].to_numpy(dtype=float))
    return np.searchsorted(days, rows["day"].to_numpy(dtype=float)) + 1.0


def _dated(rows: pd.DataFrame, day: Any, number: Any) -> pd.DataFrame:
    date = dates(rows["TRTSDT"], day)
    number = np.asarray(number, dtype=float)
    names = {n: "BASELINE" if n == 0 else f"SCAN {int(n)}" for n in np.unique(number)}
    return rows.assign(
        ADT=date,
        ADY=relative_day(date, rows["TRTSDT"]),
        AVISITN=number,
        AVISIT=[names[n] for n in number],
    )


def tumour_records(
    source: AdamSource, subjects: pd.DataFrame, responses: pd.DataFrame
) -> pd.DataFrame:
    """Return the records of ADTR: every lesion and the sum of the targets, at every scan.

    Args:
        source: tables of the trial.
        subjects: from `subject_records`.
        responses: ADRS.
    """
    import pandas as pd

    lesions = source.lesions.drop(columns="arm")
    rows = of_subjects(lesions, subjects)
    rows = _dated(rows, rows["day"], rows["visit"]).assign(
        PARAMCD="DIAM", TRLNKID=rows["lesion"], TRLOC=rows["organ"], AVAL=rows["diameter_mm"]
    )
    targets = rows[rows["lesion"].str.match(r"T\d")]
    keys = ["patient", "visit"]
    sums = targets.drop_duplicates(keys).copy()
    grouped = targets.groupby(keys)["diameter_mm"]
    index = pd.MultiIndex.from_frame(sums[keys])
    count = grouped.size()
    wanted = targets[targets["visit"] == 0].groupby("patient").size()
    sums = sums.assign(
        PARAMCD="SUMDIAM",
        TRLNKID="",
        TRLOC="",
        AVAL=grouped.sum().reindex(index).to_numpy(),
    )
    # A sum that misses a target is no sum.
    complete = count.reindex(index).to_numpy() == wanted.reindex(sums["patient"]).to_numpy()
    sums = sums[complete]
    every = pd.concat([sums.reset_index(drop=True), rows], ignore_index=True)
    every = with_treatment(every, every["day"].astype(float) > every["second_day"])
    code, worst = PROGRESSED["RECIST 1.1"]
    progressed = responses[(responses["PARAMCD"] == code) & (responses["AVALC"] == worst)]
    limit = every["USUBJID"].map(progressed.groupby("USUBJID")["AVISITN"].min()).fillna(np.inf)
    every["ANL01FL"] = np.where(every["AVISITN"] <= limit, "Y", "")
    return with_parameter("ADTR", _with_baseline(every).assign(AVALU="mm"))


def _with_baseline(every: pd.DataFrame) -> pd.DataFrame:
    keys = ["patient", "PARAMCD", "TRLNKID"]
    first = every["AVISITN"] == 0
    base = every[first].set_index(keys)["AVAL"].rename("BASE")
    every = every.join(base, on=keys)
    change = every["AVAL"] - every["BASE"]
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = np.where(every["BASE"] > 0, 100.0 * change / every["BASE"], np.nan)
    later = ~first
    return every.assign(
        CHG=change.where(later),
        PCHG=np.where(later, percent, np.nan),
        ABLFL=np.where(first, "Y", ""),
    )
