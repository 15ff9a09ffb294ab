"""Kinetics as publications have them, of two compartments and by mouth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.model import load_table
from rascade.model.own import as_mapping, check_own_drug
from rascade.model.own_two_compartments import TWO_COMPARTMENTS, terminal_half_life
from rascade.own_drugs import Number
from rascade.units import convert


def form(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "source": "assumed: a test"}


def numbers_of(like: str, **keys: Any) -> dict[str, Number]:
    drug = check_own_drug({"name": "mine", "like": like, **keys}, "test")
    assert check_own_drug(as_mapping(drug), "again").numbers == drug.numbers
    return {one.symbol: one for one in drug.numbers}


def hours(found: dict[str, Number], like: str) -> float:
    table = load_table()
    values = []
    for symbol in TWO_COMPARTMENTS:
        one = found.get(symbol) or table[f"{like}.{symbol}"]
        values.append(convert(one.value, one.unit, "L/h" if symbol in "CL Q" else "L"))
    return terminal_half_life(*values)


def test_the_half_life_is_that_of_the_course() -> None:
    clearance, central, between, other = 20.0, 50.0, 10.0, 200.0
    rates = np.array(
        [[-(clearance + between) / central, between / other], [between / central, -between / other]]
    )
    slow = max(np.linalg.eigvals(rates).real)
    expected = np.log(2) / -slow
    assert terminal_half_life(clearance, central, between, other) == pytest.approx(expected)


@pytest.mark.parametrize(("like", "half"), [("trametinib", 60.0), ("pembrolizumab", 400.0)])
def test_half_life_and_auc_of_two_compartments(like: str, half: float) -> None:
    published = {
        "half_life": form(half, "h"),
        "auc": form(400, "ug*h/mL"),
        "dose": {"value": 20, "unit": "mg"},
    }
    found = numbers_of(like, pharmacokinetics=published)
    assert convert(found["CL"].value, found["CL"].unit, "L/h") == pytest.approx(0.05)
    assert hours(found, like) == pytest.approx(half)
    assert found["Vc"].source.startswith("assumed: half-life")


def test_a_half_life_alone_leaves_clearance() -> None:
    found = numbers_of("pembrolizumab", pharmacokinetics={"half_life": form(11, "day")})
    assert "CL" not in found and hours(found, "pembrolizumab") == pytest.approx(264)


def test_clearance_of_the_vein_and_bioavailability() -> None:
    given = {"CL": form(10, "L/h"), "V": form(60, "L"), "ka": form(1, "1/h")}
    found = numbers_of("sotorasib", numbers=given, pharmacokinetics={"F": form(0.4, "fraction")})
    assert found["CL"].value == pytest.approx(25) and found["V"].value == pytest.approx(150)
    assert found["ka"].value == 1.0 and "over F = 0.4" in found["CL"].source
    percent = numbers_of("sotorasib", numbers=given, pharmacokinetics={"F": form(40, "%")})
    assert percent["CL"].value == pytest.approx(25)


@pytest.mark.parametrize(
    ("like", "keys", "told"),
    [
        (
            "trametinib",
            {
                "numbers": {"Vc": form(10, "L")},
                "pharmacokinetics": {"half_life": form(5000, "h")},
            },
            "pharmacokinetics.half_life: 5e+03 h, but Vc make",
        ),
        (
            "trametinib",
            {
                "numbers": {"CL": form(5, "L/h")},
                "pharmacokinetics": {
                    "auc": form(1, "mg*h/L"),
                    "dose": {"value": 2, "unit": "mg"},
                },
            },
            "dose over AUC is 2 L/h, but CL is 5 L/h",
        ),
        ("trametinib", {"pharmacokinetics": {"tmax": form(1, "h")}}, "give ka as a number"),
        ("sotorasib", {"pharmacokinetics": {"F": form(0.4, "fraction")}}, "give them as numbers"),
        (
            "sotorasib",
            {"numbers": {"CL": form(5, "L/h")}, "pharmacokinetics": {"F": form(4, "fraction")}},
            "4 is more than 1",
        ),
        (
            "pembrolizumab",
            {"numbers": {"CL": form(5, "L/h")}, "pharmacokinetics": {"F": form(0.4, "fraction")}},
            "is not absorbed",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(like: str, keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        numbers_of(like, **keys)
    assert told in str(caught.value) and "\n" not in str(caught.value)
