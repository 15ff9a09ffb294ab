"""Testing the claims of the review: from ids to a folder of results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.progress import Progress, check_threads
from rascade.results.manifest import base_manifest, now
from rascade.results.records_folder import write_records
from rascade.results.store import json_text
from rascade.trial.results.records.codec import to_json

if TYPE_CHECKING:
    from rascade.analyses.claims.tables import ClaimRecord

__all__ = ["ClaimsResult", "claims_json", "run_claims_study"]


@dataclass(frozen=True, slots=True)
class ClaimsResult:
    """What the claims came to.

    Attributes:
        folder: the results folder; None if nothing was written.
        records: one a claim.
    """

    folder: Path | None
    records: tuple[ClaimRecord, ...]


def claims_json(records: Sequence[ClaimRecord]) -> str:
    """Return records as JSON text; equal records give equal bytes."""
    return json_text([to_json(record) for record in records])


def run_claims_study(
    ids: Iterable[str] = (),
    out: str | Path | None = None,
    *,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> ClaimsResult:
    """Test claims and write the results folder, whole or not at all.

    Args:
        ids: claims; all if none is given.
        out: the results folder; nothing is written without one.
        draws: parameter sets behind an interval; the default of the analyses if None.
        seed: of draws and patients; the default of the analyses if None.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the work is.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        InputError: a claim is not known, a number is out of range, `out` cannot be written.
        SimulationError: the solver gave up on the typical parameters.
    """
    from rascade.analyses.claims.run import DRAWS, SEED, find_claims, run_claims
    from rascade.analyses.claims.tables import records

    check_threads(threads)
    draws, seed = DRAWS if draws is None else draws, SEED if seed is None else seed
    wanted = [claim.id for claim in find_claims(ids)]
    started = now()
    return ClaimsResult(
        *write_records(
            out,
            "claims.json",
            lambda: records(
                run_claims(wanted, draws=draws, seed=seed, threads=threads, progress=progress)
            ),
            claims_json,
            lambda found: _manifest(found, started, draws=draws, seed=seed, threads=threads),
            finish,
        )
    )


def _manifest(found: Sequence[ClaimRecord], started: str, **run: int) -> dict[str, Any]:
    from rascade.analyses.claims.records import load_experiments
    from rascade.evidence import evidence_hash
    from rascade.model import load_table

    tests = hashlib.sha256(repr(load_experiments()).encode()).hexdigest()
    return base_manifest(
        "claims",
        started,
        study="Claims of the review",
        claims=[record.id for record in found],
        experiments_hash=tests,
        parameter_hash=load_table().hash,
        evidence_hash=evidence_hash(),
        **run,
    )
