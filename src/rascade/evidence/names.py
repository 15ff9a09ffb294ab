"""Near names, for the `did you mean` of a wrong one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["compact", "did_you_mean", "near_names"]

_SEPARATORS = re.compile(r"[\s\-_.,/]+")


def compact(name: str) -> str:
    """Return a name without case, blanks and dashes, as aliases are compared."""
    return _SEPARATORS.sub("", name).casefold()


def near_names(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """Return the candidates most like a name, best first."""
    by_key: dict[str, str] = {}
    for candidate in candidates:
        by_key.setdefault(compact(candidate), candidate)
    wanted = compact(name)
    near = difflib.get_close_matches(wanted, by_key, n=limit, cutoff=0.6)
    if len(wanted) >= 3:
        near += [key for key in by_key if wanted in key and key not in near]
    return [by_key[key] for key in near[:limit]]


def did_you_mean(name: str, candidates: Iterable[str], listing: str = "") -> str:
    """Return the end of a sentence that offers near names.

    Args:
        name: the name that was not found.
        candidates: the names that exist.
        listing: words before a list of all candidates where nothing is near; empty for no list.
    """
    names = list(candidates)
    near = near_names(name, names)
    if near:
        return "; did you mean " + " or ".join(repr(item) for item in near) + "?"
    if listing and names:
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        return f"; {listing}: {shown}"
    return ""
