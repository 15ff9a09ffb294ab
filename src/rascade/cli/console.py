"""What verbs share on the terminal: the progress of a long run, and tables of results."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rascade.cli.signals import INTERRUPTED, how_it_ended
from rascade.cli.streams import discard, visible
from rascade.cli.tables import show_table
from rascade.errors import RascadeError

if TYPE_CHECKING:
    from rich.console import Console

SCAN_DAYS = "Progression is dated at scans: PFS medians and limits fall on scan days or deaths."

__all__ = [
    "Interrupted",
    "default_threads",
    "duration",
    "interruptible",
    "progress_on_stderr",
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


def default_threads(given: int | None = None) -> int:
    """Return what was asked for, or the number of processors that this process may use."""
    if given is not None:
        return given
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def progress_on_stderr(title: str) -> Iterator[Callable[[float, str], None]]:
    """Yield a function of the share done (0 to 1) and the step; shows them with the time left.

    On a terminal this is a bar; in a log, one line for every tenth.
    """
    if sys.stderr.isatty():
        with _bar(title) as update:
            yield update
    else:
        yield _line_by_line(title)


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Callable[[float, str], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    console = Console(stderr=True)
    # What is being done comes last, as it may be long and must not push the numbers out.
    last = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    columns = (
        *([BarColumn(bar_width=20)] if console.width >= 70 else []),
        TaskProgressColumn(),
        *([TimeElapsedColumn()] if console.width >= 70 else []),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        TextColumn("{task.description}", table_column=last),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as progress:
        task = progress.add_task(title, total=1.0)

        def update(share: float, step: str) -> None:
            words = escape(visible(f"{title}: {step}"))
            progress.update(task, completed=share, description=words)

        yield update


def _line_by_line(title: str) -> Callable[[float, str], None]:
    start, shown = time.monotonic(), [-1]

    def update(share: float, step: str) -> None:
        tenth = int(share * 10)
        if tenth <= shown[0]:
            return
        shown[0] = tenth
        taken = time.monotonic() - start
        left = f", {duration(taken * (1 - share) / share)} left" if 0 < share < 1 else ""
        line = visible(f"{title}: {step}: {share:.0%}{left}")
        try:
            print(line, file=sys.stderr, flush=True)  # noqa: T201
        except OSError:
            discard(sys.stderr)  # whoever read the log is gone; the work goes on

    return update


def duration(seconds: float) -> str:
    """Return a time for people: ``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


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
