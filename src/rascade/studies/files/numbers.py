"""Numbers that several verbs take: what each may be, and what is said when it is not."""

from __future__ import annotations

from rascade.errors import InputError

__all__ = ["check_seed"]


def check_seed(seed: int) -> None:
    """Refuse a seed that the random numbers cannot take.

    Raises:
        InputError: it is negative, or 2^63 or more.
    """
    if not 0 <= seed < 2**63:
        raise InputError(f"--seed: {seed} must be 0 or a positive whole number below 2^63")
