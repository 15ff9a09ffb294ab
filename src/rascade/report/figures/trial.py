"""The figures of a trial: one registry, `FIGURES`, from which pages and files are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rascade.errors import InputError
from rascade.registry import Registry

if TYPE_CHECKING:
    from rascade.report.look.canvas import Figure
    from rascade.report.runs.trial import TrialRun

__all__ = ["FIGURES", "SECTIONS", "TrialFigure", "draw_figures"]

#: Parts of the page that hold figures, in order.
SECTIONS = ("survival", "response", "paired", "biomarkers", "forests", "published", "mechanism")


@dataclass(frozen=True)
class TrialFigure:
    """A kind of figure of a trial.

    Its duties: `draw` returns the figures that these results hold the data for, none where they do
    not; each with a file name of its own, a title, a caption that says how to read it, a text for
    those who cannot see it, and the research-use line at its foot; the same results give the same
    bytes. It is called within `rascade.report.look.canvas.drawing`.

    Attributes:
        name: one word in lower case.
        section: of the page in which it stands, one of `SECTIONS`.
        draw: from a trial to its figures.
    """

    name: str
    section: str
    draw: Callable[[TrialRun], Sequence[Figure | None]]


def _survival(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.survival import survival_figure

    return [survival_figure(run, end.name) for end in run.times]


def _waterfall(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.response import waterfall_figure

    return [waterfall_figure(run)]


def _spider(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.response import spider_figure

    return [spider_figure(run)]


def _swimmer(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.swimmer import swimmer_figure

    return [swimmer_figure(run)]


def _paired(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.paired import paired_figure

    return [paired_figure(run, arm) for arm in _others(run)]


def _pathway(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.biomarkers import biomarker_figure

    return [biomarker_figure(run)]


def _markers(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.markers import marker_figure

    return [marker_figure(run)]


def _forest(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.forest import forest_figures

    return [figure for arm in _others(run) for figure in forest_figures(run, arm)]


def _published(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.figures.published import published_figure
    from rascade.report.tables.published import compare

    return [published_figure(run, compare(run))]


def _mechanism(run: TrialRun) -> Sequence[Figure | None]:
    from rascade.report.mechanism.figure import mechanism_figures

    return list(mechanism_figures(run.manifest.get("mechanism") or {}, run.footer))


def _others(run: TrialRun) -> list[str]:
    """Return the arms that are compared with the reference."""
    return [arm for arm in run.arms if arm != run.reference] if run.reference else []


def _check(member: TrialFigure) -> None:
    if not isinstance(member, TrialFigure):
        raise InputError(
            f"figure {getattr(member, 'name', member)!r}: expected a TrialFigure of "
            f"rascade.report.figures.trial, found {type(member).__name__}"
        )
    if member.section not in SECTIONS:
        raise InputError(
            f"figure {member.name!r}: no section {member.section!r} in a report; there are "
            f"{', '.join(SECTIONS)}"
        )


#: All figures of a trial; a package brings more by the entry point ``rascade.figures``.
FIGURES: Registry[TrialFigure] = Registry(
    "figure",
    "rascade.figures",
    (
        TrialFigure("survival", "survival", _survival),
        TrialFigure("waterfall", "response", _waterfall),
        TrialFigure("spider", "response", _spider),
        TrialFigure("swimmer", "response", _swimmer),
        TrialFigure("paired", "paired", _paired),
        TrialFigure("pathway", "biomarkers", _pathway),
        TrialFigure("markers", "biomarkers", _markers),
        TrialFigure("forest", "forests", _forest),
        TrialFigure("published", "published", _published),
        TrialFigure("mechanism", "mechanism", _mechanism),
    ),
    _check,
)


def draw_figures(run: TrialRun) -> dict[str, list[Figure]]:
    """Draw everything that a trial has data for, by section of the page."""
    from rascade.report.look.canvas import drawing

    drawn: dict[str, list[Figure]] = {section: [] for section in SECTIONS}
    with drawing():
        for kind in FIGURES:
            drawn[kind.section] += [figure for figure in kind.draw(run) if figure is not None]
    return drawn
