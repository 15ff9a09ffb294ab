"""Any script on any stream, streams that are closed, and characters that deceive."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from rascade import progress, streams
from rascade.cli.terminal import console

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import ROOT, rascade

TITLE = "膵臓がん مرحبا žluťoučký 𝔄"
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A results folder as far as lists look at it."""
    folder = tmp_path / "žluť" / "run"
    folder.mkdir(parents=True)
    facts = {"rascade_version": "0", "kind": "trial", "study": TITLE, "seed": 1,
             "arms": [{"name": "新薬\u202e", "size": 2}], "files": {}}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def test_a_title_in_any_script_under_an_ascii_locale(run: Path, tmp_path: Path) -> None:
    index = {"RASCADE_INDEX": str(tmp_path / "index.sqlite")}
    done = rascade("studies", "list", "--scan", run.parent, "--json", **ASCII, **index)
    assert done.returncode == 0, done.stderr
    assert [found["name"] for found in json.loads(done.stdout)] == [TITLE]
    shown = rascade("studies", "list", **ASCII, **index)
    assert shown.returncode == 0, shown.stderr
    assert "\\u81b5" in shown.stdout
    # The index is one for all locales.
    assert "žluť" in rascade("studies", "list", PYTHONUTF8="1", **index).stdout


def test_what_an_encoding_lacks_is_escaped_as_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in ("ascii", "latin-1", "cp1252", "utf-8"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
        streams.prepare_streams()
        print(json.dumps(TITLE, ensure_ascii=False), flush=True)  # noqa: T201
        assert json.loads(raw.getvalue().decode(encoding)) == TITLE
        console.summary_table(
            {"study": TITLE, "arms": [], "contrasts": []}, Console(file=sys.stdout)
        )
        monkeypatch.undo()


@pytest.mark.parametrize("words", ["--help >&-", "drugs >&- 2>&- <&-", "studies list >&-"])
def test_closed_streams(words: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m rascade.cli.main {words}', sys.executable],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_wrong_use_is_told_by_the_code_where_nobody_listens() -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -m rascade.cli.main drugs show nothing 2>&-', sys.executable],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("words", [("drugs", "show", "nothing"), ("nonsense",)])
def test_wrong_use_is_wrong_use_where_the_reader_of_errors_went_away(words: tuple[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "rascade.cli.main", *words], stderr=writer, check=False
    )
    os.close(writer)
    assert done.returncode == 2


@pytest.mark.parametrize("words", [("studies", "list"), ("drugs",)])
def test_a_reader_that_goes_away_is_no_error(words: tuple[str], run: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "rascade.cli.main", *words], stdout=writer, stderr=subprocess.PIPE,
        check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_log_that_nobody_reads_any_more_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stderr", Gone())
    with progress.progress_on_stderr("trial") as update:
        for share in (0.0, 0.5, 1.0):
            update(share, "arm")


def test_control_characters_are_seen_and_not_obeyed(run: Path) -> None:
    assert streams.visible("a\u202eb\x1b[31m\u2066\x9b\r\n\tc") == (
        "a\\u202eb\\u001b[31m\\u2066\\u009b\\u000d\n\tc"
    )
    assert streams.visible(TITLE + "\u200d") == TITLE + "\u200d"  # joiners belong to scripts
    done = rascade("studies", "show", run, PYTHONUTF8="1")
    assert "新薬\\u202e" in done.stdout
    done = rascade("trial", "\x1b[31m.yaml", "--print-study")
    assert done.stderr == "rascade: \\u001b[31m.yaml: no such file\n"
