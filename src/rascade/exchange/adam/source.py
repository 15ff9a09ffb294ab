"""What every data set is made with: the source, days and dates, subjects, types.

A simulated trial has no calendar. Day 1 of every patient is `FIRST_DAY` plus the day of entry where
the trial has one; what happens t days after the first dose falls on day 1 + floor(t). Times in days
are counted as ADaM counts them, ``ADT - STARTDT + 1``; the exact simulated time stands beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.names import plain_text
from rascade.exchange.adam.variables import keys_of, parameters_of, variables_of

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.variables import Variable

__all__ = [
    "FIRST_DAY",
    "AdamSource",
    "dates",
    "finish",
    "of_subjects",
    "relative_day",
    "with_parameter",
    "with_treatment",
]

FIRST_DAY = "2000-01-01"
_HAIR = 1e-9  # days; a month times 30.4375 is not quite the day it was made from


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
        identity: what tells the trial from another of the same name and arms, such as its seed.
    """

    study: str
    arms: Sequence[str]
    patients: pd.DataFrame
    visits: pd.DataFrame
    lesions: pd.DataFrame
    adverse_events: pd.DataFrame | None = field(default=None)
    ctcae_version: str = ""
    identity: str = ""


def finish(dataset: str, table: pd.DataFrame) -> pd.DataFrame:
    """Bring a table into the order and the types of its data set, sorted by key and numbered."""
    import pandas as pd

    kept = variables_of(dataset)
    filled = {v.group for v in kept if v.name in table and _holds_something(table[v.name])}
    own = [v for v in kept if not v.group or v.group in filled]
    made = pd.DataFrame({v.name: _typed(v, table) for v in own})
    made = made.sort_values(keys_of(dataset), kind="stable", ignore_index=True)
    if "ASEQ" in made:
        made["ASEQ"] = made.groupby("USUBJID").cumcount() + 1.0
    return made


def _holds_something(values: pd.Series[Any]) -> bool:
    return bool((values.notna() & (values.astype(str) != "")).any())


def _typed(variable: Variable, table: pd.DataFrame) -> pd.Series[Any]:
    """Return a variable of a table in its type; missing where the table lacks it."""
    import pandas as pd

    given = table.get(variable.name)
    if variable.type == "date":
        values = pd.Series(pd.NaT, index=table.index) if given is None else given
        return pd.to_datetime(values).astype("datetime64[s]")
    if variable.type == "number":
        values = pd.Series(np.nan, index=table.index) if given is None else given
        return values.astype(float)
    values = pd.Series("", index=table.index) if given is None else given.fillna("")
    texts = values.astype(str)
    # Names stay as they are: what transport files cannot hold gets a label when it is written.
    length = variable.length
    unique = {t: t if variable.names else plain_text(t, length) for t in texts.unique()}
    return texts.map(unique).astype(object)


def dates(start: pd.Series[Any], days: Any) -> pd.Series[Any]:
    """Return dates some simulated days after the first dose; blank where the days are not known."""
    import pandas as pd

    whole = np.floor(np.asarray(days, dtype=float) + _HAIR)
    known = np.isfinite(whole)
    shift = pd.to_timedelta(np.where(known, whole, 0.0), unit="D")
    return (start + shift).where(known)


def relative_day(date: pd.Series[Any], start: pd.Series[Any]) -> pd.Series[Any]:
    """Return relative days as ADaM counts them: day 1 is the start, and there is no day 0."""
    days = (date - start).dt.days
    return days + (days >= 0).astype(float)


def of_subjects(table: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return a table of rows by patient with the subject's identifiers, treatments and days."""
    kept = ["patient", "STUDYID", "USUBJID", "TRT01P", "TRT01PN", "TRT01A", "TRT01AN"]
    kept += ["TRT02A", "TRT02AN", "second_day", "TRTSDT", "LSTALVDT"]
    return table.merge(subjects[kept], on="patient", how="inner")


def with_treatment(rows: pd.DataFrame, second: Any = False) -> pd.DataFrame:
    """Return rows of subjects with the treatment of each record.

    Args:
        rows: from `of_subjects`.
        second: (rows,) flags of the records that belong to the second treatment.
    """
    later = np.broadcast_to(np.asarray(second, dtype=bool), len(rows))
    return rows.assign(
        TRTP=rows["TRT01P"],
        TRTPN=rows["TRT01PN"],
        TRTA=rows["TRT01A"].where(~later, rows["TRT02A"]),
        TRTAN=rows["TRT01AN"].where(~later, rows["TRT02AN"]),
    )


def with_parameter(dataset: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the PARAM and PARAMN of their PARAMCD."""
    own = parameters_of(dataset)
    return rows.assign(
        PARAM=rows["PARAMCD"].map({code: name for code, (name, _) in own.items()}),
        PARAMN=rows["PARAMCD"].map({code: number for code, (_, number) in own.items()}),
    )
