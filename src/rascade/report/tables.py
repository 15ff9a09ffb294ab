"""The tables of a trial report, as texts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from rascade.report.page import Table
from rascade.report.text import interval, months_text, number, p_value, percent, plain

if TYPE_CHECKING:
    from rascade.report.folder import TrialRun
    from rascade.report.published import Comparison

__all__ = [
    "contrast_table",
    "headline_table",
    "parameter_table",
    "provenance_table",
    "published_table",
    "response_table",
    "solver_table",
]

RESPONSES = {
    "CR": "Complete response",
    "PR": "Partial response",
    "SD": "Stable disease",
    "PD": "Progressive disease",
    "NE": "Not evaluable",
}
MOST_PARAMETERS = 60
SCAN_DAYS = (
    "Progression is dated at the scan that shows it, so medians of PFS and their limits fall on "
    "scan days (or on days of death) and agree with published ones no better than to a scan "
    "interval."
)


def headline_table(run: TrialRun) -> Table:
    """Arms with response rates and medians."""
    rows = [
        (
            arm["name"],
            str(arm["n"]),
            percent(arm["orr_pct"], arm["orr_ci"]),
            percent(arm["dcr_pct"]),
            months_text(arm["pfs_median_months"], arm["pfs_ci"]),
            months_text(arm["os_median_months"], arm["os_ci"]),
        )
        for arm in run.summary["arms"]
    ]
    return Table(
        "Arms",
        (
            "Arm",
            "n",
            "ORR (95 % CI)",
            "DCR",
            "Median PFS, months (95 % CI)",
            "Median OS, months (95 % CI)",
        ),
        rows,
        "ORR: objective response rate by RECIST 1.1 with exact (Clopper–Pearson) interval; "
        "DCR: disease control rate; PFS: progression-free survival; OS: overall survival; "
        f"NR: not reached. {SCAN_DAYS}",
        frozenset({1, 2, 3, 4, 5}),
    )


def contrast_table(run: TrialRun) -> Table | None:
    """Hazard ratios against the reference; None with a single arm."""
    rows = []
    for contrast in run.summary["contrasts"]:
        cells = [contrast["arm"], contrast["reference"]]
        for end in ("pfs", "os"):
            ratio = contrast[f"{end}_hr"]
            limits = interval(contrast[f"{end}_hr_ci"], 2)
            cells.append("not estimable" if ratio is None else f"{ratio:.2f} ({limits})")
            cells.append(p_value(contrast[f"{end}_logrank_p"]))
        rows.append(tuple(cells))
    if not rows:
        return None
    return Table(
        "Contrasts",
        (
            "Arm",
            "Reference",
            "PFS hazard ratio (95 % CI)",
            "PFS log-rank",
            "OS hazard ratio (95 % CI)",
            "OS log-rank",
        ),
        rows,
        "Below 1 favours the arm. Cox model with Efron's ties and Wald interval. p values describe "
        "the simulated sample: they shrink with the number of virtual patients at will.",
        frozenset({2, 3, 4, 5}),
    )


def response_table(run: TrialRun) -> Table:
    """Best overall response by arm."""
    counts = {arm: run.of_arm(arm)["best_response"].astype(str).value_counts() for arm in run.arms}

    def cell(arm: str, names: list[str]) -> str:
        total, own = len(run.of_arm(arm)), sum(int(counts[arm].get(name, 0)) for name in names)
        return f"{own} ({100 * own / total:.1f} %)" if total else "—"

    rows = [(text, *(cell(arm, [name]) for arm in run.arms)) for name, text in RESPONSES.items()]
    rows.append(("Objective response", *(cell(arm, ["CR", "PR"]) for arm in run.arms)))
    rows.append(("Disease control", *(cell(arm, ["CR", "PR", "SD"]) for arm in run.arms)))
    return Table(
        "Best overall response, RECIST 1.1, patients (%)",
        ("Response", *(f"{arm} (n = {len(run.of_arm(arm))})" for arm in run.arms)),
        rows,
        numeric=frozenset(range(1, len(run.arms) + 1)),
    )


def parameter_table(parameters: list[dict[str, Any]]) -> Table | None:
    """Parameters that mattered, by influence; None if the manifest lists none.

    Those with an influence or fitted are shown; if no parameter has either, all are.
    """
    chosen = [p for p in parameters if p.get("influence") is not None or p.get("fitted")]
    chosen = chosen or list(parameters)
    if not chosen:
        return None
    chosen.sort(key=lambda p: (-abs(p.get("influence") or 0.0), str(p.get("name"))))
    rows = [_parameter(p) for p in chosen[:MOST_PARAMETERS]]
    note = (
        "Influence: as the run's manifest reports it; larger is stronger, the sign is the "
        "direction. Confidence: fitted, adjusted so that published results come out; verified, "
        "read in its source; derived, computed from such numbers; recalled, from memory, to be "
        "looked up; assumed, reasoned without a measurement."
    )
    left = len(parameters) - len(rows)
    if left > 0:
        note += f" {left} more parameters are in manifest.json, with their sources."
    head = ("Parameter", "Meaning", "Value", "Spread", "Influence", "Source", "Confidence")
    return Table("Parameters that mattered", head, rows, note, frozenset({2, 4}), frozenset({1, 3}))


def _parameter(p: dict[str, Any]) -> tuple[str, ...]:
    low, high, influence = p.get("low"), p.get("high"), p.get("influence")
    span = f"{number(low)} to {number(high)}" if low is not None and high is not None else ""
    unit = plain(p.get("unit") or "")
    unit = "" if unit in {"dimensionless", "1"} else unit
    share = "" if influence is None else f"{influence:+.2f}".replace("-", "−")
    share = "0.00" if share in {"+0.00", "−0.00"} else share
    return (
        plain(p.get("name", "")),
        plain(p.get("description") or ""),
        f"{number(p.get('value'))} {unit}".strip(),
        "; ".join(x for x in (plain(p.get("distribution") or ""), span) if x),
        share,
        plain(p.get("source") or "—"),
        "fitted" if p.get("fitted") else plain(p.get("confidence") or ""),
    )


def published_table(rows: list[Comparison]) -> Table | None:
    """Published beside simulated; None without any."""
    if not rows:
        return None
    head = (
        "Arm",
        "End point",
        "Simulated (95 % CI)",
        "Published (95 % CI)",
        "Difference",
        "In published CI",
        "Use",
        "Source",
    )
    cells = [
        (
            c.arm,
            f"{c.label}, {c.unit}",
            c.simulated_text,
            c.published_text,
            c.difference,
            c.inside,
            c.use_text,
            c.source,
        )
        for c in rows
    ]
    note = (
        "Use: results marked calibrate were used to set parameters, so agreement with them is no "
        "evidence; those marked validate were not used to set any, with remarks where that is not "
        "all; those marked compare are shown for comparison only."
    )
    return Table(
        "Simulated and published results",
        head,
        cells,
        note,
        frozenset({2, 3, 4}),
        frozenset({6, 7}),
    )


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
    apart = {"mechanism", "parameters", "published", "limits", "files"}
    rows = [
        (plain(key).replace("_", " "), _provenance(key, value))
        for key, value in manifest.items()
        if key not in apart
    ]
    files = manifest.get("files")
    if isinstance(files, dict):
        rows += [(f"file {plain(name)}", _file(facts)) for name, facts in files.items()]
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
