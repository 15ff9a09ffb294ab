"""How well is a class of drugs predicted by a population that has seen no arm of it?

Fitting anew for every class would take hours. What a build simulated makes an emulator of every
fitted value (`rascade.calibration.checks`), so the smoother is run on the emulator without the
class's values, and the members that come out are simulated: emulated is the fit, never the
prediction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.checks import emulate
from rascade.calibration.classes import CLASSES, class_of
from rascade.calibration.targets import runnable_arms
from rascade.calibration.validate import Prediction, predictions, table
from rascade.patients.hyperparameters import Ensemble
from rascade.progress import Progress, silent
from rascade.statistics.smoother import normal_hypercube, update

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
        errors = {
            endpoint: [
                abs(np.log(p.median / p.target.value))
                for p in self.predictions
                if p.target.endpoint == endpoint and np.isfinite(p.median)
            ]
            for endpoint in ("pfs", "os")
        }
        points = [
            abs(p.median - p.target.value) for p in self.predictions if p.target.endpoint == "orr"
        ]
        return {
            "class": self.name,
            "fitted_values_left_out": self.unseen,
            "values": len(self.predictions),
            "inside_90": sum(p.inside for p in self.predictions),
            "error_orr_points": _median(points),
            "error_log_pfs": _median(errors["pfs"]),
            "error_log_os": _median(errors["os"]),
        }


def _median(values: list[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


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
    rng = np.random.default_rng(seed)
    found = normal_hypercube(rng, max(members, len(kept.members[0])), kept.sd)
    rounds = kept.members.shape[0] - 1
    for _ in range(rounds):
        found = update(
            found, emulator(found)[:, used], kept.observed[used], variance[used],
            inflation=float(rounds), rng=rng,
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
        ensemble = refitted(kept, {arm.id for arm in arms}, members=members, seed=seed)

        def told(share: float, step: str, index: int = index, name: str = name) -> None:
            progress((index + share) / len(classes), f"without {name}: {step}")

        (made,) = predictions(
            [ensemble], arms=arms, patients=patients, seed=seed, threads=threads, progress=told
        )
        unseen = sum(name in class_of_id(arm) for arm, _ in kept.data)
        found.append(LeftOut(name, unseen, tuple(made)))
    return found


def class_of_id(arm_id: str) -> tuple[str, ...]:
    """Return the classes of an arm by its id."""
    return next(class_of(arm) for arm in runnable_arms() if arm.id == arm_id)


def write_left_out(folder: Path, found: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """Write ``left-out.json`` (a summary a class) and ``left-out.csv`` (a row a value).

    Returns:
        The summaries.
    """
    from rascade.results.store import write_text

    summaries = [one.summary for one in found]
    rows = [{"class": one.name, **row} for one in found for row in table(one.predictions)]
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(rows[0])
    lines = [",".join(columns)]
    lines += [",".join("" if row[c] is None else str(row[c]) for c in columns) for row in rows]
    write_text(folder / "left-out.csv", "\n".join(lines) + "\n")
    write_text(folder / "left-out.json", json.dumps(summaries, indent=2) + "\n")
    return summaries
