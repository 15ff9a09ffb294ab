"""The contract of ``python -m rascade.engine``."""

from __future__ import annotations

import csv
import math as numbers
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rascade.engine import __main__ as command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def model(tmp_path: Path, decay: str) -> Path:
    path = tmp_path / "model.xml"
    path.write_text(decay)
    return path


def test_the_table(model: Path, tmp_path: Path, backend: str) -> None:
    out = tmp_path / "result.csv"
    words = [str(model), "--start", "0", "--end", "2", "--steps", "4", "--select", "S,k"]
    words += ["--rtol", "1e-9", "--atol", "1e-12", "--backend", backend, "--out", str(out)]
    assert command.main([*words, "--amount", "S,k"]) == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows[0] == ["time", "S", "k"]
    assert len(rows) == 6
    for row in rows[1:]:
        time, amount, k = map(float, row)
        assert amount == pytest.approx(10 * numbers.exp(-0.5 * time), rel=1e-7)
        assert k == 0.5
    assert command.main([*words, "--concentration", "S"]) == 0
    assert float(list(csv.reader(out.read_text().splitlines()))[1][1]) == 5.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.xml", "result.csv"]


def test_all_columns_by_default(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.csv"
    words = [str(model), "--end", "1", "--backend", "reference", "--out", str(out)]
    assert command.main(words) == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows[0] == ["time", "S", "elimination", "C", "k"]
    assert len(rows) == 102


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"model": "none.xml"}, 2, "No such file"),
        ({"--select": "T"}, 2, "no output 'T'"),
        ({"model": "."}, 2, "cannot read the model '.': Is a directory"),
        ({"--select": "S,eliminatoin"}, 2, "did you mean 'elimination'?"),
        ({"--amount": "T"}, 2, "no output 'T'"),
        ({"--concentration": "s"}, 2, "did you mean 'S'?"),
        ({"--amount": "S", "--concentration": "S"}, 2, "both --amount and --concentration"),
        ({"--end": "-1"}, 2, "--end (-1) must not be before --start (0)"),
        ({"--end": "inf"}, 2, "--end must be a finite number"),
        ({"--start": "nan"}, 2, "--start must be a finite number"),
        ({"--steps": "0"}, 2, "--steps must be at least 1"),
        ({"--steps": "-5"}, 2, "--steps must be at least 1, not -5"),
        ({"--steps": "1000000000"}, 2, "--steps must be at most"),
        ({"--rtol": "1"}, 2, "rtol must lie between"),
        ({"--atol": "0"}, 2, "atol must be above zero"),
        ({"--out": "none/result.csv"}, 2, "there is no folder 'none'"),
        ({"--out": "."}, 2, "it is a folder"),
    ],
)
def test_wrong_input_is_one_message(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"--end": "1", "--backend": "reference", "--out": "result.csv"} | change
    words = [options.pop("model", str(model)), *(w for pair in options.items() for w in pair)]
    assert command.main(words) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["model.xml"]


def test_out_of_scope_and_failure(
    tmp_path: Path, sbml: Callable[..., str], capsys: pytest.CaptureFixture[str], decay: str
) -> None:
    path, out = tmp_path / "model.xml", tmp_path / "result.csv"
    words = [str(path), "--end", "2", "--backend", "reference", "--out", str(out)]
    path.write_text(decay.replace("<reaction ", '<reaction fast="true" ').replace(
        "version2/core", "version1/core").replace('version="2"', 'version="1"'))  # fmt: skip
    assert command.main(words) == 3
    assert "fast reaction" in capsys.readouterr().err
    path.write_text(
        sbml(
            parameters={"x": 'value="1" constant="false"'},
            rules=[("rate", "x", "x^2")],
        )
    )
    assert command.main(words) == 1
    assert "gave up at time" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.xml", "--end", "1"], "required: --out"),
        (["model.xml", "--out", "x.csv"], "required: --end"),
        (["--end", "1", "--out", "x.csv"], "required: MODEL.xml"),
        (["m.xml", "--end", "soon", "--out", "x.csv"], "invalid float value: 'soon'"),
        (["m.xml", "--end", "1", "--steps", "1.5", "--out", "x.csv"], "invalid int value: '1.5'"),
        (["m.xml", "--end", "1", "--backend", "fast", "--out", "x.csv"], "choose from"),
        (["m.xml", "--end", "1", "--sel", "S", "--out", "x.csv"], "unrecognized arguments: --sel"),
    ],
)
def test_wrong_words(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(words)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for word in ("--start", "--end", "--steps", "--select", "--amount", "--concentration",
                 "--rtol", "--atol", "--backend", "--out", "Exit codes", "Example"):  # fmt: skip
        assert word in text


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        (("<listOfReactions>", "<listOfRules><algebraicRule>{math}</algebraicRule></listOfRules>"
          "<listOfReactions>"), "algebraic rule"),
        (("level3/version2/core", "level1"), "SBML Level 1"),
        (("<sbml ", '<sbml xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" '
          'comp:required="true" '), "SBML package comp"),
        (("</model>", "<listOfEvents><event useValuesFromTriggerTime='true'><trigger "
          "initialValue='true' persistent='true'>{math}</trigger><delay>{math}</delay></event>"
          "</listOfEvents></model>"), "delayed event"),
    ],
)  # fmt: skip
def test_out_of_scope_is_named(
    tmp_path: Path, decay: str, math: Callable[[str], str], capsys: pytest.CaptureFixture[str],
    change: tuple[str, str], feature: str,
) -> None:  # fmt: skip
    path, out = tmp_path / "model.xml", tmp_path / "result.csv"
    old, new = change
    assert old in decay
    path.write_text(decay.replace(old, new.replace("{math}", math("S - 3")), 1))
    assert command.main([str(path), "--end", "1", "--out", str(out)]) == 3
    error = capsys.readouterr().err
    assert feature in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_table_is_replaced_whole_or_not_at_all(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "result.csv"
    out.write_text("old")
    words = [str(model), "--end", "1", "--backend", "reference", "--out", str(out)]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert command.main(words) == 2
    assert out.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.xml", "result.csv"]
    assert command.main(words) == 0
    assert out.read_text().startswith("time,")


def test_an_interruption_leaves_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_run", interrupted)
    out = tmp_path / "result.csv"
    assert command.main([str(model), "--end", "1", "--out", str(out)]) == 130
    assert [p.name for p in tmp_path.iterdir()] == ["model.xml"]


def test_sigterm_leaves_nothing_and_says_so(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_run", lambda *_: command._terminate(15, None))
    assert command.main([str(model), "--end", "1", "--out", str(tmp_path / "x.csv")]) == 143
    assert capsys.readouterr().err == "rascade.engine: interrupted by SIGTERM\n"
    assert [p.name for p in tmp_path.iterdir()] == ["model.xml"]


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that takes no files")
def test_a_place_that_takes_no_file_is_found_before_anything_is_solved(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_run", None)
    assert command.main([str(model), "--end", "1", "--out", "/proc/self/x.csv"]) == 2
    assert "cannot write '/proc/self/x.csv'" in capsys.readouterr().err


def test_the_code_tells_where_nobody_listens(model: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        ["sh", "-c", '"$0" -m rascade.engine none.xml --end 1 --out "$1" 2>&-',
         sys.executable, str(tmp_path / "x.csv")], check=False,
    )  # fmt: skip
    assert run.returncode == 2


def test_names_of_a_file_cannot_turn_the_text(
    tmp_path: Path, decay: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.xml"
    path.write_text(decay.replace("C * k * S", "x").replace("<ci> k ", "<ci> k\u202e\x9b "))
    assert command.main([str(path), "--end", "1", "--out", str(tmp_path / "x.csv")]) == 2
    assert "nothing in the model is called 'k\\u202e\\x9b'" in capsys.readouterr().err


def test_as_a_process(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.csv"
    words = [str(model), "--end", "1", "--backend", "reference", "--out", str(out)]
    run = subprocess.run([sys.executable, "-m", "rascade.engine", *words], check=False)
    assert run.returncode == 0
    assert out.read_text().startswith("time,S,elimination,C,k\n0.0,5.0,")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, rascade.engine; "
        "bad = {'numpy', 'scipy', 'libsbml', 'llvmlite'} & set(sys.modules); "
        "sys.exit(str(bad or ''))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert run.stderr.strip() == ""


def test_the_public_names() -> None:
    import rascade.engine as engine

    assert dir(engine) == sorted(engine.__all__)
    assert all(getattr(engine, name) is not None for name in engine.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = engine.nothing
