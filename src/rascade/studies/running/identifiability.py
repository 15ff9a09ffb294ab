"""Asking what the facts tell of parameters: from ids to a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rascade.progress import Progress, check_threads
from rascade.results.manifest import base_manifest, now
from rascade.results.records_folder import write_records
from rascade.results.store import json_text

__all__ = ["IdentifiabilityResult", "identifiability_json", "run_identifiability_study"]


@dataclass(frozen=True, slots=True)
class IdentifiabilityResult:
    """What the question came to.

    Attributes:
        folder: the results folder; None if nothing was written.
        record: see `rascade.analyses.identifiability.tables.record`.
    """

    folder: Path | None
    record: dict[str, Any]


def identifiability_json(record: dict[str, Any]) -> str:
    """Return the record as JSON text; equal records give equal bytes."""
    return json_text(record, indent=1)


def run_identifiability_study(
    ids: Iterable[str] = (),
    out: str | Path | None = None,
    *,
    profiled: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> IdentifiabilityResult:
    """Ask what the experiments of facts tell of parameters; write the folder, whole or not at all.

    Args:
        ids: facts or subjects; those of cells in a dish or in nude mice if none is given.
        out: the results folder; nothing is written without one.
        profiled: parameters with a profile likelihood; the default of the analyses if None.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the work is.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        InputError: a fact is not known, a number is out of range, `out` cannot be written.
        SimulationError: the solver gave up.
    """
    from rascade.analyses.identifiability.run import PROFILES, chosen_facts, identify
    from rascade.analyses.identifiability.tables import record

    check_threads(threads)
    wanted = [fact.id for fact in chosen_facts(ids)]
    count = PROFILES if profiled is None else profiled
    started = now()
    return IdentifiabilityResult(
        *write_records(
            out,
            "identifiability.json",
            lambda: record(identify(wanted, profiled=count, threads=threads, progress=progress)),
            identifiability_json,
            lambda _: _manifest(wanted, started, count, threads),
            finish,
        )
    )


def _manifest(wanted: list[str], started: str, profiled: int, threads: int) -> dict[str, Any]:
    from rascade.analyses.facts.records import facts_hash
    from rascade.evidence import evidence_hash
    from rascade.model import load_table

    return base_manifest(
        "identifiability",
        started,
        study="What the facts tell of parameters",
        facts=wanted,
        profiles=profiled,
        experiments_hash=facts_hash(),
        parameter_hash=load_table().hash,
        evidence_hash=evidence_hash(),
        threads=threads,
    )
