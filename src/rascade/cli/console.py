"""What verbs share on the terminal: the progress of a long run, and tables of results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rascade.cli.signals import INTERRUPTED, how_it_ended
from rascade.cli.tables import show_table
from rascade.errors import RascadeError
from rascade.streams import visible

if TYPE_CHECKING:
    from rich.console import Console

SCAN_DAYS = "Progression is dated at the scan that shows it: PFS is no finer than that."

__all__ = [
    "Interrupted",
    "interruptible",
    "summary_table",
]


class Interrupted(RascadeError):
    """Ctrl-C, or SIGTERM, in the middle of something of which a part is kept."""

    exit_code = INTERRUPTED


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Say what an interrupted run tells of what it kept."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not str(interrupt):
            raise
        raise Interrupted(f"{how_it_ended()}; {interrupt}") from None


def summary_table(summary: Mapping[str, Any], console: Console) -> None:
    """Print the arms and the contrasts of a trial's summary."""
    rows = [
        (
            str(arm["name"]),
            str(arm["n"]),
            _estimate(arm["orr_pct"], arm["orr_ci"], 0),
            _estimate(arm["dcr_pct"], None, 0),
            _estimate(arm["pfs_median_months"], arm["pfs_ci"], 1),
            _estimate(arm["os_median_months"], arm["os_ci"], 1),
        )
        for arm in summary["arms"]
    ]
    header = ("arm", "n", "ORR, %", "DCR, %", "PFS, months", "OS, months")
    numbers = range(1, len(header))
    show_table(header, rows, right=numbers, title=str(summary["study"]), console=console)
    console.print(SCAN_DAYS, markup=False)
    for row in summary["contrasts"]:
        parts = [
            f"{end.upper()} HR {_estimate(row[f'{end}_hr'], row[f'{end}_hr_ci'], 2)}"
            f"{_p_value(row[f'{end}_logrank_p'])}"
            for end in ("pfs", "os")
        ]
        names = visible(f"{row['arm']} against {row['reference']}")
        console.print(f"{names}: {'; '.join(parts)}", markup=False)


def _estimate(value: float | None, interval: Any, digits: int) -> str:
    """Return ``7.2 (6.1 to 8.0)``; what was not reached or not modelled is a dash."""
    text = "-" if value is None else f"{value:.{digits}f}"
    if not interval:
        return text
    low, high = ("-" if bound is None else f"{bound:.{digits}f}" for bound in interval)
    return f"{text} ({low} to {high})"


def _p_value(value: float | None) -> str:
    if value is None:
        return ""
    return ", p < 0.001" if value < 0.001 else f", p = {value:.3f}"
