"""``reference/identifiability.md`` with its figures, from the kept result."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from builder.results import RESULTS, threads
from builder.text import NOTE, code, table

if TYPE_CHECKING:
    from rascade.report.look.canvas import Figure

__all__ = ["figures", "identifiability_page", "kept", "run"]

_KEPT = RESULTS / "identifiability.json"
_HEAD = """\
# Identifiability

What the dish and xenograft experiments of all [facts](facts.md) together can tell of the
parameters that nobody has verified. `rascade identifiability` asks anew, for all or for some;
[the explanation](../explanation/identifiability.md) says how it is computed and how to read it.
"""


def run() -> None:
    """Ask, and keep what the page needs."""
    from rascade.studies.running.identifiability import (
        identifiability_json,
        run_identifiability_study,
    )

    text = identifiability_json(run_identifiability_study(threads=threads()).record)
    _KEPT.write_text(text, encoding="utf-8")


def kept() -> dict[str, Any]:
    """Return the kept result."""
    found: dict[str, Any] = json.loads(_KEPT.read_text(encoding="utf-8"))
    return found


@cache
def _drawn() -> tuple[Figure, ...]:
    from rascade.report.pages.identifiability import identifiability_figures

    return tuple(identifiability_figures(kept()))


def figures() -> dict[str, str]:
    """Return file below ``docs`` -> SVG text."""
    return {f"images/identifiability/{f.name}.svg": f.svg for f in _drawn()}


def identifiability_page() -> str:
    """Return the page."""
    from rascade.report.pages.identifiability import (
        LIMITS,
        direction_table,
        lead,
        pair_table,
        parameter_table,
        profile_table,
    )

    record = kept()
    parts = [NOTE, _HEAD, lead(record) + "\n", *(f"- {text}" for text in LIMITS), ""]
    for figure in _drawn():
        parts += [
            f"## {figure.title}\n",
            f"![{figure.title}](../images/identifiability/{figure.name}.svg)\n",
            figure.caption + "\n",
        ]
    parts.append("## Known together only\n")
    parts += [f"- {', '.join(map(code, group))}" for group in record["groups"]] or ["Nothing."]
    parts.append("")
    for made in (
        parameter_table(record),
        direction_table(record),
        pair_table(record),
        profile_table(record),
    ):
        if made.rows:
            parts += [
                f"## {made.caption}\n",
                table(made.head, made.rows, right=tuple(sorted(made.numeric))),
                f"\n{made.note}\n",
            ]
    return "\n".join(parts) + "\n"
