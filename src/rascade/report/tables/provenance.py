"""How a run was made, as tables: seed, hashes, versions and files, and how the solver ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from rascade.report.look.page import Table
from rascade.report.look.text import number, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["provenance_table", "solver_table"]


def solver_table(run: TrialRun) -> Table:
    """How the solver ended, by arm."""
    patients = run.patients
    if "solver_status" not in patients:
        return Table(
            "Solver status", ("Status", "Patients"), [("not recorded", str(len(patients)))]
        )
    status = patients["solver_status"].astype(str).map(plain)
    names = sorted(status.unique())
    rows = [
        (name, *(str(int(((status == name) & (patients["arm"] == arm)).sum())) for arm in run.arms))
        for name in names
    ]
    return Table(
        "Solver status, patients",
        ("Status", *run.arms),
        rows,
        numeric=frozenset(range(1, len(run.arms) + 1)),
    )


def provenance_table(manifest: dict[str, Any]) -> Table:
    """Seed, hashes, versions, command and times, one a row; files with their digests, one a row."""
    apart = {
        "mechanism",
        "parameters",
        "influence",
        "covariates",
        "published",
        "published_arms",
        "published_contrasts",
        "published_events",
        "published_curves",
        "limits",
        "files",
    }
    rows = [
        (plain(key).replace("_", " "), _provenance(key, value))
        for key, value in manifest.items()
        if key not in apart
    ]
    files = manifest.get("files")
    if isinstance(files, dict):
        # The page cannot hold its own digest.
        others = {name: facts for name, facts in files.items() if name != "report.html"}
        rows += [(f"file {plain(name)}", _file(facts)) for name, facts in others.items()]
    return Table("How this run was made", ("What", "Value"), rows)


def _provenance(key: str, value: Any) -> str:
    """Return one entry of the manifest as text; a command as it was typed."""
    if key == "command" and isinstance(value, list):
        return plain(shlex.join(str(word) for word in value))
    if isinstance(value, dict):
        return ", ".join(f"{plain(k)} {plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(
            plain(v.get("name", v)) if isinstance(v, dict) else plain(v) for v in value
        )
    return plain(value)


def _file(facts: Any) -> str:
    """Return size and digest of a file of the results."""
    if not isinstance(facts, dict):
        return plain(facts)
    size = facts.get("bytes")
    return "; ".join(
        part
        for part in (
            f"{number(size)} bytes" if isinstance(size, int) else "",
            f"SHA-256 {plain(facts['sha256'])}" if facts.get("sha256") else "",
        )
        if part
    )
