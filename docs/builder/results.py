"""Results that the texts quote: kept in ``docs/results``, run anew with ``docs/build.py --run``."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from builder.text import table

__all__ = [
    "RESULTS",
    "STUDIES",
    "comparison",
    "contrasts",
    "current_model_hash",
    "read_result",
    "run_studies",
    "store_self_check",
    "threads",
]

DOCS = Path(__file__).parents[1]
STUDY_FOLDER = DOCS.parent / "studies"
RESULTS = DOCS / "results"
STUDIES = (
    "rasolute-302",
    "codebreak-100-pdac",
    "krystal-1-pdac",
    "checkmate-032-pdac",
    "pembrolizumab-alone",
)
PICTURE = DOCS / "images" / "rasolute-302.png"
_ENDS = {
    "orr": ("ORR, %", "orr_pct", "orr_ci", 0),
    "pfs": ("PFS, median, months", "pfs_median_months", "pfs_ci", 1),
    "os": ("OS, median, months", "os_median_months", "os_ci", 1),
}
_USES = {
    "calibrate": "fitted",
    "validate": "not fitted",
    "compare": "not fitted",
}


def run_studies() -> None:
    """Run the example studies and keep what the texts need of them; the picture as well."""
    from builder.picture import draw_trial
    from rascade.studies import load
    from rascade.studies.running.trial import run_trial

    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for name in STUDIES:
            folder = Path(place) / name
            result = run_trial(load(STUDY_FOLDER / f"{name}.yaml"), folder, threads=threads())
            kept = {
                key: result.summary[key]
                for key in (
                    "study",
                    "seed",
                    "model_hash",
                    "rascade_version",
                    "cohort",
                    "arms",
                    "contrasts",
                )
            }
            kept["published"] = result.manifest.get("published", [])
            text = json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
            (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
            if name == STUDIES[0]:
                PICTURE.parent.mkdir(exist_ok=True)
                draw_trial(folder, PICTURE)


def store_self_check() -> None:
    """Store the numbers anew with which ``rascade doctor`` compares what it computes."""
    from rascade.analyses.doctor.self_check import stored_file, stored_text

    stored_file().write_text(stored_text(), encoding="utf-8")


def threads() -> int:
    """Return with how many threads results are made; they do not depend on it."""
    return int(os.environ.get("RASCADE_THREADS", "1"))


def read_result(name: str) -> dict[str, Any]:
    """Return the kept result of a study."""
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return result


def current_model_hash(name: str) -> str:
    """Return the hash that the model of a study has now; another one means stale results."""
    from rascade.studies import load
    from rascade.studies.files.trial_plan import to_plan
    from rascade.trial.design.models import arm_assembly

    plan = to_plan(load(STUDY_FOLDER / f"{name}.yaml"))
    hashes = [arm_assembly(plan, arm).hash for arm in plan.arms]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _interval(value: float | None, ends: Any, digits: int) -> str:
    text = "not reached" if value is None else f"{value:.{digits}f}"
    if not ends or ends == [None, None]:
        return text
    low, high = ("not reached" if end is None else f"{end:.{digits}f}" for end in ends)
    return f"{text} ({low} to {high})"


def comparison(*names: str) -> str:
    """Return simulated beside published results of the arms that have any."""
    rows = []
    for name in names:
        result = read_result(name)
        arms = {arm["name"]: arm for arm in result["arms"]}
        for row in result["published"]:
            if row["endpoint"] not in _ENDS:
                continue
            title, value, ends, digits = _ENDS[row["endpoint"]]
            arm = arms[row["arm"]]
            rows.append(
                (
                    row["arm"],
                    title,
                    _interval(arm[value], arm[ends], digits),
                    _interval(row["value"], [row["low"], row["high"]], digits),
                    _verdict(arm[value], row),
                    _use(row),
                )
            )
    header = ("arm", "end point", "simulated (95 % CI)", "published (95 % CI)", "inside?", "role")
    return table(header, rows)


def _verdict(value: float | None, row: dict[str, Any]) -> str:
    """Say whether the simulated value is in the published interval, or else how far off it is."""
    if value is None:
        return "not reached"
    if row["low"] is None:
        return f"{100 * (value / row['value'] - 1):+.0f} % (no CI published)"
    high = float("inf") if row["high"] is None else row["high"]
    return "yes" if row["low"] <= value <= high else "**no**"


def _use(row: dict[str, Any]) -> str:
    if row["endpoint"] == "os" and row["arm"] == "daraxonrasib":
        return "not a target, but seen while fitting"
    return _USES[row["use"]]


def contrasts(name: str) -> str:
    """Return simulated beside published hazard ratios of a study."""
    from rascade.evidence import load

    result = read_result(name)
    published = {(c.arm_id, c.endpoint.lower()): c for c in load().contrasts}
    ids = {row["arm"]: _arm_id(name, row["arm"]) for row in result["published"]}
    rows = []
    for contrast in result["contrasts"]:
        for end in ("pfs", "os"):
            seen = published.get((ids.get(contrast["arm"], ""), end))
            if seen is None:
                continue
            rows.append(
                (
                    f"{contrast['arm']} against {contrast['reference']}",
                    f"{end.upper()}, hazard ratio",
                    _interval(contrast[f"{end}_hr"], contrast[f"{end}_hr_ci"], 2),
                    _interval(seen.hazard_ratio, [seen.low, seen.high], 2),
                )
            )
    return table(("contrast", "end point", "simulated (95 % CI)", "published (95 % CI)"), rows)


def _arm_id(name: str, arm: str) -> str:
    from rascade.studies import load

    study = load(STUDY_FOLDER / f"{name}.yaml")
    return next((a.published or "" for a in study.arms if a.name == arm), "")
