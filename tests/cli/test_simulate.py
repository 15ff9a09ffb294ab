"""``rascade simulate``: one patient."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import rascade


def test_what_a_user_can_do_wrong(tmp_path: Path) -> None:
    (tmp_path / "patient.yaml").write_text("kras_allele: G12Z\n")
    good = ["--regimen", "daraxonrasib 300 mg PO QD", "--out", str(tmp_path / "out")]
    cases = {
        ("--regimen", "daraxonrasb 300 mg PO QD"): "did you mean 'daraxonrasib'",
        ("--regimen", "daraxonrasib 300 mg PO"): "expected how often",
        ("--days", "0"): "--days: 0 days; it must be 1 to",
        ("--seed", "-1"): "--seed: -1",
        ("--patient", str(tmp_path / "none.yaml")): "none.yaml: no such file",
        ("--patient", str(tmp_path / "patient.yaml")): "patient.yaml:1: kras_allele: 'G12Z' is not",
        ("--out", str(tmp_path / "patient.yaml")): "is a file; --out must name a folder",
    }
    for change, says in cases.items():
        done = rascade("simulate", *good, *change)
        assert done.returncode == 2, (change, done.stderr)
        assert says in done.stderr
        assert "Traceback" not in done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["patient.yaml"]


def test_one_patient_from_orders_to_report(tmp_path: Path) -> None:
    import pandas as pd

    patient = tmp_path / "patient.yaml"
    patient.write_text("kras_allele: G12D\nsex: female\nweight_kg: 61\n")
    out = tmp_path / "out"
    orders = "daraxonrasib 300 mg PO QD"
    done = rascade(
        "simulate", "--regimen", orders, "--patient", patient, "--days", "28", "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"report: {out / 'patient.html'}\n"
    assert {path.name for path in out.iterdir()} == {
        "trajectory.parquet",
        "simulation.json",
        "manifest.json",
        "patient.html",
    }
    course = pd.read_parquet(out / "trajectory.parquet")
    assert course["day"].iloc[0] == 0
    assert course["day"].iloc[-1] == 28
    simulation = json.loads((out / "simulation.json").read_text())
    assert simulation["patient"]["kras_allele"] == "G12D"
    assert simulation["patient"]["weight_kg"] == 61
