"""A drug beside its class: from its name to a folder of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rascade import RESEARCH_USE
from rascade.own_drugs import own_drugs
from rascade.progress import Progress, check_threads
from rascade.random_streams import check_seed
from rascade.results.manifest import base_manifest, now
from rascade.results.records_folder import write_records
from rascade.results.store import json_text
from rascade.studies.files.drugs import told_drugs

__all__ = ["ClassResult", "class_json", "run_drug_class"]


@dataclass(frozen=True, slots=True)
class ClassResult:
    """What a look at a class came to.

    Attributes:
        folder: the results folder; None if nothing was written.
        record: see `rascade.analyses.drug_class.run.drug_class`.
    """

    folder: Path | None
    record: dict[str, Any]


def class_json(record: dict[str, Any]) -> str:
    """Return a record as JSON text; equal records give equal bytes."""
    return json_text({"research_use": RESEARCH_USE, **record}, indent=1)


def run_drug_class(
    drug: str,
    out: str | Path | None = None,
    *,
    orders: str | None = None,
    allele: str | None = None,
    patients: int = 60,
    seed: int = 1,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> ClassResult:
    """Look at a drug beside its class and write the results folder, whole or not at all.

    Args:
        drug: known, or the user's own.
        out: the results folder; nothing is written without one.
        orders: what is given of the drug; the usual ones if None.
        allele: of KRAS; that on which the class acts if None.
        patients: at each potency; 0 leaves the responses out.
        seed: of the patients.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the work is.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        InputError: something given is wrong, or `out` cannot be written.
        UnsupportedFeature: no such drug, or one that holds no target.
        SimulationError: the solver gave up.
    """
    from rascade.analyses.drug_class.run import drug_class

    check_threads(threads)
    check_seed(seed)
    started = now()

    def work() -> dict[str, Any]:
        return drug_class(
            drug, orders=orders, allele=allele, patients=patients, seed=seed, threads=threads,
            progress=progress,
        )  # fmt: skip

    def manifest(record: dict[str, Any]) -> dict[str, Any]:
        return _manifest(record, started, seed, patients)

    return ClassResult(*write_records(out, "class.json", work, class_json, manifest, finish))


def _manifest(record: dict[str, Any], started: str, seed: int, patients: int) -> dict[str, Any]:
    from rascade.evidence import evidence_hash
    from rascade.model import table_of

    names = [course["drug"] for course in record["courses"]]
    return base_manifest(
        "drugs class",
        started,
        study=f"{record['drug']} beside its class",
        allele=record["allele"],
        patients=patients,
        seed=seed,
        parameter_hash=table_of(names).hash,
        evidence_hash=evidence_hash(),
        **told_drugs(own for name, own in own_drugs().items() if name in names),
    )
