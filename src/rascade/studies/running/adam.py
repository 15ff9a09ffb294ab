"""ADaM-shaped data sets of a finished trial: from the folder of its results to a folder of them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam import AdamSource

__all__ = ["ADAM_FOLDER", "adam_source", "add_adam", "source_from", "write_adam"]

ADAM_FOLDER = "adam"
_NEEDED = ("patients", "visits", "lesions")
_EVENTS = "adverse_events"


def add_adam(run: str | Path) -> list[Path]:
    """Write the data sets of a trial into the folder ``adam`` of its results.

    Raises:
        InputError: `run` is not the folder of a trial, or its data break a rule.
        OutputError: the folder cannot be written.
    """
    try:
        return write_adam(run, Path(run) / ADAM_FOLDER)
    except InputError as error:
        raise InputError(
            f"{error}; the trial itself is done: --resume without --adam keeps its results"
        ) from error


def write_adam(run: str | Path, out: str | Path) -> list[Path]:
    """Make the data sets of a trial and write them in every format.

    Args:
        run: folder of a finished trial.
        out: folder for the data sets.

    Returns:
        The files.

    Raises:
        InputError: `run` is not the folder of a trial, or its data break a rule.
        OutputError: `out` cannot be written.
    """
    from rascade.exchange.adam import build_datasets, write_datasets

    return write_datasets(out, build_datasets(adam_source(run)))


def adam_source(run: str | Path) -> AdamSource:
    """Read what the data sets are made from.

    Raises:
        InputError: a file is missing or cannot be read.
    """
    folder = Path(run)
    summary = _summary(folder)
    tables = {name: _table(folder / f"{name}.parquet") for name in _NEEDED}
    events = folder / f"{_EVENTS}.parquet"
    if events.is_file():
        tables[_EVENTS] = _table(events)
    return source_from(summary, tables)


def source_from(summary: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> AdamSource:
    """Return what the data sets are made from, of results in memory.

    Args:
        summary: as ``summary.json``.
        tables: ``patients``, ``visits``, ``lesions`` and, where there are any, ``adverse_events``.
    """
    from rascade.exchange.adam import AdamSource

    versions = {str(arm.get("ctcae_version") or "") for arm in summary["arms"]} - {""}
    return AdamSource(
        study=str(summary["study"]),
        arms=[str(arm["name"]) for arm in summary["arms"]],
        adverse_events=tables.get(_EVENTS),
        ctcae_version=versions.pop() if len(versions) == 1 else "",
        identity=f"{summary['seed']} {summary['model_hash']}",
        **{name: tables[name] for name in _NEEDED},
    )


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kept = {"study": summary["study"], "arms": summary["arms"]}
        return {"seed": summary.get("seed"), "model_hash": summary.get("model_hash"), **kept}
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"no {error} in it" if isinstance(error, KeyError) else _reason(error)
        raise InputError(
            f"{folder}: not the folder of a finished trial ({path.name}: {what}); "
            "name the DIR of rascade trial ... --out DIR"
        ) from error


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import ArrowException

    try:
        return pd.read_parquet(io.BytesIO(path.read_bytes()))
    except (OSError, ValueError, ArrowException) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the trial again") from error
