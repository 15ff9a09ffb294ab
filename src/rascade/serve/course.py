"""One virtual patient of an arm, followed closely: the target over a day, T cells over weeks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = ["course_of"]

#: The day that is shown, from the start: a second cycle of weekly, two- and four-weekly schedules.
_DAY, _WEEKS = 28, 8
_KEPT_COURSES = 64
_TARGETS = {"RAS-GTP": "RAS_GTP_total_sensitive", "pERK": "pERK_tumour"}
_kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
_one_at_a_time = threading.Lock()


def course_of(plan: TrialSpec, arm: ArmSpec) -> dict[str, Any]:
    """Follow one virtual patient of the table for eight weeks on the first orders of an arm.

    Returns:
        ``hour`` of day 28 and ``target``, signal -> value over its value before treatment; ``day``
        and ``t_cells``, effector CD8 in the tumour over their number before treatment; ``allele``
        of KRAS.

    Raises:
        InputError: no plausible patient is found.
        SimulationError: the solver gave up.
    """
    from rascade.trial.design.plan_text import plan_text

    alone = replace(plan, name="live", arms=(replace(arm, name="arm"),), reference="arm")
    key = plan_text(alone)
    with _one_at_a_time:
        if key not in _kept:
            _kept[key] = _followed(plan, arm)
        _kept.move_to_end(key)
        while len(_kept) > _KEPT_COURSES:
            _kept.popitem(last=False)
        return _kept[key]


def _followed(plan: TrialSpec, arm: ArmSpec) -> dict[str, Any]:
    from rascade.trial.conduct.single import simulate_patient

    found = simulate_patient(
        arm.course[0].regimen,
        days=7 * _WEEKS,
        seed=plan.seed,
        changes=plan.changes_of(arm),
    )
    table = found.trajectory
    day = table["day"].to_numpy()
    of_day = (day >= _DAY) & (day <= _DAY + 1)
    if not of_day.any():
        raise InputError("the course of this patient ends before day 28")
    daily = day == np.round(day)
    return {
        "allele": str(found.info["patient"]["kras_allele"]),
        "from_day": _DAY,
        "hour": _told(24.0 * (day[of_day] - _DAY)),
        "target": {
            label: _told(_relative(table[name].to_numpy())[of_day])
            for label, name in _TARGETS.items()
            if name in table
        },
        "day": _told(day[daily]),
        "t_cells": _told(_relative(table["CD8"].to_numpy())[daily]) if "CD8" in table else [],
    }


def _relative(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        return np.asarray(values / values[0])


def _told(values: NDArray[np.float64]) -> list[float | None]:
    return [round(v, 4) if np.isfinite(v) else None for v in values.tolist()]
