"""Own drugs in dishes, in mice and in one patient, and what the results say of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import rascade as rc
from rascade.cli.main import main
from rascade.own_drugs import forget, own_drugs

FILE = """\
name = "strongrasib"
like = "sotorasib"
[numbers]
kinact_over_KI = { value = 79200, unit = "1/(M*s)", source = "assumed: eight times sotorasib" }
"""
STUDY = """\
kind: experiment
design: time-course
drugs: [strong.toml]
cells: {name: MIA PaCa-2}
treatments:
  - {drug: strongrasib, concentration: 10 nM}
  - {drug: sotorasib, concentration: 10 nM}
readouts: [pERK]
hours: [0, 4]
draws: 0
"""


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    for name in list(own_drugs()):
        forget(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "strong.toml").write_text(FILE)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


@pytest.mark.slow
def test_a_dish_of_an_own_drug(folder: Path) -> None:
    experiment = rc.Experiment.from_file(folder / "study.yaml")
    result = experiment.run(folder / "out", progress=False)
    table = result.table[result.table["time_h"] == 4].set_index("treatment")["value"]
    strong, known = (
        table[next(name for name in table.index if drug in name)]
        for drug in ("strongrasib", "sotorasib")
    )
    assert strong < 0.9 * known
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert manifest["drugs"] == [
        {"name": "strongrasib", "like": "sotorasib", "hash": own_drugs()["strongrasib"].hash}
    ]
    assert any("strongrasib is a drug of the user's own" in w for w in manifest["warnings"])
    # The results hold the drug: they can be made again without its file.
    (folder / "strong.toml").unlink()
    forget("strongrasib")
    again = rc.Experiment.from_file(folder / "out" / "study.yaml")
    assert again.study == experiment.study and "strongrasib" in own_drugs()


@pytest.mark.slow
def test_one_patient_with_an_own_drug(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "patient"
    orders = ["--regimen", "strongrasib 960 mg PO QD", "--days", "1", "--out", str(out)]
    assert main(["simulate", "--drugs", str(folder / "strong.toml"), *orders]) == 0
    assert "strongrasib is a drug of the user's own" in " ".join(capsys.readouterr().err.split())
    manifest = json.loads((out / "manifest.json").read_text())
    assert [drug["name"] for drug in manifest["drugs"]] == ["strongrasib"]


def test_a_study_without_own_drugs_says_nothing_of_them() -> None:
    from rascade.studies.files.drugs import drugs_for_manifest
    from rascade.studies.files.load import dump

    study = rc.Trial({"a": "none"}).study
    assert drugs_for_manifest(study) == {}
    assert "drugs" not in dump(study)
