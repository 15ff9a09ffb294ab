"""What is given when: orders as clinicians write them, and the doses they mean.

>>> from rascade.regimen import parse
>>> regimen = parse("daraxonrasib 300 mg PO QD", known_drugs=["daraxonrasib"])
>>> regimen.doses(until_day=2, weight_kg=70, body_surface_m2=1.8).time_h.tolist()
[0.0, 24.0]

`parse` reads text by the grammar in ``orders.lark``; what it understands is collected in a draft,
judged by `rules`, and becomes an `Order` of `parts`. `times` makes doses of orders, `text` their
normal spelling, and `nonmem` reads and writes them as data sets. It uses the evidence for the names
of drugs, and nothing else. A new kind of clause is a rule of the grammar and a method in `clauses`.
"""

from rascade.regimen.names import KnownDrugs
from rascade.regimen.nonmem.events import DoseRecord, from_nonmem, to_nonmem
from rascade.regimen.nonmem.file import DoseRecords, read_nonmem, write_nonmem
from rascade.regimen.order import Order
from rascade.regimen.parse import parse
from rascade.regimen.parts import Amount, Loading, Schedule, Window
from rascade.regimen.regimen import Regimen
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
