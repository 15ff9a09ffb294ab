"""Numbers that several verbs take: what each may be, and what is said when it is not."""

from __future__ import annotations

from rascade.errors import InputError

__all__ = ["check_seed", "check_threads"]


def check_threads(threads: int) -> None:
    """Refuse fewer than one thread.

    Raises:
        InputError: there would be none.
    """
    if threads < 1:
        raise InputError(f"--threads: {threads} threads; it must be 1 or more")


def check_seed(seed: int) -> None:
    """Refuse a seed that the random numbers cannot take.

    Raises:
        InputError: it is negative, or 2^63 or more.
    """
    if not 0 <= seed < 2**63:
        raise InputError(f"--seed: {seed} must be 0 or a positive whole number below 2^63")
