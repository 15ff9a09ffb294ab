"""Classes of drugs, for fits that have seen none of a class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rascade.calibration.targets import runnable_arms
from rascade.errors import InputError
from rascade.model import known_drugs
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from rascade.calibration.targets import TrialArmRun

__all__ = ["CLASSES", "LATER_LINES", "arms_of_class", "class_of", "classes_of"]

#: What the model has of a drug makes it one of a kind.
_CYTOTOXIC = frozenset({"cytotoxic", "fluoropyrimidine"})
_MODULATOR = frozenset({"folate"})
_CHECKPOINT = frozenset({"anti_pd1", "anti_pdl1", "anti_ctla4", "anti_lag3", "anti_tim3"})
_RAS_ON = frozenset({"ras_on_tricomplex", "ras_on_covalent", "ras_on_covalent_g12c"})

LATER_LINES = "later lines"
#: Class -> which arms are of it. An arm can be of several.
CLASSES = (
    "RAS(ON)",
    "KRAS G12C",
    "MEK",
    "checkpoint inhibitors",
    "chemotherapy doublets",
    "chemotherapy + immunotherapy",
    LATER_LINES,
)


def class_of(arm: TrialArmRun) -> tuple[str, ...]:
    """Return the classes that an arm is of."""
    return classes_of(arm.drugs, arm.line)


def classes_of(given: Iterable[str], line: int) -> tuple[str, ...]:
    """Return the classes that an arm with these drugs is of in a line of treatment."""
    brought = [frozenset(known_drugs()[drug].mechanisms) for drug in set(given)]

    def some(kind: frozenset[str]) -> int:
        return sum(not kind.isdisjoint(mechanisms) for mechanisms in brought)

    cytotoxics, checkpoint = some(_CYTOTOXIC), bool(some(_CHECKPOINT))
    flags = {
        "RAS(ON)": bool(some(_RAS_ON)),
        "KRAS G12C": bool(some(frozenset({"kras_off_covalent"}))),
        "MEK": bool(some(frozenset({"mek_inhibitor"}))),
        "checkpoint inhibitors": checkpoint and not cytotoxics,
        "chemotherapy doublets": cytotoxics > 1 and some(_CYTOTOXIC | _MODULATOR) == len(brought),
        "chemotherapy + immunotherapy": bool(cytotoxics) and checkpoint,
        LATER_LINES: line > 1,
    }
    return tuple(name for name in CLASSES if flags[name])


def arms_of_class(name: str) -> list[str]:
    """Return the ids of the fitted arms of a class.

    Raises:
        InputError: there is no such class, or none of its arms is fitted.
    """
    if name not in CLASSES:
        raise InputError(f"leave-out: no class {name!r}{did_you_mean(name, CLASSES)}")
    found = [arm.id for arm in runnable_arms() if arm.fitted and name in class_of(arm)]
    if not found:
        raise InputError(f"leave-out: no arm of the class {name!r} is fitted; nothing to leave out")
    return found
