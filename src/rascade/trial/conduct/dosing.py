"""Turn the doses of a regimen into the engine's: mass or cells by route into amounts of species."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rascade.engine import Doses
    from rascade.model import Assembly
    from rascade.regimen import Order, Regimen

__all__ = ["dose_target", "engine_doses", "infusion_hours", "merged"]

_NANOMOLES_PER_MILLIGRAM = 1e6  # divided by the molecular weight in g/mol
_MILLIONS_PER_CELL = 1e-6  # the model counts cells in 1e6


def infusion_hours(assembly: Assembly) -> dict[str, float]:
    """Return the usual infusion time of each infused drug in hours."""
    rows = {drug.name: f"{drug.name}.infusion" for drug in assembly.drugs}
    return {
        name: assembly.table.model_value(row) for name, row in rows.items() if row in assembly.table
    }


def dose_target(assembly: Assembly, order: Order) -> tuple[str, float]:
    """Return the species that an order's doses enter, and what a milligram (or a cell) is there.

    Raises:
        UnsupportedFeature: a route or a unit of dose that the model does not have.
    """
    if order.dose.base_unit not in ("mg", "cells"):
        raise UnsupportedFeature(
            f"dose unit {order.dose.base_unit}",
            f"{order.drug}: a dose in {order.dose.base_unit} is not modelled yet",
        )
    factor = (
        _MILLIONS_PER_CELL
        if order.dose.base_unit == "cells"
        else _NANOMOLES_PER_MILLIGRAM / assembly.molecular_weight(order.drug)
    )
    return assembly.drug(order.drug).dose_target(order.route), factor


def engine_doses(
    assembly: Assembly,
    regimen: Regimen,
    profiles: Mapping[str, NDArray[Any]],
    until_day: int,
    chosen: NDArray[np.bool_] | None = None,
) -> Doses:
    """Expand a regimen for every patient.

    Args:
        assembly: model with the regimen's drugs.
        regimen: orders.
        profiles: ``weight_kg`` and ``body_surface_m2``, each of shape (n,).
        until_day: last day of treatment, 1 or more.
        chosen: shape (n,), patients who are treated; all if not given.

    Raises:
        UnsupportedFeature: a route or a unit of dose that the model does not have.
    """
    from rascade.engine import Doses

    weights, surfaces = profiles["weight_kg"], profiles["body_surface_m2"]
    treated = np.arange(len(weights)) if chosen is None else np.flatnonzero(chosen)
    hours = infusion_hours(assembly)
    pieces = []
    for order in regimen.orders:
        target, factor = dose_target(assembly, order)
        single = type(regimen)((order,))
        tables = [
            single.doses(until_day, float(weights[i]), float(surfaces[i]), hours) for i in treated
        ]
        counts = [len(table) for table in tables]
        if not sum(counts):
            continue
        pieces.append(
            Doses(
                np.repeat(treated, counts),
                np.concatenate([table.time_h for table in tables]),
                target,
                np.concatenate([table.amount for table in tables]) * factor,
                np.concatenate([table.duration_h for table in tables]),
            )
        )
    return Doses.concat(pieces) if pieces else Doses.empty()


def merged(doses: Doses, start_day: float, end_day: float) -> Doses:
    """Merge doses given every day by mouth into one constant input over the window.

    The course of a day is lost and the solver takes far fewer steps. Only targets whose doses, in
    every patient who gets any, come at least once a day throughout are merged; infusions and
    intermittent schedules stay as they are.

    Args:
        doses: of the window.
        start_day: of the window.
        end_day: of the window.
    """
    from rascade.engine import Doses

    pieces = []
    for code, target in enumerate(doses.targets):
        mine = np.flatnonzero(doses.target == code)
        who, counts = np.unique(doses.patient[mine], return_counts=True)
        daily = counts.size > 0 and counts.min() >= 0.9 * (end_day - start_day)
        if daily and end_day - start_day > 1.0 and not doses.duration[mine].any():
            total = np.bincount(doses.patient[mine], doses.amount[mine])[who]
            length = (end_day - start_day) * 24.0
            pieces.append(Doses(who, start_day * 24.0, target, total, length))
        else:
            pieces.append(
                Doses(
                    doses.patient[mine], doses.time[mine], target, doses.amount[mine],
                    doses.duration[mine],
                )
            )  # fmt: skip
    return Doses.concat(pieces) if pieces else Doses.empty()
