"""What a check says of data sets: the rule that is broken, where, how often, and one example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.variables import keys_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TOLERANCE", "Fault", "found", "missing", "one_to_one", "subject_values"]

TOLERANCE = 1e-6


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


def found(dataset: str, variable: str, rule: str, table: pd.DataFrame, wrong: Any) -> list[Fault]:
    """Return one fault for all records of a table that break a rule, or none."""
    rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not rows.size:
        return []
    first = table.iloc[rows[0]]
    keys = [k for k in keys_of(dataset) if k in table and k != "STUDYID"]
    example = ", ".join(f"{key}={first[key]}" for key in keys)
    return [Fault(dataset, variable, rule, int(rows.size), example)]


def missing(dataset: str, variable: str, rule: str, subjects: Any) -> list[Fault]:
    """Return one fault for all subjects of whom a data set lacks something, or none."""
    lacking = sorted(subjects)
    if not lacking:
        return []
    return [Fault(dataset, variable, rule, len(lacking), f"USUBJID={lacking[0]}")]


def one_to_one(
    dataset: str, table: pd.DataFrame, one: str, other: str, within: str | None = None
) -> list[Fault]:
    """Return faults where two variables do not tell the same things apart.

    Args:
        dataset: its name.
        table: its records.
        one: a variable.
        other: the variable that must change with it, and only with it.
        within: variable within whose values this must hold; everywhere if None.
    """
    if not {one, other} <= set(table.columns):
        return []
    inside = [within] if within else []
    pairs = table[[*inside, one, other]].drop_duplicates()
    several = pairs.duplicated([*inside, one], keep=False)
    several |= pairs.duplicated([*inside, other], keep=False)
    if not several.any():
        return []
    bad = pairs[several].merge(table.reset_index(), on=[*inside, one, other])["index"]
    rule = f"{one} and {other} belong together one to one"
    return found(dataset, f"{one}, {other}", rule, table, table.index.isin(bad))


def subject_values(adsl: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the records of ADSL of each record's subject; missing where ADSL lacks him."""
    own = adsl.drop_duplicates("USUBJID").set_index("USUBJID")
    return own.reindex(table["USUBJID"]).set_axis(table.index)
