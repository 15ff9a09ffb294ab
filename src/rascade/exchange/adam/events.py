"""ADAE: one record an adverse event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.exchange.adam.source import dates, of_subjects, relative_day, with_treatment
from rascade.exchange.adam.variables import meddra_terms, variables_of

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.source import AdamSource

__all__ = ["event_records"]

_ACTIONS = {
    "none": "DOSE NOT CHANGED",
    "dose held": "DRUG INTERRUPTED",
    "dose reduced": "DOSE REDUCED",
    "drug withdrawn": "DRUG WITHDRAWN",
}


def event_records(source: AdamSource, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return the records of ADAE; none where nothing happened or is modelled."""
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
    rows = with_treatment(rows, rows["start_day"].astype(float) >= rows["second_day"])
    term, soc = rows["term"].astype(str), rows["soc"].astype(str)
    coded = meddra_terms()
    action = rows["action"].fillna("none").astype(str)
    return rows.assign(
        AESEQ=rows.groupby("patient").cumcount() + 1,
        AETERM=term,
        AELLT=term,
        AETOX=term,
        AEDECOD=term.map({t: preferred for t, (preferred, _) in coded.items()}).fillna(term),
        AEBODSYS=term.map({t: organs for t, (_, organs) in coded.items()}).fillna(soc),
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
        CTCAEVER=rows.get("ctcae", source.ctcae_version),
    )
