"""The columns of every data file: name, type, and the words allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rascade.evidence.names import did_you_mean

__all__ = ["ASSESSORS", "CONDUCT", "SCHEMAS", "Column", "Schema"]


def text(cell: str) -> str:
    """Read a text cell; only blanks around it are taken away."""
    return cell.strip()


def number(cell: str) -> float | None:
    """Read a number or an empty cell; raise ValueError for anything else."""
    stripped = cell.strip()
    if not stripped:
        return None
    value = float(stripped)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def whole(cell: str) -> int | None:
    """Read a whole number or an empty cell; raise ValueError for anything else."""
    stripped = cell.strip()
    return int(stripped) if stripped else None


def names(cell: str) -> tuple[str, ...]:
    """Read a list parted by semicolons."""
    return tuple(part for item in cell.split(";") if (part := item.strip()))


def aliases(cell: str) -> tuple[str, ...]:
    """Read a list parted by upright bars (drug aliases may hold other marks)."""
    return tuple(part for item in cell.split("|") if (part := item.strip()))


_WANTED = {"number": "a number or an empty cell", "whole": "a whole number or an empty cell"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as in the header.
        read: turns the cell into its value.
        required: an empty cell is an error already on loading.
        choices: the words allowed, or empty for any.
    """

    name: str
    read: Callable[[str], Any] = text
    required: bool = False
    choices: frozenset[str] = frozenset()

    def complaint(self, cell: str) -> str:
        """Say what is wrong with a cell that this column refused, and how to mend it."""
        if self.required and not cell.strip():
            return "is empty; every row needs it"
        if self.choices:
            near = did_you_mean(cell, sorted(self.choices), listing="use one of")
            return f"{cell!r} is not one of the words of this column{near}"
        wanted = _WANTED.get(self.read.__name__, "something else")
        return f"{cell!r} cannot be read; give {wanted}"


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one file, in order."""

    columns: tuple[Column, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(column.name for column in self.columns)


def _schema(*columns: Column | str) -> Schema:
    return Schema(tuple(Column(c) if isinstance(c, str) else c for c in columns))


_ID = Column("id", required=True)
_SOURCES = Column("sources", names)
_CONFIDENCE = Column(
    "confidence",
    required=True,
    choices=frozenset({"verified", "secondary", "derived", "recalled", "not_found"}),
)
_FACT = _schema(
    _ID,
    "subject",
    Column("quantity", required=True),
    Column("kind", required=True, choices=frozenset({"numeric", "text", "formula"})),
    Column("value", required=True),
    "unit",
    Column("low", number),
    Column("high", number),
    "range",
    _SOURCES,
    "locator",
    "derivation",
    _CONFIDENCE,
    "context",
    "note",
)
_SEEN = Column(
    "seen",
    required=True,
    choices=frozenset({"source", "abstract", "secondary text", "recalled", "derived"}),
)
_PERCENT = ("orr_pct", "orr_ci_low_pct", "orr_ci_high_pct", "dcr_pct")
_MONTHS = tuple(f"{e}_{p}_months" for e in ("pfs", "os") for p in ("median", "ci_low", "ci_high"))

FACT_FILES = (
    "drug_facts.csv",
    "biology.csv",
    "ras_kinetics.csv",
    "io_parameters.csv",
    "published_parameters.csv",
    "calibration_targets.csv",
    "clinical.csv",
)

ASSESSORS = frozenset({"", "investigator", "BICR"})
#: What `trial_conduct.csv` tells of an arm, and the unit: "text" and "date" are not numbers.
CONDUCT = {
    "data_cut": "date",
    "follow_up": "months",
    "scan_interval": "weeks",
    "pfs_assessor": "text",
    "pfs_median_investigator": "months",
    "orr_investigator": "%",
    "later_treatment": "%",
    "time_to_response": "months",
    "response_duration": "months",
    "time_on_treatment": "months",
    "stopped_for_progression": "%",
    "fatal_adverse_events": "%",
    "dose_intensity": "%",
    "ca199_fall_20": "%",
    "ca199_fall_50": "%",
    "ca199_fall_90": "%",
}

SCHEMAS: dict[str, Schema] = {
    "citations.csv": _schema(
        _ID,
        Column(
            "kind",
            required=True,
            choices=frozenset(
                {
                    "PMID",
                    "DOI",
                    "PMC",
                    "NCT",
                    "label",
                    "conference",
                    "registry",
                    "database",
                    "book",
                    "other",
                }
            ),
        ),
        Column("identifier", required=True),
        Column("reference", required=True),
        "title",
        Column("year", whole),
        "pmid",
        "doi",
        "pmc",
        "nct",
        Column(
            "status",
            required=True,
            choices=frozenset(
                {
                    "confirmed",
                    "contradicted",
                    "seen",
                    "listed",
                    "carried",
                    "unchecked",
                    "not a work",
                }
            ),
        ),
        "checked_on",
        "checked_how",
    ),
    "drugs.csv": _schema(
        Column("name", required=True),
        Column("modality", required=True),
        Column("class", required=True),
        Column("target", required=True),
        Column("mechanism", required=True),
        Column("aliases", aliases),
        Column("group", required=True),
        _SOURCES,
    ),
    **dict.fromkeys(FACT_FILES, _FACT),
    "trials.csv": _schema(
        _ID,
        Column("trial", required=True),
        "nct",
        "phase",
        Column("arm", required=True),
        Column("drugs", names),
        "regimen",
        "population",
        Column("n", whole),
        Column("n_evaluable", whole),
        *(Column(name, number) for name in (*_PERCENT, *_MONTHS)),
        Column("grade3plus_pct", number),
        Column("grade3plus_basis", choices=frozenset({"", "treatment-related", "any-cause"})),
        Column("discontinuation_pct", number),
        _SOURCES,
        "locator",
        _CONFIDENCE,
        "note",
    ),
    "trial_cells.csv": _schema(
        _ID,
        Column("arm_id", required=True),
        Column("field", required=True),
        _CONFIDENCE,
    ),
    "trial_landmarks.csv": _schema(
        _ID,
        Column("arm_id", required=True),
        Column("endpoint", required=True, choices=frozenset({"OS", "PFS"})),
        Column("month", number, required=True),
        Column("percent", number, required=True),
        Column("low", number),
        Column("high", number),
        Column("assessor", choices=ASSESSORS),
        _SOURCES,
        _SEEN,
        "note",
    ),
    "trial_conduct.csv": _schema(
        _ID,
        Column("arm_id", required=True),
        Column("field", required=True, choices=frozenset(CONDUCT)),
        Column("value", required=True),
        Column("low", number),
        Column("high", number),
        "range",
        _SOURCES,
        _SEEN,
        "note",
    ),
    "contrasts.csv": _schema(
        _ID,
        Column("arm_id", required=True),
        Column("reference_id", required=True),
        Column("endpoint", required=True, choices=frozenset({"OS", "PFS", "RFS"})),
        Column("hazard_ratio", number, required=True),
        Column("low", number),
        Column("high", number),
        "range",
        _SOURCES,
        _CONFIDENCE,
        "note",
    ),
    "adverse_events.csv": _schema(
        _ID,
        Column("regimen", required=True),
        Column("drugs", names),
        Column("event", required=True),
        Column("grade3plus_pct", number),
        Column("any_grade_pct", number),
        Column("n", whole),
        "trial",
        _SOURCES,
        "locator",
        _CONFIDENCE,
        "note",
    ),
    "claims.csv": _schema(
        _ID,
        "section",
        Column("claim", required=True),
        "keywords",
        Column("type", required=True, choices=frozenset({"direction", "quantity"})),
        "test",
        "expected",
        "review_references",
        Column(
            "status",
            required=True,
            choices=frozenset(
                {
                    "correct",
                    "partly correct",
                    "overstated",
                    "outdated",
                    "garbled",
                    "plausible",
                    "contradicted",
                    "unsupported",
                    "mixed",
                }
            ),
        ),
        "status_detail",
        "right_reading",
    ),
    "conflicts.csv": _schema(
        _ID,
        Column("records", names),
        Column("what", required=True),
        "used",
        "why",
        Column("status", required=True, choices=frozenset({"decided", "open"})),
    ),
    "checks.csv": _schema(
        _ID,
        Column("record", required=True),
        Column("date", required=True),
        Column("looked_up", required=True),
        Column("found", required=True),
        Column(
            "verdict",
            required=True,
            choices=frozenset({"confirmed", "contradicted", "not found"}),
        ),
        "citation",
    ),
}
