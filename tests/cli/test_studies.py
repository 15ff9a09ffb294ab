"""``rascade studies``: what a user sees and can do wrong."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from rascade.cli.main import main

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import TINY


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two runs of two seeds, and their study."""
    place: Path = tmp_path_factory.mktemp("runs")
    text = TINY.replace("size: 4", "size: 2").replace("months: 4", "months: 2")
    (place / "study.yaml").write_text(text)
    for name, seed in (("a", "1"), ("b", "2")):
        command = ["trial", str(place / "study.yaml"), "--out", str(place / name), "--seed", seed]
        assert main([*command, "--threads", "1"]) == 0
    return place


@pytest.fixture
def runs(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    monkeypatch.setenv("RASCADE_INDEX", str(tmp_path / "index.sqlite"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "here"))
    capsys.readouterr()
    return Path.cwd()


def test_list(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studies", "list"]) == 0
    assert "no runs are known here" in capsys.readouterr().out
    assert main(["studies", "list", "--scan", "."]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Tiny") == 2
    assert "finished" in shown
    assert main(["studies", "list", "tiny", "here/b", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert (run["seed"], run["patients"], run["folder"]) == (2, 4, str(runs / "b"))
    assert main(["studies", "list", "--scan", "nowhere"]) == 2
    assert "nowhere: no such folder" in capsys.readouterr().err


def test_show(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studies", "show", "a"]) == 0
    shown = capsys.readouterr().out
    assert "seed         1" in shown
    assert "files        sound" in shown
    table = runs / "a" / "visits.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    assert main(["studies", "show", "a", "--json"]) == 2
    caught = capsys.readouterr()
    assert len(json.loads(caught.out)["damages"]) == 1
    assert f"{table}: altered since it was written" in caught.err
    assert main(["studies", "show", "study.yaml"]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_compare(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studies", "compare", "a", "b"]) == 0
    shown = capsys.readouterr().out
    assert "seed" in shown
    assert "read-out (95 % interval)" in shown
    assert main(["studies", "compare", "a", "b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inputs"] == [{"name": "seed", "values": [1, 2]}]
    assert main(["studies", "compare", "a", "a"]) == 0
    assert "read-outs: 0 differ" in capsys.readouterr().out
    assert main(["studies", "compare", "a"]) == 2
    assert "two or more" in capsys.readouterr().err


def test_rm_asks_and_refuses(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["studies", "rm", "a"]) == 2
    assert "give --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda text: bool(asked.append(text)))
    assert main(["studies", "rm", "a"]) == 0
    assert asked == ["Remove a (trial: Tiny, finished)?"]
    assert capsys.readouterr().out == "kept a\n"
    assert (runs / "a").is_dir()
    assert main(["studies", "rm", ".", "--yes"]) == 2
    assert "no results folder of Rascade" in capsys.readouterr().err
    assert main(["studies", "rm", "a", "--yes"]) == 0
    assert "removed a, " in capsys.readouterr().out
    assert sorted(path.name for path in runs.iterdir()) == ["b", "study.yaml"]


def test_an_unfinished_trial_is_shown_and_not_compared(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rascade.studies.running.chunked.FolderRun.outcome", stop)
    command = ["trial", "study.yaml", "--out", "c", "--threads", "1"]
    assert main(command) == 130
    kept = "rascade: interrupted; 2 of 2 chunks are kept in c; go on with --resume"
    assert capsys.readouterr().err.splitlines()[-1] == kept
    assert main(["studies", "list", "unfinished"]) == 0
    assert "unfinished (2 of 2 chunks)" in capsys.readouterr().out
    assert main(["studies", "compare", "a", "c"]) == 2
    assert "c is not finished" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(runs)
    assert main([*command, "--resume"]) == 0
    assert (runs / "c" / "report.html").exists()
