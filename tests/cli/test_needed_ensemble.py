"""Verbs that only an ensemble of the population can answer ask for it in the same words."""

from pathlib import Path

import pytest

from rascade.cli.main import main

STUDIES = Path(__file__).parents[2] / "studies"
VERBS = {
    "design": ("design/daraxonrasib-with-pd-1.yaml",),
    "voi": ("voi/daraxonrasib-with-pd-1.yaml",),
    "optimise": ("optimise/pd-1-and-mek.yaml",),
    "forecast": ("forecast/patient.yaml",),
}


@pytest.mark.parametrize("verb", [*VERBS, "predict"])
def test_without_an_ensemble_each_says_how_to_get_one(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RASCADE_ENSEMBLE", "none")
    out = tmp_path / "out"
    if verb == "predict":
        given = ["predict", "freeze", "--all", "--out", str(out)]
    else:
        given = [verb, *(str(STUDIES / name) for name in VERBS[verb]), "--out", str(out)]
    if verb == "forecast":
        given += ["--regimens", str(STUDIES / "forecast/regimens.yaml")]
    assert main(given) == 2
    told = capsys.readouterr().err
    assert "needs the ensemble of the population, and there is none; let RASCADE_ENSEMBLE" in told
    assert "rascade cohort build" in told and "Traceback" not in told
    assert not out.exists() or not list(out.iterdir())


def test_a_study_of_the_table_is_told_to_ask_for_the_ensemble(with_ensemble: Path) -> None:
    from rascade.errors import InputError
    from rascade.trial.design.models import needed_ensemble

    with pytest.raises(InputError, match="write 'population: ensemble', or leave it out"):
        needed_ensemble(None)
