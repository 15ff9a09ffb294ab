"""``rascade demo`` and the examples, from a folder that holds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rascade.cli.main import VERBS, main
from rascade.errors import InputError, OutputError
from rascade.studies import examples as places
from rascade.studies import load
from rascade.studies.examples import copy_examples, example, examples
from rascade.studies.files.schema import OperatingStudy

ROOT = Path(__file__).parents[2]


def test_the_demo_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--size", "2", "--threads", "1"]) == 0
    report = Path("out/rasolute-302/report.html")
    assert f"report: {report}" in capsys.readouterr().out
    summary = json.loads((report.parent / "summary.json").read_text())
    assert [arm["name"] for arm in summary["arms"]] == ["daraxonrasib", "chemotherapy"]


def test_examples_are_all_of_the_checkout_and_say_what_runs_them() -> None:
    found = examples()
    files = {path.relative_to(ROOT / "studies") for path in (ROOT / "studies").rglob("*.yaml")}
    assert {Path(f"{one.name}.yaml") for one in found} == files
    for one in found:
        assert one.verb in VERBS and one.about
    assert example("wash-out") == example("studies/experiments/wash-out.yaml")


def test_examples_are_copied_with_what_they_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["studies", "examples", "rasolute-302-designs", "--to", "studies"]) == 0
    assert capsys.readouterr().out.split() == [
        "studies/operating/rasolute-302-designs.yaml",
        "studies/rasolute-302.yaml",
    ]
    design = load(Path("studies/operating/rasolute-302-designs.yaml"), kind=OperatingStudy)
    assert (Path("studies/operating") / design.population.study).exists()
    # Again: the same files stay; another file is not replaced.
    assert main(["studies", "examples", "rasolute-302", "--to", "studies", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ["studies/rasolute-302.yaml"]
    Path("studies/rasolute-302.yaml").write_text("mine")
    with pytest.raises(OutputError, match="is there already and differs"):
        copy_examples([example("rasolute-302")], Path("studies"))
    assert Path("studies/rasolute-302.yaml").read_text() == "mine"


def test_examples_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studies", "examples", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"name": "rasolute-302", "verb": "trial"}.items() <= next(
        one for one in listed if one["name"] == "rasolute-302"
    ).items()
    assert main(["studies", "examples"]) == 0
    assert "rascade experiment" in capsys.readouterr().out
    assert main(["studies", "examples", "rasolut-302"]) == 2
    assert "did you mean 'rasolute-302'?" in capsys.readouterr().err


def test_an_installation_without_examples_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_PLACES", (tmp_path,))
    with pytest.raises(InputError, match="install Rascade anew"):
        examples()
