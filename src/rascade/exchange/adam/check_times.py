"""Checks of ADTTE: against itself, ADSL, and the scans of ADRS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.exchange.adam.check_responses import readings
from rascade.exchange.adam.fault import TOLERANCE, found, missing, subject_values
from rascade.exchange.adam.response import NO_VISIT
from rascade.exchange.adam.variables import dispositions, more_end_points, reasons
from rascade.trial.assessment.censoring import ALIVE_AT_CUT, ALIVE_AT_END, LOST
from rascade.trial.assessment.irecist import (
    IResponse,
    immune_labels,
    immune_progression_free_survival,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from rascade.exchange.adam.fault import Fault

__all__ = ["check_sources", "check_times", "check_times_of_scans"]

_PROGRESSION = ("PFS", "PFSEMA", "PFSFDA")
_PLAIN = ("no event by the data cut", "no event by the end of follow-up")


def check_times(adtte: pd.DataFrame, adsl: pd.DataFrame | None) -> Iterator[Fault]:
    """Yield what contradicts itself in ADTTE, or ADSL where it is there."""
    yield from _values(adtte)
    yield from _wordings(adtte)
    yield from _by_rules(adtte)
    if adsl is not None:
        yield from _survival(adtte, adsl)
        yield from _origins(adtte, adsl)


def _values(adtte: pd.DataFrame) -> Iterator[Fault]:
    days = (adtte["ADT"] - adtte["STARTDT"]).dt.days + 1.0
    rule = "AVAL is ADT - STARTDT + 1"
    yield from found("ADTTE", "AVAL", rule, adtte, (adtte["AVAL"] - days).abs() > TOLERANCE)
    yield from found("ADTTE", "AVAL", "AVAL is at least 1", adtte, ~(adtte["AVAL"] >= 1))
    rule = "AVAL - 1 and SIMTIME are less than a day apart"
    wrong = ~((adtte["AVAL"] - 1.0 - adtte["SIMTIME"]).abs() < 1.0 + TOLERANCE)
    yield from found("ADTTE", "AVAL, SIMTIME", rule, adtte, wrong)
    event = adtte["CNSR"] == 0
    low, high = adtte["AVALLO"], adtte["AVALHI"]
    bad = (low > adtte["AVAL"] + TOLERANCE) | (high + TOLERANCE < adtte["AVAL"])
    rule = "every time is counted"
    yield from found("ADTTE", "ANL01FL", rule, adtte, adtte["ANL01FL"] != "Y")
    rule = "AVALLO and AVALHI enclose AVAL"
    yield from found("ADTTE", "AVALLO, AVALHI", rule, adtte, bad)
    rule = "a censored time has no upper bound, an event has one"
    wrong = low.notna() & (high.notna() != event)
    yield from found("ADTTE", "AVALHI", rule, adtte, wrong)


def _wordings(adtte: pd.DataFrame) -> Iterator[Fault]:
    event = adtte["CNSR"] == 0
    rule = "an event (CNSR 0) has no reason for the date of censoring, a censored time has one"
    yield from found("ADTTE", "CNSR, CNSDTDSC", rule, adtte, event != (adtte["CNSDTDSC"] == ""))
    rule = "every time says what ended it"
    yield from found("ADTTE", "EVNTDESC", rule, adtte, adtte["EVNTDESC"] == "")
    for family in ("death", "progression", "response"):
        own = adtte["PARAMCD"] == {"death": "OS", "response": "TTR"}.get(family, "")
        if family == "progression":
            own = ~adtte["PARAMCD"].isin(["OS", "TTR"])
        said = {reason.text: reason.event for reason in reasons(family).values()}
        told = adtte["EVNTDESC"].map(said)
        rule = "the description is that of an event if, and only if, CNSR is 0"
        wrong = own & told.notna() & (told != event)
        yield from found("ADTTE", "CNSR, EVNTDESC", rule, adtte, wrong)


def _survival(adtte: pd.DataFrame, adsl: pd.DataFrame) -> Iterator[Fault]:
    subject = subject_values(adsl, adtte)
    died, event = subject["DTHFL"] == "Y", adtte["CNSR"] == 0
    own = adtte["PARAMCD"] == "OS"
    rule = "OS is an event if, and only if, ADSL says that the subject died"
    yield from found("ADTTE", "CNSR, DTHFL", rule, adtte, own & (died != event))
    rule = "OS ends on the day of death, or on the day last known alive"
    wrong = own & (adtte["ADT"] != subject["DTHDT"].where(event, subject["LSTALVDT"]))
    yield from found("ADTTE", "ADT, DTHDT", rule, adtte, wrong)
    rule = "an event that is a death is dated on the day of death of ADSL"
    wrong = (adtte["EVNTDESC"] == "DEATH") & event & (adtte["ADT"] != subject["DTHDT"])
    yield from found("ADTTE", "ADT, DTHDT", rule, adtte, wrong)
    alive = {reasons("progression")[reason].text for reason in _PLAIN}
    rule = "who died is not said to be without progression and alive"
    wrong = adtte["PARAMCD"].isin(_PROGRESSION) & died & adtte["EVNTDESC"].isin(alive)
    yield from found("ADTTE", "EVNTDESC, DTHFL", rule, adtte, wrong)
    said = {why: reasons("death")[why].text for why in (LOST, ALIVE_AT_CUT, ALIVE_AT_END)}
    told, left = adtte["EVNTDESC"], subject["DCSREAS"] == dispositions("study")[LOST].reason
    wrong = own & ((told == said[LOST]) & ~left | told.isin([*said.values()][1:]) & left)
    rule = "OS says that a subject was lost if, and only if, ADSL does"
    yield from found("ADTTE", "EVNTDESC, DCSREAS", rule, adtte, wrong)
    last = adtte[own].drop_duplicates("USUBJID").set_index("USUBJID")["AVAL"]
    free = adtte["PARAMCD"].isin((*_PROGRESSION, "IPFS"))
    late = free & (adtte["AVAL"] > adtte["USUBJID"].map(last) + TOLERANCE)
    yield from found("ADTTE", "AVAL", "PFS is not longer than OS", adtte, late)


def _origins(adtte: pd.DataFrame, adsl: pd.DataFrame) -> Iterator[Fault]:
    subject = subject_values(adsl, adtte)
    known = subject["RANDDT"].notna()
    rule = "the time runs from randomisation"
    wrong = known & (adtte["PARAMCD"] != "DOR") & (adtte["STARTDT"] != subject["RANDDT"])
    yield from found("ADTTE", "STARTDT, RANDDT", rule, adtte, wrong)


def _dates(adtte: pd.DataFrame, code: str) -> pd.Series[pd.Timestamp]:
    """Return the date of one end point by subject."""
    own = adtte[adtte["PARAMCD"] == code].drop_duplicates("USUBJID")
    return own.set_index("USUBJID")["ADT"]


def _by_rules(adtte: pd.DataFrame) -> Iterator[Fault]:
    """Yield PFS that neither of its rules makes, where both are there."""
    own = adtte[adtte["PARAMCD"] == "PFS"]
    one, other = (own["USUBJID"].map(_dates(adtte, code)) for code in ("PFSEMA", "PFSFDA"))
    rule = "PFS is that by the rule of EMA or by that of FDA"
    wrong = one.notna() & other.notna() & (own["ADT"] != one) & (own["ADT"] != other)
    yield from found("ADTTE", "ADT, PARAMCD", rule, own, wrong)
    rule = "PFS by the rule of FDA is not longer than by that of EMA"
    yield from found("ADTTE", "ADT, PARAMCD", rule, own, other > one)


def check_times_of_scans(adtte: pd.DataFrame, adrs: pd.DataFrame) -> Iterator[Fault]:
    """Yield times of ADTTE that the scans of ADRS contradict."""
    overall = adrs[adrs["PARAMCD"] == "OVRLRESP"]
    yield from _progressions(adtte, overall)
    yield from _responses(adtte, overall)
    yield from _immune(adtte, adrs[adrs["AVISITN"] != NO_VISIT])


def _progressions(adtte: pd.DataFrame, overall: pd.DataFrame) -> Iterator[Fault]:
    worse = overall[overall["AVALC"] == "PD"].groupby("USUBJID")["ADT"].min()
    first = adtte["USUBJID"].map(worse)
    own, event = adtte["PARAMCD"].isin(_PROGRESSION), adtte["CNSR"] == 0
    death = adtte["EVNTDESC"] == "DEATH"
    rule = "a progression is dated at the first scan of ADRS that read PD"
    yield from found("ADTTE", "ADT", rule, adtte, own & event & ~death & (adtte["ADT"] != first))
    rule = "PFS ends at the progression that ADRS has, not later"
    wrong = own & (death | ~event) & (first <= adtte["ADT"])
    yield from found("ADTTE", "ADT, EVNTDESC", rule, adtte, wrong)
    alive = {reasons("progression")[reason].text for reason in _PLAIN}
    rule = "who progressed in ADRS is not said to be without progression"
    wrong = own & first.notna() & adtte["EVNTDESC"].isin(alive)
    yield from found("ADTTE", "EVNTDESC", rule, adtte, wrong)
    rule = "a censored time ends at a scan that could be read, or at its start"
    read = overall.loc[overall["AVALC"] != "NE", ["USUBJID", "ADT"]].drop_duplicates()
    dated = adtte[["USUBJID", "ADT"]].merge(read, how="left", indicator=True)["_merge"] == "both"
    own = adtte["PARAMCD"].isin((*_PROGRESSION, "DOR")) & ~event
    wrong = own & ~dated.to_numpy() & (adtte["ADT"] != adtte["STARTDT"])
    yield from found("ADTTE", "ADT", rule, adtte, wrong)


def _responses(adtte: pd.DataFrame, overall: pd.DataFrame) -> Iterator[Fault]:
    """Yield responders of ADRS without time to response, and times that ADRS does not have."""
    worse = overall[overall["AVALC"] == "PD"].groupby("USUBJID")["ADT"].min()
    limit = overall["USUBJID"].map(worse)
    good = overall[overall["AVALC"].isin(["CR", "PR"]) & ~(overall["ADT"] >= limit)]
    first = good.groupby("USUBJID")["ADT"].min()
    for code in ("TTR", "DOR"):
        own = adtte[adtte["PARAMCD"] == code]
        lacking = set(first.index) - set(own["USUBJID"])
        rule = f"who responded in ADRS has a record of {code}"
        yield from missing("ADTTE", "USUBJID", rule, lacking)
        rule = f"{code} is of the first response in ADRS"
        dated = own["ADT"] if code == "TTR" else own["STARTDT"]
        yield from found("ADTTE", "ADT", rule, own, dated != own["USUBJID"].map(first))
    lasted = adtte[adtte["PARAMCD"] == "DOR"]
    ended = lasted["USUBJID"].map(_dates(adtte, "PFS"))
    rule = "a response lasts until PFS ends"
    wrong = (lasted["ADT"] != ended) & ~(ended < lasted["STARTDT"])
    yield from found("ADTTE", "ADT", rule, lasted, wrong)


def _immune(adtte: pd.DataFrame, adrs: pd.DataFrame) -> Iterator[Fault]:
    """Yield times by iRECIST that the readings of ADRS do not make."""
    import pandas as pd

    codes = {immune_labels(int(one)).item(): int(one) for one in IResponse}
    people, read, day = readings(adrs, "IOVRRESP", codes)
    made = immune_progression_free_survival(read, day, np.full(len(people), np.inf))
    own = adtte[adtte["PARAMCD"] == "IPFS"]
    seen = own["USUBJID"].isin(
        [who for who, event in zip(people, made.event, strict=True) if event]
    )
    when = own["USUBJID"].map(pd.Series(made.day, index=people, dtype=float)).fillna(0.0)
    event, dated = own["CNSR"] == 0, (own["AVAL"] - 1.0 - when).abs() < TOLERANCE
    death = event & (own["EVNTDESC"] == reasons("progression")["death"].text)
    rule = "a progression by iRECIST is dated at the first iUPD that no later reading overturned"
    yield from found("ADTTE", "ADT", rule, own, event & ~death & ~(seen & dated))
    rule = "who progressed by iRECIST in ADRS has that progression"
    yield from found("ADTTE", "CNSR, EVNTDESC", rule, own, (death | ~event) & seen)


def check_sources(adtte: pd.DataFrame, adrs: pd.DataFrame, adsl: pd.DataFrame) -> Iterator[Fault]:
    """Yield records of ADTTE whose source has another date or is not there."""
    subject = subject_values(adsl, adtte)
    from_scan = adtte["SRCDOM"] == "ADRS"
    scans = adrs[["USUBJID", "ASEQ", "ADT"]].drop_duplicates(["USUBJID", "ASEQ"])
    scans = scans.rename(columns={"ASEQ": "SRCSEQ", "ADT": "dated"})
    date = adtte[["USUBJID", "SRCSEQ"]].merge(scans, how="left")["dated"].set_axis(adtte.index)
    date = date.where(from_scan)
    for name in ("DTHDT", "LSTALVDT", "RANDDT", "TR02SDT"):
        if name not in subject:
            continue
        here = (adtte["SRCDOM"] == "ADSL") & (adtte["SRCVAR"] == name)
        date = date.mask(here, subject[name])
    rule = "the record that SRCDOM, SRCVAR and SRCSEQ name has the date ADT"
    # What an end point of the registry is dated by need not be a day that ADSL has.
    untold = adtte["PARAMCD"].isin(more_end_points()) & (adtte["SRCDOM"] == "")
    wrong = ~untold & (date != adtte["ADT"])
    yield from found("ADTTE", "SRCDOM, SRCVAR, SRCSEQ", rule, adtte, wrong)
