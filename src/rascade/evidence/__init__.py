"""What is known: drugs, trials, biology, adverse events, claims; every number with its source.

::

    from rascade.evidence import load

    evidence = load()
    evidence.drug("RMC-6236").fact("half_life").number  # hours
    evidence.trial("rasolute-302.daraxonrasib").os_median_months

Rows of ``data`` are read by `schema` and `reading` into `records`, and kept in a `store`, which
`search` indexes; `check` holds them against the rules that every row must obey. It uses units, near
names and nothing else of the program. A new table is a schema, a class of records and a field of
the store.
"""

from rascade.evidence.load import evidence_hash, load
from rascade.evidence.records import (
    AdverseEvent,
    Citation,
    Claim,
    Conduct,
    Conflict,
    Contrast,
    Drug,
    Fact,
    Landmark,
    Lookup,
    Problem,
    Record,
    TrialArm,
    as_dict,
)
from rascade.evidence.store import TABLES, Evidence

__all__ = [
    "TABLES",
    "AdverseEvent",
    "Citation",
    "Claim",
    "Conduct",
    "Conflict",
    "Contrast",
    "Drug",
    "Evidence",
    "Fact",
    "Landmark",
    "Lookup",
    "Problem",
    "Record",
    "TrialArm",
    "as_dict",
    "evidence_hash",
    "load",
]
