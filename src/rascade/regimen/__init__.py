"""What is given when: orders as clinicians write them, and the doses they mean.

>>> from rascade.regimen import parse
>>> regimen = parse("daraxonrasib 300 mg PO QD", known_drugs=["daraxonrasib"])
>>> regimen.doses(until_day=2, weight_kg=70, body_surface_m2=1.8).time_h.tolist()
[0.0, 24.0]
"""

from rascade.regimen.names import KnownDrugs
from rascade.regimen.nonmem import DoseRecord, from_nonmem, to_nonmem
from rascade.regimen.nonmem_file import DoseRecords, read_nonmem, write_nonmem
from rascade.regimen.order import Amount, Loading, Order, Regimen, Schedule, Window
from rascade.regimen.parse import parse
from rascade.regimen.text import format_regimen
from rascade.regimen.text import format_regimen as format
from rascade.regimen.times import DoseTable

__all__ = [
    "Amount",
    "DoseRecord",
    "DoseRecords",
    "DoseTable",
    "KnownDrugs",
    "Loading",
    "Order",
    "Regimen",
    "Schedule",
    "Window",
    "format",
    "format_regimen",
    "from_nonmem",
    "parse",
    "read_nonmem",
    "to_nonmem",
    "write_nonmem",
]
