"""The numbers behind a simulation, held against the evidence: sources and calibration targets."""

from __future__ import annotations

import csv
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from rascade.model.table import table_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rascade.evidence import Evidence
    from rascade.evidence.records import Problem

__all__ = ["TABLES", "check_numbers"]

#: Tables with a source in every row: package, file, and the columns that name a row.
TABLES = (
    *(("rascade.model", file, ("name",)) for file in table_files()),
    ("rascade.model", "alleles.csv", ("allele",)),
    ("rascade.patients", "profile.csv", ("property", "category")),
    ("rascade.patients", "effects.csv", ("property", "category", "row")),
    ("rascade.patients", "lines.csv", ("line", "row")),
    ("rascade.patients", "correlations.csv", ("first", "second")),
    ("rascade.patients", "prognosis.csv", ("property", "category")),
    ("rascade.patients", "plausibility.csv", ("name",)),
    ("rascade.trial", "measurement.csv", ("name",)),
    ("rascade.trial", "conduct.csv", ("name",)),
    ("rascade.trial", "ctcae.csv", ("term", "version")),
    ("rascade.trial", "dose_levels.csv", ("drug",)),
    ("rascade.trial", "dose_ranges.csv", ("drug", "route", "given")),
    ("rascade.trial", "label_rules.csv", ("drug", "on")),
)
_TARGET = re.compile(r"CT\d+")


def _rows(package: str, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    text = (files(package) / "data" / file).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    for row in reader:
        yield reader.line_num, row


def check_numbers(evidence: Evidence) -> tuple[int, list[Problem]]:
    """Check that every source is known to the evidence and every fitted target is listed.

    Args:
        evidence: that of the package, or an edited one.

    Returns:
        How many numbers have been checked, and what is wrong with them.
    """
    from rascade.model.sources import check_confidence, check_sources

    rows = [
        (file, line, " ".join(row[column] for column in names).strip(), row)
        for package, file, names in TABLES
        for line, row in _rows(package, file)
    ]
    sources = [(file, line, name, row["source"]) for file, line, name, row in rows]
    confidences = [
        (file, line, name, row["source"], row["confidence"])
        for file, line, name, row in rows
        if row.get("confidence")
    ]
    return len(rows), [
        *check_sources(sources, evidence),
        *check_confidence(confidences, evidence),
        *_check_targets(evidence),
    ]


def _check_targets(evidence: Evidence) -> Iterator[Problem]:
    """Yield fitted parameters whose targets are not listed, and listed targets nobody knows."""
    from rascade.evidence.records import Problem
    from rascade.trial.results.published.arms import calibration_targets

    used = {use.target: use.use for use in calibration_targets()}
    known = {fact.id.partition(".")[0] for fact in evidence.calibration_targets}
    for package, file, _ in TABLES:
        for line, row in _rows(package, file):
            for target in _TARGET.findall(row.get("fitted", "")):
                if used.get(target) != "calibrate":
                    message = f"{row['name']}: {target} is no calibrate row of calibration.csv"
                    yield Problem(file, line, "fitted", message, "error", "target")
    for line, row in _rows("rascade.trial", "calibration.csv"):
        if row["target"] not in known:
            message = f"the evidence has no calibration target {row['target']!r}"
            yield Problem("calibration.csv", line, "target", message, "error", "target")
        arms = {arm.id for arm in evidence.trials}
        if row["arm_id"] and row["arm_id"] not in arms:
            message = f"the evidence has no trial arm {row['arm_id']!r}"
            yield Problem("calibration.csv", line, "arm_id", message, "error", "target")
