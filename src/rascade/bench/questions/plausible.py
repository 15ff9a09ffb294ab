"""Drawn parameter sets that make a tumour nobody has: what the untreated control must look like.

Rows of the parameter table are drawn independently of each other, so some sets make a tumour that
shrinks untreated or that is full of T cells. The bounds are measurements; they stand, with their
sources, in ``data/plausible.csv``.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np

from rascade.bench.questions.effects import effect_of_courses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.bench.questions.courses import Courses
    from rascade.bench.questions.records import Experiment

__all__ = ["Bound", "bounds", "implausible"]

_CONTROL: Final = re.compile(r"\bcontrol\b")


@dataclass(frozen=True)
class Bound:
    """What an untreated control of a kind of experiment must look like.

    Attributes:
        kind: of experiment.
        effect: expression over the condition ``control``.
        low: lower end, included.
        high: upper end, included.
        source: where the bounds are from.
    """

    kind: str
    effect: str
    low: float
    high: float
    source: str


@cache
def bounds() -> tuple[Bound, ...]:
    """Return the package's bounds."""
    text = (files("rascade.bench") / "data" / "plausible.csv").read_text("utf-8")
    return tuple(
        Bound(row["kind"], row["effect"], float(row["low"]), float(row["high"]), row["source"])
        for row in csv.DictReader(io.StringIO(text))
    )


def implausible(experiment: Experiment, courses: Courses) -> NDArray[np.bool_]:
    """Return which parameter sets are left out, (D + 1,); never the typical one, which is first.

    Nothing is left out of an experiment that names no untreated control.
    """
    sets = next(iter(courses.values.values())).shape[1]
    found = np.zeros(sets, dtype=bool)
    for bound in bounds() if experiment.control else ():
        if bound.kind == experiment.kind:
            effect = effect_of_courses(_CONTROL.sub(experiment.control, bound.effect), courses)
            found |= ~((effect >= bound.low) & (effect <= bound.high))
    found[0] = False
    return found
