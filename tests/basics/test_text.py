"""Near names."""

from __future__ import annotations

from rascade.text import did_you_mean, nearest


def test_the_nearest_keep_their_spelling_and_case_does_not_count() -> None:
    assert nearest("DARAXONRASB", ["Sotorasib", "Daraxonrasib"]) == ["Daraxonrasib"]
    assert nearest("perk", ["pERK", "pMEK", "pAKT"], most=2, cutoff=0.5) == ["pERK", "pMEK"]
    assert nearest("perk", ["pERK"], key=str) == []
    assert nearest("zzz", ["pERK"]) == []


def test_the_question_names_all_that_may_be_meant() -> None:
    assert did_you_mean("perk", ["pERK", "CD8"]) == "; did you mean 'pERK'?"
    question = did_you_mean("perk", ["pERK", "pMEK"], most=2, cutoff=0.5)
    assert question == "; did you mean 'pERK' or 'pMEK'?"
    assert did_you_mean("zzz", ["pERK"]) == ""
