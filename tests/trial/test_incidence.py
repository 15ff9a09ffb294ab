"""Exposure-adjusted rates of side effects: the exact interval, time at risk, time to the first."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.trial.results.incidence import add_incidence, exposure_days, incidence_of, poisson_rate
from rascade.trial.results.records.codec import to_json
from rascade.units import DAYS_PER_MONTH


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": [1, 2, 3, 4, 5],
            "arm": "new",
            "os_months": np.array([100, 200, 365.25, 50, np.nan]) / DAYS_PER_MONTH,
            # Treatment goes on in 1 and 4; 30 days of reporting follow it in 2 and 3.
            "treatment_end_day": [np.nan, 100.0, 350.0, np.nan, 10.0],
        }
    )


def effects() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": [1, 1, 2, 3, 3],
            "arm": "new",
            "term": ["rash", "rash", "rash", "nausea", "rash"],
            "grade": [1, 3, 2, 3, 1],
            "start_day": [10.0, 40.0, 20.0, 5.0, 300.0],
            "related": [True, True, True, True, False],
        }
    )


def test_the_interval_is_exact():
    # R 4.2.2: poisson.test(7, 12.5) 0.22514904 to 1.15381403; poisson.test(0, 3) 0 to 1.2296265.
    assert poisson_rate(7, 12.5) == pytest.approx((0.56, 0.22514904, 1.15381403), abs=5e-9)
    assert poisson_rate(0, 3.0) == pytest.approx((0.0, 0.0, 1.2296265), abs=5e-8)
    assert poisson_rate(7, 12.5, per=100.0) == pytest.approx((56, 22.514904, 115.381403), abs=5e-7)
    assert poisson_rate(0, 0.0) == (None, None, None)
    with pytest.raises(ValueError, match="-1 events"):
        poisson_rate(-1, 2.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 50), st.floats(0.1, 1e4), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_limits_have_the_tails_they_should(events, exposure, level):
    from scipy.stats import poisson

    rate = poisson_rate(events, exposure, level=level)
    tail = (1 - level) / 2
    assert poisson.cdf(events, rate.high * exposure) == pytest.approx(tail, rel=1e-6)
    if events:
        assert poisson.sf(events - 1, rate.low * exposure) == pytest.approx(tail, rel=1e-6)


def test_time_at_risk_ends_with_reporting_or_with_the_patient():
    assert exposure_days(people()) == pytest.approx([100.0, 130.0, 365.25, 50.0, 0.0])


def test_rates_and_time_to_first():
    found = to_json(incidence_of(effects()[effects()["related"]], people()))
    years = (100 + 130 + 365.25 + 50) / 365.25
    assert (found["episodes"], found["patients"]) == (4, 3)
    assert found["episodes_per_100_patient_years"] == pytest.approx(400 / years, rel=1e-5)
    until = (10 + 20 + 5 + 50) / 365.25  # patients count until their first
    assert found["patients_per_100_patient_years"] == pytest.approx(300 / until, rel=1e-5)
    assert found["patients_ci"][0] < found["patients_per_100_patient_years"]
    # Of four, the second of three has his first on day 20: S falls from 3/4 to 1/2 and on to 1/4.
    assert found["time_to_first_median_months"] == pytest.approx(15 / DAYS_PER_MONTH, rel=1e-5)
    assert found["time_to_first_of_affected_months"] == pytest.approx(10 / DAYS_PER_MONTH, rel=1e-5)
    none = to_json(incidence_of(effects()[:0], people()))
    assert none["episodes_per_100_patient_years"] == 0.0 and none["episodes_ci"][0] == 0.0
    assert none["time_to_first_median_months"] is none["time_to_first_of_affected_months"] is None


def test_the_summary_has_them_by_term_and_is_valid_json():
    rates = {"new": 40.0, "old": None}
    summary = {
        "arms": [{"name": name, "grade3plus_trae_pct": rate} for name, rate in rates.items()],
        "end_points": {"arms": [{"name": name} for name in rates]},
    }
    add_incidence(summary, people(), effects())
    json.dumps(summary, allow_nan=False)
    new, old = summary["end_points"]["arms"]
    assert old["exposure_adjusted"] is None
    terms = new["exposure_adjusted"]["terms"]
    assert [term["term"] for term in terms] == ["rash", "nausea"]
    assert terms[0]["any"]["episodes"] == 3 and terms[0]["grade3plus"]["episodes"] == 1
    assert new["exposure_adjusted"]["any"]["episodes"] == 4
    assert new["exposure_adjusted"]["patient_months"] == pytest.approx(
        645.25 / DAYS_PER_MONTH, rel=1e-5
    )
