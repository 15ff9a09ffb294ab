"""Experiment studies: the contract of issue 4, one message for each mistake, and the folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from rascade.errors import InputError, StudyFileError, UnsupportedFeature
from rascade.studies import ExperimentStudy, dump, json_schema, load, loads, study_hash
from rascade.studies.running.experiment import (
    override_experiment,
    run_experiment_study,
    to_experiment,
)

STUDIES = Path(__file__).parents[2] / "studies" / "experiments"

ISSUE = """\
kind: experiment
design: time-course
cells: {name: MIA PaCa-2}
treatments:
  - {drug: sotorasib, concentration: 100 nM}
  - {drug: sotorasib, concentration: 100 nM, with: [{drug: adagrasib, concentration: 500 nM}]}
readouts: [RAS_GTP, pMEK, pERK, pAKT, pS6, viability]
hours: [0, 1, 2, 4, 8, 24, 48, 72]
draws: 3
"""
TITRATION = """\
kind: experiment
design: dose-response
cells: [{name: AsPC-1}, {kras_allele: G12C, receptor_level: 1.0, stk11: null}]
treatments: [{drug: RMC-6236}]
concentrations: {from: 0.1 nM, to: 10 uM, points: 12}
readouts: [pERK]
hours: [4]
draws: 2
"""
MATRIX = """\
kind: experiment
design: dose-matrix
cells: {name: AsPC-1}
treatments:
  - {drug: daraxonrasib, concentrations: {from: 0.1 nM, to: 100 nM, points: 4}}
  - {drug: gemcitabine, concentrations: [1 nM, 10 nM, 100 nM, 1 uM]}
readouts: [viability]
hours: [72]
"""
WASH_OUT = ISSUE.replace("time-course", "wash-out").replace("100 nM}", "100 nM, to_hour: 4}")
KNOCK_OUT = ISSUE.replace("time-course", "knock-out") + "set: {PTEN_level: 20 %}\n"
XENOGRAFT = """\
kind: experiment
design: xenograft
cells: {name: AsPC-1}
treatments: [{regimen: daraxonrasib 25 mg/kg PO QD}]
readouts: [tumour_volume]
hours: [0, 168]
draws: 0
"""
ALL = {
    "issue": ISSUE,
    "titration": TITRATION,
    "matrix": MATRIX,
    "wash-out": WASH_OUT,
    "knock-out": KNOCK_OUT,
    "xenograft": XENOGRAFT,
}


def read(text: str) -> ExperimentStudy:
    return loads(text, "s.yaml", kind=ExperimentStudy)


def test_the_study_of_the_issue() -> None:
    study = read(ISSUE)
    assert study.title == "sotorasib, adagrasib: time-course in MIA PaCa-2"
    assert study.cells[0].name == "MIA PaCa-2"
    spec = to_experiment(study)
    assert spec.cells[0].kras_allele == "G12C"
    assert [e.nanomolar for e in spec.treatments[1].exposures] == [100.0, 500.0]
    assert (spec.setting, spec.seed, spec.draws, spec.uncertainty) == (
        "culture",
        1,
        3,
        "parameters",
    )


def test_a_titration_of_lines_and_genotypes() -> None:
    spec = to_experiment(read(TITRATION))
    assert spec.drugs == ("daraxonrasib",)
    grid = spec.treatments[0].grid
    assert (len(grid), grid[0], grid[-1]) == (12, 0.1, 1e4)
    assert spec.cells[1].label == "KRAS G12C, receptors 1.0, STK11 null"
    assert dict(spec.cells[1].genes) == {"STK11": "null"}


def test_a_list_of_concentrations_and_units_of_mass() -> None:
    spec = to_experiment(read(MATRIX))
    assert spec.treatments[1].grid == (1.0, 10.0, 100.0, 1000.0)
    mass = read(ISSUE.replace("concentration: 100 nM}", "concentration: 56.06 ng/mL}"))
    assert to_experiment(mass).treatments[0].exposures[0].nanomolar == pytest.approx(100.0)


def test_a_line_with_something_changed() -> None:
    text = ISSUE.replace("MIA PaCa-2}", "MIA PaCa-2, receptor_level: 3.0, pten: lost}")
    found = to_experiment(read(text)).cells[0]
    assert found.label == "MIA PaCa-2 (receptors 3.0, PTEN null)"
    assert found.receptor_level == 3.0
    assert found.kras_share == 0.4
    assert found.genes["PTEN"] == "null"


@pytest.mark.parametrize("name", ALL)
def test_round_trip(name: str) -> None:
    study = read(ALL[name])
    assert read(dump(study)) == study
    assert study_hash(read(dump(study))) == study_hash(study)


WRONG = [
    (ISSUE, "MIA PaCa-2", "MIA PaCa-3", 3, "cells.name: no cell line 'MIA PaCa-3'; did you mean"),
    (ISSUE, "{name: MIA PaCa-2}", "{receptor_level: 1.0}", 3, "cells: say which cells"),
    (ISSUE, "name: MIA", "nam: MIA", 3, "cells.nam: unknown key; did you mean 'name'?"),
    (ISSUE, "{name: MIA PaCa-2}", "{kras_allele: G12Z}", 3, "cells.kras_allele: no KRAS allele"),
    (ISSUE, "{name: MIA PaCa-2}", "[]", 3, "cells: 0 entries; expected at least 1"),
    (ISSUE, "PaCa-2}", "PaCa-2, stk11: perhaps}", 3, "cells.stk11: 'perhaps' is not a state"),
    (ISSUE, "PaCa-2}", "PaCa-2, receptor_level: -1.0}", 3, "cells.receptor_level: -1.0 must be"),
    (ISSUE, "time-course", "time-curse", 2, "design: 'time-curse' is not one of"),
    (ISSUE, "drug: sotorasib, c", "drug: sotorasb, c", 5, "treatments[0].drug: no drug is called"),
    (ISSUE, "100 nM}", "100}", 5, "treatments[0].concentration: 100 has no unit; write 100 nM"),
    (ISSUE, "100 nM}", "-100 nM}", 5, "treatments[0].concentration: -100 nM is negative"),
    (ISSUE, "100 nM}", "100 nm2}", 5, "treatments[0].concentration: 'nm2' is not a unit of conc"),
    (ISSUE, "500 nM", "500 mg/kg", 6, "treatments[1].with[0].concentration: 'mg/kg' is not a unit"),
    (ISSUE, ", concentration: 100 nM}", "}", 5, "treatments[0].concentration: missing"),
    (ISSUE, "drug: sotorasib, concentration: 100 nM}", "concentration: 1 nM}", 5, "of which drug"),
    (ISSUE, "pMEK", "pMEKK", 7, "readouts[1]: no read-out 'pMEKK'; did you mean 'pMEK'?"),
    (ISSUE, "pMEK", "pERK", 7, "readouts[2]: 'pERK' stands twice"),
    (ISSUE, "[RAS_GTP, pMEK, pERK, pAKT, pS6, viability]", "[]", 7, "readouts: 0 entries"),
    (ISSUE, "[0, 1, 2, 4, 8, 24, 48, 72]", "[]", 8, "hours: 0 entries; expected at least 1"),
    (ISSUE, "[0, 1, 2, 4,", "[0, 2, 1, 4,", 8, "hours[2]: 1 does not come after 2"),
    (ISSUE, "[0, 1, 2, 4, 8, 24, 48, 72]", "[0]", 8, "hours: the last reading must come after"),
    (ISSUE, "[0, 1,", "[-1, 1,", 8, "hours[0]: -1 must be at least 0"),
    (ISSUE, "draws: 3", "draws: 2000", 9, "draws: 2000 must be at most 1000"),
    (ISSUE, "draws: 3", "uncertainty: none", 9, "uncertainty: 'none' is not one of"),
    (ISSUE, "draws: 3", "parameters: {k_ERKK: 1}", 9, "parameters.k_ERKK: no parameter 'k_ERKK'"),
    (ISSUE, "draws: 3", "set: {PTEN_level: 0}", 9, "set: belongs to knock-down and knock-out"),
    (
        ISSUE,
        "{drug: sotorasib, concentration: 100 nM}",
        "{regimen: sotorasib 100 mg/kg PO QD}",
        5,
        "treatments[0].regimen: orders are for xenografts",
    ),
    (ISSUE, "100 nM}", "100 nM, concentrations: [1 nM, 2 nM, 3 nM, 4 nM]}", 5, "belongs to dose-"),
    (ISSUE, "100 nM}", "100 nM, from_hour: 8, to_hour: 4}", 5, "4 is not after from_hour 8"),
    (WASH_OUT, ", to_hour: 4}", "}", 4, "treatments: nothing is washed out"),
    (KNOCK_OUT, "set: {PTEN_level: 20 %}\n", "", 1, "set: nothing is knocked down or out"),
    (KNOCK_OUT, "PTEN_level: 20 %", "PTEN_levl: 0", 10, "set.PTEN_levl: 'PTEN_levl' is no param"),
    (KNOCK_OUT, "20 %", "-20 %", 10, "set.PTEN_level: -20 %: a share" ),
    (KNOCK_OUT, "20 %", "some", 10, "set.PTEN_level: expected a number, or a share"),
    (TITRATION, "from: 0.1 nM, ", "", 5, "concentrations: give from, to and points"),
    (TITRATION, "from: 0.1 nM", "from: 20 uM", 5, "concentrations: to: must be above 'from'"),
    (TITRATION, "from: 0.1 nM", "from: 0 nM", 5, "concentrations: from: must be above zero"),
    (TITRATION, "from: 0.1 nM", "form: 0.1 nM", 5, "unknown key; did you mean 'from'?"),
    (TITRATION, "points: 12", "points: 2", 5, "concentrations.points: 2 must be at least 4"),
    (TITRATION, "{drug: RMC-6236}", "{drug: RMC-6236, concentration: 1 nM}", 4, "a dose-response"),
    (TITRATION, "concentrations: {from: 0.1 nM, to: 10 uM, points: 12}\n", "", 4, "missing; write"),
    (MATRIX, "[1 nM, 10 nM,", "[10 nM, 1 nM,", 6, "concentrations must rise"),
    (MATRIX, "[1 nM, 10 nM,", "[1 nM, 10,", 6, "treatments[1].concentrations[1]: 10 has no unit"),
    (
        MATRIX,
        "  - {drug: gemcitabine, concentrations: [1 nM, 10 nM, 100 nM, 1 uM]}\n",
        "",
        4,
        "treatments: 1 treatments; a dose-matrix takes two",
    ),
    (XENOGRAFT, "mg/kg PO QD", "mg/kg PO QDD", 4, "treatments[0].regimen: 'QDD' is not known"),
    (
        XENOGRAFT,
        "{regimen: daraxonrasib 25 mg/kg PO QD}",
        "{drug: daraxonrasib, concentration: 10 nM}",
        4,
        "treatments[0].drug: mice get orders",
    ),
    (XENOGRAFT, "[{regimen: daraxonrasib 25 mg/kg PO QD}]", "[]", 4, "treatments: no treatment"),
    (XENOGRAFT, "[tumour_volume]", "[viability]", 5, "'viability' cannot be read in a mouse"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "line", "says"), WRONG)
def test_wrong(text: str, old: str, new: str, line: int, says: str) -> None:
    assert old in text
    wrong = text.replace(old, new) if old == ", to_hour: 4}" else text.replace(old, new, 1)
    with pytest.raises(StudyFileError) as caught:
        read(wrong)
    message = str(caught.value)
    assert message.startswith(f"s.yaml:{line}: "), message
    assert says in message
    assert "\ns.yaml" not in message  # one mistake, one message


def test_what_is_not_modelled_is_told_with_its_line() -> None:
    with pytest.raises(UnsupportedFeature, match=r"s\.yaml:5: treatments\[0\]\.drug: vopimetostat"):
        read(ISSUE.replace("sotorasib", "vopimetostat", 1))


def test_the_other_kind_is_pointed_to() -> None:
    with pytest.raises(StudyFileError, match="this is an experiment; run it with: rascade exper"):
        loads(ISSUE, "s.yaml")
    trial = Path(STUDIES.parent, "rasolute-302.yaml").read_text("utf-8")
    with pytest.raises(StudyFileError, match="this is a trial; run it with: rascade trial"):
        read(trial)


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_example_studies_load(path: Path) -> None:
    study = load(path, kind=ExperimentStudy)
    assert read(dump(study)) == study


def test_the_schema_holds_every_field_with_its_meaning() -> None:
    schema = json_schema()
    assert len(schema["oneOf"]) == 3
    found = schema["$defs"]["ExperimentStudy"]["properties"]
    assert {"design", "cells", "treatments", "set", "hours"} <= set(found)
    assert "from" in schema["$defs"]["Grid"]["properties"]
    for name in ("ExperimentStudy", "Dish", "Given", "Added", "Grid"):
        for field, facts in schema["$defs"][name]["properties"].items():
            assert facts.get("description"), (name, field)


def test_overrides() -> None:
    study = read(ISSUE)
    assert override_experiment(study, draws=0, seed=9).draws == 0
    assert override_experiment(study, seed=9).seed == 9
    assert override_experiment(study) == study
    with pytest.raises(InputError, match="--draws: -1"):
        override_experiment(study, draws=-1)
    with pytest.raises(InputError, match="--seed: -1"):
        override_experiment(study, seed=-1)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_folder(tmp_path: Path) -> None:
    result = run_experiment_study(read(ISSUE), tmp_path / "out")
    folder = tmp_path / "out"
    names = {"study.yaml", "manifest.json", "results.csv", "results_intervals.csv", "summary.json"}
    assert {path.name for path in folder.iterdir()} == names
    header = (folder / "results.csv").read_text("utf-8").splitlines()[0]
    assert header == "treatment,concentration_nM,time_h,readout,value"
    rows = _rows(folder / "results.csv")
    assert len(rows) == 3 * 8 * 6
    assert {row["treatment"] for row in rows} == {
        "untreated",
        "sotorasib",
        "sotorasib + adagrasib 500 nM",
    }
    start = [float(row["value"]) for row in rows if row["time_h"] == "0"]
    assert start == [1.0] * 18
    wide = _rows(folder / "results_intervals.csv")
    assert [row["value"] for row in wide] == [row["value"] for row in rows]
    assert all(float(row["low"]) <= float(row["high"]) for row in wide)
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary == json.loads(json.dumps(result.summary))
    assert summary["research_use"]
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert manifest["model_hash"] == summary["model_hash"]
    assert manifest["parameters"]
    assert read((folder / "study.yaml").read_text("utf-8")) == read(ISSUE)


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 2)):
        run_experiment_study(read(TITRATION), tmp_path / name, threads=threads)
    for file in ("results.csv", "results_intervals.csv", "summary.json", "study.yaml"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_nothing_is_left_when_the_report_fails(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        assert (folder / "results.csv").is_file()
        raise InputError("no report")

    out = tmp_path / "out"
    with pytest.raises(InputError, match="no report"):
        run_experiment_study(read(ISSUE), out, draws=0, finish=fail)
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="--threads: 0"):
        run_experiment_study(read(ISSUE), out, threads=0)
