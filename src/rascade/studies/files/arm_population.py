"""The evidence's column `population` of a trial arm, read: disease, stage, line, genotype."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Reading", "read_population"]


@dataclass(frozen=True)
class Reading:
    """What the column `population` says.

    Attributes:
        disease: ``PDAC``, ``solid tumours`` (a mixture), or another one by its name.
        stage: ``metastatic`` or the stage that is named.
        line: of treatment; None where it is not said.
        eligibility: conditions on the profile.
    """

    disease: str
    stage: str
    line: int | None
    eligibility: tuple[str, ...]


_G12 = "kras_allele in ('G12A', 'G12C', 'G12D', 'G12R', 'G12V')"
#: Pattern -> condition; the first that is found holds.
_GENOTYPES = (
    (r"G12D/R", "kras_allele in ('G12D', 'G12R')"),
    (r"G12/G13/Q61", "kras_allele != 'WT'"),
    (r"\bRAS G12X?\b(?![A-Z])", _G12),
    (r"\bG12C\b", "kras_allele == 'G12C'"),
    (r"\bG12D\b", "kras_allele == 'G12D'"),
    (r"\b(RAS|KRAS|RAS/BRAF|RAS/RAF|RAS-MAPK|MAPK) mutant", "kras_allele != 'WT'"),
)
#: Pattern -> line of treatment; the first that is found holds.
_LINES = (
    (r"\b1L\b", 1),
    (r"platinum-(controlled|stable)", 1),
    (r"\b3L", 3),
    (r"\b2(/3)?L\b|1 prior line|pretreated|previously treated|refractory|real world", 2),
)
#: Pattern -> stage, where nothing says metastatic.
_STAGES = (
    (r"\bLAPC\b", "locally advanced"),
    (r"\bresected\b", "resected"),
    (r"\bresectable\b", "resectable"),
)
_MIXED = r"solid tumours|PDAC/CRC|^Mixed"


def read_population(text: str) -> Reading:
    """Read the column `population` of the evidence's trials."""
    if re.search(_MIXED, text):
        disease = "solid tumours"
    elif re.search(r"PDAC|LAPC", text):
        disease = "PDAC"
    else:
        disease = text.split()[0].rstrip(",")
    stage = "metastatic"
    if "metastatic" not in text:
        for word, name in _STAGES:
            if re.search(word, text):
                stage = name
                break
    line = next((line for pattern, line in _LINES if re.search(pattern, text)), None)
    conditions = [next((c for p, c in _GENOTYPES if re.search(p, text)), None)]
    if "MSI-H" in text:
        conditions.append("msi_high == True")
    return Reading(disease, stage, line, tuple(c for c in conditions if c is not None))
