"""From an interval and an expectation to a verdict. Verdicts are computed here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

__all__ = ["Verdict", "judge", "together"]


class Verdict(Enum):
    """What an experiment says of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    OUTSIDE = "typical value outside"
    UNCERTAIN = "uncertain"
    NOT_TESTABLE = "not testable here"


def judge(
    low: float, high: float, expected_low: float, expected_high: float, effect: float = math.nan
) -> Verdict:
    """Compare an interval with what is expected, ends included.

    Args:
        low: lower end of the effect's interval; NaN if it could not be computed.
        high: upper end of it.
        expected_low: lower end of the expectation, may be infinite.
        expected_high: upper end of the expectation, may be infinite.
        effect: with typical parameters; NaN if not known.

    Returns:
        ``SUPPORTED`` if the interval lies within the expectation, ``CONTRADICTED`` if they have
        nothing in common, ``OUTSIDE`` if they have but the typical value lies outside, else
        ``UNCERTAIN``.
    """
    if math.isnan(low) or math.isnan(high):
        return Verdict.UNCERTAIN
    if expected_low <= low and high <= expected_high:
        return Verdict.SUPPORTED
    if high < expected_low or low > expected_high:
        return Verdict.CONTRADICTED
    if effect < expected_low or effect > expected_high:
        return Verdict.OUTSIDE
    return Verdict.UNCERTAIN


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim from those of its parts.

    One part that is contradicted contradicts the whole, and one whose typical value lies outside
    lies outside; the whole is supported only if every part is.
    """
    if not verdicts:
        return Verdict.NOT_TESTABLE
    if Verdict.CONTRADICTED in verdicts:
        return Verdict.CONTRADICTED
    if Verdict.OUTSIDE in verdicts:
        return Verdict.OUTSIDE
    if all(verdict is Verdict.SUPPORTED for verdict in verdicts):
        return Verdict.SUPPORTED
    return Verdict.UNCERTAIN
