"""What a check of a claim or fact expected, in words."""

from __future__ import annotations

from rascade.report.look.text import number

__all__ = ["expectation"]


def expectation(expected: tuple[float | None, float | None], digits: int = 3) -> str:
    """Return what two limits say in words: ``1.3 to 4``, ``at most 0.5``."""
    low, high = expected
    if low is None:
        return f"at most {number(high, digits)}"
    if high is None:
        return f"at least {number(low, digits)}"
    # A bound a hair below zero only makes room for rounding.
    return f"{number(0.0 if -1e-4 < low < 0 else low, digits)} to {number(high, digits)}"
