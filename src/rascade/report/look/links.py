"""Identifiers in a text as links: DOI, PMID, PMC, NCT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rascade.report.look.text import RIGHT_TO_LEFT

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["linked"]

# A DOI has no spaces; brackets, quotes and what ends a sentence or a list around it are not of it.
_IDENTIFIER = re.compile(
    rf"""(?P<pmid>\bPMID:?\s?(?P<pmid_id>\d{{1,8}})\b)
    |(?P<pmc>\bPMC:\s?(?P<pmc_id>PMC\d{{3,9}})\b|\b(?P<pmc_bare>PMC\d{{4,9}})\b)
    |(?P<nct>\b(?:NCT:)?(?P<nct_id>NCT\d{{8}})\b)
    |(?P<range>[(\[][^()\[\]\s]{{1,24}}(?:–|\ to\ )[^()\[\]\s]{{1,24}}[)\]])
    |(?P<rtl>{RIGHT_TO_LEFT})
    |(?P<doi>\b(?:doi:\s?|https?://(?:dx\.)?doi\.org/)?(?P<doi_id>10\.\d{{4,9}}/[^\s"'<>;|]+))""",
    re.IGNORECASE | re.VERBOSE,
)
_OPEN = {")": "(", "]": "[", "}": "{"}


def linked(text: object) -> Markup:
    """Return a text, escaped, with every identifier of a work or a trial as a link.

    Intervals are kept on one line, and names written from right to left apart from their
    neighbours.

    >>> str(linked("PMID:42223072"))
    '<a href="https://pubmed.ncbi.nlm.nih.gov/42223072/">PMID:42223072</a>'
    """
    from markupsafe import Markup, escape

    parts, done, whole = [], 0, str(text)
    for match in _IDENTIFIER.finditer(whole):
        if match["range"]:  # an interval stays on one line
            span = Markup('<span class="nb">{}</span>').format(match.group(0))
            parts += [escape(whole[done : match.start()]), span]
            done = match.end()
            continue
        if match["rtl"]:  # a name written from right to left must not turn the numbers after it
            parts += [escape(whole[done : match.start()]), Markup("<bdi>{}</bdi>").format(match[0])]
            done = match.end()
            continue
        shown, address = _address(match)
        start = match.start()
        parts += [escape(whole[done:start]), _link(address, shown)]
        done = start + len(shown)
    return Markup("").join([*parts, escape(whole[done:])])


def _address(match: re.Match[str]) -> tuple[str, str]:
    """Return the part of the match that is the link, and where it leads."""
    shown = match.group(0)
    if match["pmid"]:
        return shown, f"https://pubmed.ncbi.nlm.nih.gov/{match['pmid_id']}/"
    if match["pmc"]:
        number = (match["pmc_id"] or match["pmc_bare"]).upper()
        return shown, f"https://pmc.ncbi.nlm.nih.gov/articles/{number}/"
    if match["nct"]:
        return shown, f"https://clinicaltrials.gov/study/{match['nct_id'].upper()}"
    doi = _trimmed(match["doi_id"])
    return shown[: len(shown) - len(match["doi_id"]) + len(doi)], f"https://doi.org/{_quoted(doi)}"


def _trimmed(doi: str) -> str:
    """Drop the punctuation that belongs to the sentence; a bracket only where none was opened."""
    while doi and (
        doi[-1] in ".,:!?…" or (doi[-1] in _OPEN and doi.count(doi[-1]) > doi.count(_OPEN[doi[-1]]))
    ):
        doi = doi[:-1]
    return doi


def _quoted(doi: str) -> str:
    from urllib.parse import quote

    return quote(doi, safe="/:.()-_;+")


def _link(address: str, shown: str) -> Markup:
    from markupsafe import Markup, escape

    return Markup('<a href="{}">{}</a>').format(address, escape(shown))
