"""What every figure of a trial must do, whoever brings it."""

from __future__ import annotations

import pytest

from rascade.errors import InputError
from rascade.report.figures.trial import FIGURES, SECTIONS, TrialFigure, draw_figures
from rascade.report.look.canvas import Canvas, Figure, drawing
from rascade.report.pages.trial import report_page
from rascade.report.runs.trial import TrialRun, read_trial

from .synthetic import write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TrialRun:
    return read_trial(write_run(tmp_path_factory.mktemp("figures") / "run", n=30))


def _sizes(run: TrialRun) -> list[Figure]:
    canvas = Canvas(4.0, 1.0, "Sizes of the arms", run.footer)
    canvas.text(0.1, 0.5, ", ".join(f"{arm}: {len(run.of_arm(arm))}" for arm in run.arms))
    alt = "Patients of each arm."
    return [Figure("sizes", "Sizes of the arms", "As written.", alt, canvas.svg(), canvas.figure)]


SIZES = TrialFigure("sizes", "response", _sizes)


@pytest.mark.parametrize("name", [*FIGURES.names, "sizes"])
def test_every_figure_does_its_duties(name: str, run: TrialRun) -> None:
    with FIGURES.adding(SIZES), drawing():
        kind = FIGURES[name]
        assert kind.section in SECTIONS
        found = [figure for figure in kind.draw(run) if figure is not None]
        again = [figure for figure in kind.draw(run) if figure is not None]
    assert found or name == "paired"  # arms of the made-up run have patients of their own
    assert [figure.svg for figure in found] == [figure.svg for figure in again]
    for figure in found:
        assert figure.title and figure.caption and figure.alt and figure.picture is not None
        texts = " ".join(text.get_text() for text in figure.picture.texts)
        assert "Research use only" in texts, figure.name


def test_a_figure_from_outside_stands_on_the_page(run: TrialRun) -> None:
    with FIGURES.adding(SIZES):
        drawn = draw_figures(run)
        page = report_page(run, drawn)
    names = [figure.name for group in drawn.values() for figure in group]
    assert len(set(names)) == len(names) and "sizes" in names
    assert "Sizes of the arms" in page and "Sizes of the arms" not in report_page(run)


def test_a_figure_for_no_section_is_refused() -> None:
    wrong = TrialFigure("lost", "nowhere", _sizes)
    with pytest.raises(InputError, match="no section 'nowhere'"), FIGURES.adding(wrong):
        pass
