from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError
from rascade.report import write_patient_report

from .synthetic import write_simulation
from .test_trial_report import Page


def test_page_draws_every_panel_with_units_and_doses(tmp_path):
    folder = write_simulation(tmp_path / "run", days=60)
    page = Page(write_patient_report(folder, figures=True).read_text())
    assert {p.stem for p in (folder / "figures").glob("*.svg")} == {
        "drug", "ras", "signal", "cells", "tumour",
    }  # fmt: skip
    assert "Drug levels (nM)" in page.text
    assert "daraxonrasib 300 mg PO QD, 60 days." in page.text
    assert "gemcitabine" in page.text
    drug = (folder / "figures" / "drug.svg").read_text()
    assert "<!-- daraxonrasib doses -->" in drug
    assert "<!-- Day -->" in drug
    assert "Research use only: simulated" in drug


def test_two_units_in_a_panel_make_two_figures(tmp_path):
    folder = write_simulation(tmp_path / "run", days=30)
    about = json.loads((folder / "simulation.json").read_text())
    about["columns"]["C_gemcitabine"]["unit"] = "mg/L"
    (folder / "simulation.json").write_text(json.dumps(about))
    write_patient_report(folder, figures=True)
    assert {"drug", "drug-2"} <= {p.stem for p in (folder / "figures").glob("*.svg")}


@pytest.mark.parametrize("value", [0.0, np.nan, -1.0])
def test_flat_missing_and_negative_columns(tmp_path, value):
    folder = write_simulation(tmp_path / "run", days=10)
    table = pd.read_parquet(folder / "trajectory.parquet")
    table[["C_daraxonrasib", "C_gemcitabine", "sld", "N_resistant"]] = value
    table.to_parquet(folder / "trajectory.parquet")
    assert len(Page(write_patient_report(folder).read_text()).all("img")) == 5


def test_no_treatment_and_nothing_to_draw(tmp_path):
    folder = write_simulation(tmp_path / "run", days=10)
    (folder / "simulation.json").write_text(json.dumps({"days": 10, "columns": {}}))
    text = Page(write_patient_report(folder).read_text()).text
    assert "no treatment, 10 days." in text
    assert "no column that this report draws" in text


def test_hostile_texts_stay_texts(tmp_path):
    folder = write_simulation(tmp_path / "run", days=5, regimen="<script>alert(1)</script> $x^")
    about = json.loads((folder / "simulation.json").read_text())
    about["columns"]["sld"]["label"] = "</svg><script>$\\frac"
    about["patient"] = {"<b>": "<i>"}
    (folder / "simulation.json").write_text(json.dumps(about))
    page = Page(write_patient_report(folder).read_text())
    assert len(page.all("script")) == 1  # ours
    assert "alert(1)" not in page.scripts
    assert not page.all("b")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"simulation\.json: no such file"):
        write_patient_report(tmp_path)
    folder = write_simulation(tmp_path / "run", days=5)
    pd.DataFrame({"t": [1.0]}).to_parquet(folder / "trajectory.parquet")
    with pytest.raises(InputError, match="no column 'day'"):
        write_patient_report(folder)


def test_the_same_bytes_twice(tmp_path):
    folder = write_simulation(tmp_path / "run", days=20)
    pages = [write_patient_report(folder).read_bytes() for _ in range(2)]
    assert pages[0] == pages[1]


def test_warnings_of_the_run_are_on_the_page(tmp_path):
    folder = write_simulation(tmp_path)
    path = folder / "simulation.json"
    assert "Warnings of this run" not in write_patient_report(folder).read_text()
    warned = json.loads(path.read_text()) | {
        "warnings": ["KRAS_share = 0.9 is outside <its> range"]
    }
    path.write_text(json.dumps(warned))
    assert (
        "KRAS_share = 0.9 is outside &lt;its&gt; range" in write_patient_report(folder).read_text()
    )
