"""The recipes for a drug and for a mechanism: followed in a copy of the package, then used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rascade

MECHANISM = """\
// How much of a drug its patient has been exposed to so far: the area under its curve in plasma.
model exposure_so_far(plasma)
  exposure_so_far = 0;
  exposure_so_far' = k_exposure * plasma;
end
"""
ABOUT = """
[exposure_so_far]
per = "drug"
settings = ["patient"]
title = "Exposure so far"
"""
DRUG = """
[sumatinib]
mechanisms = ["pk_oral_one_compartment", "tumour_exposure", "exposure_so_far"]
routes = { PO = "gut" }
"""
ROWS = (  # name, value, unit, low, high, distribution, cv, fitted, source, confidence, description
    ("molecular_weight", "500", "g/mol", "499", "501", "Molecular weight"),
    ("affinity", "1", "dimensionless", "0", "1", "Binding relative to the published drug"),
    ("fraction_unbound", "0.1", "fraction", "0.01", "1", "Unbound share in plasma"),
    ("CL", "20", "L/h", "5", "80", "Apparent clearance"),
    ("V", "100", "L", "25", "400", "Apparent volume"),
    ("ka", "1", "1/h", "0.25", "4", "Absorption"),
    ("k_tumour", "0.3", "1/h", "0.06", "1.5", "Exchange of tissue with blood"),
    ("Kp", "1", "dimensionless", "0.25", "4", "Tissue to total plasma ratio"),
    ("trapped", "0", "dimensionless", "0", "1", "1 if tissue holds the drug"),
    ("k_exposure", "1", "dimensionless", "0.1", "10", "Share of the exposure that counts"),
)
USE = """
import json, sys
import numpy as np
from rascade.engine import Doses, simulate
from rascade.evidence import load
from rascade.model import assemble
from rascade.model.describe import describe
from rascade.regimen import parse
from rascade.trial.results.published.numbers import check_numbers

regimen = parse("sumatinib 10 mg PO QD")
assembly = assemble(["sumatinib"])
nmol = 10e6 / assembly.molecular_weight("sumatinib")
target = assembly.drug("sumatinib").dose_target("PO")
names = ("exposure_so_far_sumatinib", "pERK_sensitive")
courses = [
    simulate(
        assembly.system, to=240.0, times=np.array([0.0, 240.0]), outputs=names, doses=doses
    ).values[0, -1].tolist()
    for doses in (None, Doses(None, np.array([0.0]), target, nmol))
]
said = describe("exposure_so_far_sumatinib")
print(json.dumps({
    "courses": courses,
    "area": nmol / assembly.table["sumatinib.CL"].value,
    "label": said.label,
    "problems": [str(problem) for problem in check_numbers(load())[1]],
}))
"""


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package, one drug and one mechanism richer."""
    root = tmp_path_factory.mktemp("copy")
    place = root / "rascade"
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(Path(rascade.__file__).parent, place, ignore=skipped)
    data = place / "model" / "data"
    (place / "model" / "mechanisms" / "exposure_so_far.ant").write_text(MECHANISM)
    _append(data / "mechanisms.toml", ABOUT)
    _append(data / "drugs.toml", DRUG)
    _append(data / "species.csv", "exposure_so_far,Exposure so far,exposure,nM*h,,,\n")
    for name, value, unit, low, high, about in ROWS:
        row = f"sumatinib.{name},{value},{unit},{low},{high},fixed,,,prior: a usual value,assumed"
        _append(data / "parameters" / "drugs.csv", f"{row},{about},\n")
    _append(
        place / "evidence" / "data" / "drugs.csv",
        "sumatinib,small molecule,counter,none,Is counted.,SUM-1,MEK inhibitor,OTHER:drug-names\n",
    )
    _append(
        place / "trial" / "data" / "dose_ranges.csv",
        "sumatinib,PO,,mg,5,20,35,140,prior: a usual value,recalled\n",
    )
    return root


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(copy)},
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_drug_and_a_mechanism_are_there_when_the_recipes_were_followed(copy: Path) -> None:
    done = _python(copy, "-c", USE)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (none, quiet), (area, treated) = found["courses"]
    # What was swallowed leaves through clearance: all of it is dose over clearance.
    assert none == 0.0 and area == pytest.approx(found["area"], rel=1e-3)
    assert treated == pytest.approx(quiet, rel=1e-6), "it acts on nothing"
    assert found["label"].startswith("Exposure so far")
    assert found["problems"] == []


def test_a_row_that_is_missing_is_named(copy: Path, tmp_path: Path) -> None:
    shutil.copytree(copy, tmp_path / "less")
    rows = tmp_path / "less" / "rascade" / "model" / "data" / "parameters" / "drugs.csv"
    kept = [line for line in rows.read_text("utf-8").splitlines() if "sumatinib.k_exp" not in line]
    rows.write_text("\n".join(kept) + "\n", encoding="utf-8")
    use = "from rascade.model import assemble; assemble(['sumatinib'])"
    done = _python(tmp_path / "less", "-c", use)
    assert "exposure_so_far.ant reads 'k_exposure'" in done.stderr
