"""Near names: what was probably meant by a word that nothing is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["did_you_mean", "nearest"]


def nearest(
    word: str,
    candidates: Iterable[str],
    *,
    most: int = 1,
    cutoff: float = 0.6,
    key: Callable[[str], str] = str.casefold,
) -> list[str]:
    """Return the candidates most like a word, best first, in their own spelling.

    Args:
        word: what was written.
        candidates: what would have been right.
        most: as many are returned at most.
        cutoff: likeness from 0 to 1 below which a candidate is left out.
        key: makes of a spelling what is compared; case does not count if left out.
    """
    from difflib import get_close_matches  # imported where it is needed: few words are wrong

    spelled: dict[str, str] = {}
    for candidate in candidates:
        spelled.setdefault(key(candidate), candidate)
    near = get_close_matches(key(word), spelled, n=most, cutoff=cutoff)
    return [spelled[found] for found in near]


def did_you_mean(
    word: str,
    candidates: Iterable[str],
    *,
    most: int = 1,
    cutoff: float = 0.6,
    key: Callable[[str], str] = str.casefold,
) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest candidates, or an empty text.

    The arguments are those of `nearest`.
    """
    near = nearest(word, candidates, most=most, cutoff=cutoff, key=key)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
