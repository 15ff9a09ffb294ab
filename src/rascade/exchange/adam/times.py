"""ADTTE: one record a subject and time-to-event end point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.source import dates, of_subjects, with_parameter, with_treatment
from rascade.exchange.adam.subjects import numbers, texts
from rascade.exchange.adam.variables import more_end_points, reasons
from rascade.trial.assessment.times import CENSORED, DEATH
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.source import AdamSource
    from rascade.trial.endpoints import TimeEndPoint

__all__ = ["time_records"]

_PROGRESSION = "progression: iRECIST"
_RESPONSE = "response"
_NO_SCAN = "no assessment after baseline"
_KEYS = ["USUBJID", "ADT"]
_DAYS_OF_EVENTS = (("DTHDT", True), ("TR02SDT", True))
_DAYS_OF_CENSORING = (("LSTALVDT", False), ("RANDDT", False))
_DIGITS = 9  # of simulated days: a month times 30.4375 is not quite the day it was made from


def time_records(
    source: AdamSource, subjects: pd.DataFrame, responses: pd.DataFrame
) -> pd.DataFrame:
    """Return the records of ADTTE; an end point that does not apply to a subject has none.

    Args:
        source: tables of the trial.
        subjects: from `subject_records`.
        responses: ADRS, whose records the dates of scans are traced to.
    """
    import pandas as pd

    people = of_subjects(source.patients.reset_index(drop=True), subjects)
    rows = with_treatment(people)
    first = rows["ttr_months"].astype(float) * DAYS_PER_MONTH
    scans = _scans(responses, "OVRLRESP")
    immune = _scans(responses, "IOVRRESP")
    none = pd.Series(0.0, index=rows.index)
    parts = [_survival(rows, none)]
    for code, column in (("PFS", "pfs"), ("PFSEMA", "pfs_ema"), ("PFSFDA", "pfs_fda")):
        if f"{column}_months" in rows:
            why = _progression_reason(rows, column)
            part = _part(rows, code, f"{column}_months", rows[f"{column}_event"], why, none)
            parts.append(_worded("progression", _traced(part, scans)))
    parts[1] = _with_bounds(parts[1], rows)
    why = _lost(rows, "ipfs").mask(rows["ipfs_event"].astype(bool), _PROGRESSION)
    part = _part(rows, "IPFS", "ipfs_months", rows["ipfs_event"], why, none)
    parts.append(_worded("progression", _immune_deaths(_traced(part, immune))))
    part = _part(rows, "DOR", "dor_months", rows["dor_event"], _progression_reason(rows), first)
    parts.append(_worded("progression", _traced(part, scans)))
    yes = pd.Series(True, index=rows.index)
    response = pd.Series(_RESPONSE, index=rows.index)
    part = _part(rows, "TTR", "ttr_months", yes, response, none)
    parts.append(_worded("response", _traced(part, scans)))
    for code, end in more_end_points().items():
        if end.months in rows:  # a trial from before it came says nothing of it
            parts.append(_of_registry(rows, code, end, subjects))
    return with_parameter("ADTTE", pd.concat(parts, ignore_index=True).assign(ANL01FL="Y"))


def _scans(responses: pd.DataFrame, code: str) -> pd.DataFrame:
    """Return the sequence number and the reading of each subject's scans, by date."""
    own = responses[responses["PARAMCD"] == code].drop_duplicates(_KEYS)
    return own[[*_KEYS, "ASEQ", "AVALC"]].rename(columns={"ASEQ": "SRCSEQ", "AVALC": "reading"})


def _survival(rows: pd.DataFrame, none: pd.Series[Any]) -> pd.DataFrame:
    died = rows["os_event"].astype(bool)
    why = texts(rows, "os_censor_reason")
    left = texts(rows, "treatment_end_reason") == "dropout"
    alive = texts(rows, "").mask(left, "lost to follow-up")
    alive = alive.mask(alive == "", "alive at the end of follow-up")
    why = why.mask(why == "", alive).mask(died, DEATH)
    part = _part(rows, "OS", "os_months", died, why, none)
    dead = part["CNSR"] == 0
    part = part.assign(SRCDOM="ADSL", SRCVAR=np.where(dead, "DTHDT", "LSTALVDT"))
    return _worded("death", part)


def _of_registry(
    rows: pd.DataFrame, code: str, end: TimeEndPoint, subjects: pd.DataFrame
) -> pd.DataFrame:
    """Return the records of an end point that is known by its registry alone.

    Its date is traced to the day of ADSL on which it falls; to none if it falls on none of them.
    """
    import pandas as pd

    event = rows[end.event].astype(bool)
    why = texts(rows, end.censor_reason)
    why = why.mask(why == "", "no event by the end of follow-up").mask(event, end.title)
    part = _part(rows, code, end.months, event, why, pd.Series(0.0, index=rows.index))
    days = subjects.drop_duplicates("USUBJID").set_index("USUBJID").reindex(part["USUBJID"])
    part = part.assign(SRCDOM="", SRCVAR="")
    for name, of_events in (*_DAYS_OF_EVENTS, *_DAYS_OF_CENSORING):
        if name in days:
            here = (days[name].to_numpy() == part["ADT"].to_numpy()) & (part["SRCVAR"] == "")
            here &= (part["CNSR"] == 0) == of_events
            part = part.assign(
                SRCDOM=part["SRCDOM"].mask(here, "ADSL"), SRCVAR=part["SRCVAR"].mask(here, name)
            )
    alive = np.where(part["SRCVAR"] == "LSTALVDT", "DATE LAST KNOWN ALIVE", "DATE LAST OBSERVED")
    return part.assign(
        EVNTDESC=part["reason"].str.upper(), CNSDTDSC=np.where(part["CNSR"] == 1, alive, "")
    )


def _progression_reason(rows: pd.DataFrame, column: str = "pfs") -> pd.Series[Any]:
    """Return why each time of PFS ended, event or not."""
    event = rows[f"{column}_event"].astype(bool)
    seen = rows["pfs_reason"].astype(str)
    if column != "pfs":
        # By other rules of censoring an event is the first progression, or the death before it.
        own = rows["pfs_event"].astype(bool)
        died = np.isclose(rows[f"{column}_months"].astype(float), rows["os_months"].astype(float))
        died &= rows["os_event"].to_numpy(dtype=bool)
        unknown = texts(rows, "").mask(died, DEATH).mask(~died, "progression")
        seen = seen.where(own & (seen != CENSORED), unknown)
    return _lost(rows, column).mask(event, seen)


def _lost(rows: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return why a patient without progression or death was not followed any further."""
    told = texts(rows, f"{column}_censor_reason")
    dropped = numbers(rows, "dropout_day").notna()
    dropped |= texts(rows, "treatment_end_reason") == "dropout"
    cut = numbers(rows, "data_cut_day").notna() & (texts(rows, "study_end_reason") == "")
    plain = texts(rows, "").mask(cut, "no event by the data cut")
    plain = plain.mask(plain == "", "no event by the end of follow-up")
    plain = plain.mask(dropped, "dropout")
    plain = plain.mask(rows[f"{column}_months"].astype(float) == 0.0, _NO_SCAN)
    return told.where(told != "", plain)


def _part(
    rows: pd.DataFrame,
    code: str,
    months: str,
    event: pd.Series[Any],
    reason: pd.Series[Any],
    origin: pd.Series[Any],
) -> pd.DataFrame:
    """Records of one end point; `origin` is the day from which it runs, after the first dose."""
    length = rows[months].astype(float) * DAYS_PER_MONTH
    applies = length.notna() & origin.notna()
    own, days, since = rows[applies], length[applies], origin[applies]
    start = dates(own["TRTSDT"], since)
    date = dates(own["TRTSDT"], since + days).astype("datetime64[s]")
    return own.assign(
        PARAMCD=code,
        STARTDT=start,
        ADT=date,
        AVAL=(date - start).dt.days + 1.0,
        AVALU="DAYS",
        CNSR=np.where(event[applies].astype(bool), 0.0, 1.0),
        reason=reason[applies],
        SIMTIME=days.round(_DIGITS),
    )


def _traced(part: pd.DataFrame, scans: pd.DataFrame) -> pd.DataFrame:
    """Return records with the source of their date: a scan, the death, or the randomisation."""
    found = part[_KEYS].merge(scans, on=_KEYS, how="left").set_axis(part.index)
    died = (part["CNSR"] == 0) & (part["reason"] == DEATH)
    scan = found["SRCSEQ"].notna() & ~died
    return part.assign(
        SRCDOM=np.where(scan, "ADRS", "ADSL"),
        SRCVAR=np.select([scan, died], ["ADT", "DTHDT"], "RANDDT"),
        SRCSEQ=found["SRCSEQ"].where(scan),
        reading=found["reading"],
    )


def _immune_deaths(part: pd.DataFrame) -> pd.DataFrame:
    """Tell deaths from progressions by iRECIST, which are dated at a scan that read one."""
    read = part["reading"].isin(["iUPD", "iCPD"])
    died = (part["CNSR"] == 0) & ~read
    return part.assign(
        reason=part["reason"].mask(died, DEATH),
        SRCDOM=part["SRCDOM"].mask(died, "ADSL"),
        SRCVAR=part["SRCVAR"].mask(died, "DTHDT"),
        SRCSEQ=part["SRCSEQ"].mask(died),
    )


def _worded(family: str, part: pd.DataFrame) -> pd.DataFrame:
    """Put reasons into the words of ``EVNTDESC``, and dates into those of ``CNSDTDSC``."""
    words = reasons(family)
    reason = part["reason"]
    # A censored time that no scan ends is dated at the randomisation, whatever ended it.
    unread = (part["CNSR"] == 1) & (part["SRCVAR"] == "RANDDT")
    dated = reason.mask(unread, _NO_SCAN)
    text = reason.map({r: w.text for r, w in words.items()}).fillna(reason.str.upper())
    date = dated.map({r: w.date for r, w in words.items()}).fillna("")
    return part.assign(EVNTDESC=text, CNSDTDSC=date.where(part["CNSR"] == 1, ""))


def _with_bounds(part: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Add between which days the event lies, for interval-censored PFS."""
    own = rows.loc[part.index]
    low = own["pfs_after_months"].astype(float) * DAYS_PER_MONTH
    high = own["pfs_by_months"].astype(float) * DAYS_PER_MONTH
    return part.assign(
        AVALLO=np.floor(low + 1e-9) + 1.0,
        AVALHI=np.where(np.isfinite(high), np.floor(high + 1e-9) + 1.0, np.nan),
    )
