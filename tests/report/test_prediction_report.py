"""Predictions beside simulated and published values, and the evidence they rest on."""

from __future__ import annotations

import json

import pytest

from rascade.report.figures.published import published_figure
from rascade.report.look.canvas import drawing
from rascade.report.look.text import plain
from rascade.report.runs.trial import read_trial
from rascade.report.tables import trial as tables
from rascade.report.tables.first_lines import answers, context
from rascade.report.tables.prediction import grounds
from rascade.report.tables.published import compare

from .synthetic import write_run

SPAN = {"median": 41.0, "low90": 33.0, "high90": 52.0}
MONTHS = {"median": 7.7, "low90": 6.1, "high90": None}
RATIO = {"median": 0.47, "low90": 0.36, "high90": 0.58}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("predicted"))
    summary = json.loads((folder / "summary.json").read_text())
    for arm in summary["arms"]:
        arm["prediction"] = {
            "size": 250, "members": 24, "orr_pct": SPAN, "pfs_median_months": MONTHS,
            "os_median_months": dict.fromkeys(SPAN),
        }  # fmt: skip
    summary["contrasts"][0]["prediction"] = {"members": 24, "pfs_hr": RATIO, "os_hr": RATIO}
    (folder / "summary.json").write_text(json.dumps(summary))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["ensemble"] = {"hash": "x", "members": 24, "fitted_arms": ["mpact.gemcitabine"]}
    manifest["arms"] = [
        {"name": row["name"], "regimen": "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D", "size": 250}
        for row in summary["arms"]
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return read_trial(folder)


def test_the_first_lines_say_what_is_predicted(run) -> None:
    pfs, _, response = answers(run)
    assert "predicted 0.47 (0.36 to 0.58), median 7.7 (6.1 to not reached) against 7.7" in pfs
    assert "predicted 41 (33 to 52) against 41 (33 to 52) %" in response
    told = " ".join(context(run))
    assert "24 members" in told
    assert plain("fitted arms with the same drugs (mpact.gemcitabine)") in told


def test_tables_and_figure_show_it(run) -> None:
    arms, contrasts = tables.headline_table(run), tables.contrast_table(run)
    assert "predicted 41 (33 to 52)" in arms.rows[0][2]
    assert "predicted NR" in arms.rows[0][5]
    assert "predicted 0.47 (0.36 to 0.58)" in contrasts.rows[0][2]
    with drawing():
        figure = published_figure(run, compare(run))
    assert "predicted 90 % limits" in figure.alt


def test_results_without_a_prediction_say_nothing_of_it(tmp_path) -> None:
    bare = read_trial(write_run(tmp_path / "run"))
    texts = [*answers(bare), *context(bare), *tables.headline_table(bare).rows[0]]
    assert "redict" not in " ".join(texts)


FITTED = ["mpact.gemcitabine", "rasolute-302.daraxonrasib"]


@pytest.mark.parametrize(
    ("drugs", "says"),
    [
        (("gemcitabine",), "same drugs (mpact.gemcitabine)"),
        (("gemcitabine", "trametinib"), "some of these drugs (mpact.gemcitabine)"),
        (("zoldonrasib",), "their class (rasolute-302.daraxonrasib)"),
        (("trametinib",), "the mechanism and the disease alone"),
        ((), "untreated"),
    ],
)
def test_on_what_evidence_an_arm_rests(drugs, says) -> None:
    assert says in grounds(drugs, 2, FITTED)
