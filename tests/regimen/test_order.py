"""Orders made in Python obey the same rules as orders made from text."""

from __future__ import annotations

import pytest

from rascade.errors import RegimenError
from rascade.regimen import Amount, Order, Regimen, Schedule, Window

DOSE = Amount(10.0, "mg")


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"dose": Amount(float("nan"), "mg")}, "not a finite number"),
        ({"dose": Amount(1.0, "mg/l")}, "not a unit"),
        ({"dose": Amount(1.0, "stone")}, "not a unit"),
        ({"drug": "a + b"}, "cannot be a drug's name"),
        ({"drug": "ab 12 mg"}, "cannot be a drug's name"),
        ({"drug": ""}, "cannot be a drug's name"),
        ({"route": "PR"}, "not a route"),
        ({"schedule": Schedule(0)}, "every 0 hours"),
        ({"schedule": Schedule(24, (), 28)}, "needs the days"),
        ({"schedule": Schedule(None, (8, 1), 28)}, "must rise"),
        ({"schedule": Schedule(None, (1,), 1000)}, "1000 days"),
        ({"duration_h": float("inf")}, "cannot take"),
        ({"window": Window(0, 7)}, "at least one day"),
        ({"window": Window(7, 10_000)}, "at most"),
        ({"start_day": 0}, "cannot start on day 0"),
        ({"stop_day": 99_999}, "cannot end"),
        ({"stop_day": 9, "max_doses": 2}, "two ends"),
        ({"schedule": Schedule(), "stop_day": 9}, "need no end"),
        ({"schedule": Schedule(), "max_doses": 9}, "need no number"),
    ],
)
def test_what_cannot_be_given(parts: dict[str, object], says: str) -> None:
    whole = {"drug": "x", "dose": DOSE, "route": "IV", "schedule": Schedule(24)} | parts
    with pytest.raises(RegimenError, match=says):
        Order(**whole)


def test_the_same_order_twice() -> None:
    order = Order("x", DOSE, "PO", Schedule(24))
    with pytest.raises(RegimenError, match="twice"):
        Regimen((order, order))


@pytest.mark.parametrize(
    ("amount", "total", "unit"),
    [
        (Amount(2.0, "g"), 2000.0, "mg"),
        (Amount(25.0, "ug"), 0.025, "mg"),
        (Amount(1000.0, "mg/m2"), 1900.0, "mg"),
        (Amount(3.0, "mg/kg"), 240.0, "mg"),
        (Amount(3.0, "ug/kg"), 0.24, "mg"),
        (Amount(1e8, "cells/m2"), 1.9e8, "cells"),
        (Amount(7.2e5, "IU/kg"), 5.76e7, "IU"),
    ],
)
def test_amounts_use_the_patients_size(amount: Amount, total: float, unit: str) -> None:
    assert amount.total(weight_kg=80.0, body_surface_m2=1.9) == pytest.approx(total, rel=1e-15)
    assert amount.base_unit == unit
