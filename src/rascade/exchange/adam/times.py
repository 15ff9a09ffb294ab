"""ADTTE: one record a subject and time-to-event end point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.build import dates, of_subjects, parameter_name
from rascade.trial.endpoints import DAYS_PER_MONTH, DEATH

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.build import AdamSource

__all__ = ["time_records"]


def time_records(source: AdamSource, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return the records of ADTTE; an end point that does not apply to a subject has none."""
    import pandas as pd

    rows = of_subjects(source.patients.reset_index(drop=True), subjects)
    first = rows["ttr_months"].astype(float) * DAYS_PER_MONTH
    yes = pd.Series(True, index=rows.index)
    response = pd.Series("objective response", index=rows.index)
    reason = rows["pfs_reason"].astype(str)
    died = pd.Series(DEATH, index=rows.index)
    none = pd.Series(0.0, index=rows.index)
    progressed = pd.Series("progression by iRECIST or death", index=rows.index)
    parts = [
        _part(rows, "OS", rows["os_months"], rows["os_event"], died, none),
        _part(rows, "PFS", rows["pfs_months"], rows["pfs_event"], reason, none, bounds=True),
        _part(rows, "IPFS", rows["ipfs_months"], rows["ipfs_event"], progressed, none),
        _part(rows, "DOR", rows["dor_months"], rows["dor_event"], reason, first),
        _part(rows, "TTR", rows["ttr_months"], yes, response, none),
    ]
    return pd.concat(parts, ignore_index=True)


def _part(
    rows: pd.DataFrame,
    code: str,
    time_months: Any,
    event: Any,
    described: pd.Series[Any],
    origin: pd.Series[Any],
    *,
    bounds: bool = False,
) -> pd.DataFrame:
    """Records of one end point; `origin` is the day from which it runs, after the first dose."""
    length = time_months.astype(float) * DAYS_PER_MONTH
    applies = length.notna() & origin.notna()
    own, days, since = rows[applies], length[applies], origin[applies]
    seen = event[applies].astype(bool)
    start = dates(own["TRTSDT"], since)
    date = dates(own["TRTSDT"], since + days)
    record: pd.DataFrame = own.assign(
        PARAMCD=code,
        PARAM=parameter_name("tte", code),
        STARTDT=start,
        ADT=date,
        AVAL=(date - start).dt.days + 1.0,
        AVALU="DAYS",
        CNSR=np.where(seen, 0.0, 1.0),
        EVNTDESC=described[applies].where(seen, "censored"),
        CNSDTDSC=np.where(
            seen, "", "last known alive" if code == "OS" else "last adequate assessment"
        ),
        SIMTIME=days,
    )
    if bounds:
        low = own["pfs_after_months"].astype(float) * DAYS_PER_MONTH
        high = own["pfs_by_months"].astype(float) * DAYS_PER_MONTH
        record["AVALLO"] = np.floor(low + 1e-9) + 1.0
        record["AVALHI"] = (np.floor(high + 1e-9) + 1.0).where(np.isfinite(high))
    return record
