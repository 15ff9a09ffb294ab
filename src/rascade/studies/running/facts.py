"""Computing the facts of the field: from ids to a folder of results."""

from __future__ import annotations

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
    from rascade.analyses.facts.tables import FactRecord

__all__ = ["FactsResult", "facts_json", "run_facts_study"]


@dataclass(frozen=True, slots=True)
class FactsResult:
    """What the facts came to.

    Attributes:
        folder: the results folder; None if nothing was written.
        records: one a fact.
    """

    folder: Path | None
    records: tuple[FactRecord, ...]


def facts_json(records: Sequence[FactRecord]) -> str:
    """Return records as JSON text; equal records give equal bytes."""
    return json_text([to_json(record) for record in records], indent=1)


def run_facts_study(
    ids: Iterable[str] = (),
    out: str | Path | None = None,
    *,
    role: str = "",
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> FactsResult:
    """Compute facts and write the results folder, whole or not at all.

    Args:
        ids: facts or subjects; if none is given, all but those that are held out.
        out: the results folder; nothing is written without one.
        role: only facts of this role.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the work is.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        InputError: a fact is not known, a number is out of range, `out` cannot be written.
        SimulationError: the solver gave up.
    """
    from rascade.analyses.facts.records import find_facts
    from rascade.analyses.facts.run import run_facts
    from rascade.analyses.facts.tables import records

    check_threads(threads)
    wanted = [fact.id for fact in find_facts(ids, role)]
    started = now()
    return FactsResult(
        *write_records(
            out,
            "facts.json",
            lambda: records(run_facts(wanted, threads=threads, progress=progress)),
            facts_json,
            lambda _: _manifest(wanted, started, threads),
            finish,
        )
    )


def _manifest(wanted: list[str], started: str, threads: int) -> dict[str, Any]:
    from rascade.analyses.facts.records import facts_hash
    from rascade.evidence import evidence_hash
    from rascade.model import load_table

    return base_manifest(
        "facts",
        started,
        study="Facts of the field",
        facts=wanted,
        experiments_hash=facts_hash(),
        parameter_hash=load_table().hash,
        evidence_hash=evidence_hash(),
        threads=threads,
    )
