"""What verbs share on the terminal: the progress of a long run, and tables of results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rascade.cli.terminal.signals import INTERRUPTED, how_it_ended
from rascade.cli.terminal.tables import show_table
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
    from rascade.trial.endpoints import rates, times
    from rascade.trial.results.records.codec import from_json
    from rascade.trial.results.records.headline import ArmHeadline, ContrastHeadline

    ends = times(summary)
    rows = []
    for arm in (from_json(ArmHeadline, row) for row in summary["arms"]):
        cells = [arm.rates[end.name].text(0, "-") for end in rates()]
        cells += [arm.medians[end.name].text(1, "-") for end in ends]
        rows.append((arm.name, str(arm.n), *cells))
    header = ("arm", "n", *(f"{end.label}, %" for end in rates()))
    header += tuple(f"{end.label}, months" for end in ends)
    numbers = range(1, len(header))
    show_table(header, rows, right=numbers, title=str(summary["study"]), console=console)
    console.print(SCAN_DAYS, markup=False)
    contrasts = [from_json(ContrastHeadline, row) for row in summary["contrasts"]]
    for row in contrasts:
        parts = [
            f"{end.label} HR {row.ratios[end.name].text(2, '-')}"
            + _p_value(row.log_rank_p[end.name])
            for end in ends
        ]
        names = visible(f"{row.arm} against {row.reference}")
        console.print(f"{names}: {'; '.join(parts)}", markup=False)
    arms = (from_json(ArmHeadline, row) for row in summary["arms"])
    told = [(arm.name, arm.prediction) for arm in arms]
    predicted = [
        *told,
        *((f"{row.arm} against {row.reference}", row.prediction) for row in contrasts),
    ]
    for name, found in predicted:
        if found is not None:
            text = f"predicted with 90 % limits, {visible(name)}: {found.text()}"
            console.print(text, markup=False)


def _p_value(value: float | None) -> str:
    if value is None:
        return ""
    return ", p < 0.001" if value < 0.001 else f", p = {value:.3f}"
