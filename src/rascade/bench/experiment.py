"""Experiments in dishes and mice: from a specification to tables and a summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rascade.bench.run import ExperimentRun, run_experiment
from rascade.bench.summary import summary
from rascade.bench.tables import tables
from rascade.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from rascade.bench.spec import ExperimentSpec

__all__ = ["ExperimentOutcome", "experiment"]


@dataclass(frozen=True)
class ExperimentOutcome:
    """Everything that an experiment gives.

    Attributes:
        table: one row a reading, columns `rascade.bench.tables.INTERVAL_COLUMNS`.
        summary: fits, courses and synergy, ready for JSON.
        provenance: mechanism and parameters for the report, ready for JSON.
        run: arrays behind them.
    """

    table: pd.DataFrame
    summary: dict[str, Any]
    provenance: dict[str, Any]
    run: ExperimentRun = field(repr=False)


def experiment(
    spec: ExperimentSpec,
    *,
    threads: int = 1,
    progress: Progress | None = None,
    backend: str = "compiled",
) -> ExperimentOutcome:
    """Run an experiment and describe what came out; arguments and errors as `run_experiment`."""
    run = run_experiment(spec, threads=threads, progress=progress, backend=backend)
    return ExperimentOutcome(tables(run), summary(run), _provenance(run), run)


def _provenance(run: ExperimentRun) -> dict[str, Any]:
    from rascade.model.diagram import merge_diagrams

    return {
        "mechanism": merge_diagrams([run.assembly]),
        "parameters": _parameters(run),
        "drawn": list(run.drawn),
    }


def _parameters(run: ExperimentRun) -> list[dict[str, Any]]:
    """Return every row that the model reads, those that were drawn first."""
    table, drawn = run.assembly.table, set(run.drawn)
    rows = sorted(
        {*run.assembly.composition.parameters.values()}, key=lambda r: (r not in drawn, r)
    )
    words = {
        "parameters": "log-uniform, low to high",
        "cells": "log-normal",
    }[run.spec.uncertainty]
    return [
        {
            "name": name,
            "value": table[name].value,
            "unit": table[name].unit,
            "low": table[name].low,
            "high": table[name].high,
            "distribution": words if name in drawn else "fixed",
            "source": table[name].source,
            "confidence": table[name].confidence,
            "fitted": table[name].confidence == "fitted",
            "influence": None,
            "description": table[name].description,
        }
        for name in rows
    ]
