"""How far a long run is, and how long it will take: on a terminal, in a log, in a notebook."""

from __future__ import annotations

import contextlib
import html
import os
import sys
import time
from collections.abc import Callable, Iterator

from rascade.errors import InputError
from rascade.streams import discard, visible

__all__ = [
    "Progress",
    "check_threads",
    "default_threads",
    "duration",
    "progress_on_stderr",
    "silent",
]

#: Called with the share of work that is done (0 to 1) and what is being done.
Progress = Callable[[float, str], None]


def silent(share: float, step: str) -> None:
    """Take no notice."""


def default_threads(given: int | None = None) -> int:
    """Return what was asked for, or the number of processors that this process may use."""
    if given is not None:
        return given
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int) -> None:
    """Refuse fewer than one thread.

    Raises:
        InputError: there would be none.
    """
    if threads < 1:
        raise InputError(f"--threads: {threads} threads; it must be 1 or more")


@contextlib.contextmanager
def progress_on_stderr(title: str) -> Iterator[Progress]:
    """Yield a function of the share done (0 to 1) and the step; shows them with the time left.

    On a terminal this is a bar; in a notebook too; in a log, one line for every tenth.
    """
    if _in_notebook():
        yield _in_a_cell(title)
    elif sys.stderr.isatty():
        with _bar(title) as update:
            yield update
    else:
        yield _line_by_line(title)


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Progress]:
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


def _line_by_line(title: str) -> Progress:
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


def _in_notebook() -> bool:
    """Tell whether a kernel of Jupyter runs this; IPython is not imported for the question."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _in_a_cell(title: str) -> Progress:
    """Return what draws a bar below the cell of a notebook, at most five times a second."""
    from IPython.display import HTML, display

    start, last = time.monotonic(), [0.0]
    shown = display(HTML(""), display_id=True)

    def update(share: float, step: str) -> None:
        now = time.monotonic()
        if share < 1.0 and now - last[0] < 0.2:
            return
        last[0] = now
        left = f", {duration((now - start) * (1 - share) / share)} left" if 0 < share < 1 else ""
        words = html.escape(visible(f"{title}: {step}: {share:.0%}{left}"))
        shown.update(HTML(f"<progress value='{share:.3f}'></progress> {words}"))

    return update
