"""Make the data sets from the tables of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rascade.exchange.adam.events import event_records
from rascade.exchange.adam.response import response_records, tumour_records
from rascade.exchange.adam.source import AdamSource, finish
from rascade.exchange.adam.subjects import subject_records
from rascade.exchange.adam.times import time_records

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["build_datasets"]


def build_datasets(source: AdamSource) -> dict[str, pd.DataFrame]:
    """Make all data sets; ADAE has no rows where there were no adverse events.

    Returns:
        Data set -> table with the variables of `variables_of` (optional ones where the trial has
        something to put into them), sorted by key. Dates are ``datetime64``, missing texts are
        empty, names are as the user gave them.
    """
    subjects = subject_records(source)
    responses = finish("ADRS", response_records(source, subjects))
    return {
        "ADSL": finish("ADSL", subjects),
        "ADTTE": finish("ADTTE", time_records(source, subjects, responses)),
        "ADRS": responses,
        "ADTR": finish("ADTR", tumour_records(source, subjects, responses)),
        "ADAE": finish("ADAE", event_records(source, subjects)),
    }
