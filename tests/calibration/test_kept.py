"""What the package ships and the pages quote: the ensemble, and how well it predicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rascade.calibration.posterior import read_ensemble, stale

KEPT = Path(__file__).parents[2] / "docs" / "results" / "validation" / "validation.json"


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RASCADE_ENSEMBLE", raising=False)


@pytest.mark.slow
def test_the_shipped_ensemble_is_of_the_model_as_it_stands(shipped: None) -> None:
    assert stale(read_ensemble()) is None


def test_the_shipped_ensemble_has_enough_members_for_a_prediction(shipped: None) -> None:
    assert read_ensemble().size >= 24


@pytest.mark.parametrize("endpoint", ["pfs", "os"])
def test_what_was_never_fitted_is_predicted_better_than_by_every_baseline(endpoint: str) -> None:
    score = json.loads(KEPT.read_text(encoding="utf-8"))["validate"][endpoint]
    error = dict(score["error"])
    assert error.pop("model") < min(error.values())
    assert score["inside_90"] / score["n"] >= 0.8
