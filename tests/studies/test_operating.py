"""Studies of operating characteristics: what is refused, what is written, what the page says."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rascade.analyses.operating.assurance import drawn_parameters, summarize_assurance
from rascade.analyses.operating.population import arm_population
from rascade.errors import InputError, StudyFileError
from rascade.model.interventions import Interventions
from rascade.report.pages.operating import write_operating_report
from rascade.statistics.group_sequential import SHAPES, SPENDING
from rascade.studies import OperatingStudy, dump, load, loads
from rascade.studies.files.operating_schema import Efficacy, Spending
from rascade.studies.running.operating import run_operating
from rascade.studies.running.operating_population import trial_of

from .operating_studies import STUDY, write_study, write_trial


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("operating")
    path = write_study(folder)
    told = []
    result = run_operating(
        load(path, kind=OperatingStudy),
        folder / "out",
        beside=folder,
        progress=lambda share, what: told.append((share, what)),
        finish=write_operating_report,
    )
    return folder, result, told


def test_the_folder_holds_everything_and_progress_rises(done):
    folder, result, told = done
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"study.yaml", "summary.json", "designs.csv", "manifest.json",
                     "patients.parquet", "power.html"}  # fmt: skip
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(1.0)
    table = pd.read_csv(folder / "out" / "designs.csv")
    assert list(table["name"]) == ["fixed", "looks", "marked"]
    assert json.loads((folder / "out" / "summary.json").read_text()) == json.loads(
        json.dumps(result.summary)
    )


def test_the_summary_says_what_was_asked(done):
    _, result, _ = done
    summary = result.summary
    assert [row["design"] for row in summary["curves"]] == ["fixed"]
    sizes = summary["curves"][0]["points"]
    assert sizes[0]["value"] < sizes[1]["value"]
    assert summary["sample_sizes"][0]["size"] is not None
    assert 0.45 < summary["designs"][2]["prevalence"] < 0.55
    assert summary["designs"][2]["effect"]["months"] > summary["designs"][0]["effect"]["months"]
    assert summary["population"]["arms"][1]["left_out"] == 1
    assert any("1 simulated patients left out" in text for text in summary["warnings"])
    ratio = summary["population"]["arms"][1]
    assert ratio["low"] < 8 / 14 < ratio["high"]


def test_the_same_seed_gives_the_same_bytes(done, tmp_path):
    folder, result, _ = done
    study = load(folder / "study.yaml", kind=OperatingStudy)
    again = run_operating(study, tmp_path / "out", beside=folder, finish=write_operating_report)
    for name in ("summary.json", "designs.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (folder / "out" / name).read_bytes()
    other = run_operating(study, tmp_path / "out", beside=folder, seed=5)
    assert other.summary["designs"][1]["effect"] != again.summary["designs"][1]["effect"]
    assert result.manifest["replicates"] == 150


def test_the_page_has_its_tables_figures_and_limits(done):
    folder, _, _ = done
    page = (folder / "out" / "power.html").read_text()
    for text in ("The designs compared", "Size for a power", "Chance of stopping at each look",
                 "Research use only", "drawn again and again"):  # fmt: skip
        assert text in page
    assert page.count("<figure") == 2
    assert not re.search(r"(src|href)=\"https?://", page)
    write_operating_report(folder / "out", figures=True)
    assert {p.stem for p in (folder / "out" / "figures").iterdir()} == {"power", "boundaries"}
    with pytest.raises(InputError, match="run rascade power again"):
        (folder / "bad").mkdir()
        (folder / "bad" / "summary.json").write_text("{}")
        (folder / "bad" / "manifest.json").write_text("{}")
        write_operating_report(folder / "bad")


def test_a_study_survives_dump_and_load():
    study = loads(STUDY, kind=OperatingStudy)
    assert loads(dump(study), kind=OperatingStudy) == study
    names = {*Spending.__args__}
    assert names == {*SPENDING}
    assert {*Efficacy.__args__[0].__args__, *names} == {"none", *SHAPES, *SPENDING}


WRONG = [
    ("control: old", "control: new", "the control and a new arm as well"),
    ("events: 90}\n  - name", "events: 900}\n  - name", "900 events must lie between"),
    ("looks: [0.5, 1]", "looks: [1, 0.5]", "must rise"),
    ("block_size: 4", "block_size: 5", "must be a multiple of 2"),
    (
        "{power: 0.8, designs: [fixed]}",
        "{power: 0.8, designs: [fixd]}",
        "no design is called 'fixd'",
    ),
    ("name: marked", "name: fixed", "the name of another design"),
    ("{results: trial}", "{}", "give study .* or results"),
    ("name: B", "name: A", "two centres are called 'A'"),
    ("rate_per_month: 10}, ", "rate_per_month: 0}, ", "rate_per_month"),
    ("ecog == 1", "ecgo == 1", "ecgo"),
    ("rule: conditional-power, conditional_power: 0.1", "rule: z", "the rule 'z' needs it"),
    ("conditional_power: 0.1", "conditional_power: 1.1", "less than 1"),
    ("endpoint: os", "endpoint: orr", "endpoint"),
    ("rate_per_month: 10}, ", "rate_per_month: 10, reading_error: 0.1}, ", "changes treatment"),
    ("replicates: 150", "replicates: 10", "replicates"),
    ("curve:", "assurance: {draws: 5}\ncurve:", "needs population.study"),
]


@pytest.mark.parametrize(("old", "new", "says"), WRONG)
def test_wrong_studies_are_refused_with_file_and_line(old, new, says):
    assert old in STUDY
    with pytest.raises(StudyFileError, match=rf"study:\d+: .*{says}"):
        loads(STUDY.replace(old, new, 1), kind=OperatingStudy)


def test_a_study_of_another_kind_is_sent_to_its_verb():
    with pytest.raises(StudyFileError, match="run it with: rascade power study"):
        loads(STUDY)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("control: old", "control: odl", "no arm of the population is called 'odl'"),
        ("results: trial", "results: nowhere", "not a results folder of rascade trial"),
        ("strata: [ecog]", "strata: [smad4]", "no property 'smad4'"),
        ("results: trial", "study: nowhere.yaml", "no such file"),
        ("ecog == 1", "age_years > 200", "no|nobody"),
    ],
)
def test_populations_that_do_not_fit_leave_nothing_behind(old, new, says, tmp_path):
    path = write_study(tmp_path, STUDY.replace(old, new, 1))
    with pytest.raises(InputError, match=says):
        run_operating(load(path, kind=OperatingStudy), tmp_path / "out", beside=tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_population_is_followed_beyond_the_cut_off_of_its_trial(tmp_path):
    root = Path(__file__).parents[2]
    trial = (root / "studies" / "rasolute-302.yaml").read_text()
    assert "cut_off:" in trial
    (tmp_path / "cut.yaml").write_text(trial)
    text = STUDY.replace("results: trial", "study: cut.yaml", 1)
    text = text.replace("control: old", "control: chemotherapy").replace("[new]", "[daraxonrasib]")
    path = write_study(tmp_path, text)
    study = load(path, kind=OperatingStudy)
    assert trial_of(study, tmp_path).cut_off is None
    (tmp_path / "trial" / "study.yaml").write_text(trial)
    study = study.model_copy(update={"population": type(study.population)(results="trial")})
    with pytest.raises(InputError, match="has a cut_off"):
        run_operating(study, tmp_path / "out", beside=tmp_path)


def test_progression_is_censored_at_the_last_scan_before_the_trial_ends(tmp_path):
    folder = write_trial(tmp_path / "trial")
    tables = [pd.read_parquet(folder / f"{name}.parquet") for name in ("patients", "visits")]
    arm = arm_population(*tables, "old", "pfs")
    quiet = int(np.flatnonzero(arm.event_day > 200)[0])
    for watched, known in ((55.9, 0.0), (56.0, 56.0), (150.0, 112.0)):
        time, event = arm.observe(np.array([quiet]), np.array([watched]))
        assert time[0] == known and not event[0]
    due = float(arm.event_day[quiet])
    time, event = arm.observe(np.array([quiet]), np.array([due]))
    assert event[0] and time[0] == due


def test_assurance_is_the_mean_power_over_the_sets():
    rows = [{"power": {"a": p, "b": 0.5}} for p in (0.2, 0.4, 0.9)]
    found = summarize_assurance(rows, ["a", "b"])
    assert found[0]["assurance"] == pytest.approx(0.5) and found[0]["low"] < 0.5
    assert found[1]["low"] == found[1]["high"] == 0.5
    assert summarize_assurance([], ["a"])[0]["assurance"] is None


def test_drawn_parameters_hold_what_is_verified_and_what_the_study_sets():
    from rascade.model import load_table
    from rascade.studies.files.trial_plan import to_plan

    spec = to_plan(load(Path(__file__).parents[2] / "studies" / "rasolute-302.yaml"))
    few, many = drawn_parameters(spec, 1, 2), drawn_parameters(spec, 1, 3)
    assert many[:2] == few and few[0] != few[1]
    table = load_table()
    for name, value in few[0].items():
        row = table[name]
        assert row.confidence != "verified" and row.low <= value <= row.high
    name = next(iter(few[0]))
    held = drawn_parameters(replace(spec, parameters={name: table[name].value}), 1, 1)
    assert name not in held[0]
    # Knock-outs hold too; what one arm alone sets or asks for is drawn for the others.
    lifted = Interventions(knockout=("TGFB1",), include=("autophagy",))
    assert "TGFb_level" in few[0] and "k_autophagy" not in few[0]
    changed = drawn_parameters(replace(spec, changes=lifted), 1, 1)[0]
    assert "TGFb_level" not in changed and "k_autophagy" in changed
    first = replace(spec.arms[0], changes=lifted)
    one = drawn_parameters(replace(spec, arms=(first, *spec.arms[1:])), 1, 1)[0]
    assert "TGFb_level" in one and "k_autophagy" in one


@pytest.mark.slow
def test_a_population_is_simulated_and_drawn_anew_for_assurance(tmp_path):
    root = Path(__file__).parents[2]
    text = STUDY.replace(
        "{results: trial}", f"{{study: {root / 'studies/rasolute-302.yaml'}, size: 12}}"
    )
    text = text.replace("control: old", "control: chemotherapy").replace("[new]", "[daraxonrasib]")
    text = text.replace("size: 120, events: 90", "size: 40, events: 20")
    text = text.replace("curve:", "assurance: {draws: 2, size: 6, replicates: 100}\ncurve:")
    study = loads(text.split("  - name: looks")[0] + "assurance:" + text.split("assurance:")[1]
                  .split("curve:")[0], kind=OperatingStudy)  # fmt: skip
    result = run_operating(study, tmp_path / "out", finish=write_operating_report)
    assurance = result.summary["assurance"]
    assert assurance["draws"] == 2 and len(assurance["sets"]) + assurance["failed"] == 2
    assert (tmp_path / "out" / "population.yaml").exists()
    assert "Assurance" in (tmp_path / "out" / "power.html").read_text()


def test_the_studies_that_texts_and_the_examples_show_load():
    root = Path(__file__).parents[2]
    for path in sorted((root / "studies" / "operating").glob("*.yaml")):
        study = load(path, kind=OperatingStudy)
        trial = load(path.parent / study.population.study)
        assert {study.control, *study.new} <= {arm.name for arm in trial.arms}
    page = (root / "docs" / "how-to" / "operating-characteristics.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(loads(shown, kind=OperatingStudy).designs) == 4
    page = (root / "docs" / "how-to" / "study-file.md").read_text()
    (extra,) = re.findall(r"```yaml\n(accrual:.*?)```", page, re.DOTALL)
    lines = (root / "studies" / "rasolute-302.yaml").read_text().splitlines(keepends=True)
    plain = [line for line in lines if not line.startswith(("accrual:", "cut_off:"))]
    trial = loads("".join(plain) + extra)
    assert trial.cut_off.events == 120 and trial.randomization.strata == ("ecog",)
