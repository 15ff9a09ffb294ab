"""What merging daily doses does to predictions, as a table of the page of the population."""

from __future__ import annotations

from typing import Any

from builder.results import RESULTS, threads
from builder.text import cell, table

__all__ = ["averaging_table", "run"]

#: An error of size below this share is not worth a row.
_SMALL = 0.002


def run() -> None:
    """Measure every arm and keep it as ``docs/results/averaging.json``; takes some minutes."""
    from rascade.calibration.averaging import measure_averaging
    from rascade.progress import progress_on_stderr

    with progress_on_stderr("averaging") as progress:
        measure_averaging(RESULTS, threads=threads(), progress=progress)


def averaging_table() -> str:
    """Return the regimens whose size changes, largest change first, and how many do not."""
    from rascade.calibration.averaging import averaging_rows

    every: dict[str, dict[str, Any]] = {}
    for row in averaging_rows(RESULTS):  # arms of one regimen: the largest error stands
        known = every.get(row["regimen"])
        if known is None or _error(row) > _error(known):
            every[row["regimen"]] = row
    shown = sorted((r for r in every.values() if _error(r) >= _SMALL), key=lambda r: -_error(r))
    rows = [
        (
            cell(row["regimen"]),
            f"{100 * row['log_size_error']:+.1f}",
            *(_pair(row[name], 0 if name == "orr_pct" else 1) for name in _PAIRS),
        )
        for row in shown
    ]
    head = ("regimen", "size at week 8, %", "ORR, %", "PFS, months", "OS, months")
    rest = (
        f"{len(every)} regimens were measured; in those that are not shown size changes by less "
        f"than {100 * _SMALL:g} %."
    )
    return f"{table(head, rows, (1, 2, 3, 4))}\n\n{rest}"


_PAIRS = ("orr_pct", "pfs_months", "os_months")


def _error(row: dict[str, Any]) -> float:
    return abs(row["log_size_error"] or 0.0)


def _pair(found: dict[str, float | None], digits: int) -> str:
    exact, averaged = (
        "not reached" if found[way] is None else f"{found[way]:.{digits}f}"
        for way in ("exact", "averaged")
    )
    return exact if exact == averaged else f"{exact}, {averaged}"
