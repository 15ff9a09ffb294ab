"""What carries the benefit of daraxonrasib with an anti-PD-1 antibody, for the page of the verb."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from builder.results import RESULTS, STUDY_FOLDER, read_result, threads
from builder.text import cell, table

__all__ = ["attribution_table", "figures", "run"]

STUDY = "daraxonrasib-pembrolizumab"
#: Key of the kept results -> end point, and what the combination is compared with.
ASKED = {
    "pfs": ("pfs", ""),
    "os": ("os", ""),
    "size": ("size", ""),
    "pfs-nothing": ("pfs", "nothing"),
}


def run() -> None:
    """Divide the benefit and keep it as ``docs/results/attribution.json``; some minutes."""
    from rascade.analyses.attribution.run import Question, attribute
    from rascade.analyses.attribution.tables import record
    from rascade.progress import progress_on_stderr
    from rascade.studies import load
    from rascade.studies.files.trial_plan import to_plan

    plan = to_plan(load(STUDY_FOLDER / f"{STUDY}.yaml"))
    kept: dict[str, Mapping[str, Any]] = {}
    found = {}
    for key, (endpoint, against) in ASKED.items():

        def keep(part: str, make: Callable[[], Mapping[str, Any]], against: str = against) -> Any:
            # The combination is the same whatever it is compared with.
            name = part if part.endswith("-0") else f"{part}-{against}"
            if name not in kept:
                kept[name] = make()
            return kept[name]

        question = Question(plan, endpoint=endpoint, against=against)
        with progress_on_stderr(f"attribution, {key}") as progress:
            found[key] = record(
                attribute(question, threads=threads(), keep=keep, progress=progress)
            )
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / "attribution.json").write_text(text, encoding="utf-8")


def attribution_table() -> str:
    """Return one row a mechanism, one column a question."""
    from rascade.report.pages.attribution import shown, spread

    found = [read_result("attribution")[key] for key in ASKED]

    def text(one: Mapping[str, Any]) -> str:
        return f"{shown(one.get('value', one.get('benefit')), 2)} ({spread(one, 2)})"

    rows = [
        (cell(share["mechanism"]), *(text(one["shares"][place]) for one in found))
        for place, share in enumerate(found[0]["shares"])
    ]
    rows.append(("**benefit**", *(text(one) for one in found)))
    head = (
        "mechanism", "PFS over daraxonrasib, months", "OS over daraxonrasib, months",
        "log volume at 16 weeks over daraxonrasib", "PFS over no treatment, months",
    )  # fmt: skip
    return table(head, rows, (1, 2, 3, 4))


def figures() -> dict[str, str]:
    """Return the waterfalls of PFS, over daraxonrasib and over no treatment."""
    from rascade.report.pages.attribution import attribution_figures

    found = read_result("attribution")
    return {
        f"images/attribution/{key}.svg": attribution_figures(found[key])[0].svg
        for key in ("pfs", "pfs-nothing")
    }
