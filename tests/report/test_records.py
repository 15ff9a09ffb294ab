"""What a trial came to, from records to JSON and back."""

from __future__ import annotations

import json

import pytest

from rascade.trial.results.records.codec import Estimate, from_json, to_json
from rascade.trial.results.records.conduct import ArmSafety
from rascade.trial.results.records.details import Details
from rascade.trial.results.records.headline import ArmHeadline, ContrastHeadline, Paired

from .synthetic import write_run


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = write_run(tmp_path_factory.mktemp("records") / "run", n=25)
    return json.loads((folder / "summary.json").read_text())


def test_a_summary_read_and_written_is_the_same(summary: dict) -> None:
    for row in summary["arms"]:
        assert json.dumps(to_json(from_json(ArmHeadline, row))) == json.dumps(row)
    for row in summary["contrasts"]:
        assert json.dumps(to_json(from_json(ContrastHeadline, row))) == json.dumps(row)
    detail = summary["end_points"]
    assert json.dumps(to_json(from_json(Details, detail))) == json.dumps(detail)


def test_fields_are_what_the_keys_say(summary: dict) -> None:
    row = summary["arms"][0]
    arm = from_json(ArmHeadline, row)
    assert (arm.name, arm.n) == (row["name"], row["n"])
    assert arm.rates["orr"] == Estimate(row["orr_pct"], tuple(row["orr_ci"]))
    assert arm.rates["dcr"] == Estimate(row["dcr_pct"])
    assert list(arm.medians) == ["pfs", "os"]
    assert arm.medians["os"].value == row["os_median_months"]
    detail = from_json(Details, summary["end_points"])
    raw = summary["end_points"]["contrasts"][0]
    tests = detail.contrasts[0].tests["pfs"]
    assert tests.combined_p == raw["pfs_max_combo_p"]
    assert [t.z for t in tests.weighted] == [t["z"] for t in raw["pfs_weighted_log_rank"]]


def test_what_an_older_version_did_not_write_is_none_or_empty() -> None:
    arm = from_json(ArmHeadline, {"name": "a", "n": 3, "pfs_median_months": 4.0})
    assert arm.medians["pfs"] == Estimate(4.0) and "os" not in arm.medians and arm.rates == {}
    safety = from_json(ArmSafety, {"name": "a"})
    assert safety.adverse_events == () and safety.severe is None
    detail = from_json(Details, {"arms": [{"name": "a"}]})
    assert detail.arms[0].responses is None and detail.contrasts == ()
    pair = from_json(Paired, {"n": 2, "best_change_pct": None, "os_restricted_mean_months": None})
    assert pair.times["os"].restricted is None and "pfs" not in pair.times


def test_an_estimate_says_what_is_not_known() -> None:
    assert Estimate(7.24, (6.06, None)).text(1) == "7.2 (6.1 to not reached)"
    assert Estimate(None).text(0, "-") == "-"
