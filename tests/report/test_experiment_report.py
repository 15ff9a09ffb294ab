"""The report of an experiment: whole, escaped, the same bytes twice, and honest about gaps."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from rascade.errors import InputError
from rascade.report.pages.experiment import write_experiment_report
from rascade.report.tables.experiment import answers, summary_tables
from rascade.studies import ExperimentStudy, loads
from rascade.studies.running.experiment import run_experiment_study

HEAD = "kind: experiment\nname: 'A <b>test</b> & more'\ncells: {name: AsPC-1}\n"
COURSE = HEAD + (
    "design: wash-out\n"
    "treatments: [{drug: daraxonrasib, concentration: 30 nM, to_hour: 4},"
    " {drug: daraxonrasib, concentration: 30 nM}]\n"
    "readouts: [RAS_GTP, pERK, pAKT, viability]\nhours: [0, 1, 4, 24, 72]\ndraws: 3\n"
)
TITRATION = HEAD + (
    "design: dose-response\n"
    "treatments: [{drug: daraxonrasib}, {drug: sotorasib}]\n"
    "concentrations: {from: 0.1 nM, to: 1 uM, points: 6}\n"
    "readouts: [pERK, viability]\nhours: [4, 72]\ndraws: 3\n"
)
MATRIX = HEAD + (
    "design: dose-matrix\n"
    "treatments: [{drug: daraxonrasib}, {drug: gemcitabine}]\n"
    "concentrations: {from: 1 nM, to: 1 uM, points: 4}\n"
    "readouts: [viability]\nhours: [72]\ndraws: 2\n"
)
MICE = HEAD + (
    "design: xenograft\ntreatments: [{regimen: daraxonrasib 25 mg/kg PO QD}]\n"
    "readouts: [tumour_volume]\nhours: [0, 168, 336]\ndraws: 0\n"
)


def run(text: str, out: Path) -> Path:
    run_experiment_study(loads(text, kind=ExperimentStudy), out)
    return out


@pytest.mark.parametrize(
    ("text", "figures", "holds"),
    [
        (COURSE, {"course", "mechanism"}, ("Lowest", "washed out", "daraxonrasib from 0 to 4 h")),
        (TITRATION, {"dose-response", "mechanism"}, ("EC50, nM", "flat")),
        (MATRIX, {"matrix-1", "mechanism"}, ("Bliss", "log₁₀ α₁₂", "isobole")),
        (MICE, {"course", "mechanism"}, ("daraxonrasib 25 mg/kg PO QD", "No parameter sets")),
    ],
    ids=["course", "titration", "matrix", "mice"],
)
def test_the_page(tmp_path: Path, text: str, figures: set[str], holds: tuple[str, ...]) -> None:
    folder = run(text, tmp_path / "out")
    page = write_experiment_report(folder, figures=True).read_text("utf-8")
    assert set(re.findall(r'<figure id="([^"]+)"', page)) == figures
    assert {path.stem for path in (folder / "figures").iterdir()} == figures
    for part in holds:
        assert part in page, part
    assert "Research use only" in page
    assert "<b>test" not in page
    assert "A &lt;b&gt;test" in page
    works = "pubmed.ncbi.nlm.nih.gov|pmc.ncbi.nlm.nih.gov|doi.org|clinicaltrials.gov"
    assert not re.search(rf'src="https?:|href="https?:(?!//(?:{works})/)', page)
    assert page.count("</table>") == page.count("Save table (CSV)") > 1
    for picture in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page):
        svg = base64.b64decode(picture).decode()
        assert svg.rstrip().endswith("</svg>")
        assert "mathdefault" not in svg
    first = (folder / "experiment.html").read_bytes()
    assert write_experiment_report(folder).read_bytes() == first


def test_without_drawn_sets_no_caption_speaks_of_bands_or_intervals(tmp_path: Path) -> None:
    page = write_experiment_report(run(MICE, tmp_path / "out")).read_text("utf-8")
    assert "no drawn parameter sets" in page and "carry no interval" in page
    for words in ("bands:", "In brackets", "Parameter sets left out", "outside them more often"):
        assert words not in page, words


def test_tables_of_a_titration(tmp_path: Path) -> None:
    folder = run(TITRATION, tmp_path / "out")
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    (table,) = summary_tables(summary)
    assert len(table.rows) == 8
    assert {row[3] for row in table.rows if row[0] == "sotorasib"} == {"flat"}
    for row in table.rows:
        assert len(row) == len(table.head)
    acting = next(row for row in table.rows if row[:2] == ("daraxonrasib", "pERK"))
    assert re.match(r"\d.*\(\d.*–.*\)", acting[3])


def test_the_first_lines_of_an_experiment_answer() -> None:
    row = {"treatment": "drug", "readout": "pERK", "time_h": 4, "fitted": True, "ec50_nM": 0.68,
           "ec50_interval": [0.3, 1.2], "ec50_among_doses": True, "emax": 0.1,
           "emax_interval": None}  # fmt: skip
    (text,) = answers({"dose_response": [row]})
    assert text == "drug, pERK at 4 h: EC50 (nM) 0.68 (0.3–1.2), lowest 0.1 of untreated."
    open_ended = {"ec50_determined": False, "ec50_fit_ci95": [None, 0.2]}
    (text,) = answers({"dose_response": [row | open_ended]})
    assert "EC50 (nM) below 0.2," in text
    (text,) = answers({"dose_response": [row | {"fitted": False}]})
    assert text.endswith("no effect of dose.")
    assert len(answers({"dose_response": [row] * 9})) == 7


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    folder = run(MICE, tmp_path / "out")
    csv = folder / "results_intervals.csv"
    whole = csv.read_text("utf-8")
    csv.write_text(whole.replace("readout", "reading", 1))
    with pytest.raises(InputError, match="no column 'readout'"):
        write_experiment_report(folder)
    csv.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        write_experiment_report(folder)
    (folder / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="no 'study'"):
        write_experiment_report(folder)


def test_no_name_of_a_legend_is_cut_short() -> None:
    from rascade.report.figures.studied.experiment_curves import _legend_columns

    short = ["sotorasib, 100 nM", "daraxonrasib, 30 nM"]
    long = [f"trametinib + hydroxychloroquine 10 uM in KRAS G12D, STK11 {x}, 20 nM" for x in "ab"]
    assert (_legend_columns(short), _legend_columns(long)) == (2, 1)
