"""Running the command line as a user does: as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
