"""Curves, rates and sizes of the user's own, laid over a simulated trial and compared with it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rascade.report.figures.survival import survival_figure
from rascade.report.runs.trial import read_trial
from rascade.report.tables.own_data import own_curve, own_fit_table

from .synthetic import ARMS, write_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("own") / "run", n=60)


def _with(folder, rows):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"published_curves": rows}))
    return read_trial(folder)


def _rows(run, factor):
    arm = run.arms[0]
    own = run.of_arm(arm)
    months = own["os_months"].to_numpy(float)
    return [
        {
            "arm": arm,
            "endpoint": "os",
            "source": "ours",
            "months": list(factor * months),
            "events": [int(e) for e in own["os_event"]],
        },
        {"arm": arm, "endpoint": "pfs", "source": "ours", "rates": {"3": 99.9}},
    ]


def test_the_same_patients_fit_and_others_do_not(folder):
    run = read_trial(folder)
    assert own_fit_table(_with(folder, [])) is None
    same = own_fit_table(_with(folder, _rows(run, 1.0)))
    other = own_fit_table(_with(folder, _rows(run, 0.3)))
    assert [row[-1] for row in same.rows] == ["no difference seen", "outside"]
    assert "HR 1.00" in same.rows[0][4]
    assert [row[-1] for row in other.rows] == ["differs", "outside"]


def test_the_curve_is_drawn(folder):
    bare = survival_figure(_with(folder, []), "os")
    run = _with(folder, _rows(read_trial(folder), 0.8))
    figure = survival_figure(run, "os")
    assert "Dashed" in figure.caption and "Dashed" not in bare.caption
    assert len(figure.svg) > len(bare.svg)
    assert "Diamonds" in survival_figure(run, "pfs").caption
    assert np.isfinite(own_curve(run, run.arms[0], "os").median()[0])
    assert own_curve(run, ARMS[1], "os") is None
