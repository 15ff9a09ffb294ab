"""When patients are scanned and seen: the protocol's days, each patient's own, and the pauses.

A protocol schedules a scan every so many weeks and allows a window around it, so patients are
scanned on days of their own: uniform within the window (an assumption), to the hundredth of a day.
A scan is read when the patient is next seen, at the latest a week after it. A patient's days follow
from his number and the scan's alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.random_streams import uniform
from rascade.trial.assessment.conduct_table import load_conduct
from rascade.trial.assessment.lesions import load_measurement
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import ArmSpec, TrialSpec

    Floats = NDArray[np.float64]

__all__ = [
    "Pause",
    "end_day",
    "pauses",
    "scan_window",
    "scans_made",
    "scheduled_days",
    "visit_weeks",
    "watch_days",
    "weekly_days",
]

_WEEK = 7.0
_HAIR = 1e-9


@dataclass(frozen=True)
class Pause:
    """A day on which the simulation stops.

    Attributes:
        day: since the start.
        visit: whether doses are decided; otherwise scans are read and nothing else is done.
        scans: places in `scheduled_days` of the scans whose window touches the days since the last
            pause.
    """

    day: float
    visit: bool
    scans: tuple[int, ...] = ()


def end_day(spec: TrialSpec) -> float:
    """Return the last day of each patient's planned follow-up."""
    return spec.follow_up_months * DAYS_PER_MONTH


def scan_window(spec: TrialSpec) -> float:
    """Return the days that a scan may be early or late.

    Where the trial does not say, those of the table of measurements, or a quarter of the interval
    between scans where that is less.
    """
    if spec.scan_window_days is not None:
        return spec.scan_window_days
    return min(load_measurement()["scan_window"].value, spec.imaging_every_weeks * _WEEK / 4)


def scheduled_days(spec: TrialSpec) -> Floats:
    """Return the days on which the protocol has the scans after baseline, (scans,)."""
    step = spec.imaging_every_weeks * _WEEK
    return np.arange(1.0, math.floor(end_day(spec) / step + _HAIR) + 1) * step


def scans_made(spec: TrialSpec, patients: NDArray[np.int64]) -> Floats:
    """Return the days on which patients are scanned, (n, scans); infinite after the follow-up."""
    days, window = scheduled_days(spec), scan_window(spec)
    made = np.broadcast_to(days, (patients.size, days.size)).copy()
    if window > 0:
        for k in range(days.size):
            drawn = uniform(spec.seed, "scan day", patients, k + 1)
            made[:, k] += np.round((2.0 * drawn - 1.0) * window, 2)
    made[made > end_day(spec) + _HAIR] = np.inf
    return made


def visit_weeks(arm: ArmSpec) -> float:
    """Return the weeks between an arm's visits."""
    if arm.protocol.visit_weeks is not None:
        return arm.protocol.visit_weeks
    return load_conduct()["visit_weeks"].value


def pauses(spec: TrialSpec, arm: ArmSpec) -> list[Pause]:
    """Return visits, days on which scans are read, ends of phases of fixed length, and the end."""
    end, step = end_day(spec), visit_weeks(arm) * _WEEK
    scheduled, window = scheduled_days(spec), scan_window(spec)
    visits = {step * k for k in range(1, math.floor(end / step + _HAIR) + 1)}
    first = arm.course[0].until
    if first is not None and first.kind == "time" and first.days < end:
        visits.add(first.days)
    # Whoever is scanned is seen on the scheduled day, or at the end of the week in which he was.
    weeks = math.ceil(window / _WEEK)
    read = {
        float(day) + _WEEK * k for day in scheduled for k in range(min(1 - weeks, 0), weeks + 1)
    }
    visits |= {day for day in read if 0 < day <= end + _HAIR}
    found, before = [], 0.0
    for day in sorted({*visits, end}):
        near = (scheduled - window <= day) & (scheduled + window > before)
        found.append(Pause(day, day in visits, tuple(np.flatnonzero(near).tolist())))
        before = day
    return found


def weekly_days(start: float, end: float) -> Floats:
    """Return every seventh day after a pause, and the day of the next one, (T,)."""
    return np.append(np.arange(start + _WEEK, end - _HAIR, _WEEK), end)


def watch_days(start: float, pause: Pause, scheduled: Floats, window: float) -> Floats:
    """Return the days between two pauses whose outputs are kept, (T,); the last is the pause.

    Every week, and every day within the window of a scan: sizes at a scan are read between two
    neighbouring days.
    """
    daily = np.arange(math.floor(start) + 1.0, pause.day - _HAIR)
    near = [
        daily[(daily > scheduled[k] - window - 1) & (daily < scheduled[k] + window + 1)]
        for k in pause.scans
        if window > 0
    ]
    return np.unique(np.concatenate([weekly_days(start, pause.day), *near]))
