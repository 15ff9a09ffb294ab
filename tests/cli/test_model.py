"""``rascade model``: what the model is made of, and the model as a file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import inside


def test_show() -> None:
    everything = inside("model", "show")
    assert everything.returncode == 0, everything.stderr
    assert "KRAS_share" in everything.stdout
    one = inside("model", "show", "KRAS_share")
    assert one.returncode == 0, one.stderr
    assert "0.3 fraction" in one.stdout
    assert "fraction" in one.stdout
    wrong = inside("model", "show", "KRAS_shar")
    assert wrong.returncode == 2
    assert "KRAS_share" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_export(tmp_path: Path) -> None:
    import libsbml

    out = tmp_path / "model.xml"
    done = inside("model", "export", "--drugs", "RMC-6236, gemcitabine", "--out", out)
    assert done.returncode == 0, done.stderr
    document = libsbml.readSBMLFromFile(str(out))
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    assert (document.getLevel(), document.getVersion()) == (3, 2)
    cases = {
        " , ": (2, "--drugs: name at least one drug; 'rascade model show' lists them"),
        "aspirin": (2, "no drug is called 'aspirin'; see: rascade drugs list"),
        "daraxonrasb": (2, "no drug is called 'daraxonrasb'; did you mean 'daraxonrasib'?"),
        "topotecan": (3, "topotecan is not modelled; nearest by mechanism: irinotecan"),
    }
    for drugs, (code, says) in cases.items():
        wrong = inside("model", "export", "--drugs", drugs, "--out", tmp_path / "no.xml")
        assert wrong.returncode == code, (drugs, wrong.stderr)
        assert says in wrong.stderr
        assert not (tmp_path / "no.xml").exists()
    below = inside("model", "export", "--drugs", "gemcitabine", "--out", out / "below.xml")
    assert below.returncode == 2
    assert "Traceback" not in below.stderr


def test_check_asks_the_evidence_for_every_source() -> None:
    done = inside("model", "check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("numbers checked, 0 errors\n")
    assert inside("model", "check", "--json").stdout == "[]\n"


def test_check_fails_on_a_source_that_the_evidence_does_not_know(monkeypatch, capsys) -> None:
    from rascade.cli.main import main
    from rascade.evidence.records import Problem

    wrong = Problem("parameters.csv", 7, "source", "k_x: no evidence item 'PMID:1'", "error")
    monkeypatch.setattr(
        "rascade.trial.results.published.numbers.check_numbers", lambda evidence: (9, [wrong])
    )
    assert main(["model", "check"]) == 2
    said = capsys.readouterr().out
    assert "error: parameters.csv:7: source: k_x: no evidence item 'PMID:1'" in said
    assert "9 numbers checked, 1 errors" in said
