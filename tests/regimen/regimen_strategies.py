"""Hypothesis strategies: orders that can be given."""

from __future__ import annotations

from hypothesis import strategies as st

from rascade.errors import RegimenError
from rascade.regimen import Amount, Loading, Order, Regimen, Schedule, Window

DRUGS = ("daraxonrasib", "5-fluorouracil", "nab-paclitaxel", "autogene cevumeran", "XYZ 6236")

amounts = st.builds(
    Amount,
    st.floats(1e-6, 500, allow_nan=False).map(lambda value: float(f"{value:.6g}")),
    st.sampled_from(["mg", "ug", "ng", "cells", "IU", "mg/m2", "mg/kg", "cells/m2", "ug/kg"]),
)
intervals = st.sampled_from([4, 6, 8, 12, 24, 36, 48, 72, 168, 336, 504, 672, 1008])


@st.composite
def cycles(draw: st.DrawFn) -> Schedule:
    length = draw(st.integers(2, 42))
    days = draw(st.sets(st.integers(1, length), min_size=1, max_size=10))
    within = draw(st.sampled_from([None, None, 12, 8, 6]))
    repeated = draw(st.booleans())
    return Schedule(within, tuple(sorted(days)), length if repeated else None)


schedules = st.one_of(st.builds(Schedule), st.builds(Schedule, intervals), cycles())


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order; combinations that rules refuse are left out by leaving out the extra part."""
    dose = draw(amounts)
    route = draw(st.sampled_from(["PO", "IV", "SC"]))
    basic = Order(
        draw(st.sampled_from(DRUGS)),
        dose,
        route,
        draw(schedules),
        start_day=draw(st.integers(1, 99)),
    )
    extras: dict[str, object] = {
        "duration_h": draw(st.sampled_from([None, 0.0, 0.5, 1 / 3, 1.5, 2.0, 46.0])),
        "loading": draw(st.none() | st.builds(Loading, amounts, st.sampled_from([None, 2.0]))),
        "window": draw(st.none() | st.builds(Window, st.integers(1, 60), st.integers(1, 60))),
        "stop_day": draw(st.none() | st.integers(1, 400)),
        "max_doses": draw(st.none() | st.integers(1, 50)),
    }
    order = basic
    for name, value in extras.items():
        parts = {field: getattr(order, field) for field in Order.__slots__} | {name: value}
        try:
            order = Order(**parts)
        except RegimenError:
            continue
    return order


regimens = st.lists(orders(), max_size=4, unique=True).map(lambda found: Regimen(tuple(found)))
