"""``rascade report``: page and figures of a finished trial, made anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rascade as rc
from rascade.cli.main import main
from rascade.errors import InputError
from rascade.report.look.canvas import Canvas, Figure, drawing
from rascade.report.look.files import picture_bytes
from rascade.results.folders import damages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "run"
    trial = rc.Trial(
        arms={"a": "daraxonrasib 300 mg PO QD", "b": "none"},
        cohort=rc.Cohort(size=3, line=2),
        seed=1,
        follow_up_months=4,
    )
    trial.run(place, progress=False)
    return place


def test_the_page_comes_out_as_the_trial_wrote_it(folder: Path, capsys) -> None:
    page, before = folder / "report.html", (folder / "manifest.json").read_bytes()
    first = page.read_bytes()
    page.unlink()
    assert main(["report", str(folder)]) == 0
    assert page.read_bytes() == first and (folder / "manifest.json").read_bytes() == before
    assert damages(folder) == []
    assert str(page) in capsys.readouterr().out


def test_figures_are_files_of_the_format_asked_for(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "figures"
    page = tmp_path / "page.html"
    before = (folder / "report.html").stat().st_mtime_ns
    arguments = ["report", str(folder), "--out", str(page), "--figures", str(place)]
    assert main([*arguments, "--format", "pdf"]) == 0
    files = {path.name: path.read_bytes() for path in place.iterdir()}
    assert {f"{name}.pdf" for name in ("pfs", "os", "waterfall", "forest-1")} <= set(files)
    assert all(content.startswith(b"%PDF") for content in files.values())
    assert page.read_bytes() == (folder / "report.html").read_bytes()
    assert (folder / "report.html").stat().st_mtime_ns == before


def test_the_same_figure_gives_the_same_file() -> None:
    with drawing():
        canvas = Canvas(2.0, 1.0, "Title", "Research use only")
    figure = Figure("x", "Title", "", "", canvas.svg(), canvas.figure)
    for name, begins in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        content = picture_bytes(figure, name)
        assert content.startswith(begins) and content == picture_bytes(figure, name)


def test_figures_within_the_results_are_in_their_manifest(folder: Path) -> None:
    assert main(["report", str(folder), "--figures", str(folder / "figures")]) == 0
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert "figures/pfs.svg" in files and damages(folder) == []


def test_python_does_the_same(folder: Path, tmp_path: Path) -> None:
    result = rc.open_result(folder)
    assert result.report(tmp_path / "r.html").read_bytes() == (folder / "report.html").read_bytes()
    files = result.figures(tmp_path / "f", ".SVG")
    assert {"pfs.svg", "os.svg"} <= {path.name for path in files}
    assert all(b"<svg" in path.read_bytes()[:500] for path in files)
    with pytest.raises(InputError, match="no figure format 'gif'; there are svg, png, pdf"):
        result.figures(tmp_path / "g", "gif")


@pytest.mark.parametrize(
    ("make", "arguments", "said"),
    [
        (lambda at: None, [], "no such folder; name the DIR of rascade trial"),
        (lambda at: at.write_text(""), [], "is a file"),
        (lambda at: at.mkdir(), [], "no results of a trial here"),
        (lambda at: (at / "unfinished").mkdir(parents=True), [], "--resume"),
        (lambda at: at.mkdir(), ["--format", "png"], "--figures DIR"),
        (lambda at: at.mkdir(), ["--figures", "f", "--format", "gif"], "no figure format 'gif'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, make, arguments, said, capsys) -> None:
    at = tmp_path / "x"
    make(at)
    assert main(["report", str(at), *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told
    assert not (tmp_path / "f").exists()


def test_results_of_another_verb_are_named(tmp_path: Path, capsys) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": "experiment"}))
    assert main(["report", str(tmp_path)]) == 2
    assert "results of kind experiment, not of a trial" in capsys.readouterr().err


def test_help_teaches(capsys) -> None:
    assert main(["report", "--help"]) == 0
    told = capsys.readouterr().out
    assert "rascade report out/rasolute-302 --figures figures --format pdf" in told
    assert "Nothing is simulated" in told
