"""The next trial: the choice agrees with brute force, and the chance with a formula."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rascade.analyses.next_trial.choose import Menu, chance, choose, plain_designs
from rascade.analyses.operating.population import exponential_population
from rascade.analyses.operating.power import schoenfeld_power
from rascade.cli import main as cli
from rascade.errors import StudyFileError
from rascade.studies.files.decision import load_decision
from rascade.studies.files.design_schema import DesignStudy
from rascade.trial.design.accrual import Accrual, Centre

HAZARD = 0.1
RATIOS = (0.5, 0.6, 0.75, 0.9)


def population(name: str, ratio: float, marked: float) -> Any:
    """Two halves by a marker; the new arm works in those who have it."""
    some = exponential_population(name, HAZARD * ratio * marked, 400)
    rest = exponential_population(name, HAZARD * ratio / marked, 400)
    flags = np.repeat(["yes", "no"], 400)
    return replace(
        some,
        event_day=np.concatenate([some.event_day, rest.event_day]),
        last_day=np.concatenate([some.last_day, rest.last_day]),
        properties={"marker": flags},
    )


def eligible(expressions: tuple[str, ...], properties: Any) -> Any:
    assert expressions == ("marker == 'yes'",)
    return np.asarray(properties["marker"]) == "yes"


MENU = Menu(
    ("old", "new"),
    120,
    Accrual((Centre("all", 20.0),)),
    48.0,
    event_shares=(0.5, 0.8),
    looks=((1.0,), (0.5, 1.0)),
)


def test_the_chance_is_the_mean_power_of_the_members() -> None:
    members = [
        [
            exponential_population("old", HAZARD, 2000),
            exponential_population("new", HAZARD * r, 2000),
        ]
        for r in RATIOS
    ]
    design = replace(MENU.design((), 0.8, (1.0,), (1, 1)), months=None)
    found = chance(design, members, seed=1, replicates=600)
    expected = [schoenfeld_power(ratio, 0.025, 96) for ratio in RATIOS]
    assert found.by_member == pytest.approx(expected, abs=0.05)
    assert found.assurance == pytest.approx(np.mean(expected), abs=0.03)
    assert found.low90 < found.assurance < found.high90
    assert found.patients == pytest.approx(120, abs=1) and found.early == 0


def test_the_choice_agrees_with_brute_force_and_finds_whom_the_drug_helps() -> None:
    menu = replace(MENU, enrichment=((), ("marker == 'yes'",)))
    members = [[population("old", 1.0, 1.0), population("new", r, 0.7)] for r in RATIOS]
    picked = choose(menu, members, seed=2, replicates=400, eligible=eligible)
    brute = [
        chance(design, members, seed=9, replicates=400, eligible=eligible)
        for design in menu.designs()
    ]
    best = max(brute, key=lambda one: one.assurance)
    mine = next(one for one in brute if one.design.name == picked.best.design.name)
    assert picked.best.design.eligibility == best.design.eligibility == ("marker == 'yes'",)
    assert best.assurance - mine.assurance < 0.02
    assert picked.lead[1] > 0 and len(picked.tried) == len(menu.designs()) == 16
    assert len(picked.plain) == len(plain_designs(menu)) == 3
    # Enrichment costs twice the screening.
    assert picked.best.screened == pytest.approx(2 * picked.best.patients, rel=0.01)


STUDY = (Path(__file__).parents[2] / "studies/design/daraxonrasib-with-pd-1.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reference: daraxonrasib", "reference: placebo", "no arm is called 'placebo'"),
        ("ecog == 0", "ecog = 0", r"enrichment\[1\]"),
        ("patients: 200", "patients: 2", "patients"),
        ("months: 30", "month: 30", "did you mean 'months'"),
    ],
)
def test_a_wrong_study_gets_clear_lines(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace(old, new))
    with pytest.raises(StudyFileError, match=message) as told:
        load_decision(path, DesignStudy, "design")
    assert str(told.value).startswith(f"{path}:")


def test_the_verb_writes_a_page_and_a_figure(
    tmp_path: Path, with_ensemble: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = STUDY.replace("simulated: 150", "simulated: 20").replace("members: 10", "members: 2")
    text = text.replace("replicates: 400", "replicates: 100").replace("months: 30", "months: 8")
    text += "event_shares: [0.3]\nlooks: [[1.0]]\n"
    (tmp_path / "study.yaml").write_text(text)
    out = tmp_path / "out"
    assert cli.main(["design", str(tmp_path / "study.yaml"), "--out", str(out), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert len(record["plain"]) == 3 and len(record["by_member"]) == 2
    assert 0 <= record["best"]["assurance"] <= 1
    assert (out / "design.html").exists() and (out / "design.svg").exists()


def test_without_a_marker_that_matters_enrichment_only_costs_time() -> None:
    menu = replace(MENU, enrichment=((), ("marker == 'yes'",)), months=14.0)
    members = [[population("old", 1.0, 1.0), population("new", r, 1.0)] for r in RATIOS]
    picked = choose(menu, members, seed=2, replicates=200, eligible=eligible)
    assert picked.best.design.eligibility == ()
