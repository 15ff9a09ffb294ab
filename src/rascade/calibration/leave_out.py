"""How well is a class of drugs predicted by a population that has seen no arm of it?

Fitting anew for every class would take hours. What a build simulated makes an emulator of every
fitted value (`rascade.calibration.checks`), so the smoother is run on the emulator without the
class's values, and the members that come out are simulated: emulated is the fit, never the
prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.checks import emulate
from rascade.calibration.classes import CLASSES, class_of
from rascade.calibration.targets import ENDPOINTS, runnable_arms
from rascade.calibration.validate import Prediction, miss, predictions, table, typical
from rascade.patients.hyperparameters import Ensemble
from rascade.progress import Progress, silent
from rascade.statistics.smoother import smooth

if TYPE_CHECKING:
    from rascade.calibration.build import Kept

__all__ = ["LeftOut", "leave_out", "refitted", "write_left_out"]


@dataclass(frozen=True)
class LeftOut:
    """A class, and what a population that has seen no arm of it predicts of its arms.

    Attributes:
        name: of the class.
        unseen: fitted values that were left out.
        predictions: of all arms of the class.
    """

    name: str
    unseen: int
    predictions: tuple[Prediction, ...]

    @property
    def summary(self) -> dict[str, Any]:
        """Return counts and errors, ready for JSON."""
        reached = [p for p in self.predictions if np.isfinite(p.median)]
        errors = {
            endpoint: typical(
                [abs(miss(p.target, p.median)) for p in reached if p.target.endpoint == endpoint]
            )
            for endpoint in ENDPOINTS
        }
        return {
            "class": self.name,
            "fitted_values_left_out": self.unseen,
            "values": len(self.predictions),
            "inside_90": sum(p.inside for p in self.predictions),
            "error_orr_points": errors["orr"],
            "error_log_pfs": errors["pfs"],
            "error_log_os": errors["os"],
        }


def refitted(kept: Kept, without: set[str], *, members: int, seed: int) -> Ensemble:
    """Return an ensemble fitted on the emulator without the values of some arms.

    Args:
        kept: of a build.
        without: ids of arms.
        members: of the ensemble.
        seed: of the random numbers.
    """
    emulator = emulate(kept)
    used = np.array([arm not in without for arm, _ in kept.data])
    variance = kept.variance + emulator.left**2
    rounds, built, _ = kept.members.shape
    found = smooth(
        lambda some: emulator(some)[:, used], kept.sd, kept.observed[used], variance[used],
        members=max(members, built), rounds=rounds - 1, rng=np.random.default_rng(seed),
    )  # fmt: skip
    chosen = found[:members]
    return Ensemble(kept.names, np.concatenate([found.mean(axis=0, keepdims=True), chosen]), {})


def leave_out(
    kept: Kept,
    *,
    members: int = 24,
    patients: int = 120,
    seed: int = 11,
    threads: int = 1,
    classes: tuple[str, ...] = CLASSES,
    progress: Progress = silent,
) -> list[LeftOut]:
    """Predict the arms of each class by a population that has seen none of them.

    Args:
        kept: of a build.
        members: of each ensemble.
        patients: simulated of each member and arm.
        seed: of all random numbers.
        threads: of the engine.
        classes: which.
        progress: called with the share done and what is being done.
    """
    found = []
    for index, name in enumerate(classes):
        arms = [replace(arm, landmarks=()) for arm in runnable_arms() if name in class_of(arm)]
        ids = {arm.id for arm in arms}
        ensemble = refitted(kept, ids, members=members, seed=seed)

        def told(share: float, step: str, index: int = index, name: str = name) -> None:
            progress((index + share) / len(classes), f"without {name}: {step}")

        (made,) = predictions(
            [ensemble], arms=arms, patients=patients, seed=seed, threads=threads, progress=told
        )
        unseen = sum(arm in ids for arm, _ in kept.data)
        found.append(LeftOut(name, unseen, tuple(made)))
    return found


def write_left_out(folder: Path, found: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """Write ``left-out.json`` (a summary a class) and ``left-out.csv`` (a row a value).

    Returns:
        The summaries.
    """
    from rascade.results.store import json_text, write_rows, write_text

    summaries = [one.summary for one in found]
    rows = [{"class": one.name, **row} for one in found for row in table(one.predictions)]
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "left-out.csv", rows)
    write_text(folder / "left-out.json", json_text(summaries))
    return summaries
