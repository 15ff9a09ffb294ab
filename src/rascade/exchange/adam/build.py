"""Make the data sets from the tables of a trial.

A simulated trial has no calendar. Day 1 of every patient is `FIRST_DAY` plus the day of entry where
the trial has one; what happens t days after the first dose falls on day 1 + floor(t). Times in days
are counted as ADaM counts them, ``ADT - STARTDT + 1``; the exact simulated time stands beside them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.variables import controlled_terms, keys_of, variables_of
from rascade.trial.endpoints import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FIRST_DAY", "AdamSource", "build_datasets", "finish", "plain_text"]

FIRST_DAY = "2000-01-01"
_PLAIN_SIGNS = str.maketrans("–—−‘’“”", "---''\"\"")
_ACTIONS = {
    "none": "DOSE NOT CHANGED",
    "dose held": "DRUG INTERRUPTED",
    "dose reduced": "DOSE REDUCED",
    "drug withdrawn": "DRUG WITHDRAWN",
}


@dataclass(frozen=True)
class AdamSource:
    """What the data sets are made from.

    Attributes:
        study: name of the study.
        arms: names of the arms in their order.
        patients: the patients' table of a trial.
        visits: its visits' table.
        lesions: its lesions' table.
        adverse_events: one row an episode: patient, arm, term, soc, grade, start_day, end_day,
            serious, related, action; None or without rows where none happened or is modelled.
        ctcae_version: ``v5`` or ``v6``; empty where nothing is graded.
    """

    study: str
    arms: Sequence[str]
    patients: pd.DataFrame
    visits: pd.DataFrame
    lesions: pd.DataFrame
    adverse_events: pd.DataFrame | None = field(default=None)
    ctcae_version: str = ""


def plain_text(value: object, length: int = 200) -> str:
    """Return a text as version 5 transport files can hold it: ASCII, no longer than `length`."""
    letters = unicodedata.normalize("NFKD", str(value).translate(_PLAIN_SIGNS))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    text = bare.encode("ascii", "replace").decode()
    return " ".join(text.split())[:length]


def study_identifier(name: str) -> str:
    """Return an identifier of at most 20 characters from the name of a study."""
    return (
        re.sub(r"[^A-Z0-9]+", "-", plain_text(name).upper()).strip("-")[:20].strip("-") or "STUDY"
    )


def build_datasets(source: AdamSource) -> dict[str, pd.DataFrame]:
    """Make all data sets; ADAE has no rows where there were no adverse events.

    Returns:
        Data set -> table with the variables of `variables_of`, sorted by key. Dates are
        ``datetime64``, missing texts are empty.
    """
    from rascade.exchange.adam.response import response_records, tumour_records
    from rascade.exchange.adam.times import time_records

    subjects = _subjects(source)
    return {
        "ADSL": finish("ADSL", subjects),
        "ADTTE": finish("ADTTE", time_records(source, subjects)),
        "ADRS": finish("ADRS", response_records(source, subjects)),
        "ADTR": finish("ADTR", tumour_records(source, subjects)),
        "ADAE": finish("ADAE", _events(source, subjects)),
    }


def finish(dataset: str, table: pd.DataFrame) -> pd.DataFrame:
    """Bring a table into the order, the types and the lengths of its data set, sorted by key."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for variable in variables_of(dataset):
        given = table.get(variable.name)
        if variable.type == "text":
            values = pd.Series("", index=table.index) if given is None else given.fillna("")
            texts = values.astype(str)
            unique = {text: plain_text(text, variable.length) for text in texts.unique()}
            columns[variable.name] = texts.map(unique).astype(object)
        elif variable.type == "date":
            values = pd.Series(pd.NaT, index=table.index) if given is None else given
            columns[variable.name] = pd.to_datetime(values).astype("datetime64[s]")
        else:
            values = pd.Series(np.nan, index=table.index) if given is None else given
            columns[variable.name] = values.astype(float)
    keys = keys_of(dataset)
    return pd.DataFrame(columns).sort_values(keys, kind="stable", ignore_index=True)


def dates(start: pd.Series[Any], days: Any) -> pd.Series[Any]:
    """Return dates some simulated days after the first dose; blank where the days are not known."""
    import pandas as pd

    whole = np.floor(np.asarray(days, dtype=float) + 1e-9)
    known = np.isfinite(whole)
    shift = pd.to_timedelta(np.where(known, whole, 0.0), unit="D")
    return (start + shift).where(known)


def relative_day(date: pd.Series[Any], start: pd.Series[Any]) -> pd.Series[Any]:
    """Return relative days as ADaM counts them: day 1 is the start, and there is no day 0."""
    days = (date - start).dt.days
    return days + (days >= 0).astype(float)


def _subjects(source: AdamSource) -> pd.DataFrame:
    import pandas as pd

    own = source.patients.reset_index(drop=True)
    study = study_identifier(source.study)
    number = own["patient"].astype(int).map("{:06d}".format)
    entry = own.get("entry_day", pd.Series(0.0, index=own.index))
    first = dates(pd.Series(pd.Timestamp(FIRST_DAY), index=own.index), entry)
    arm = own["arm"].astype(str)
    lived = own["os_months"].astype(float) * DAYS_PER_MONTH
    died = own["os_event"].astype(bool) & lived.notna()
    ended = own.get("treatment_end_day", pd.Series(np.nan, index=own.index))
    alive = dates(first, lived)
    return pd.DataFrame(
        {
            "patient": own["patient"],
            "STUDYID": study,
            "USUBJID": study + "-" + number,
            "SUBJID": number,
            "SITEID": own["centre"].astype(str) if "centre" in own else "SIM",
            "ARM": arm,
            "TRT01P": arm,
            "TRT01PN": arm.map({name: i + 1 for i, name in enumerate(source.arms)}),
            "TRT01A": arm,
            "ITTFL": "Y",
            "SAFFL": "Y",
            "RANDDT": first,
            "TRTSDT": first,
            # Treatment that goes on at the end of follow-up ends with it in these data.
            "TRTEDT": dates(first, ended.astype(float).fillna(lived)),
            "DTHFL": np.where(died, "Y", ""),
            "DTHDT": alive.where(died),
            "LSTALVDT": alive,
            "EOSSTT": np.select(
                [lived.isna(), died, _dropped(own)],
                ["NOT EVALUABLE", "DIED", "DISCONTINUED"],
                "COMPLETED",
            ),
            "AGE": own.get("age_years"),
            "AGEU": "YEARS",
            "SEX": own["sex"].astype(str).str[:1].str.upper(),
            "ECOGBL": own.get("ecog"),
            "WEIGHTBL": own.get("weight_kg"),
            "HEIGHTBL": own.get("height_cm"),
            "KRASALL": own.get("kras_allele"),
            "STRATUM": own.get("stratum"),
            "SUMDBL": own.get("baseline_sld_mm"),
            "NTARGET": own.get("n_target_lesions"),
            "NNONTGT": own.get("n_non_target_lesions"),
            "CA199BL": own.get("baseline_ca19_9_u_ml"),
            "KRASMFBL": own.get("baseline_kras_maf_pct"),
            "CTCAEVER": source.ctcae_version,
        }
    )


def _dropped(own: pd.DataFrame) -> Any:
    if "treatment_end_reason" not in own:
        return np.zeros(len(own), dtype=bool)
    return (own["treatment_end_reason"].astype(str) == "dropout").to_numpy()


def of_subjects(table: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return a table of rows by patient with the subject's identifiers, treatment and first day."""
    kept = ["patient", "STUDYID", "USUBJID", "TRT01P", "TRT01A", "TRTSDT", "LSTALVDT"]
    return table.merge(subjects[kept], on="patient", how="inner")


def _events(source: AdamSource, subjects: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    events = source.adverse_events
    if events is None or not len(events):
        return pd.DataFrame({v.name: [] for v in variables_of("ADAE")})
    events = events.sort_values(["patient", "start_day", "term"], kind="stable")
    rows = of_subjects(events.drop(columns="arm", errors="ignore"), subjects)
    start = dates(rows["TRTSDT"], rows["start_day"])
    # Grades are read on a grid of days: what first shows past the last day alive did not happen.
    happened = (start <= rows["LSTALVDT"]) | rows["LSTALVDT"].isna()
    rows, start = rows[happened], start[happened]
    end = dates(rows["TRTSDT"], rows["end_day"])
    end = end.where(~(end > rows["LSTALVDT"]), rows["LSTALVDT"])
    version = rows.get("ctcae", source.ctcae_version)
    action = rows["action"].fillna("none").astype(str)
    return rows.assign(
        AESEQ=rows.groupby("patient").cumcount() + 1,
        AETERM=rows["term"],
        AEDECOD=rows["term"],
        AEBODSYS=rows["soc"],
        ASTDT=start,
        ASTDY=relative_day(start, rows["TRTSDT"]),
        AENDT=end,
        AENDY=relative_day(end, rows["TRTSDT"]),
        ATOXGR=rows["grade"].astype(int).astype(str),
        ATOXGRN=rows["grade"],
        AESER=np.where(rows["serious"].astype(bool), "Y", "N"),
        AEREL=np.where(rows["related"].astype(bool), "RELATED", "NOT RELATED"),
        AEACN=action.map(_ACTIONS).fillna(action.str.upper()),
        TRTEMFL=np.where(rows["start_day"].astype(float) >= 0, "Y", ""),
        CTCAEVER=version,
    )


def parameter_name(family: str, code: str) -> str:
    """Return the PARAM of a PARAMCD; `family` is ``tte``, ``rs`` or ``tr``."""
    terms = controlled_terms()
    return str(terms[f"{family}_name"][terms[f"{family}_code"].index(code)])
