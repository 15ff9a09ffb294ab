"""Results of the user's own for an arm: numbers, curves, patients and tumour sizes.

What stands in files is read into the mapping itself, so that a study is whole without them and is
another study when one of them changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.exchange.own.curves import OwnCurve, read_curve, read_subjects
from rascade.exchange.own.sizes import read_sizes
from rascade.statistics.survival import kaplan_meier
from rascade.text import did_you_mean
from rascade.trial.endpoints import END_POINTS, TimeEndPoint

__all__ = ["check_own_results", "read_own_results"]

_SAID = ("source", "n", "hazard_ratios", "sizes")
_RATE = ("value", "low", "high")
_TIME = ("median", "low", "high", "rates", "curve", "at_risk", "n", "total_events", "patients",
         "parameter", "arm", "months", "events", "how", "files", "worst")  # fmt: skip
_RATIO = ("value", "low", "high")
_LONGEST = 600.0


def read_own_results(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Read the files that results name, and check the whole.

    Args:
        given: what stands under ``published:`` of an arm.
        folder: in which its files lie.

    Raises:
        InputError: something is wrong; the message names the key, or file and row.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, Mapping) and ("curve" in value or "patients" in value):
            found[name] = _with_curve(str(name), value, folder, given.get("n"))
        elif name == "sizes" and isinstance(value, str):
            found[name] = read_sizes(folder / value)
        else:
            found[name] = value
    return check_own_results(found)


def _with_curve(name: str, given: Mapping[str, Any], folder: Path, whole: Any) -> dict[str, Any]:
    _only(name, given, _TIME)
    if "curve" in given and "patients" in given:
        raise InputError(f"{name}: give a curve or patients, one of them")
    own: OwnCurve
    if "curve" in given:
        at_risk = given.get("at_risk")
        size = given.get("n", None if at_risk is not None else whole)
        for key, value in (("n", size), ("total_events", given.get("total_events"))):
            _count(f"{name}.{key}", value)
        own = read_curve(
            folder / _text(f"{name}.curve", given["curve"]),
            None if at_risk is None else folder / _text(f"{name}.at_risk", at_risk),
            patients=size,
            events=given.get("total_events"),
        )
    else:
        own = read_subjects(
            folder / _text(f"{name}.patients", given["patients"]),
            parameter=given.get("parameter"),
            arm=given.get("arm"),
        )
    kept = {k: given[k] for k in ("median", "low", "high", "rates") if k in given}
    return {
        **kept,
        "months": [round(float(month), 4) for month in own.months],
        "events": [int(event) for event in own.event],
        "how": own.how,
        "files": dict(own.files),
        **({} if own.worst is None else {"worst": round(own.worst, 4)}),
    }


def check_own_results(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check results whose files are read.

    Returns:
        The same; medians that are not given follow from the patients.

    Raises:
        InputError: something is wrong; the message names the key.
    """
    known = {end.name: end for end in END_POINTS}
    for name in given:
        if name not in known and name not in _SAID:
            hint = did_you_mean(str(name), [*known, *_SAID])
            listed = ", ".join([*known, *_SAID])
            raise InputError(f"{name}: no end point or key is called so{hint or f'; use {listed}'}")
    if not any(name in given for name in (*known, "hazard_ratios", "sizes")):
        raise InputError("give a result, such as orr: 30 or pfs: {median: 5.6, low: 4.1, high: 7}")
    _count("n", given.get("n"))
    if "source" in given:
        _text("source", given["source"])
    found: dict[str, Any] = dict(given)
    for name, end in known.items():
        if name in given:
            timed = isinstance(end, TimeEndPoint)
            found[name] = _timed(name, given[name]) if timed else _rate(name, given[name])
    if "hazard_ratios" in given:
        found["hazard_ratios"] = _ratios(given["hazard_ratios"])
    if "sizes" in given:
        _check_sizes(given["sizes"])
    return found


def _rate(name: str, given: Any) -> dict[str, Any]:
    value = given if isinstance(given, Mapping) else {"value": given}
    _only(name, value, _RATE)
    return _interval(name, value, "value", lambda x: 0 <= x <= 100, "from 0 to 100, in %")


def _timed(name: str, given: Any) -> dict[str, Any]:
    value = dict(given) if isinstance(given, Mapping) else {"median": given}
    _only(name, value, _TIME)
    if "months" in value or "events" in value:
        _check_patients(name, value)
        curve = kaplan_meier(value["months"], value["events"])
        if "median" not in value:
            limits = zip(("median", "low", "high"), curve.median(), strict=True)
            value |= {key: round(x, 3) for key, x in limits if x is not None}
    if "rates" in value:
        value["rates"] = _landmarks(name, value["rates"])
    if not {"median", "months", "rates"} & set(value):
        raise InputError(f"{name}: give a median, rates, a curve or patients")
    if "median" in value:
        fits: Callable[[float], bool] = lambda x: 0 < x <= _LONGEST  # noqa: E731
        value = _interval(name, value, "median", fits, "above 0 and at most 600 months")
    return value


def _check_patients(name: str, value: Mapping[str, Any]) -> None:
    months, events = value.get("months"), value.get("events")
    if not isinstance(months, list | tuple) or not isinstance(events, list | tuple):
        raise InputError(f"{name}: give months and events, a list each")
    if len(months) != len(events) or len(months) < 2:
        raise InputError(f"{name}: {len(months)} months, {len(events)} events; as many, 2 or more")
    for place, (month, event) in enumerate(zip(months, events, strict=True)):
        if not _number(month) or not 0 <= month <= _LONGEST:
            raise InputError(f"{name}.months[{place}]: {month!r} is not from 0 to {_LONGEST:g}")
        if event not in (0, 1):
            raise InputError(f"{name}.events[{place}]: {event!r} must be 0 or 1")


def _landmarks(name: str, given: Any) -> dict[str, float]:
    """Return rates by month; they never rise."""
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"{name}.rates: give months and percentages, such as {{6: 42, 12: 20}}")
    found: dict[float, float] = {}
    for month, value in given.items():
        try:
            key = float(month)
        except (TypeError, ValueError):
            raise InputError(f"{name}.rates: {month!r} is no number of months") from None
        if not 0 < key <= _LONGEST or not _number(value) or not 0 <= value <= 100:
            raise InputError(f"{name}.rates.{month}: {value!r} is not from 0 to 100, in %")
        found[key] = float(value)
    before = 100.0
    for key in sorted(found):
        if found[key] > before:
            raise InputError(
                f"{name}.rates.{key:g}: {found[key]:g} after {before:g}: a curve falls"
            )
        before = found[key]
    return {f"{key:g}": found[key] for key in sorted(found)}


def _ratios(given: Any) -> dict[str, Any]:
    known = [end.name for end in END_POINTS if isinstance(end, TimeEndPoint)]
    if not isinstance(given, Mapping) or not given:
        raise InputError("hazard_ratios: give end points, such as {os: {value: 0.7}}")
    found = {}
    for name, value in given.items():
        if name not in known:
            raise InputError(
                f"hazard_ratios: no end point {name!r}{did_you_mean(str(name), known)}"
            )
        where = f"hazard_ratios.{name}"
        own = value if isinstance(value, Mapping) else {"value": value}
        _only(where, own, _RATIO)
        found[name] = _interval(where, own, "value", lambda x: 0 < x <= 100, "above 0")
    return found


def _check_sizes(given: Any) -> None:
    columns = ("patient", "month", "change_pct")
    if not isinstance(given, Mapping) or not set(columns) <= set(given):
        raise InputError("sizes: give the name of a CSV file of patient, month and size_mm")
    if len({len(given[name]) for name in columns}) != 1:
        raise InputError("sizes: patient, month and change_pct must be as long as each other")


def _interval(
    where: str, given: Mapping[str, Any], key: str, fits: Callable[[float], bool], range_: str
) -> dict[str, Any]:
    """Return a value with its limits, checked."""
    for name in (key, "low", "high"):
        value = given.get(name)
        if value is None and name != key:
            continue
        if value is None or not _number(value) or not fits(float(value)):
            raise InputError(f"{where}.{name}: {value!r} is not {range_}")
    low, high, value = given.get("low"), given.get("high"), given[key]
    if (low is not None and low > value) or (high is not None and high < value):
        raise InputError(f"{where}: {value:g} is not between its limits")
    return dict(given)


def _only(where: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise InputError(f"{where}.{name}: unknown key{did_you_mean(str(name), known)}")


def _number(value: object) -> bool:
    able = isinstance(value, (int, float)) and not isinstance(value, bool)
    return able and math.isfinite(value)  # type: ignore[arg-type]


def _count(where: str, value: Any) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise InputError(f"{where}: {value!r} is no number of patients")


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}: expected text, found {value!r}")
    return value
