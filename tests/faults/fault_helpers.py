"""A trial small enough to be run again and again, and what its results must be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rascade.studies import TrialStudy, loads
from rascade.studies.files.schema import Checks
from rascade.studies.running.study_folder import StudyResult
from rascade.studies.running.trial import run_trial

TEXT = """\
kind: trial
name: Fault
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 5, eligibility: ["kras_allele != 'WT'"]}
seed: 3
arms:
  - {name: gemcitabine, regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D}
  - {name: nothing, regimen: none}
imaging_every_weeks: 4
follow_up_months: 2
"""
CHUNK = 2  # so three chunks an arm


def study(old: str = "", new: str = "") -> TrialStudy:
    """Return the study, with a text of its file replaced."""
    assert old in TEXT
    return loads(TEXT.replace(old, new) if old else TEXT, "s.yaml", Checks())


def go(out: Path, start: str = "new", **more: object) -> StudyResult:
    """Run the study in chunks of two, without a report."""
    more = {"study": study(), "chunk_size": CHUNK} | more
    return run_trial(out=out, start=start, **more)  # type: ignore[arg-type]


def results(folder: Path) -> dict[str, bytes]:
    """Return the result files of a folder: all but chunks and log."""
    return {
        p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.suffix != ".jsonl"
    }


def chunk_files(folder: Path) -> list[Path]:
    """Return the chunk files of a folder with results or an unfinished run."""
    for place in (folder / "unfinished" / "chunks", folder / "chunks"):
        if place.is_dir():
            return sorted(place.glob("*.parquet"))
    return []


PROCESS = """
import os, signal, sys
from pathlib import Path
from rascade.results import chunks
sys.path.insert(0, {here!r})
import fault_helpers
{before}
fault_helpers.go(Path(sys.argv[1]), sys.argv[2])
"""


def process(out: Path, before: str = "", start: str = "new") -> subprocess.Popen[str]:
    """Start the run in a process of its own; `before` is code that arranges its fate."""
    code = PROCESS.format(here=str(Path(__file__).parent), before=before)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(out), start],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
