"""The page of frozen predictions: ``index.md`` and a figure in the folder that holds them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rascade import RESEARCH_USE
from rascade.report.figures.studied.predictions import predictions_figure
from rascade.report.look.canvas import drawing
from rascade.report.runs.files import research_footer, write_page

__all__ = ["write_predictions_page"]

_NAMES = {"orr": "ORR, %", "pfs": "PFS, months", "os": "OS, months"}
_HEAD = """# Frozen predictions

What the model said of trials before they reported. A frozen file is never edited: `register.csv`
holds the date and the SHA-256 of each, chained line by line, and `rascade predict check` tells
whether all is as it was. When a result enters the evidence, `rascade predict score` holds the
prediction against it; what was known on the day of freezing is shown and never scored. How to:
[freeze and score predictions](../how-to/predict.md).

"""


def write_predictions_page(folder: Path) -> Path:
    """Write ``index.md`` and ``predictions.svg`` from the frozen files of a folder.

    Raises:
        ResultsError: something was changed since it was frozen.
        OutputError: the folder cannot be written.
    """
    from rascade.studies.running.predictions import SCORES, read_frozen

    frozen = read_frozen(folder)
    scores = _scores(folder / SCORES)
    parts = [_HEAD, f"{RESEARCH_USE}\n\n"]
    if any(not one["refused"] for one in frozen):
        with drawing():
            figure = predictions_figure(frozen, scores, research_footer("frozen predictions"))
        write_page(folder / "predictions.svg", figure.svg)
        parts.append(f"![{figure.title}](predictions.svg)\n\n{figure.caption}\n\n")
    parts.append(_scored(scores))
    parts += [_prediction(one, scores) for one in reversed(frozen)]
    if not frozen:
        parts.append("Nothing is frozen yet.\n")
    return write_page(folder / "index.md", "".join(parts).rstrip() + "\n")


def _scores(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = [dict(row) for row in csv.DictReader(file)]
    for row in rows:
        row["published"] = float(row["published"])
    return rows


def _scored(scores: Sequence[Mapping[str, Any]]) -> str:
    if not scores:
        return "No result of these trials is in the evidence yet, so nothing is scored.\n\n"
    inside = sum(row["inside"] == "True" for row in scores)
    missing = "not reached"
    rows = [
        (
            row["prediction"], row["frozen"][:10], row["arm"], row["endpoint"],
            f"{row['median'] or missing} ({row['low90']} to {row['high90'] or missing})",
            f"{row['published']:g}", "yes" if row["inside"] == "True" else "no", row["crps"],
        )
        for row in scores
    ]  # fmt: skip
    head = ("prediction", "frozen", "arm", "end point", "predicted", "published", "inside", "CRPS")
    return f"{inside} of {len(scores)} published values lie inside.\n\n{_table(head, rows)}\n"


def _prediction(one: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> str:
    number = f" ({one['nct']})" if one["nct"] else ""
    lines = [
        f"## {one['trial']}{number}, frozen {one['frozen'][:10]}",
        "",
        f"{one['question']}.",
        "",
    ]
    if one["refused"]:
        lines += [f"**Not predicted.** {one['refused']}", ""]
    else:
        made = one["made_of"]
        lines += [
            f"Ensemble `{made['ensemble'][:12]}`, {made['members']} members of {made['patients']} "
            f"patients, parameters `{made['parameters'][:12]}`; data cut at month "
            f"{one['last_month']:g}. Median and 90 % predictive interval:",
            "",
            _table(("arm", "patients", *_NAMES.values()), [_arm(one, arm) for arm in one["arms"]]),
        ]
        if one["contrasts"]:
            head = ("contrast", "PFS hazard ratio", "significant", "OS hazard ratio", "significant")
            lines.append(_table(head, [_contrast(row) for row in one["contrasts"]]))
        lines += ["A value marked * was published before and is not scored.", ""]
    lines += ["Where the design is from:", ""]
    lines += [f"- {row['what']} ({row['seen']}: {row['source']})" for row in one["facts"]]
    return "\n".join(lines) + "\n\n"


def _arm(one: Mapping[str, Any], arm: Mapping[str, Any]) -> tuple[str, ...]:
    known = {row["endpoint"] for row in one["known_before"] if row["arm"] == arm["name"]}
    cells = [
        _span(arm["values"][name], 0 if name == "orr" else 1) + ("*" if name in known else "")
        for name in _NAMES
    ]
    return (arm["name"], str(arm["size"]), *cells)


def _contrast(row: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [f"{row['arm']} against {row['reference']}"]
    for endpoint in ("pfs", "os"):
        said = row[endpoint]
        cells += (
            ["-", "-"] if said is None else [_span(said, 2), f"{said['chance_significant']:.0%}"]
        )
    return tuple(cells)


def _span(said: Mapping[str, Any] | None, digits: int) -> str:
    if said is None:
        return "-"
    median, low, high = (
        "not reached" if said[name] is None else f"{said[name]:.{digits}f}"
        for name in ("median", "low90", "high90")
    )
    return f"{median} ({low} to {high})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
