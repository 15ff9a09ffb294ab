"""Figures of a trial's result as matplotlib figures: the same that the report shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rascade.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rascade.report.look.canvas import Figure as Drawn
    from rascade.report.runs.trial import TrialRun

__all__ = ["Plots", "check_arm"]


class Plots:
    """Figures of a result; each call draws anew and returns a ``matplotlib.figure.Figure``.

    Examples:
        >>> figure = result.plot.survival("os")  # doctest: +SKIP
        >>> figure.savefig("os.png", dpi=200)  # doctest: +SKIP
    """

    def __init__(self, run: TrialRun) -> None:
        self._run = run

    def survival(self, end: str = "pfs") -> Figure:
        """Draw Kaplan-Meier curves of all arms for a time to an event, such as ``pfs`` or ``os``.

        Raises:
            InputError: no end point is called so.
        """
        from rascade.report.figures.survival import survival_figure

        return _draw(lambda run: survival_figure(run, end), self._run, "survival")

    def waterfall(self) -> Figure:
        """Draw the best change of every tumour, arm by arm."""
        from rascade.report.figures.response import waterfall_figure

        return _draw(waterfall_figure, self._run, "waterfall")

    def spider(self) -> Figure:
        """Draw the change of every tumour over time."""
        from rascade.report.figures.response import spider_figure

        return _draw(spider_figure, self._run, "spider")

    def swimmer(self) -> Figure:
        """Draw every patient as a lane from first dose to death or the end of follow-up."""
        from rascade.report.figures.swimmer import swimmer_figure

        return _draw(swimmer_figure, self._run, "swimmer")

    def forest(self, arm: str | None = None) -> Figure:
        """Draw hazard ratios by subgroup of an arm against the reference.

        Args:
            arm: which; the first that is not the reference if None.

        Raises:
            InputError: no arm is called so, or the trial has no contrast.
        """
        from rascade.report.figures.forest import forest_figure

        wanted = self._contrasted(arm)
        return _draw(lambda run: forest_figure(run, wanted), self._run, "forest")

    def paired(self, arm: str | None = None) -> Figure:
        """Draw what each patient gains in an arm against the reference, of paired patients.

        Args:
            arm: which; the first that is not the reference if None.

        Raises:
            InputError: no arm is called so, or arms have patients of their own.
        """
        from rascade.report.figures.paired import paired_figure

        wanted = self._contrasted(arm)
        return _draw(lambda run: paired_figure(run, wanted), self._run, "paired")

    def _contrasted(self, arm: str | None) -> str:
        contrasts = [row.arm for row in self._run.contrasts]
        if not contrasts:
            raise InputError("a trial of one arm has no contrast to draw")
        wanted = str(contrasts[0] if arm is None else arm)
        if wanted not in contrasts:
            check_arm(wanted, self._run.arms)
            raise InputError(
                f"{wanted!r} is the arm that the others are compared with; name another"
            )
        return wanted

    def pathway(self) -> Figure:
        """Draw pERK, RAS-GTP and pAKT relative to baseline over time."""
        from rascade.report.figures.biomarkers import biomarker_figure

        return _draw(biomarker_figure, self._run, "pathway")

    def markers(self) -> Figure:
        """Draw CA 19-9 and the KRAS allele fraction in plasma over time."""
        from rascade.report.figures.markers import marker_figure

        return _draw(marker_figure, self._run, "markers")


def _draw(figure: Callable[[TrialRun], Drawn | None], run: TrialRun, name: str) -> Figure:
    """Draw one figure in the look of the report.

    Raises:
        InputError: the data do not hold what the figure shows.
    """
    from rascade.report.look.canvas import drawing

    with drawing():
        drawn = figure(run)
    if drawn is None or drawn.picture is None:
        raise InputError(f"this trial has nothing for the figure {name!r}")
    return drawn.picture


def check_arm(name: object, arms: Sequence[str]) -> None:
    """Check that an arm is called so.

    Raises:
        InputError: none is; the message names the nearest, or all.
    """
    from rascade.text import did_you_mean

    if name not in arms:
        hint = did_you_mean(str(name), arms) or f"; the arms are {', '.join(arms)}"
        raise InputError(f"no arm is called {name!r}{hint}")
