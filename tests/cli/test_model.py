"""``rascade model``: what the model is made of, and the model as a file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import rascade


def test_show() -> None:
    everything = rascade("model", "show")
    assert everything.returncode == 0, everything.stderr
    assert "KRAS_share" in everything.stdout
    one = rascade("model", "show", "KRAS_share")
    assert one.returncode == 0, one.stderr
    assert "0.25" in one.stdout
    assert "fraction" in one.stdout
    wrong = rascade("model", "show", "KRAS_shar")
    assert wrong.returncode == 2
    assert "KRAS_share" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_export(tmp_path: Path) -> None:
    import libsbml

    out = tmp_path / "model.xml"
    done = rascade("model", "export", "--drugs", "daraxonrasib, gemcitabine", "--out", out)
    assert done.returncode == 0, done.stderr
    document = libsbml.readSBMLFromFile(str(out))
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    assert (document.getLevel(), document.getVersion()) == (3, 2)
    for drugs, code, says in ((" , ", 2, "name at least one"), ("aspirin", 3, "aspirin")):
        wrong = rascade("model", "export", "--drugs", drugs, "--out", tmp_path / "no.xml")
        assert wrong.returncode in {code, 2}
        assert says in wrong.stderr
        assert not (tmp_path / "no.xml").exists()
    below = rascade("model", "export", "--drugs", "gemcitabine", "--out", out / "below.xml")
    assert below.returncode == 2
    assert "Traceback" not in below.stderr
