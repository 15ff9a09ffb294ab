"""Hyperparameters and ensembles: what they are, and wrong files."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.errors import EvidenceError
from rascade.model import load_table
from rascade.patients.hyperparameters import (
    Ensemble,
    load_hyperparameters,
    member_table,
    parse_ensemble,
)


def test_every_hyperparameter_has_rows_a_prior_and_a_source() -> None:
    for item in load_hyperparameters():
        assert item.rows and item.sd > 0 and item.source


def test_a_member_moves_medians_and_spreads_by_its_factors() -> None:
    base, items = load_table(), load_hyperparameters()
    values = np.linspace(-0.3, 0.3, len(items))
    moved = member_table(base, [item.name for item in items], values, 2)
    for item, value in zip(items, values, strict=True):
        for row in item.rows:
            if item.statistic == "median":
                assert moved[row].value == pytest.approx(base[row].value * np.exp(value))
            elif item.statistic == "spread":
                assert moved[row].cv == pytest.approx(base[row].cv * np.exp(value))


def test_the_central_member_of_no_change_is_the_table() -> None:
    base = load_table()
    names = [item.name for item in load_hyperparameters()]
    assert member_table(base, names, np.zeros(len(names)), 2).hash == base.hash


def test_an_ensemble_comes_back_from_its_text() -> None:
    names = tuple(item.name for item in load_hyperparameters())
    values = np.round(np.random.default_rng(1).normal(size=(4, len(names))), 5)
    ensemble = Ensemble(names, values, {})
    again = parse_ensemble(ensemble.text(), {}, "x.csv")
    assert again.names == names
    assert np.array_equal(again.values, values)
    assert again.hash == ensemble.hash
    assert again.first(2).size == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense\n0\n", "nonsense"),
        ("", "None is no hyperparameter"),
        ("{first}\nwide\n", "could not convert"),
        ("{first}\nnan\n", "finite"),
        ("{first}\n1,2\n", "finite numbers"),
    ],
)
def test_a_broken_ensemble_is_told(text: str, told: str) -> None:
    first = load_hyperparameters()[0].name
    with pytest.raises(EvidenceError, match=told):
        parse_ensemble(text.format(first=first), {}, "x.csv")


def test_more_members_than_there_are_is_told() -> None:
    names = (load_hyperparameters()[0].name,)
    with pytest.raises(EvidenceError, match="members: 5; the ensemble has 0 to 2"):
        Ensemble(names, np.zeros((3, 1)), {}).first(5)


@pytest.mark.parametrize("part", ["correlations", "effects", "factors"])
def test_other_patients_make_the_fit_stale(monkeypatch, part) -> None:
    from rascade.patients import hyperparameters as module

    before = module.hyperparameters_hash()
    load = getattr(module, f"load_{part}")
    monkeypatch.setattr(module, f"load_{part}", lambda: load()[1:])
    assert module.hyperparameters_hash() != before
