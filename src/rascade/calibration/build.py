"""Fit the population's ensemble to the trials that are to be fitted; what is done is kept.

Every round simulates each fitted arm in all members with a new patient seed, keeps what they
predict in a file, and moves the members (`rascade.statistics.smoother`). A run that is interrupted
goes on where it stopped, and the same seed gives the same ensemble.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.targets import (
    LANDMARK,
    LONGEST_MONTHS,
    TrialArmRun,
    predicted,
    runnable_arms,
)
from rascade.errors import InputError
from rascade.model import load_table
from rascade.patients.hyperparameters import (
    Ensemble,
    hyperparameters_hash,
    load_hyperparameters,
    member_table,
)
from rascade.progress import Progress, silent
from rascade.results.store import write_bytes, write_text
from rascade.statistics.smoother import normal_hypercube, update
from rascade.trial.prediction.courses import simulate_arm
from rascade.trial.running.predicting import RTOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Kept", "Plan", "build", "fitted_arms", "follow_up_months", "model_hash", "read_build"]

_MEMBERS, _ARRAYS = "members.npz", ("predicted", "observed", "variance")
_LEAST_MONTHS, _FITTED_MONTHS = 10.0, 7.0


@dataclass(frozen=True)
class Plan:
    """How an ensemble is built.

    Attributes:
        members: m.
        patients: N of each member and arm.
        rounds: assimilations.
        seed: of all random numbers; a round's patients have ``seed + round``.
        rtol: tolerance of the solver.
        without: ids of arms that are not fitted although their role says so.
    """

    members: int = 64
    patients: int = 100
    rounds: int = 3
    seed: int = 2026
    rtol: float = RTOL
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, low, high in (("members", 8, 1000), ("patients", 20, 5000), ("rounds", 1, 10)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name}: {value} is not from {low} to {high}")


def follow_up_months(arm: TrialArmRun, *, fitting: bool = False) -> float:
    """Return how long an arm's courses must be followed for what was published of it.

    Args:
        arm: the arm.
        fitting: whether only survival around the published medians and at fitted landmarks is
            wanted, and not the median that the population has.
    """
    medians = [target.value for target in arm.targets if target.endpoint != "orr"]
    longest = max(medians, default=0.0)
    marks = [target.curve[1] for target in arm.fitted_values if target.measure == LANDMARK]
    if fitting:
        wanted = max(longest + 1.5, _FITTED_MONTHS, max(marks, default=0.0) + 0.5)
    else:
        wanted = max(2 * longest + 2, _LEAST_MONTHS)
    return float(min(wanted, max(arm.spec.follow_up_months, _LEAST_MONTHS), LONGEST_MONTHS))


def model_hash(arms: Sequence[TrialArmRun]) -> str:
    """SHA-256 over the models of arms, their targets and the hyperparameters."""
    from rascade.trial.design.models import arm_assembly

    digest = hashlib.sha256(hyperparameters_hash().encode())
    for arm in arms:
        digest.update(arm_assembly(arm.spec, arm.spec.arms[0]).hash.encode())
        digest.update(repr((arm.targets, arm.fitted_values)).encode())
    return digest.hexdigest()


def fitted_arms(without: Sequence[str] = ()) -> list[TrialArmRun]:
    """Return the arms that are fitted.

    Raises:
        InputError: an arm that is to be left out is not one of them.
    """
    arms = [arm for arm in runnable_arms() if arm.fitted]
    known = {arm.id for arm in arms}
    unknown = next((name for name in without if name not in known), None)
    if unknown is not None:
        raise InputError(f"without: {unknown!r} is no fitted arm; these are {', '.join(known)}")
    return [arm for arm in arms if arm.id not in without]


class _Build:
    """A build in its folder."""

    def __init__(self, folder: Path, plan: Plan, threads: int, progress: Progress) -> None:
        from rascade.engine import Settings

        self.folder, self.plan, self.progress = folder, plan, progress
        self.hyper = load_hyperparameters()
        self.names = tuple(item.name for item in self.hyper)
        self.arms = fitted_arms(plan.without)
        self.base = load_table()
        self.settings = Settings(threads=threads, rtol=plan.rtol)

    def key(self) -> dict[str, Any]:
        """Return what must not change while a build goes on."""
        return {"plan": asdict(self.plan), "model": model_hash(self.arms)}

    def check(self) -> None:
        """Begin a build, or make sure that the folder holds the beginning of this very one.

        Raises:
            InputError: it holds another.
        """
        place = self.folder / "build.json"
        text = json.dumps(self.key(), sort_keys=True, indent=2) + "\n"
        if not place.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(place, text)
        elif place.read_text(encoding="utf-8") != text:
            raise InputError(
                f"{self.folder} holds a build of another plan or model; remove it, or give "
                "another --out"
            )

    def arm_data(self, index: int, arm: TrialArmRun, members: Floats) -> tuple[Floats, ...]:
        """Return what members predict of an arm in a round, observed values and variances."""
        place = self.folder / f"round-{index}" / f"{arm.id}.npz"
        if place.is_file():
            with np.load(place, allow_pickle=False) as kept:
                return kept[_ARRAYS[0]], kept[_ARRAYS[1]], kept[_ARRAYS[2]]
        wanted = arm.fitted_values
        courses = simulate_arm(
            arm.spec,
            arm.spec.arms[0],
            [member_table(self.base, self.names, row, arm.line) for row in members],
            patients=self.plan.patients,
            months=follow_up_months(arm, fitting=True),
            settings=self.settings,
            seed=self.plan.seed + index,
        )
        found = predicted(arm, courses, wanted)
        place.parent.mkdir(exist_ok=True)
        write_bytes(place, _packed(**dict(zip(_ARRAYS, found, strict=True))))
        return found

    def round(self, index: int, members: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Simulate all arms in a round; return moved members and what moved them."""
        self.keep_members(index, members)
        parts = []
        for number, arm in enumerate(self.arms):
            done = (index + number / len(self.arms)) / (self.plan.rounds + 1)
            self.progress(done, f"round {index + 1}: {arm.id}")
            parts.append(self.arm_data(index, arm, members))
        data = np.concatenate([part[0] for part in parts], axis=1)
        observed = np.concatenate([part[1] for part in parts])
        variance = np.concatenate([part[2] for part in parts])
        rng = np.random.default_rng([self.plan.seed, index])
        moved = update(
            members, data, observed, variance,
            inflation=float(self.plan.rounds), rng=rng, mask=self.mask(),
        )  # fmt: skip
        return moved, data, observed, variance

    def keep_members(self, index: int, members: Floats) -> None:
        """Keep the members that a round simulates."""
        place = self.folder / f"round-{index}" / _MEMBERS
        place.parent.mkdir(exist_ok=True)
        write_bytes(place, _packed(members=members))

    def mask(self) -> NDArray[np.bool_]:
        """Return which hyperparameter can act on which datum, (k, q)."""
        columns = [
            [item.acts_on(arm.drugs, arm.line) for item in self.hyper]
            for arm in self.arms
            for _ in arm.fitted_values
        ]
        return np.array(columns).T

    def prior(self) -> Floats:
        """Return the members drawn from the prior, (m, k)."""
        sd = np.array([item.sd for item in self.hyper])
        rng = np.random.default_rng([self.plan.seed, 10**6])
        return normal_hypercube(rng, self.plan.members, sd)


def _packed(**arrays: Floats) -> bytes:
    import io

    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def build(folder: Path, plan: Plan, *, threads: int = 1, progress: Progress = silent) -> Ensemble:
    """Build an ensemble, or finish building it.

    Args:
        folder: that keeps what is done; ``ensemble.csv`` and ``ensemble.json`` in the end.
        plan: how.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done and what is being done.

    Raises:
        InputError: the folder holds another build, or the plan is wrong.
    """
    work = _Build(folder, plan, threads, progress)
    work.check()
    prior = members = work.prior()
    misfit = []
    for index in range(plan.rounds):
        moved, data, observed, variance = work.round(index, members)
        misfit.append(_misfit(data, observed, variance))
        members = moved
    work.keep_members(plan.rounds, members)
    data_parts = [work.arm_data(plan.rounds, arm, members) for arm in work.arms]
    last = [np.concatenate([p[k] for p in data_parts], axis=-1) for k in range(3)]
    misfit.append(_misfit(*last))
    values = np.concatenate([members.mean(axis=0, keepdims=True), members])
    shrink = members.std(axis=0, ddof=1) / prior.std(axis=0, ddof=1)
    manifest = {
        **work.key(),
        "arms": [arm.id for arm in work.arms],
        "misfit_by_round": misfit,
        "posterior_to_prior_sd": dict(zip(work.names, np.round(shrink, 4).tolist(), strict=True)),
        "base_table": work.base.hash,
    }
    ensemble = Ensemble(work.names, values, manifest)
    write_text(folder / "ensemble.csv", ensemble.text())
    write_text(folder / "ensemble.json", json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    progress(1.0, "done")
    return ensemble


@dataclass(frozen=True)
class Kept:
    """What a build keeps: r rounds (the last one checks the result) of m members.

    Attributes:
        names: k hyperparameters.
        sd: (k,) of the prior.
        members: (r, m, k).
        predicted: (r, m, q).
        observed: (q,).
        variance: (q,).
        data: arm and end point of each datum.
    """

    names: tuple[str, ...]
    sd: Floats
    members: Floats
    predicted: Floats
    observed: Floats
    variance: Floats
    data: tuple[tuple[str, str], ...]


def read_build(folder: Path) -> Kept:
    """Read what a finished build kept.

    Raises:
        InputError: the folder holds no finished build of the package's hyperparameters.
    """
    try:
        rounds = json.loads((folder / "build.json").read_text(encoding="utf-8"))["plan"]["rounds"]
        without = json.loads((folder / "build.json").read_text(encoding="utf-8"))["plan"]["without"]
        arms = fitted_arms(without)
        members, parts = [], []
        for index in range(rounds + 1):
            place = folder / f"round-{index}"
            with np.load(place / _MEMBERS, allow_pickle=False) as kept:
                members.append(kept["members"])
            each = []
            for arm in arms:
                with np.load(place / f"{arm.id}.npz", allow_pickle=False) as kept:
                    each.append(tuple(kept[name] for name in _ARRAYS))
            parts.append(each)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{folder}: no finished build can be read there ({error}); run rascade cohort build"
        ) from error
    hyper = load_hyperparameters()
    if members[0].shape[1] != len(hyper):
        raise InputError(f"{folder} was built with other hyperparameters; build it anew")
    last = parts[-1]
    return Kept(
        tuple(item.name for item in hyper),
        np.array([item.sd for item in hyper]),
        np.stack(members),
        np.stack([np.concatenate([part[0] for part in each], axis=1) for each in parts]),
        np.concatenate([part[1] for part in last]),
        np.concatenate([part[2] for part in last]),
        tuple((arm.id, target.endpoint) for arm in arms for target in arm.fitted_values),
    )


def _misfit(data: Floats, observed: Floats, variance: Floats) -> float:
    """Return the mean square of misses in units of their error; about 1 where the fit is right."""
    return float(round(((data.mean(axis=0) - observed) ** 2 / variance).mean(), 4))
