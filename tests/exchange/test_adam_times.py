"""ADTTE as a statistics group reads it gives the numbers of ``summary.json``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from rascade.exchange.adam import write_datasets

lifelines = pytest.importorskip("lifelines")
MONTH = 30.4375


@pytest.fixture(scope="module", params=["csv", "xpt"])
def adtte(request, datasets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adtte")
    write_datasets(folder, datasets)
    if request.param == "csv":
        return pd.read_csv(folder / "adtte.csv")
    return pyreadstat.read_xport(str(folder / "adtte.xpt"))[0]


def medians(times, events) -> tuple[float, float]:
    """Return the ends of the plateau on which half of the patients are without event."""
    curve = lifelines.KaplanMeierFitter().fit(times, events).survival_function_
    curve = curve["KM_estimate"]
    ends = [curve.index[curve <= 0.5 + 1e-9], curve.index[curve < 0.5 - 1e-9]]
    return tuple(float(end[0]) if len(end) else np.inf for end in ends)


def hazard_ratio(rows, time) -> float:
    model = lifelines.CoxPHFitter().fit(
        pd.DataFrame(
            {"time": rows[time], "event": rows["CNSR"] == 0, "arm": rows["TRTP"] == "drug"}
        ),
        "time",
        "event",
    )
    return float(model.hazard_ratios_["arm"])


@pytest.mark.parametrize("end", ["pfs", "os"])
def test_exact_times_reproduce_the_summary(outcome, adtte, end) -> None:
    summary = json.loads(json.dumps(outcome.summary))
    own = adtte[adtte["PARAMCD"] == end.upper()]
    for arm in summary["arms"]:
        rows = own[own["TRTP"] == arm["name"]]
        low, high = medians(rows["SIMTIME"] / MONTH, rows["CNSR"] == 0)
        said = arm[f"{end}_median_months"]
        said = np.inf if said is None else said
        assert low * (1 - 1e-5) <= said <= high * (1 + 1e-5)
    contrast = summary["contrasts"][0]
    ratio = hazard_ratio(own, "SIMTIME")
    ratio = ratio if contrast["arm"] == "drug" else 1 / ratio
    assert contrast[f"{end}_hr"] == pytest.approx(ratio, rel=1e-4)


@pytest.mark.parametrize("end", ["pfs", "os"])
def test_whole_days_reproduce_the_summary_to_a_day(outcome, adtte, end) -> None:
    own = adtte[adtte["PARAMCD"] == end.upper()]
    np.testing.assert_array_equal(own["AVAL"], np.floor(own["SIMTIME"]) + 1)
    for arm in outcome.summary["arms"]:
        rows = own[own["TRTP"] == arm["name"]]
        exact = medians(rows["SIMTIME"], rows["CNSR"] == 0)
        days = medians(rows["AVAL"] - 1, rows["CNSR"] == 0)
        for one, other in zip(exact, days, strict=True):
            assert one == other or abs(one - other) <= 1.0
    ratio, exact = hazard_ratio(own, "AVAL"), hazard_ratio(own, "SIMTIME")
    # Whole days make ties, which weigh most where a hazard ratio is far from 1.
    assert np.log(ratio) == pytest.approx(np.log(exact), abs=0.1)
