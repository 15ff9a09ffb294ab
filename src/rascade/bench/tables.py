"""The tables of an experiment: relative values with intervals, one row a reading."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.bench.run import ExperimentRun

__all__ = ["COLUMNS", "INTERVAL_COLUMNS", "QUANTILES", "interval", "label", "tables"]

COLUMNS = ("treatment", "concentration_nM", "time_h", "readout", "value")
"""Columns of ``results.csv``, in order; `value` is relative to untreated at the same time."""
INTERVAL_COLUMNS = (*COLUMNS, "low", "high", "median", "cells", "level", "level_untreated", "draws")
"""Columns of ``results_intervals.csv``: 5 % and 95 % points and median over the drawn parameter
sets, cells, the level in the model's unit with typical parameters, that of untreated cells, and how
many drawn sets stand behind the interval."""
QUANTILES = (0.05, 0.5, 0.95)


def interval(drawn: NDArray[np.float64], axis: int = 0) -> NDArray[np.float64]:
    """Return the 5 %, 50 % and 95 % points over draws, NaN draws left out; shape (3, ...)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing but NaN gives NaN
        return np.asarray(np.nanquantile(drawn, QUANTILES, axis=axis))


def label(run: ExperimentRun, condition: int) -> str:
    """Return the name of a condition, with its cells where there is more than one kind."""
    found = run.conditions[condition]
    cells = run.spec.cells
    return (
        found.treatment if len(cells) == 1 else f"{found.treatment} in {cells[found.cells].label}"
    )


def tables(run: ExperimentRun) -> pd.DataFrame:
    """Return every reading with its interval; the columns are `INTERVAL_COLUMNS`."""
    import pandas as pd

    spec = run.spec
    count, times, reads = len(run.conditions), len(spec.hours), len(spec.readouts)
    typical = run.relative[:, 0]
    shape = (count, times, reads)
    nothing = np.full((3, *shape), np.nan)
    low, middle, high = interval(run.relative[:, 1:], axis=1) if spec.draws else nothing
    control = [
        next(k for k, c in enumerate(run.conditions) if c.cells == condition.cells)
        for condition in run.conditions
    ]
    behind = np.isfinite(run.relative[:, 1:]).sum(axis=1)

    def by_condition(values: list[object]) -> NDArray[np.object_]:
        return np.repeat(np.array(values, dtype=object), times * reads)

    frame = pd.DataFrame(
        {
            "treatment": by_condition([label(run, k) for k in range(count)]),
            "concentration_nM": by_condition([c.concentration for c in run.conditions]),
            "time_h": np.tile(np.repeat(spec.hours, reads), count),
            "readout": np.tile(np.array(spec.readouts, dtype=object), count * times),
            "value": typical.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "median": middle.ravel(),
            "cells": by_condition([spec.cells[c.cells].label for c in run.conditions]),
            "level": run.levels[:, 0].ravel(),
            "level_untreated": run.levels[control, 0].ravel(),
            "draws": behind.ravel(),
        },
        columns=list(INTERVAL_COLUMNS),
    )
    return frame.astype({"concentration_nM": float, "time_h": float})
