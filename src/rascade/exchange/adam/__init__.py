"""ADaM-shaped data sets of a trial: ADSL, ADTTE, ADRS, ADTR and ADAE, made, written, read, checked.

They have the structure, names and rules of CDISC's Analysis Data Model Implementation Guide 1.3
and its time-to-event structure, so that programs of a statistics group read them. They are not a
submission: there is no SDTM behind them, and what they hold was simulated.

May use what `rascade.trial` gives; knows no study file and no folder of results. A new variable is
a row of ``exchange/data/adam_variables.csv`` and a column where its data set is made; a new time to
an event is a part of `times` and a row of ``adam_parameters.csv``.
"""

from rascade.exchange.adam.build import build_datasets
from rascade.exchange.adam.check import check_datasets
from rascade.exchange.adam.fault import Fault
from rascade.exchange.adam.files import FORMATS, check_folder, read_datasets, write_datasets
from rascade.exchange.adam.source import AdamSource

__all__ = [
    "FORMATS",
    "AdamSource",
    "Fault",
    "build_datasets",
    "check_datasets",
    "check_folder",
    "read_datasets",
    "write_datasets",
]
