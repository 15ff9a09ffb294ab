"""Near names, for the `did you mean` of a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rascade.text import nearest

__all__ = ["compact", "did_you_mean", "near_names", "near_spelling"]

_SEPARATORS = re.compile(r"[\s\-_.,/]+")


def compact(name: str) -> str:
    """Return a name without case, blanks and dashes, as aliases are compared."""
    return _SEPARATORS.sub("", name).casefold()


def near_names(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """Return the candidates most like a name, best first."""
    names = list(candidates)
    wanted = compact(name)
    near = nearest(name, names, most=limit, key=compact)
    if len(wanted) >= 3:
        near += [other for other in names if wanted in compact(other) and other not in near]
    return near[:limit]


def near_spelling(name: str, candidates: Iterable[str]) -> str | None:
    """Return the drug's name that a word is a slip of, or None.

    Names of drugs share their stems (-citabine, -rasib, -mab), so that being alike says little: a
    slip has the same first letter, the same digits in order (another number is another compound),
    and one letter wrong, left out, added or changed over with its neighbour, or two in a long name.
    """
    wanted = compact(name)
    allowed = 0 if len(wanted) < 4 else 1 if len(wanted) < 9 else 2
    best: tuple[int, str] | None = None
    for candidate in candidates:
        key = compact(candidate)
        if abs(len(key) - len(wanted)) > allowed or key[:1] != wanted[:1]:
            continue
        if re.findall(r"\d", key) != re.findall(r"\d", wanted):
            continue
        distance = _slips(wanted, key)
        if distance <= allowed and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best is not None else None


def _slips(first: str, second: str) -> int:
    """Count the letters to change, add, drop or change over between two words (Damerau)."""
    before, last = list(range(len(second) + 1)), list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other)))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


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
