"""Search finds what is asked, in spite of typing errors."""

from __future__ import annotations

import time

import pytest

from rascade.evidence import Evidence


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("daraxonrasib half life", "daraxonrasib.half_life"),
        ("daraxonrasb half life", "daraxonrasib.half_life"),
        ("RMC-6236", "daraxonrasib"),
        ("rmc6236", "daraxonrasib"),
        ("pembrolizmab", "pembrolizumab"),
        ("KRAS G12D frequency", "bio.kras-g12d-share"),
        ("TP53 frequency", "bio.tp53-mutated"),
        ("NCT06625320", "rasolute-302.daraxonrasib"),
        ("42223072", "PMID:42223072"),
        ("PIK3CB", None),
    ],
)
def test_search(words: str, first: str | None, evidence: Evidence) -> None:
    hits = evidence.search(words)
    ids = [hit.record.id for hit in hits]
    if first is None:
        assert any("pik3ca" in name for name in ids)
    else:
        assert first in ids[:5], ids


def test_gene_symbols_forgive_a_slip(evidence: Evidence) -> None:
    assert any("smad4" in hit.record.id for hit in evidence.search("SMDA4"))


def test_authors_find_their_numbers(evidence: Evidence) -> None:
    ids = [hit.record.id for hit in evidence.search("Hunter 2015 hydrolysis G12D", 3)]
    assert "bio.khyd-g12d" in ids


def test_more_words_found_rank_higher(evidence: Evidence) -> None:
    hits = evidence.search("trametinib buparlisib")
    both = [h for h in hits if "buparlisib" in h.title.casefold() + h.record.id.casefold()]
    assert hits[0] in both


def test_nothing_found_and_nothing_asked(evidence: Evidence) -> None:
    assert evidence.search("xqzzyqwv") == []
    assert evidence.search("  ") == []


def test_the_limit_holds_and_search_is_quick(evidence: Evidence) -> None:
    assert len(evidence.search("sotorasib", 5)) == 5
    start = time.process_time()
    evidence.search("sotorsib clearence")
    assert time.process_time() - start < 0.2
