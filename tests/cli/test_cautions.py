"""Every verb tells the same warnings: on standard error, in the summary and in the manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..studies.operating_studies import write_study
from .cli_helpers import TINY, inside

FAR = "daraxonrasib: a dose of 3000 mg PO is far above"
OUTSIDE = "KRAS_share = 0.9 fraction is outside its plausible range"


def written(folder: Path, name: str = "summary.json") -> tuple[str, str]:
    """Return the warnings of the summary and of the manifest, each as one text."""
    both = (json.loads((folder / file).read_text("utf-8")) for file in (name, "manifest.json"))
    first, second = ("\n".join(facts["warnings"]) for facts in both)
    return first, second


@pytest.mark.slow
def test_a_trial(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    text = TINY.replace("300 mg", "3000 mg").replace("size: 4", "size: 1")
    study.write_text(text.replace("months: 4", "months: 1") + "parameters: {KRAS_share: 0.9}\n")
    done = inside("trial", study, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    for told in (done.stderr, *written(tmp_path / "out")):
        assert f"arm daraxonrasib: {FAR}" in told and OUTSIDE in told
    assert "rascade: warning: " in done.stderr
    json.loads(done.stdout)


@pytest.mark.slow
def test_one_patient(tmp_path: Path) -> None:
    orders = "daraxonrasib 3000 mg PO QD + daraxonrasib 100 mg PO BID"
    options = ("--set", "KRAS_share=0.9", "--knockout", "MDSC", "--days", "1", "--json")
    done = inside("simulate", "--regimen", orders, "--out", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    for told in (done.stderr, *written(tmp_path / "out", "simulation.json")):
        assert FAR in told and OUTSIDE in told and "daraxonrasib is ordered twice" in told
        assert told.count("plausible range") == 1  # a knock-out is meant


def test_an_experiment(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(
        "kind: experiment\ndesign: time-course\ncells: {name: MIA PaCa-2}\n"
        "treatments: [{drug: sotorasib, concentration: 100 nM,"
        " with: [{drug: sotorasib, concentration: 1 nM}]}]\n"
        "readouts: [pERK]\nhours: [0, 4]\ndraws: 0\nparameters: {SOS2_share: 0.9}\n"
    )
    done = inside("experiment", study, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    for told in (done.stderr, *written(tmp_path / "out")):
        assert "sotorasib is added twice at the same time" in told
        assert "SOS2_share = 0.9" in told


def test_designs_tell_the_warnings_of_their_population(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    manifest = next(tmp_path.rglob("manifest.json"))
    manifest.write_text(
        json.dumps(json.loads(manifest.read_text("utf-8")) | {"warnings": ["so it is"]})
    )
    done = inside("power", study, "--out", tmp_path / "out", "--replicates", "100", "--json")
    assert done.returncode == 0, done.stderr
    for told in (done.stderr, *written(tmp_path / "out")):
        assert "so it is" in told
