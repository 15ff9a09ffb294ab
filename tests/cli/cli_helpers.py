"""Running the command line as a user does: as a process, or within this one, which is faster."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

from rascade.cli.main import main

ROOT = Path(__file__).parents[2]


def rascade(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``rascade`` with these arguments and return its code, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "rascade.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "100", "RASCADE_DEBUG": ""} | environment,
        check=False,
        timeout=600,
    )


def inside(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Return the same as `rascade`, without a process of its own: nothing is imported anew.

    For what does not depend on the process: signals, encodings, start and end of the program.
    """
    given = [*map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    usual = {n: signal.getsignal(n) for n in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if n}
    try:
        with (
            mock.patch.dict(os.environ, {"COLUMNS": "100", "RASCADE_DEBUG": ""}),
            contextlib.chdir(ROOT),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(given)
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(given, code, *said)


TINY = """\
kind: trial
name: Tiny
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 4, eligibility: ["kras_allele != 'WT'"]}
seed: 3
arms:
  - {name: daraxonrasib, regimen: daraxonrasib 300 mg PO QD}
  - {name: gemcitabine, regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D}
imaging_every_weeks: 8
follow_up_months: 4
"""
