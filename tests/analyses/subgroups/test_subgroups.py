"""Subgroups of a study: the record, the trial in them, and wrong input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rascade.analyses.subgroups.run import Question, judged, known_markers
from rascade.analyses.subgroups.search import Condition
from rascade.analyses.subgroups.tables import record, rule_text
from rascade.analyses.twins import member_tables, simulate_twins, undisturbed
from rascade.cli.main import main
from rascade.model import load_table
from rascade.patients.properties import load_properties
from rascade.report.pages.subgroups import gain_rows, lead, trial_rows
from rascade.studies import loads
from rascade.studies.files.trial_plan import to_plan

_STUDY = """
kind: trial
name: small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 100}
seed: 5
arms:
  - {name: both, regimen: daraxonrasib 300 mg PO QD + pembrolizumab 200 mg IV Q3W}
  - {name: weak, regimen: none}
  - {name: strong, regimen: daraxonrasib 300 mg PO QD}
imaging_every_weeks: 8
follow_up_months: 4
"""


def _found(gain: float, n: int = 240, members: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Return twins who gain by the combination where TMB is above 3."""
    rng = np.random.default_rng(7)
    burden = rng.lognormal(1.0, 0.5, n)
    base = rng.gamma(2.0, 2.0, n)
    arms = {"weak": base - 1.0, "strong": base, "both": base + gain * (burden > 3.0)}
    return {
        name: [
            {
                "pfs": np.maximum(0.5, months + m / 10),
                "pfs.event": np.ones(n),
                "os": base,
                "os.event": np.zeros(n),
                "weight": np.ones(n),
                "marker.TMB": burden,
                "marker.sex": np.where(np.arange(n) % 2 == 0, "male", "female"),
            }
            for m in range(members)
        ]
        for name, months in arms.items()
    }


def test_the_rule_its_gain_and_the_trial_in_it() -> None:
    question = Question(to_plan(loads(_STUDY)))
    made = record(judged(question, _found(4.0)))
    assert made["component"] == "strong"  # the best of the others, not the reference or the first
    assert made["rule"].startswith("tumour mutational burden > ")
    assert made["conditions"][0]["marker"] == "TMB"
    assert made["gain_held_out"] == pytest.approx(4.0, abs=0.6)
    assert made["gain_outside_held_out"] == pytest.approx(0.0, abs=0.6)
    low, high = made["gain_held_out_90"]
    assert low <= made["gain_held_out"] <= high
    inside, everybody = made["enriched_trial"], made["trial_in_all"]
    assert inside["hazard_ratio"] < everybody["hazard_ratio"] < 1
    assert inside["patients_for_power_90"] < everybody["patients_for_power_90"]
    assert inside["screened"] == pytest.approx(
        inside["patients_for_power_90"] / made["share"], rel=0.02
    )
    assert inside["power"] > everybody["power"] and made["trial_size"] == 200
    assert len(gain_rows(made)) == 3 and len(trial_rows(made)) == 2
    assert "of patients). Gain" in lead(made)


def test_without_a_gain_no_rule_is_told_and_the_reason_is() -> None:
    made = record(judged(Question(to_plan(loads(_STUDY))), _found(0.0)))
    assert made["rule"] is None and made["why"] and made["enriched_trial"] is None
    assert made["trial_in_all"]["patients_for_power_90"] is None
    assert "no subgroup" in lead(made) and len(gain_rows(made)) == 1


def test_rules_read_as_people_speak() -> None:
    rule = (
        Condition("kras_allele", "is", "G12D"),
        Condition("tp53", "is not", "True"),
        Condition("TMB", "<=", 2.5),
    )
    assert rule_text(rule) == (
        "KRAS is G12D and not TP53 mutated and tumour mutational burden ≤ 2.5 mutations/Mb"
    )


def test_every_marker_is_somewhere() -> None:
    properties, table = load_properties(), load_table()
    for one in known_markers().values():
        assert one.measured_by and one.label
        if one.kind == "profile":
            assert one.symbol in properties
        if one.kind == "parameter":
            assert one.symbol in table


@pytest.mark.slow
def test_twins_are_the_same_people_and_have_every_marker() -> None:
    plan = undisturbed(to_plan(loads(_STUDY)))
    (table,) = member_tables(plan, 1)
    wanted = [one.symbol for one in known_markers().values() if one.kind == "biopsy"]
    both, one = (
        simulate_twins(plan, arm, table, 3, biopsy=wanted) for arm in (plan.arms[0], plan.arms[2])
    )
    assert set(both.biopsy) == set(wanted)
    for kind in ("profiles", "markers", "biopsy"):
        mine, other = getattr(both, kind), getattr(one, kind)
        for name in mine:
            if mine[name].dtype.kind == "f":
                assert np.allclose(mine[name], other[name], rtol=1e-3, equal_nan=True), name
            else:
                assert (mine[name] == other[name]).all(), name


def test_wrong_input_of_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(_STUDY)
    for more, said in (
        (["--endpoint", "pfss"], "--endpoint: no 'pfss'; did you mean 'pfs'?"),
        (["--marker", "TBM"], "--marker: no 'TBM'; did you mean 'TMB'?"),
        (["--arm", "nobody"], "--arm: no 'nobody'; known: both, weak, strong"),
        (["--patients", "10"], "--patients: 10; it must be 40 to"),
    ):
        assert main(["subgroups", str(study), *more]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
