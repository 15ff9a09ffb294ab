"""Patient files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rascade.errors import StudyFileError
from rascade.studies.files.patient import load_patient


def test_a_patient(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "kras_allele: G12D\nsex: female\nweight_kg: 61\necog: 1\ntp53: true\n"
        "parameters: {KRAS_share: 0.4}\n"
    )
    patient = load_patient(path)
    assert patient.profile == {
        "kras_allele": "G12D",
        "sex": "female",
        "weight_kg": 61,
        "ecog": 1,
        "tp53": True,
    }
    assert patient.parameters == {"KRAS_share": 0.4}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kras_alele: G12D", ":1: kras_alele: unknown key; did you mean 'kras_allele'"),
        ("sex: female\nkras_allele: G12Z", ":2: kras_allele: 'G12Z' is not one of"),
        ("weight_kg: -3", ":1: weight_kg: -3 is not from"),
        ("weight_kg: heavy", "weight_kg: 'heavy' is not from"),
        ("weight_kg: true", "weight_kg: True is not from"),
        ("tp53: maybe", "'maybe' must be true or false"),
        ("ecog: 7", "not one of 0, 1"),
        ("parameters: 3", ":1: parameters: expected names and numbers"),
        ("parameters: {KRAS_shar: 3}", ":1: parameters.KRAS_shar: no parameter.*KRAS_share"),
        ("parameters: {KRAS_share: x}", "expected a number"),
    ],
)
def test_a_wrong_patient(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(StudyFileError, match=says):
        load_patient(path)


def test_a_size_that_does_not_go_with_the_sex_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "patient.yaml"
    path.write_text("sex: male\nkras_allele: G12D\nweight_kg: 40\n")
    with pytest.raises(StudyFileError, match=r"patient\.yaml:3: weight_kg: nobody is drawn"):
        load_patient(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty; see: rascade simulate --help"),
        ("- G12D", "expected keys and values, such as 'kras_allele: G12D'"),
        ("sex: male\n---\nsex: female", "one patient in a file"),
        ("kind: experiment", "this is an experiment, no patient; run it with: rascade experiment"),
        ("kind: trial", "this is a trial, no patient; run it with: rascade trial"),
        ('kras_allele: "G12D\\u202E"', r"p\.yaml:1: a control character \(U\+202E\)"),
    ],
)
def test_advice_is_about_patients(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(StudyFileError, match=says):
        load_patient(path)
