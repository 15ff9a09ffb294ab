"""Classes of drugs, for fits that have seen none of a class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rascade.calibration.targets import runnable_arms
from rascade.errors import InputError
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from rascade.calibration.targets import TrialArmRun

__all__ = ["CLASSES", "LATER_LINES", "arms_of_class", "class_of", "classes_of"]

_CYTOTOXICS = frozenset(
    {
        "gemcitabine", "nab-paclitaxel", "fluorouracil", "capecitabine", "irinotecan",
        "liposomal irinotecan", "oxaliplatin",
    }
)  # fmt: skip
_MEK = frozenset({"trametinib", "cobimetinib", "selumetinib", "binimetinib"})
_CHECKPOINT = frozenset(
    {
        "nivolumab", "pembrolizumab", "durvalumab", "atezolizumab", "ipilimumab", "tremelimumab",
        "BMS-936559", "cemiplimab", "relatlimab",
    }
)  # fmt: skip
_RAS_ON = frozenset({"daraxonrasib", "zoldonrasib"})
_G12C = frozenset({"sotorasib", "adagrasib", "divarasib"})

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
    drugs = frozenset(given)
    cytotoxic = drugs & _CYTOTOXICS
    flags = {
        "RAS(ON)": bool(drugs & _RAS_ON),
        "KRAS G12C": bool(drugs & _G12C),
        "MEK": bool(drugs & _MEK),
        "checkpoint inhibitors": bool(drugs & _CHECKPOINT) and not cytotoxic,
        "chemotherapy doublets": len(cytotoxic) > 1 and drugs <= _CYTOTOXICS | {"folinic acid"},
        "chemotherapy + immunotherapy": bool(cytotoxic) and bool(drugs & _CHECKPOINT),
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
