"""Fit the population's ensemble to the trials that are to be fitted; what is done is kept.

Every round simulates each fitted arm in all members, each with patients of its own, and keeps what
they predict in a file. First the members are moved towards the data
(`rascade.statistics.smoother`); then all rounds so far make an emulator
(`rascade.calibration.emulator`), and Markov chains on it give the members of the next round. What
they give last is the ensemble, and a last round simulates it. A run that is interrupted goes on
where it stopped, and the same seed gives the same ensemble.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.emulator import emulate, posterior
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

    from rascade.patients.hyperparameters import Hyperparameter

    Floats = NDArray[np.float64]

__all__ = ["Kept", "Plan", "build", "fitted_arms", "follow_up_months", "model_hash", "read_build"]

_MEMBERS, _ARRAYS = "members.npz", ("predicted", "observed", "variance")
_LEAST_MONTHS, _FITTED_MONTHS = 10.0, 7.0
#: A population of which fewer tumours grow as tumours do is none (patients/data/plausibility.csv);
#: so many patients of it are looked at, of so many more candidates than are wanted.
_LEAST_GROWING, _LOOKED_AT, _MORE = 0.25, 40, 1.25
#: Rounds whose members chains give: a second emulator knows where the first one sent them.
_DRAWN = 2


@dataclass(frozen=True)
class Plan:
    """How an ensemble is built.

    Attributes:
        members: m, simulated in each round.
        patients: N of each member and arm.
        rounds: of the smoother, before the chains.
        draws: members of the ensemble, of which the first m are simulated at the end.
        seed: of all random numbers; a round's patients have ``seed + round``.
        rtol: tolerance of the solver.
        without: ids of arms that are not fitted although their role says so.
    """

    members: int = 80
    patients: int = 100
    rounds: int = 2
    draws: int = 200
    seed: int = 2026
    rtol: float = RTOL
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        limits = {
            "members": (8, 1000), "patients": (20, 5000), "rounds": (1, 10),
            "draws": (self.members, 3000),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name}: {value} is not from {low} to {high}")

    @property
    def simulated(self) -> int:
        """Rounds that are simulated, with those of the chains and the last."""
        return self.rounds + _DRAWN + 1


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


@dataclass(frozen=True)
class Round:
    """What a round simulated.

    Attributes:
        members: (m, k).
        predicted: (m, q) data as the members predict them.
        observed: (q,) data.
        variance: (q,) of its errors.
    """

    members: Floats
    predicted: Floats
    observed: Floats
    variance: Floats

    @property
    def misfit(self) -> float:
        """Mean square of the misses in units of their error; about 1 where the fit is right."""
        miss = self.predicted.mean(axis=0) - self.observed
        return float(round((miss**2 / self.variance).mean(), 4))


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
                return tuple(kept[name] for name in _ARRAYS)
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

    def round(self, index: int, members: Floats) -> Round:
        """Simulate all arms in a round."""
        self.keep_members(index, members)
        parts = []
        for number, arm in enumerate(self.arms):
            done = (index + number / len(self.arms)) / self.plan.simulated
            self.progress(done, f"round {index + 1}: {arm.id}")
            parts.append(self.arm_data(index, arm, members))
        return Round(members, *(np.concatenate([p[j] for p in parts], axis=-1) for j in range(3)))

    def moved(self, index: int, last: Round) -> Floats:
        """Return the members of the next round of the smoother."""
        members = update(
            last.members, last.predicted, last.observed, last.variance,
            inflation=float(self.plan.rounds), rng=self.rng(index), mask=self.mask(),
        )  # fmt: skip
        return self.growing(members, self.plan.members)

    def drawn(self, rounds: Sequence[Round]) -> Floats:
        """Return draws from the posterior on the emulator of the rounds so far."""
        emulator = emulate(
            np.concatenate([one.members for one in rounds]),
            np.concatenate([one.predicted for one in rounds]),
            self.sd(),
            self.mask(),
        )
        rng = self.rng(len(rounds) - 1)
        draws = posterior(emulator, rounds[-1].observed, rounds[-1].variance, rng)
        some = draws[rng.choice(len(draws), int(_MORE * self.plan.draws), replace=False)]
        return self.growing(some, self.plan.draws)

    def growing(self, candidates: Floats, count: int) -> Floats:
        """Return the first so many candidates of which enough tumours grow as tumours do.

        Where these are too few, the first of them stand twice.

        Raises:
            InputError: there is none.
        """
        from rascade.patients.stack import settled_stack
        from rascade.trial.design.models import arm_assembly

        good = np.ones(len(candidates), dtype=bool)
        for line in sorted({arm.line for arm in self.arms}):
            arm = next(arm for arm in self.arms if arm.line == line)
            stack, _ = settled_stack(
                arm_assembly(arm.spec, arm.spec.arms[0]),
                [member_table(self.base, self.names, row, line) for row in candidates],
                seed=self.plan.seed,
                patients=np.arange(_LOOKED_AT, dtype=np.int64),
                settings=self.settings,
            )
            good &= stack.weight.mean(axis=1) >= _LEAST_GROWING
        if not good.any():
            raise InputError("no population is left in which enough tumours grow; see plausibility")
        found = candidates[good]
        return np.asarray(found[np.arange(count) % len(found)])

    def rng(self, index: int) -> np.random.Generator:
        """Return the random numbers that make the next round's members."""
        return np.random.default_rng([self.plan.seed, index])

    def keep_members(self, index: int, members: Floats) -> None:
        """Keep the members that a round simulates."""
        place = self.folder / f"round-{index}" / _MEMBERS
        place.parent.mkdir(exist_ok=True)
        write_bytes(place, _packed(members=members))

    def mask(self) -> NDArray[np.bool_]:
        """Return which hyperparameter can act on which datum, (k, q)."""
        return _mask(self.hyper, self.arms)

    def sd(self) -> Floats:
        """Return the standard deviations of the prior, (k,)."""
        return np.array([item.sd for item in self.hyper])

    def prior(self) -> Floats:
        """Return the members drawn from the prior, (m, k)."""
        candidates = int(_MORE * self.plan.members)
        return self.growing(
            normal_hypercube(self.rng(10**6), candidates, self.sd()), self.plan.members
        )


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
    draws = work.prior()
    rounds: list[Round] = []
    for index in range(plan.simulated):
        rounds.append(work.round(index, draws[: plan.members]))
        if index < plan.rounds:
            draws = work.moved(index, rounds[-1])
        elif index < plan.simulated - 1:
            draws = work.drawn(rounds)
    values = np.concatenate([draws.mean(axis=0, keepdims=True), draws])
    shrink = draws.std(axis=0, ddof=1) / work.sd()
    manifest = {
        **work.key(),
        "arms": [arm.id for arm in work.arms],
        "misfit_by_round": [one.misfit for one in rounds],
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
    """What a build keeps: r rounds of m members, the last one of the ensemble's first.

    Attributes:
        names: k hyperparameters.
        sd: (k,) of the prior.
        members: (r, m, k).
        predicted: (r, m, q).
        observed: (q,).
        variance: (q,) of their errors.
        mask: (k, q), which hyperparameter can act on which datum.
        data: arm and end point of each datum.
        smoothed: the round of the members that the smoother gave.
    """

    names: tuple[str, ...]
    sd: Floats
    members: Floats
    predicted: Floats
    observed: Floats
    variance: Floats
    mask: NDArray[np.bool_]
    data: tuple[tuple[str, str], ...]
    smoothed: int


def read_build(folder: Path) -> Kept:
    """Read what a finished build kept.

    Raises:
        InputError: the folder holds no finished build of the package's hyperparameters.
    """
    try:
        plan = Plan(**json.loads((folder / "build.json").read_text(encoding="utf-8"))["plan"])
        arms = fitted_arms(plan.without)
        rounds = [_read_round(folder / f"round-{index}", arms) for index in range(plan.simulated)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: no finished build can be read there ({error}); run rascade cohort build"
        ) from error
    hyper = load_hyperparameters()
    if rounds[0].members.shape[1] != len(hyper):
        raise InputError(f"{folder} was built with other hyperparameters; build it anew")
    return Kept(
        tuple(item.name for item in hyper),
        np.array([item.sd for item in hyper]),
        np.stack([one.members for one in rounds]),
        np.stack([one.predicted for one in rounds]),
        rounds[-1].observed,
        rounds[-1].variance,
        _mask(hyper, arms),
        tuple((arm.id, target.endpoint) for arm in arms for target in arm.fitted_values),
        plan.rounds,
    )


def _read_round(place: Path, arms: Sequence[TrialArmRun]) -> Round:
    with np.load(place / _MEMBERS, allow_pickle=False) as kept:
        members = kept["members"]
    parts = []
    for arm in arms:
        with np.load(place / f"{arm.id}.npz", allow_pickle=False) as kept:
            parts.append([kept[name] for name in _ARRAYS])
    return Round(members, *(np.concatenate([p[j] for p in parts], axis=-1) for j in range(3)))


def _mask(hyper: Sequence[Hyperparameter], arms: Sequence[TrialArmRun]) -> NDArray[np.bool_]:
    """Return which hyperparameter can act on which datum, (k, q)."""
    columns = [
        [item.acts_on(arm.drugs, arm.line) for item in hyper]
        for arm in arms
        for _ in arm.fitted_values
    ]
    return np.array(columns).T
