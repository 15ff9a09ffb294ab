"""ADaM-shaped data sets of a trial: ADSL, ADTTE, ADRS, ADTR and ADAE, made, written, read, checked.

They have the structure, names and rules of CDISC's Analysis Data Model Implementation Guide 1.3
and its time-to-event structure, so that programs of a statistics group read them. They are not a
submission: there is no SDTM behind them, and what they hold was simulated.
"""

from rascade.exchange.adam.build import AdamSource, build_datasets
from rascade.exchange.adam.check import check_datasets
from rascade.exchange.adam.fault import Fault
from rascade.exchange.adam.files import FORMATS, check_folder, read_datasets, write_datasets

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
