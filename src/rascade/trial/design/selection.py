"""What a published trial selected its patients by and the model cannot: read from its population.

The evidence's column ``population`` is a line of words. What the reading of arms understands
(disease, stage, line of treatment, KRAS genotype, microsatellite instability) is struck out here,
and what is left is a selection that no virtual patient was subjected to.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["dropped_selection"]

#: What the simulated population has as well, or what says nothing of the patients.
_HONOURED: Final = (
    r"\bPDAC\b( \(\d+ of \d+\))?",
    r"\b(1|2|2/3|3)L\+?",
    r"(>=)?1 prior line",
    r"\bmetastatic\b",
    r"\b(heavily |previously |gem-)?(pre)?treated\b",
    r"\b(gem-|chemo-?)?refractory\b",
    r"\bunselected\b|\ball-comers\b|\breal world\b",
    r"\bMSI-H(/dMMR)?",
    r"\bRAS G12X?\b(?![A-Z/])|\bRAS G12/G13/Q61\b",
    r"\bK?RAS G12[A-Z](/[A-Z])?\b|\b(?<!-)G12[A-Z]\b( \(mostly\))?",
    r"\b(K?RAS|RAS-MAPK) mutant\b",
    r"\bincl\b|\band\b|\bor\b",
)
#: Selection -> what it means, where the words alone do not say it.
_MEANING: Final = (
    (r"^(locally )?advanced$|^locally advanced/?$", "locally advanced tumours besides metastatic"),
    (r"^unresectable$", "locally advanced tumours besides metastatic"),
    (r"^(advanced )?solid tumours|^Mixed$", "other tumours besides pancreatic ones"),
    (r"^RAS/BRAF mutant$", "RAS or BRAF mutations, of which only KRAS is simulated"),
    (r"^platinum-(controlled|stable)$", "tumours that platinum had brought under control"),
    (r"^gBRCA$", "an inherited BRCA mutation (gBRCA)"),
)


def dropped_selection(population: str) -> tuple[str, ...]:
    """Return what of a published population the simulated one is not selected by.

    Args:
        population: as the evidence has it, such as ``PDAC advanced 1L, mGPS 1-2``.
    """
    found: list[str] = []
    for part in _parts(population):
        rest = part
        for pattern in _HONOURED:
            rest = re.sub(pattern, " ", rest)
        rest = re.sub(r"\s+", " ", rest).strip(" /+,;")
        if rest:
            found.append(next((text for p, text in _MEANING if re.search(p, rest)), rest))
    return tuple(dict.fromkeys(found))


def _parts(population: str) -> list[str]:
    """Split at commas and colons that stand outside parentheses."""
    return [part.strip() for part in re.split(r"(?:,|: )(?![^(]*\))", population)]
