"""The dose matrices of an experiment and what the null models of synergy say of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.statistics.musyc import MusycFit, fit_musyc
from rascade.statistics.synergy import (
    DoseMatrix,
    bliss_excess,
    hsa_excess,
    isobole,
    loewe,
    single_fits,
    zip_excess,
)
from rascade.trial.results.records.codec import finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.bench.run import ExperimentRun

__all__ = ["matrices"]

_RISE = 1.05  # responses above this are no inhibition, and the null models do not fit them
_LEVEL = 0.5


def matrices(run: ExperimentRun) -> list[dict[str, Any]]:
    """Return matrix and synergy of every kind of cells, read-out and hour after 0."""
    first, second = (np.array([0.0, *t.grid]) for t in run.spec.treatments)
    drugs = [t.exposures[0].drug for t in run.spec.treatments]
    found = []
    for index, cells in enumerate(run.spec.cells):
        mine = [k for k, c in enumerate(run.conditions) if c.cells == index]
        block = run.relative[mine].reshape(first.size, second.size, *run.relative.shape[1:])
        for r, reading in enumerate(run.readings):
            for t, hour in enumerate(run.spec.hours):
                if hour <= 0 or np.isnan(block[:, :, 0, t, r]).any():
                    continue
                entry = {
                    "cells": cells.label,
                    "readout": reading.name,
                    "time_h": hour,
                    "drugs": drugs,
                    "first_nM": first.tolist(),
                    "second_nM": second.tolist(),
                }
                found.append(entry | _synergy(first, second, block[:, :, :, t, r]))
    return found


def _mean(grid: NDArray[np.float64]) -> float | None:
    return float(np.nanmean(grid)) if np.isfinite(grid).any() else None


def _drawn(
    first: NDArray[np.float64], second: NDArray[np.float64], block: NDArray[np.float64]
) -> dict[str, list[float]]:
    """Return the mean excesses and the median index of every drawn parameter set."""
    found: dict[str, list[float]] = {"bliss": [], "hsa": [], "loewe": [], "index": []}
    for d in range(1, block.shape[2]):
        if np.isnan(block[:, :, d]).any():
            continue
        matrix = DoseMatrix(first, second, block[:, :, d])
        found["bliss"].append(float(bliss_excess(matrix).mean()))
        found["hsa"].append(float(hsa_excess(matrix).mean()))
        additive = loewe(matrix)
        if additive is not None:
            found["loewe"].append(float(additive.excess.mean()))
            if np.isfinite(additive.index).any():
                found["index"].append(float(np.nanmedian(additive.index)))
    return found


def _interval(values: list[float]) -> list[float] | None:
    if len(values) < 2:
        return None
    return [float(x) for x in np.quantile(values, (0.05, 0.95))]


def _synergy(
    first: NDArray[np.float64], second: NDArray[np.float64], block: NDArray[np.float64]
) -> dict[str, Any]:
    matrix = DoseMatrix(first, second, block[:, :, 0])
    fits = single_fits(matrix)
    additive = loewe(matrix, fits)
    drawn = _drawn(first, second, block)
    grids: dict[str, Any] = {
        "bliss": bliss_excess(matrix),
        "hsa": hsa_excess(matrix),
        "zip": zip_excess(matrix),
    }
    if additive is not None:
        grids["loewe"], grids["combination_index"] = additive.excess, additive.index
    found: dict[str, Any] = {"response": matrix.response.tolist()}
    for name, grid in grids.items():
        if name == "combination_index":
            continue
        found[f"{name}_mean"] = _mean(grid)
        found[f"{name}_mean_interval"] = _interval(drawn.get(name, []))
        found[f"{name}_largest"] = float(np.nanmax(grid))
    index = additive.index if additive is not None else np.array([np.nan])
    known = np.isfinite(index)
    found["combination_index_median"] = float(np.median(index[known])) if known.any() else None
    found["combination_index_interval"] = _interval(drawn["index"])
    found["musyc"] = _musyc(fit_musyc(matrix, fits))
    found["isobole"] = _isobole(matrix, fits)
    found["grids"] = {name: grid.tolist() for name, grid in grids.items()}
    if matrix.response.max() > _RISE:
        found["note"] = (
            "the read-out rises above untreated; the null models of synergy are made for falls"
        )
    return found


def _musyc(fit: MusycFit | None) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {
        "log10_alpha12": math.log10(fit.alpha[0]),
        "log10_alpha12_ci95": [*map(finite, fit.log10_alpha_ci[0])],
        "log10_alpha21": math.log10(fit.alpha[1]),
        "log10_alpha21_ci95": [*map(finite, fit.log10_alpha_ci[1])],
        "beta": fit.beta,
        "beta_ci95": [*map(finite, fit.beta_ci)],
        "e1": fit.effects[1],
        "e2": fit.effects[2],
        "e3": fit.effects[3],
        "hill": list(fit.hill),
        "ec50_nM": list(fit.ec50),
        "r2": fit.r2,
    }


def _isobole(matrix: DoseMatrix, fits: Any) -> dict[str, Any] | None:
    """Return the isobole of half effect, or of half of what the weaker drug does."""
    lowest = max(float(matrix.response[:, 0].min()), float(matrix.response[0].min()))
    level = _LEVEL if lowest < _LEVEL else 0.5 * (1.0 + min(lowest, 1.0))
    found = isobole(matrix, fits, level)
    if found is None or lowest > 0.98:
        return None
    alone = [*map(finite, found.alone)]
    return {"level": found.level, "alone_nM": alone, "points_nM": found.points.tolist()}
