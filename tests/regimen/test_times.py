"""From orders to hours: published schedules day by day, and what must hold for any order."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.errors import RegimenError
from rascade.regimen import DoseTable, Order, Regimen, parse
from rascade.regimen.times import order_times

sys.path.insert(0, str(Path(__file__).parent))
from regimen_strategies import orders, regimens

KNOWN = ["gemcitabine", "nab-paclitaxel", "trametinib", "pembrolizumab", "cetuximab", "5-FU"]


def days(text: str, until: int) -> list[float]:
    """Return the study days (1 is the first; .5 is twelve hours later) of the doses."""
    table = parse(text, KNOWN).doses(until, weight_kg=70, body_surface_m2=1.8)
    return (table.time_h / 24 + 1).tolist()


@pytest.mark.parametrize(
    ("order", "until", "expected"),
    [
        ("gemcitabine 1 mg IV D1,8,15 Q28D", 60, [1, 8, 15, 29, 36, 43, 57]),
        ("gemcitabine 1 mg IV D1,8,15 Q28D from day 3", 31, [3, 10, 17, 31]),
        ("gemcitabine 1 mg IV D1,8 Q21D for 2 cycles", 99, [1, 8, 22, 29]),
        ("pembrolizumab 200 mg IV Q3W", 64, [1, 22, 43, 64]),
        ("pembrolizumab 200 mg IV Q3W", 63, [1, 22, 43]),
        ("trametinib 2 mg PO BID", 2, [1, 1.5, 2, 2.5]),
        ("trametinib 2 mg PO QOD until day 5", 9, [1, 3, 5]),
        ("trametinib 2 mg PO QD 2 days on 3 days off from day 4", 12, [4, 5, 9, 10]),
        ("trametinib 2 mg PO Q2W 3 weeks on 2 weeks off", 60, [1, 15, 36, 50]),
        ("trametinib 2 mg PO BID D1-2 Q5D x5", 99, [1, 1.5, 2, 2.5, 6]),
        ("gemcitabine 1 mg IV D1,4,10 once", 99, [1, 4, 10]),
        ("gemcitabine 1 mg IV D1 Q7D 3 weeks on 1 week off for 5 cycles", 99, [1, 8, 15, 29, 36]),
        ("gemcitabine 1 mg IV once from day 10", 9, []),
        ("gemcitabine 1 mg IV once from day 10", 10, [10]),
        ("none", 10, []),
    ],
)
def test_doses_fall_on_days(order: str, until: int, expected: list[float]) -> None:
    assert days(order, until) == pytest.approx(expected)


def test_a_patient_gets_doses_by_size_and_time() -> None:
    text = (
        "gemcitabine 1000 mg/m2 IV D1 Q7D + cetuximab 250 mg/m2 IV over 1 h QW "
        "loading dose 400 mg/m2 over 2 h + 5-FU 400 mg/m2 IV bolus D1 Q14D"
    )
    usual = {"gemcitabine": 0.5, "5-FU": 46.0}
    table = parse(text, KNOWN).doses(8, 70, 2.0, usual)
    rows = list(
        zip(table.drug.tolist(), table.time_h, table.amount_mg, table.duration_h, strict=True)
    )
    assert rows == [
        ("gemcitabine", 0, 2000, 0.5),
        ("cetuximab", 0, 800, 2),
        ("5-FU", 0, 800, 0),
        ("gemcitabine", 168, 2000, 0.5),
        ("cetuximab", 168, 500, 1),
    ]
    assert len(table.of("cetuximab")) == 2
    with pytest.raises(RegimenError, match="did you mean 'gemcitabine'"):
        table.of("gemcitabin")


def test_cells_have_no_mass() -> None:
    table = parse("x 1e8 cells IV once", ["x"]).doses(1, 70, 1.8)
    assert table.amount.tolist() == [1e8]
    with pytest.raises(RegimenError, match="given in cells"):
        _ = table.amount_mg


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0, 70.0, 1.8), "until_day"),
        ((10, 0.0, 1.8), "weight"),
        ((10, 70.0, float("nan")), "body surface"),
        ((10, 70.0, 1.8, {"x": -1.0}), "infusion time"),
        ((36_525, 70.0, 1.8), "doses for one patient|doses until"),
    ],
)
def test_impossible_patients_are_refused(arguments: tuple[object, ...], says: str) -> None:
    with pytest.raises(RegimenError, match=says):
        parse("x 1 mg PO Q1H", ["x"]).doses(*arguments)


@given(orders(), st.integers(1, 500))
def test_times_rise_inside_their_bounds(order: Order, until: int) -> None:
    times = order_times(order, until)
    assert np.all(np.diff(times) > 0)
    if not len(times):
        return
    first_day = order.start_day + (order.schedule.days[0] if order.schedule.days else 1) - 1
    assert times[0] == 24.0 * (first_day - 1)
    assert times[-1] < 24 * min(until, order.stop_day or until)
    assert order.max_doses is None or len(times) <= order.max_doses


@given(orders(), st.integers(1, 500))
def test_doses_keep_their_interval(order: Order, until: int) -> None:
    """Two doses are never closer than ordered, and exactly as far where nothing interrupts."""
    gaps = np.diff(order_times(order, until))
    every = order.schedule.every_h
    if every is not None and not order.schedule.days:
        assert np.all(gaps >= every)
        if order.window is None:
            assert np.all(gaps == every)


@given(orders(), st.integers(1, 500))
def test_doses_fall_on_listed_days_and_in_windows(order: Order, until: int) -> None:
    offset = order_times(order, until) / 24 - (order.start_day - 1)
    if order.window is not None:
        offset = offset % (order.window.on_days + order.window.off_days)
        assert np.all(offset < order.window.on_days)
    if order.schedule.days:
        day = np.floor(offset % (order.schedule.cycle_days or 1e9)).astype(int) + 1
        assert set(day.tolist()) <= set(order.schedule.days)


@given(orders(), st.integers(1, 300))
def test_the_number_of_doses_by_counting_hours(order: Order, until: int) -> None:
    """An independent count: walk hour by hour and ask whether a dose is due."""
    schedule, due = order.schedule, 0
    last_day = min(until, order.stop_day or until)
    for hour in range(max(0, (last_day - order.start_day + 1) * 24)):
        if order.window is not None:
            hour %= (order.window.on_days + order.window.off_days) * 24
            if hour >= order.window.on_days * 24:
                continue
        if schedule.days:
            day, of_day = divmod(hour % ((schedule.cycle_days or 10**6) * 24), 24)
            due += day + 1 in schedule.days and of_day % (schedule.every_h or 24) == 0
        else:
            due += hour % schedule.every_h == 0 if schedule.every_h else hour == 0
    assert len(order_times(order, until)) == min(due, order.max_doses or due)


@given(regimens, st.integers(1, 200))
def test_a_longer_look_only_adds_doses(regimen: Regimen, until: int) -> None:
    short, long = (regimen.doses(day, 70.0, 1.8) for day in (until, until + 30))
    early = long.take(np.flatnonzero(long.time_h < until * 24))
    assert early == short
    assert isinstance(long, DoseTable)
    assert np.all(np.diff(long.time_h) >= 0)
