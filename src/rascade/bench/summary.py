"""What an experiment says: EC50 and IC50, nadir and rebound, synergy; each with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.bench.tables import label
from rascade.statistics.dose_response import FourParameterFit, fit_four_parameters
from rascade.trial.results.records.codec import finite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rascade.bench.run import ExperimentRun

__all__ = ["dose_responses", "summary", "time_courses"]


def _limits(drawn: list[float]) -> list[float | None] | None:
    """Return the 5 % and 95 % points of a derived number; infinite ones count as large."""
    known = np.array([x for x in drawn if not math.isnan(x)])
    if known.size < 2:
        return None
    ends = np.quantile(known, (0.05, 0.95), method="nearest")
    return [finite(float(ends[0])), finite(float(ends[1]))]


def _series(run: ExperimentRun) -> Iterator[tuple[str, int, list[int]]]:
    """Yield name, cells and conditions of every titration, in order."""
    groups: dict[tuple[str, int], list[int]] = {}
    for k, condition in enumerate(run.conditions):
        if condition.concentration > 0 and condition.exposures:
            groups.setdefault((label(run, k), condition.cells), []).append(k)
    for (name, cells), members in groups.items():
        if len(members) >= 4:
            yield name, cells, members


def dose_responses(run: ExperimentRun) -> list[dict[str, Any]]:
    """Return the four-parameter curve of every titration, read-out and hour."""
    found = []
    for name, cells, members in _series(run):
        conditions = [run.conditions[k] for k in members]
        doses = np.array([c.concentration for c in conditions])
        # Another drug or a knock-out beside the titrated one moves where the curve starts.
        alone = all(len(c.exposures) == 1 and not c.changes for c in conditions)
        for t, hour in enumerate(run.spec.hours):
            if hour <= 0:
                continue
            for r, reading in enumerate(run.readings):
                values = run.relative[members, :, t, r]
                fits = [
                    fit_four_parameters(
                        doses, values[:, d], e0=1.0 if alone else None, profile=d == 0
                    )
                    for d in range(values.shape[1])
                ]
                entry = {
                    "treatment": name,
                    "cells": run.spec.cells[cells].label,
                    "readout": reading.name,
                    "time_h": hour,
                }
                found.append(entry | _curve(fits[0], fits[1:], values[:, 0]))
    return found


def _curve(
    fit: FourParameterFit | None,
    drawn: list[FourParameterFit | None],
    values: NDArray[np.float64],
) -> dict[str, Any]:
    if fit is None:
        return {
            "fitted": False,
            "note": "flat: moves less than 2 % over the tested concentrations",
            "largest_effect": finite(float(values[np.nanargmax(np.abs(values - 1.0))])),
        }
    known = [f for f in drawn if f is not None]
    return {
        "fitted": True,
        "ec50_nM": fit.ec50,
        "ec50_fit_ci95": [finite(limit) for limit in fit.ec50_ci],
        "ec50_determined": fit.ec50_determined,
        "ec50_interval": _limits([f.ec50 for f in known]),
        "ec50_among_doses": fit.reached,
        "ic50_nM": finite(fit.ic50),
        "ic50_interval": _limits([f.ic50 for f in known]),
        "hill": fit.hill,
        "hill_fit_ci95": [finite(limit) for limit in fit.hill_ci],
        "hill_interval": _limits([f.hill for f in known]),
        "e0": fit.e0,
        "emax": fit.emax,
        "emax_fit_ci95": [finite(limit) for limit in fit.emax_ci],
        "emax_interval": _limits([f.emax for f in known]),
        "r2": fit.r2,
        "flat_draws": len(drawn) - len(known),
    }


def time_courses(run: ExperimentRun) -> list[dict[str, Any]]:
    """Return nadir, rebound, peak and end of every treated course."""
    hours = np.array(run.spec.hours)
    found = []
    for k, condition in enumerate(run.conditions):
        if condition.untreated:
            continue
        for r, reading in enumerate(run.readings):
            typical = run.relative[k, 0, :, r]
            if np.isnan(typical).all():
                continue
            drawn = [_course(hours, run.relative[k, d, :, r]) for d in _solved(run, k, r)]
            found.append(
                {
                    "treatment": label(run, k),
                    "concentration_nM": finite(condition.concentration),
                    "cells": run.spec.cells[condition.cells].label,
                    "readout": reading.name,
                    **_course(hours, typical),
                    **{
                        f"{name}_interval": _limits([course[name] for course in drawn])
                        for name in ("nadir", "nadir_h", "rebound", "peak", "end")
                    },
                }
            )
    return found


def _solved(run: ExperimentRun, k: int, r: int) -> list[int]:
    known = np.isfinite(run.relative[k, 1:, :, r]).all(axis=1)
    return [int(d) + 1 for d in np.flatnonzero(known)]


def _course(hours: NDArray[np.float64], values: NDArray[np.float64]) -> dict[str, float]:
    """Return the lowest value and the highest after it, the highest of all, and the last."""
    low = int(np.nanargmin(values))
    after = low + int(np.nanargmax(values[low:]))
    high = int(np.nanargmax(values))
    return {
        "nadir": float(values[low]),
        "nadir_h": float(hours[low]),
        "rebound": float(values[after]),
        "rebound_h": float(hours[after]),
        "peak": float(values[high]),
        "peak_h": float(hours[high]),
        "end": float(values[-1]),
    }


def summary(run: ExperimentRun) -> dict[str, Any]:
    """Return the summary of a run, ready for JSON."""
    from rascade.bench.matrix import matrices

    spec = run.spec
    found: dict[str, Any] = {
        "study": spec.name,
        "design": spec.design,
        "setting": spec.setting,
        "cells": [_cells(run, index) for index in range(len(spec.cells))],
        "drugs": list(spec.drugs),
        "readouts": {
            r.name: {"label": r.label, "panel": r.panel, "about": r.about} for r in run.readings
        },
        "hours": list(spec.hours),
        "washed_out_at_h": sorted(
            {e.to_hour for c in run.conditions for e in c.exposures if math.isfinite(e.to_hour)}
        ),
        "seed": spec.seed,
        "draws": spec.draws,
        "uncertainty": spec.uncertainty if spec.draws else "none",
        "conditions": len(run.conditions),
        "model_hash": run.assembly.hash,
    }
    if spec.design == "dose-matrix":
        found["matrices"] = matrices(run)
    elif any(t.grid for t in spec.treatments):
        found["dose_response"] = dose_responses(run)
    else:
        found["time_course"] = time_courses(run)
    found["warnings"] = list(run.warnings)
    return found


def _cells(run: ExperimentRun, index: int) -> dict[str, Any]:
    cells = run.spec.cells[index]
    return {
        "name": cells.label,
        "kras_allele": cells.kras_allele,
        "kras_share": cells.kras_share,
        "receptor_level": cells.receptor_level,
        "genes": dict(cells.genes),
        "doubling_hours": cells.doubling_hours,
        "source": cells.source,
        "genes_not_modelled": list(run.unmodelled[index]),
        "draws_left_out": run.left_out[index],
    }
