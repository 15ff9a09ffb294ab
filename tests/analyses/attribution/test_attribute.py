"""A benefit divided: it adds up, nothing is left when nothing is let through, CD8 cells matter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rascade.analyses.attribution.game import exact_game
from rascade.analyses.attribution.question import Question
from rascade.analyses.attribution.run import Attribution, _divided, attribute
from rascade.analyses.attribution.tables import patient_rows, record
from rascade.cli.main import main
from rascade.errors import InputError
from rascade.model.pathways import PATHWAYS
from rascade.studies import loads
from rascade.studies.files.trial_plan import to_plan
from rascade.trial.design.spec import TrialSpec

_STUDY = """
kind: trial
name: small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 4, eligibility: ["kras_allele != 'WT'"]}
seed: 5
arms:
  - {name: both, regimen: daraxonrasib 300 mg PO QD + pembrolizumab 200 mg IV Q3W}
  - {name: one, regimen: daraxonrasib 300 mg PO QD}
imaging_every_weeks: 8
follow_up_months: 4
"""


def _plan(more: str = "") -> TrialSpec:
    return to_plan(loads(_STUDY + more))


def _synthetic(endpoint: str = "pfs", members: int = 3, patients: int = 12) -> Attribution:
    """Return what comes of patients who gain 2 by one way, 1 by another, 3 more by both."""
    question = Question(
        _plan(), endpoint=endpoint, pathways=("direct", "checkpoint"), patients=patients
    )
    game = exact_game(2)
    gain = np.array([0.0, 2.0, 1.0, 6.0])[None, :, None]
    shape = (members, 4, patients)
    base = np.broadcast_to(np.linspace(3, 9, patients), shape)
    more = np.arange(members)[:, None, None] / 10
    weight = np.ones(shape)
    weight[0, 2, 1] = 0.0  # a patient whom the solver gave up in one set counts in none
    known = {"weight": weight, "progressed": np.ones(shape)}
    mine = known | {"pfs": base + gain * (1 + more), "os": base, "size": base - gain}
    other = known | {"pfs": base, "os": base, "size": base}
    return _divided(question, game, "both", "one", (mine, other))


def test_shares_interactions_and_intervals_of_known_gains() -> None:
    found = _synthetic()
    assert [s.value for s in found.shares] == pytest.approx([3.5 * 1.1, 2.5 * 1.1])
    assert found.benefit.value == pytest.approx(6.6)
    assert found.interactions[0].value == pytest.approx(3.3)
    assert [s.value for s in found.alone] == pytest.approx([2.2, 1.1])
    assert [s.value for s in found.without] == pytest.approx([5.5, 4.4])
    # All patients gain alike, so that the interval is of the members: 6 to 6 * 1.2.
    assert (found.benefit.low90, found.benefit.high90) == pytest.approx((6.0, 7.2))
    assert found.counted == 3 * 12 - 1
    size = _synthetic("size")
    assert size.benefit.value == pytest.approx(6.0)


def test_record_adds_up_and_a_patient_has_shares_of_his_own() -> None:
    made = record(_synthetic(), patient=1)
    assert {"endpoint", "benefit", "low90", "high90", "shares"} <= set(made)
    for one in (made, made["patient"]):
        assert sum(s["value"] for s in one["shares"]) == pytest.approx(one["benefit"], abs=1e-12)
        assert {"mechanism", "value", "low90", "high90"} <= set(one["shares"][0])
    # He counts in two members only, those that gain 1.1 and 1.2 times as much.
    assert made["patient"]["benefit"] == pytest.approx(6 * 1.15)
    assert len(patient_rows(_synthetic())) == 12 * 4
    assert json.loads(json.dumps(made)) == made


def test_a_group_end_point_has_no_patients() -> None:
    found = _synthetic("hazard")
    assert found.benefit.value > 0 and patient_rows(found) == []
    with pytest.raises(InputError, match="hazard is of a group"):
        record(found, patient=0)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"endpoint": "pfss"}, "--endpoint: no 'pfss'; did you mean 'pfs'"),
        ({"arm": "bth"}, "--arm: no 'bth'; did you mean 'both'"),
        ({"against": "none"}, "--against: no 'none'"),
        ({"arm": "one"}, "compared with itself"),
        ({"pathways": ("chekpoint",)}, "--mechanism: no 'chekpoint'; did you mean 'checkpoint'"),
        ({"patients": 1}, "--patients: 1; it must be 2 to"),
    ],
)
def test_a_wrong_question_gets_one_line(how: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Question(_plan(), **how)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_wrong_input_of_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(_STUDY)
    for more, said in (
        (["--patient", "99"], "--patient: 99"),
        (["--resume", "--restart"], "give one of them"),
        (["--endpoint", "x"], "--endpoint: no 'x'"),
        (["--members", "100000"], "--members"),
    ):
        assert main(["attribute", str(study), *more]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1


@pytest.fixture(scope="module")
def walked() -> dict[str, Attribution]:
    """One order of all mechanisms and back, in patients with and without CD8 cells."""
    return {
        name: attribute(
            Question(
                _plan(more), against="nothing", endpoint="size", members=1, patients=4, orders=1
            )
        )
        for name, more in (("whole", ""), ("no CD8", "knockout: [CD8]\n"))
    }


@pytest.mark.slow
def test_with_all_switched_off_nothing_is_left(walked: dict[str, Attribution]) -> None:
    found = walked["whole"]
    assert found.game.sets[0] == 0 and len(found.shares) == len(PATHWAYS)
    assert abs(found.rest.value) < 1e-4 < found.benefit.value
    total = sum(s.value for s in found.shares) + found.rest.value
    assert found.benefit.value == pytest.approx(total, abs=1e-12)
    direct = found.shares[list(PATHWAYS).index("direct")].value
    assert direct > 0.5 * found.benefit.value


@pytest.mark.slow
def test_without_cd8_cells_no_share_is_left_for_what_acts_by_them(
    walked: dict[str, Attribution],
) -> None:
    shares = {
        key: dict(zip(PATHWAYS, (s.value for s in found.shares), strict=True))
        for key, found in walked.items()
    }
    by_cells = ("checkpoint", "presentation", "immunogenic_death", "priming")
    whole, without = (
        max(abs(shares[key][name]) for name in by_cells) for key in ("whole", "no CD8")
    )
    assert without < 2e-3 and without < 0.05 * whole


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rascade.studies.running import attribution

    how = {"endpoint": "size", "members": 1, "patients": 2, "pathways": ("direct",)}
    study = loads(_STUDY)
    whole = attribution.run_attribution(study, tmp_path / "a", **how)  # type: ignore[arg-type]
    calls = []

    def stop(share: float, step: str) -> None:
        calls.append(step)
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribution.run_attribution(study, tmp_path / "b", progress=stop, **how)  # type: ignore[arg-type]
    again = attribution.run_attribution(study, tmp_path / "b", start="resume", **how)  # type: ignore[arg-type]
    assert again.json == whole.json
    texts = [(tmp_path / name / "attribution.json").read_bytes() for name in "ab"]
    assert texts[0] == texts[1]
    assert not (tmp_path / "b" / "chunks").exists()
