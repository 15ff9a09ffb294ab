"""The whole examination, and its words for whoever asks for help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rascade.analyses.doctor.records import BROKEN, UNSURE, Finding
from rascade.progress import Progress

__all__ = ["examine", "records", "verdict"]


def examine(*, quick: bool = False, progress: Progress | None = None) -> list[Finding]:
    """Look at the installation, and compute what has known results.

    Args:
        quick: whether only the surroundings are looked at; nothing is computed then.
        progress: told the share done and the step of the self-check.
    """
    from rascade.analyses.doctor.surroundings import look_around

    found = look_around()
    if not quick:
        from rascade.analyses.doctor.self_check import check_self

        found += check_self(progress)
    return found


def records(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings ready for JSON."""
    return [asdict(one) for one in found]


def verdict(found: Iterable[Finding]) -> str:
    """Say in one sentence what it comes to."""
    found = list(found)
    broken = [one.part for one in found if one.state == BROKEN]
    unsure = [one.part for one in found if one.state == UNSURE]
    if broken:
        return f"broken: {', '.join(broken)}"
    if unsure:
        return f"works; worth a look: {', '.join(unsure)}"
    return "everything is as it should be"
