"""Loads the data files into one `Evidence`, once a process."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from rascade.errors import EvidenceError
from rascade.evidence.reading import read_rows
from rascade.evidence.records import (
    AdverseEvent,
    Citation,
    Claim,
    Conduct,
    Conflict,
    Contrast,
    Drug,
    Fact,
    Landmark,
    Lookup,
    TrialArm,
)
from rascade.evidence.schema import SCHEMAS
from rascade.evidence.store import Evidence

__all__ = ["DATA", "evidence_hash", "load"]

DATA = Path(__file__).parent / "data"


def load(folder: str | Path | None = None) -> Evidence:
    """Return the evidence; the package's own is read once and kept.

    Args:
        folder: another folder with the same files, for instance an edited copy.

    Raises:
        EvidenceError: a file is missing or a cell has the wrong type; the message names file,
            line, field, value and mend. What a cell means is `Evidence.check`'s business.
    """
    return _package() if folder is None else _read(Path(folder))


@cache
def _package() -> Evidence:
    return _read(DATA)


def evidence_hash(folder: str | Path | None = None) -> str:
    """Return the SHA-256, in hexadecimal, over names and bytes of all data files.

    Raises:
        EvidenceError: a file is missing.
    """
    root = DATA if folder is None else Path(folder)
    digest = hashlib.sha256()
    for name in sorted(SCHEMAS):
        try:
            content = (root / name).read_bytes()
        except OSError as error:
            raise EvidenceError(f"{root / name}: the evidence file is missing") from error
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _read(folder: Path) -> Evidence:
    facts = {
        name: tuple(_fact(name, line, row) for line, row in read_rows(folder, f"{name}.csv"))
        for name in (
            "drug_facts",
            "biology",
            "ras_kinetics",
            "io_parameters",
            "published_parameters",
            "calibration_targets",
            "clinical",
        )
    }
    return Evidence(
        folder=folder,
        registry=_drugs(folder, facts["drug_facts"]),
        citation_rows=_plain(folder, "citations.csv", Citation),
        trials=_trials(folder),
        landmarks=_plain(folder, "trial_landmarks.csv", Landmark),
        conduct=_plain(folder, "trial_conduct.csv", Conduct),
        contrasts=_plain(folder, "contrasts.csv", Contrast),
        adverse_events=_plain(folder, "adverse_events.csv", AdverseEvent),
        claims=_plain(folder, "claims.csv", Claim),
        conflicts=_plain(folder, "conflicts.csv", Conflict),
        lookups=_plain(folder, "checks.csv", Lookup),
        cell_rows=tuple(
            (line, row["arm_id"], row["field"], row["confidence"])
            for line, row in read_rows(folder, "trial_cells.csv")
        ),
        **facts,
    )


def _plain(folder: Path, file: str, record: type[Any]) -> tuple[Any, ...]:
    return tuple(record(file=file, line=line, **row) for line, row in read_rows(folder, file))


def _fact(table: str, line: int, row: dict[str, Any]) -> Fact:
    file = f"{table}.csv"
    if row["kind"] == "numeric":
        try:
            row["value"] = float(row["value"])
        except ValueError:
            raise EvidenceError(
                f"{file}:{line}: value: {row['value']!r} is not a number; "
                "give a number, or set kind to text or formula"
            ) from None
    return Fact(file=file, line=line, **row)


def _drugs(folder: Path, facts: tuple[Fact, ...]) -> tuple[Drug, ...]:
    by_drug: dict[str, list[Fact]] = {}
    for fact in facts:
        by_drug.setdefault(fact.subject, []).append(fact)
    drugs = []
    for line, row in read_rows(folder, "drugs.csv"):
        row["drug_class"] = row.pop("class")
        drug = Drug(id=row["name"], file="drugs.csv", line=line, **row)
        drugs.append(replace(drug, facts=tuple(by_drug.get(drug.name, ()))))
    return tuple(drugs)


def _trials(folder: Path) -> tuple[TrialArm, ...]:
    cells: dict[str, dict[str, str]] = {}
    for _, row in read_rows(folder, "trial_cells.csv"):
        cells.setdefault(row["arm_id"], {})[row["field"]] = row["confidence"]
    return tuple(
        TrialArm(file="trials.csv", line=line, cells=cells.get(row["id"], {}), **row)
        for line, row in read_rows(folder, "trials.csv")
    )
