"""What follows from the numbers of an own drug: derived rows, anchors, potency in predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.model import load_table
from rascade.model.own import as_mapping, check_own_drug
from rascade.own_drugs import forget, own_drugs, use
from rascade.patients.hyperparameters import Ensemble


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    for name in list(own_drugs()):
        forget(name)


def known(like: str = "sotorasib", **keys: Any) -> None:
    given = {"name": "mine", "like": like, **keys}
    drug = check_own_drug(given, "test")
    assert check_own_drug(as_mapping(drug), "again") == drug
    use(drug)


def number(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "source": "assumed: a test"}


def ratio(symbol: str, like: str = "sotorasib") -> float:
    table = load_table()
    return table[f"mine.{symbol}"].value / table[f"{like}.{symbol}"].value


UNBOUND = {"fraction_unbound": number(0.055, "fraction")}
STRONG = {"kinact_over_KI": number(79_200, "1/(M*s)")}


def test_what_the_table_derives_follows() -> None:
    known(numbers=UNBOUND)
    assert load_table()["mine.cell_to_medium"].value == pytest.approx(1 / 0.055, rel=1e-4)
    assert load_table()["mine.cell_to_medium"].confidence == "assumed"
    assert ratio("CL") == 1.0


@pytest.mark.parametrize(
    ("anchors", "numbers", "factor"),
    [
        ("concentration", STRONG, 1.0),
        ("concentration", UNBOUND, 1.0),
        ("free", UNBOUND, 2.0),
        ("free", STRONG, 1.0),
        ("potency", STRONG, 1 / 8),
    ],
)
def test_anchors_follow_what_the_file_says(
    anchors: str, numbers: dict[str, Any], factor: float
) -> None:
    known(numbers=numbers, anchors=anchors)
    for symbol in ("C_gut", "C_mouth", "C_liver"):
        assert ratio(symbol) == pytest.approx(factor)
    known(numbers={**numbers, "C_gut": number(1000, "nM")}, anchors=anchors)
    assert load_table()["mine.C_gut"].value == 1000


def test_constants_move_anchors_the_other_way() -> None:
    half = load_table()["trametinib.KD_MEK"]
    known("trametinib", numbers={"KD_MEK": number(half.value / 2, half.unit)}, anchors="potency")
    assert ratio("C_liver", "trametinib") == pytest.approx(0.5)


def test_anchors_of_the_file_are_told_or_follow() -> None:
    from rascade.trial.design.cautions import own_drug_cautions

    known(numbers=STRONG)
    assert "do not move with potency" in own_drug_cautions(["mine", "sotorasib"])[0]
    known(numbers=STRONG, anchors="potency")
    assert "do not move" not in own_drug_cautions(["mine"])[0]


@pytest.fixture
def ensemble() -> Ensemble:
    values = np.vstack([[0.0], [[0.7]] * 40])
    return Ensemble(("sotorasib.kinact_over_KI",), values, {})


def potencies(ensemble: Ensemble) -> np.ndarray:
    tables = ensemble.tables(load_table(), 2)
    return np.array([table["mine.kinact_over_KI"].value for table in tables])


def test_without_a_prior_potency_is_as_trials_say_of_the_class(ensemble: Ensemble) -> None:
    known(numbers=STRONG)
    assert potencies(ensemble)[1:] / 79_200 == pytest.approx(np.exp(0.7))


def test_a_prior_of_its_own_takes_the_place_of_the_class(ensemble: Ensemble) -> None:
    known(numbers=STRONG, prediction={"potency": {"sd": 0.4, "source": "assumed: a test"}})
    found = np.log(potencies(ensemble) / 79_200)
    assert found[0] == 0.0  # the central member has the number of the file
    assert 0.25 < found[1:].std() < 0.55 and abs(found[1:].mean()) < 0.25
    assert np.array_equal(found, np.log(potencies(ensemble) / 79_200))
    assert ratio("kinact_over_KI") == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"anchors": "free exposure"}, "anchors: 'free exposure' is none of concentration, free"),
        ({"prediction": {"potence": {}}}, "did you mean 'potency'?"),
        ({"prediction": {"potency": {"sd": 0.4}}}, "source: missing"),
        ({"prediction": {"potency": {"sd": 40, "source": "s"}}}, "sd: 40 is not between 0 and 3"),
        ({"prediction": {"potency": {"sd": "x", "source": "s"}}}, "'x' is no number"),
        ({"prediction": 3}, "must be a table, as [prediction]"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        known(**keys)
    assert told in str(caught.value) and "\n" not in str(caught.value)
