"""Checks of the data sets: structure, keys, controlled terms, dates, and what must agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.variables import (
    DATASETS,
    controlled_terms,
    keys_of,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

__all__ = ["Fault", "check_datasets", "check_limits"]

_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_MOST_LABEL, _MOST_TEXT = 40, 200  # bytes, version 5 transport files
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong in the data sets.

    Attributes:
        dataset: which.
        variable: which; several joined by a comma.
        rule: what must hold.
        count: records that break it; 0 where it is about the data set as a whole.
        example: the key of the first of them.
    """

    dataset: str
    variable: str
    rule: str
    count: int = 0
    example: str = ""

    def __str__(self) -> str:
        where = f": {self.count} records, first {self.example}" if self.count else ""
        return f"{self.dataset} {self.variable}: {self.rule}{where}"


def check_datasets(datasets: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """Check data sets against their definition and against each other.

    Args:
        datasets: by name, as `build_datasets` returns them or `read_datasets` reads them.

    Returns:
        What is wrong; empty if nothing is.
    """
    faults = [
        Fault(name, "-", "the data set is missing") for name in DATASETS if name not in datasets
    ]
    sound = {}
    for name, table in datasets.items():
        own = [*_structure(name, table)]
        faults += own
        if not own:
            sound[name] = table
            faults += [*check_limits(name, table), *_keys(name, table), *_terms(name, table)]
    if "ADSL" in sound:
        faults += [*_subjects(sound["ADSL"])]
        for name, table in sound.items():
            if name != "ADSL":
                faults += [*_against_subjects(name, table, sound["ADSL"])]
    for name, check in (("ADTTE", _times), ("ADTR", _changes), ("ADAE", _events)):
        if name in sound:
            faults += [*check(sound[name])]
    if {"ADSL", "ADTTE"} <= set(sound):
        faults += [*_survival(sound["ADTTE"], sound["ADSL"])]
    return faults


def _found(dataset: str, variable: str, rule: str, table: pd.DataFrame, wrong: Any) -> list[Fault]:
    """Return one fault for all records of a table that break a rule, or none."""
    rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not rows.size:
        return []
    first = table.iloc[rows[0]]
    keys = [k for k in keys_of(dataset) if k in table and k != "STUDYID"]
    example = ", ".join(f"{key}={first[key]}" for key in keys)
    return [Fault(dataset, variable, rule, int(rows.size), example)]


def _structure(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    if dataset not in DATASETS:
        yield Fault(dataset, "-", f"unknown data set; they are {', '.join(DATASETS)}")
        return
    wanted = [variable.name for variable in variables_of(dataset)]
    for name in wanted:
        if name not in table:
            yield Fault(dataset, name, "the variable is missing")
    for name in table.columns:
        if name not in wanted:
            yield Fault(dataset, str(name), "the variable is not defined for this data set")
    for variable in variables_of(dataset):
        if variable.name in table and len(table):
            kind = table[variable.name].dtype.kind
            if kind not in {"text": "OUT", "date": "M", "number": "fiub"}[variable.type]:
                yield Fault(dataset, variable.name, f"must hold {variable.type}s")


def check_limits(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    """Yield what a version 5 transport file could not hold, or not within the defined lengths."""
    if len(DATASETS[dataset]) > _MOST_LABEL or not _NAME.fullmatch(dataset):
        yield Fault(dataset, "-", "name or label is too long for a transport file")
    for variable in variables_of(dataset):
        if not _NAME.fullmatch(variable.name):
            yield Fault(dataset, variable.name, "names have at most 8 of A-Z, 0-9 and _")
        if len(variable.label) > _MOST_LABEL:
            yield Fault(dataset, variable.name, f"labels have at most {_MOST_LABEL} characters")
        if variable.type != "text" or variable.name not in table:
            continue
        if variable.length > _MOST_TEXT:
            yield Fault(dataset, variable.name, f"texts have at most {_MOST_TEXT} bytes")
        texts = table[variable.name].astype(str)
        fine = {t: t.isascii() and len(t) <= variable.length for t in texts.unique()}
        rule = f"texts are ASCII and have at most {variable.length} characters"
        yield from _found(dataset, variable.name, rule, table, ~texts.map(fine).astype(bool))


def _keys(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    keys = keys_of(dataset)
    rule = "the key tells every record from the others"
    yield from _found(dataset, ", ".join(keys), rule, table, table.duplicated(keys))
    for key in keys:
        rule = "a part of the key is never missing"
        blank = table[key].isna() if key != "USUBJID" else table[key].isin(["", None])
        yield from _found(dataset, key, rule, table, blank)


def _terms(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    terms = controlled_terms()
    for variable in variables_of(dataset):
        if variable.terms:
            allowed = terms[variable.terms]
            wrong = ~table[variable.name].isin(allowed)
            words = ", ".join(str(term) or "blank" for term in allowed)
            rule = f"must be one of {words}"
            yield from _found(dataset, variable.name, rule, table, wrong)
    if "PARAMCD" in table:
        family = dataset[2:].lower()
        pairs = dict(zip(terms[f"{family}_code"], terms[f"{family}_name"], strict=True))
        rule = "PARAM and PARAMCD belong together"
        wrong = table["PARAMCD"].map(pairs).fillna("") != table["PARAM"]
        yield from _found(dataset, "PARAMCD, PARAM", rule, table, wrong)


def _subjects(adsl: pd.DataFrame) -> Iterator[Fault]:
    died = adsl["DTHFL"] == "Y"
    rule = "a subject has a date of death if, and only if, DTHFL is Y"
    yield from _found("ADSL", "DTHFL, DTHDT", rule, adsl, died != adsl["DTHDT"].notna())
    rule = "the end of treatment is not before its start"
    yield from _found("ADSL", "TRTEDT", rule, adsl, adsl["TRTEDT"] < adsl["TRTSDT"])
    rule = "nobody is treated after death"
    yield from _found("ADSL", "TRTEDT, DTHDT", rule, adsl, adsl["TRTEDT"] > adsl["DTHDT"])
    rule = "the study of a subject begins its identifier"
    wrong = [not u.startswith(s) for u, s in zip(adsl["USUBJID"], adsl["STUDYID"], strict=True)]
    yield from _found("ADSL", "USUBJID", rule, adsl, wrong)


def _against_subjects(dataset: str, table: pd.DataFrame, adsl: pd.DataFrame) -> Iterator[Fault]:
    own = adsl.drop_duplicates("USUBJID").set_index("USUBJID")
    known = table["USUBJID"].isin(own.index)
    yield from _found(dataset, "USUBJID", "every subject is in ADSL", table, ~known)
    subject = own.reindex(table["USUBJID"])
    for treatment in ("TRT01P", "TRT01A"):
        if treatment in table:
            wrong = known.to_numpy() & (
                subject[treatment].to_numpy() != table[treatment].to_numpy()
            )
            yield from _found(dataset, treatment, "the treatment is that of ADSL", table, wrong)
    start = subject["TRTSDT"].to_numpy()
    for date, day in (("ADT", "ADY"), ("ASTDT", "ASTDY"), ("AENDT", "AENDY")):
        if day not in table:
            continue
        days = (table[date].to_numpy() - start) / np.timedelta64(1, "D")
        expected = days + (days >= 0)
        given = table[day].to_numpy(dtype=float)
        same = (np.isnan(expected) & np.isnan(given)) | (np.abs(expected - given) < _TOLERANCE)
        rule = f"{day} is the relative day of {date} (day 1 is TRTSDT, no day 0)"
        yield from _found(dataset, day, rule, table, known.to_numpy() & ~same)
    for date in ("ADT", "ASTDT"):
        if date in table:
            late = (table[date] > subject["DTHDT"].set_axis(table.index)).to_numpy()
            rule = "nothing is recorded after the day of death"
            yield from _found(dataset, date, rule, table, late)


def _times(adtte: pd.DataFrame) -> Iterator[Fault]:
    days = (adtte["ADT"] - adtte["STARTDT"]).dt.days + 1.0
    rule = "AVAL is ADT - STARTDT + 1"
    yield from _found("ADTTE", "AVAL", rule, adtte, (adtte["AVAL"] - days).abs() > _TOLERANCE)
    yield from _found("ADTTE", "AVAL", "AVAL is at least 1", adtte, ~(adtte["AVAL"] >= 1))
    event = adtte["CNSR"] == 0
    rule = "an event (CNSR 0) has no reason for censoring, a censored time has one"
    wrong = event != (adtte["CNSDTDSC"] == "")
    yield from _found("ADTTE", "CNSR, CNSDTDSC", rule, adtte, wrong)
    rule = "CNSR is 1 if, and only if, the description says censored"
    wrong = event == (adtte["EVNTDESC"] == "censored")
    yield from _found("ADTTE", "CNSR, EVNTDESC", rule, adtte, wrong)
    low, high = adtte["AVALLO"], adtte["AVALHI"]
    bad = (low > adtte["AVAL"] + _TOLERANCE) | (high + _TOLERANCE < adtte["AVAL"])
    rule = "AVALLO and AVALHI enclose AVAL"
    yield from _found("ADTTE", "AVALLO, AVALHI", rule, adtte, bad)
    has = low.notna()
    rule = "a censored time has no upper bound, an event has one"
    yield from _found("ADTTE", "AVALHI", rule, adtte, has & (high.notna() != event))


def _survival(adtte: pd.DataFrame, adsl: pd.DataFrame) -> Iterator[Fault]:
    death = adtte[adtte["PARAMCD"] == "OS"]
    subject = adsl.drop_duplicates("USUBJID").set_index("USUBJID").reindex(death["USUBJID"])
    wrong = (subject["DTHFL"].to_numpy() == "Y") != (death["CNSR"].to_numpy() == 0)
    rule = "OS is an event if, and only if, ADSL says that the subject died"
    yield from _found("ADTTE", "CNSR, DTHFL", rule, death, wrong)
    last = death.set_index("USUBJID")["AVAL"]
    free = adtte[adtte["PARAMCD"] == "PFS"]
    late = free["AVAL"].to_numpy() > last.reindex(free["USUBJID"]).to_numpy() + _TOLERANCE
    yield from _found("ADTTE", "AVAL", "PFS is not longer than OS", free, late)


def _changes(adtr: pd.DataFrame) -> Iterator[Fault]:
    change = adtr["AVAL"] - adtr["BASE"]
    wrong = (adtr["CHG"] - change).abs() > _TOLERANCE
    yield from _found("ADTR", "CHG", "CHG is AVAL - BASE", adtr, wrong)
    percent = 100.0 * change / adtr["BASE"].where(adtr["BASE"] > 0)
    wrong = (adtr["PCHG"] - percent).abs() > _TOLERANCE * (1.0 + percent.abs())
    yield from _found("ADTR", "PCHG", "PCHG is 100 * CHG / BASE", adtr, wrong)
    first = adtr["ABLFL"] == "Y"
    wrong = first & ((adtr["AVAL"] - adtr["BASE"]).abs() > _TOLERANCE)
    yield from _found("ADTR", "ABLFL", "the baseline record holds the baseline", adtr, wrong)
    lesion = adtr["PARAMCD"] == "DIAM"
    rule = "a lesion has an identifier, a sum has none"
    yield from _found("ADTR", "TRLNKID", rule, adtr, lesion != (adtr["TRLNKID"] != ""))


def _events(adae: pd.DataFrame) -> Iterator[Fault]:
    if not len(adae):
        return
    rule = "an event does not end before it begins"
    yield from _found("ADAE", "AENDT", rule, adae, adae["AENDT"] < adae["ASTDT"])
    rule = "ATOXGR and ATOXGRN say the same"
    wrong = adae["ATOXGR"].astype(str) != adae["ATOXGRN"].map(lambda g: f"{g:.0f}")
    yield from _found("ADAE", "ATOXGR, ATOXGRN", rule, adae, wrong)
    rule = "an event of grade 5 is serious"
    yield from _found("ADAE", "AESER", rule, adae, (adae["ATOXGRN"] == 5) & (adae["AESER"] != "Y"))
    rule = "graded events name the version of CTCAE"
    yield from _found("ADAE", "CTCAEVER", rule, adae, adae["CTCAEVER"] == "")
