"""Interventions as words of a command line: knock-outs, NAME=VALUE, mechanisms."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rascade.errors import InputError
from rascade.model import Interventions

__all__ = ["read_interventions"]


def read_interventions(
    knockout: Sequence[str] | None = None,
    set_to: Sequence[str] | None = None,
    include: Sequence[str] | None = None,
) -> Interventions | None:
    """Read interventions; None if there are none.

    Args:
        knockout: names, as `rascade.model.knockouts` lists them.
        set_to: ``NAME=VALUE``, a row of the parameter table and a value in its unit.
        include: names of mechanisms.

    Raises:
        InputError: a word is wrong; the message says which and how to mend it.
    """
    if not (knockout or set_to or include):
        return None
    found = Interventions(
        tuple(knockout or ()), dict(_pair(text) for text in set_to or ()), tuple(include or ())
    )
    found.check()
    return found


def _pair(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not equals or not name.strip() or not math.isfinite(value):
        raise InputError(f"--set {text!r}: expected NAME=VALUE, such as stroma_density=0.3")
    return name.strip(), value
