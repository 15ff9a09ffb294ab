"""A trial as its report reads it, from a folder or from memory."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.report.look.text import plain
from rascade.report.runs.files import read_json, read_table, research_footer
from rascade.trial.endpoints import END_POINTS, TimeEndPoint, times
from rascade.trial.results.records.codec import from_json
from rascade.trial.results.records.conduct import ArmSafety, Censoring
from rascade.trial.results.records.details import Details
from rascade.trial.results.records.headline import ArmHeadline, ContrastHeadline

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TrialRun",
    "check_trial",
    "read_trial",
    "trial_run",
]

PATIENT_COLUMNS = (
    "patient",
    "arm",
    "best_response",
    "best_change_pct",
    "pfs_months",
    "pfs_event",
    "os_months",
    "os_event",
)
EVENT_COLUMNS = ("patient", "arm", "term", "grade", "serious", "related")
VISIT_COLUMNS = ("patient", "arm", "day", "change_pct", "new_lesion")


@dataclass(frozen=True)
class TrialRun:
    """Everything that a trial report is made of.

    Attributes:
        study: text of ``study.yaml``.
        manifest: ``manifest.json``.
        summary: ``summary.json``.
        patients: ``patients.parquet``, arm names cleaned.
        visits: ``visits.parquet``, arm names cleaned.
        adverse_events: ``adverse_events.parquet``, arm names cleaned; None where there is none.
    """

    study: str
    manifest: dict[str, Any]
    summary: dict[str, Any]
    patients: pd.DataFrame
    visits: pd.DataFrame
    adverse_events: pd.DataFrame | None = None

    @cached_property
    def arms(self) -> list[str]:
        """Names of the arms in the study's order."""
        return [arm["name"] for arm in self.summary["arms"]]

    @cached_property
    def reference(self) -> str | None:
        """The arm that the others are compared with."""
        contrasts = self.summary["contrasts"]
        return contrasts[0]["reference"] if contrasts else None

    @cached_property
    def description(self) -> str:
        """What the study file says of itself; empty where it says nothing."""
        import yaml

        try:
            content = yaml.safe_load(self.study)
        except yaml.YAMLError:
            return ""
        return plain(content.get("description") or "") if isinstance(content, dict) else ""

    def of_arm(self, arm: str) -> pd.DataFrame:
        """Patients of an arm."""
        return self.patients[self.patients["arm"] == arm]

    @cached_property
    def times(self) -> tuple[TimeEndPoint, ...]:
        """End points of these results that are times to events, in order."""
        return tuple(end for end in times(self.summary) if end.months in self.patients)

    @cached_property
    def headlines(self) -> dict[str, ArmHeadline]:
        """What each arm came to, by name."""
        return {row["name"]: from_json(ArmHeadline, row) for row in self.summary["arms"]}

    @cached_property
    def contrasts(self) -> tuple[ContrastHeadline, ...]:
        """The arms against the reference."""
        return tuple(from_json(ContrastHeadline, row) for row in self.summary["contrasts"])

    @cached_property
    def details(self) -> Details | None:
        """End points in detail; None for results without them."""
        found = self.summary.get("end_points")
        return from_json(Details, found) if found else None

    @cached_property
    def safety(self) -> dict[str, ArmSafety]:
        """Side effects and exposure by arm; all None in results without them."""
        return {row["name"]: from_json(ArmSafety, row) for row in self.summary["arms"]}

    @cached_property
    def censoring(self) -> Censoring | None:
        """PFS by rule of censoring; None for results without it."""
        found = self.summary.get("pfs_censoring")
        return from_json(Censoring, found) if found else None

    def end_point(self, name: str) -> TimeEndPoint:
        """Return an end point by name.

        Raises:
            InputError: there is none, or these results do not hold it.
        """
        found = END_POINTS[name]
        if found not in self.times:
            here = ", ".join(end.name for end in self.times)
            raise InputError(f"end point {found.name}: not in these results, which have {here}")
        assert isinstance(found, TimeEndPoint)
        return found

    def summary_of(self, arm: str) -> dict[str, Any]:
        """Summary of an arm."""
        found: dict[str, Any] = self.summary["arms"][self.arms.index(arm)]
        return found

    @property
    def footer(self) -> str:
        """The line at the bottom of every figure."""
        return research_footer(
            self.summary["study"], self.summary.get("seed"), self.summary.get("model_hash")
        )


def check_trial(folder: Path) -> None:
    """Check that a folder holds a finished trial.

    Raises:
        InputError: it does not; the message says what it is and what to do.
        ResultsError: a newer version of Rascade wrote it.
    """
    from rascade.results.folders import read_json as read_manifest
    from rascade.results.store import MANIFEST, UNFINISHED

    if not folder.is_dir():
        what = "is a file" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {what}; name the DIR of rascade trial ... --out DIR")
    if not (folder / MANIFEST).is_file():
        if (folder / UNFINISHED).is_dir():
            raise InputError(
                f"{folder}: a trial that was not finished; go on with it by 'rascade trial "
                f"STUDY.yaml --out {folder} --resume'"
            )
        raise InputError(
            f"{folder}: no results of a trial here (no {MANIFEST}); name the DIR of rascade trial "
            "... --out DIR; 'rascade studies list' shows those that are known"
        )
    kind = read_manifest(folder / MANIFEST).get("kind", "trial")
    if kind != "trial":
        raise InputError(
            f"{folder}: results of kind {plain(kind)}, not of a trial; rascade {plain(kind)} "
            "writes their page itself"
        )


def read_trial(folder: Path) -> TrialRun:
    """Read the folder that ``rascade trial`` wrote.

    Raises:
        InputError: a file or a column is missing, or a file cannot be read.
    """
    summary = read_json(folder / "summary.json")
    for key in ("study", "arms", "contrasts"):
        if key not in summary:
            raise InputError(f"{folder / 'summary.json'}: no {key!r}; run the trial again")
    wanted = [("patients", PATIENT_COLUMNS), ("visits", VISIT_COLUMNS)]
    if (folder / "adverse_events.parquet").is_file():
        wanted.append(("adverse_events", EVENT_COLUMNS))
    tables = {}
    for name, columns in wanted:
        tables[name] = read_table(folder / f"{name}.parquet", columns)
    study = folder / "study.yaml"
    text = study.read_text(encoding="utf-8") if study.is_file() else ""
    return trial_run(text, read_json(folder / "manifest.json"), summary, tables)


def trial_run(
    study: str,
    manifest: Mapping[str, Any],
    summary: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
) -> TrialRun:
    """Return what a report is made of, from results in memory, which are left as they are.

    Args:
        study: text of the study file.
        manifest: as ``manifest.json``.
        summary: as ``summary.json``.
        tables: ``patients``, ``visits`` and, where there are any, ``adverse_events``.
    """
    named = copy.deepcopy(dict(summary))
    for arm in named["arms"]:
        arm["name"] = plain(arm["name"])
    for contrast in named["contrasts"]:
        contrast["arm"], contrast["reference"] = (plain(contrast[k]) for k in ("arm", "reference"))
    _clean_names(named.get("end_points") or {})
    for rule in (named.get("pfs_censoring") or {}).get("sensitivity") or ():
        _clean_names(rule)
    cleaned = {
        name: table.assign(arm=table["arm"].astype(str).map(plain))
        for name, table in tables.items()
    }
    return TrialRun(study=study, manifest=dict(manifest), summary=named, **cleaned)


def _clean_names(end_points: dict[str, Any]) -> None:
    """Clean the names of arms wherever the end points in detail hold them."""
    holders = [end_points, *end_points.get("estimands", ())]
    for row in (
        row for part in holders for key in ("arms", "contrasts") for row in part.get(key, ())
    ):
        for key in {"name", "arm", "reference"} & set(row):
            row[key] = plain(row[key])
