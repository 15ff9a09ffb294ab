"""Attribution of a benefit: simulate every set of pathways, divide, and say how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rascade.analyses.attribution.game import Game
from rascade.analyses.attribution.question import ENDPOINTS, NOTHING, Question
from rascade.analyses.twins import member_tables, simulate_twins, undisturbed
from rascade.errors import SimulationError
from rascade.model.pathways import PATHWAYS
from rascade.progress import Progress, silent
from rascade.regimen import Regimen
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import ParameterTable
    from rascade.trial.design.spec import ArmSpec

    Floats = NDArray[np.float64]
    Arrays = Mapping[str, Floats]

__all__ = [
    "Attribution",
    "Keep",
    "Spread",
    "attribute",
]

_DRAWS = 600
_LIMITS = (5.0, 95.0)
_SIZE_WEEKS = 16.0


class Keep(Protocol):
    """Who keeps what was simulated, so that an interrupted run can go on."""

    def __call__(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """Return what is kept under a key, made first where there is nothing."""
        ...


@dataclass(frozen=True)
class Spread:
    """A number with 90 % limits over patients and members."""

    value: float
    low90: float
    high90: float


@dataclass(frozen=True)
class Attribution:
    """A benefit, divided.

    Attributes:
        question: that was asked.
        arm, reference: names.
        game: sets that were asked.
        benefit: what the shares and `rest` add up to.
        shares: of each pathway, in the order of `Question.players`.
        interactions: of each pair of `Game.pairs`.
        alone: benefit where a pathway is the only one that is let through.
        without: benefit that is lost where it alone is closed.
        rest: benefit with all pathways closed: side effects and doses, nothing else.
        patients: (k + 2, N) shares, rest and benefit of each patient, mean over members; empty
            where the end point has none.
        patient_limits: (2, k + 2, N) their 90 % limits over members.
        counted: patients times members that count.
    """

    question: Question
    arm: str
    reference: str
    game: Game
    benefit: Spread
    shares: tuple[Spread, ...]
    interactions: tuple[Spread, ...]
    alone: tuple[Spread, ...]
    without: tuple[Spread, ...]
    rest: Spread
    patients: Floats
    patient_limits: Floats
    counted: int


def make_at_once(key: str, make: Callable[[], Arrays]) -> Arrays:
    """Keep nothing."""
    return make()


def attribute(
    question: Question,
    *,
    threads: int = 1,
    keep: Keep = make_at_once,
    progress: Progress = silent,
) -> Attribution:
    """Divide the benefit of an arm among the pathways of its drugs.

    Args:
        question: what is asked.
        threads: of the engine; results do not depend on it.
        keep: keeps what is simulated, one part for a member and arm.
        progress: told how far it is.

    Raises:
        EligibilityError: nobody meets the trial's eligibility.
        SimulationError: nobody counts.
    """
    arm, reference = question.arms()
    plan, game = undisturbed(question.plan), question.game()
    tables = member_tables(plan, question.members)
    arms = {a.name: a for a in plan.arms}
    sides = (arms[arm.name], arms[reference.name] if reference else None)
    inside = game.members()
    ways = {name: inside[:, k] for k, name in enumerate(question.players)}
    ways |= {n: np.ones(len(inside), bool) for n in PATHWAYS if n not in ways}
    work = [(m, side) for m in range(len(tables)) for side in (0, 1)]
    found: dict[tuple[int, int], Arrays] = {}
    for number, (m, side) in enumerate(work):
        one = sides[side]
        step = f"member {m + 1} of {len(tables)}, {one.name if one else NOTHING}"

        def told(share: float, number: int = number, step: str = step) -> None:
            progress((number + share) / len(work), step)

        def made(
            m: int = m, one: ArmSpec | None = one, told: Callable[[float], None] = told
        ) -> Arrays:
            return _simulated(question, one, tables[m], ways, threads, told)

        told(0.0)
        found[m, side] = keep(f"{m}-{side}", made)
    both = tuple(_stacked([found[m, side] for m in range(len(tables))]) for side in (0, 1))
    return _divided(question, game, arm.name, reference.name if reference else NOTHING, both)


def _simulated(
    question: Question,
    arm: ArmSpec | None,
    table: ParameterTable,
    ways: Mapping[str, NDArray[np.bool_]],
    threads: int,
    told: Callable[[float], None],
) -> Arrays:
    """Return what became of a member's patients, (c, N)."""
    plan = undisturbed(question.plan)
    if arm is None:
        arm = replace(question.arms()[0], name=NOTHING, regimen=Regimen(()), phases=())
        arm = replace(arm, protocol=replace(arm.protocol, dropout_per_month=0.0))
    twins = simulate_twins(
        plan,
        arm,
        table,
        question.patients,
        threads=threads,
        open_ways=ways,
        report=told,
    )
    courses, end = twins.courses, plan.follow_up_months * DAYS_PER_MONTH
    scans = max(1, int(_SIZE_WEEKS / plan.imaging_every_weeks + 1e-9))
    size = twins.log_volume[min(scans, len(twins.log_volume)) - 1]
    return {
        "pfs": np.minimum(courses.pfs, end) / DAYS_PER_MONTH,
        "progressed": (courses.progressed & (courses.pfs <= end)).astype(float),
        "os": np.minimum(courses.death, end) / DAYS_PER_MONTH,
        "size": size,
        "weight": courses.weight,
    }


def _stacked(parts: Sequence[Arrays]) -> dict[str, Floats]:
    """Return arrays of shape (m, c, N)."""
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _divided(
    question: Question, game: Game, arm: str, reference: str, both: tuple[dict[str, Floats], ...]
) -> Attribution:
    mine, other = both
    # A patient counts where he was solved in every set, of both arms.
    weight = mine["weight"].min(axis=1) * other["weight"].min(axis=1)
    if question.endpoint == "size":
        known = np.isfinite(mine["size"]).all(axis=1) & np.isfinite(other["size"]).all(axis=1)
        weight = weight * known
    if not (weight.sum(axis=1) > 0).all():
        raise SimulationError(
            "in a member of the ensemble no patient counts; give more with --patients"
        )
    rows = _rows(game)
    worth = _worth(question.endpoint, mine, other)
    central = np.mean([worth(m, weight[m]) for m in range(len(weight))], axis=0)
    drawn = _drawn(worth, weight, question.plan.seed)
    low, high = np.percentile(drawn @ rows.T, _LIMITS, axis=0)
    spreads = [
        Spread(float(v), float(a), float(b))
        for v, a, b in zip(rows @ central, low, high, strict=True)
    ]
    k, p = game.players, len(game.pairs)
    shares, rest = spreads[:k], spreads[k]
    # The benefit is the sum of what is listed, so that nobody finds a difference by adding up.
    total = sum(one.value for one in shares) + rest.value
    own, limits = _of_patients(question.endpoint, game, mine, other, weight)
    return Attribution(
        question, arm, reference, game,
        Spread(total, spreads[k + 1].low90, spreads[k + 1].high90),
        tuple(shares),
        tuple(spreads[k + 2 : k + 2 + p]),
        tuple(spreads[k + 2 + p : 2 * k + 2 + p]),
        tuple(spreads[2 * k + 2 + p :]),
        rest, own, limits, int(weight.sum()),
    )  # fmt: skip


def _rows(game: Game) -> Floats:
    """Return shares, rest, benefit, interactions, alone and without as one matrix on the sets."""
    k, c = game.players, len(game.sets)
    column = {number: place for place, number in enumerate(game.sets)}
    rest, benefit = np.zeros((1, c)), np.zeros((1, c))
    rest[0, 0] = benefit[0, -1] = 1.0
    alone, without = np.full((k, c), np.nan), np.full((k, c), np.nan)
    for player in range(k):
        one, others = 1 << player, (2**k - 1) ^ (1 << player)
        if one in column and others in column:
            alone[player] = np.eye(c)[column[one]] - rest[0]
            without[player] = benefit[0] - np.eye(c)[column[others]]
    return np.concatenate([game.shares, rest, benefit, game.interactions, alone, without])


def _worth(
    endpoint: str, mine: Mapping[str, Floats], other: Mapping[str, Floats]
) -> Callable[[int, Floats], Floats]:
    """Return a function of member and patients' weights (N,) -> worth of each set (c,)."""
    if endpoint == "hazard":

        def rate(side: Mapping[str, Floats], m: int, weight: Floats) -> Floats:
            # Half an event more keeps a rate without events finite.
            return np.asarray(
                (side["progressed"][m] @ weight + 0.5) / (side["pfs"][m] @ weight + 1e-9)
            )

        return lambda m, w: np.log(rate(other, m, w)) - np.log(rate(mine, m, w))
    gain = _gains(endpoint, mine, other)
    return lambda m, w: np.asarray(gain[m] @ w / max(float(w.sum()), 1e-12))


def _gains(endpoint: str, mine: Mapping[str, Floats], other: Mapping[str, Floats]) -> Floats:
    """Return (m, c, N) what each patient gains; 0 for who does not count."""
    gain = mine[endpoint] - other[endpoint]
    return np.nan_to_num(-gain if endpoint == "size" else gain)


def _drawn(worth: Callable[[int, Floats], Floats], weight: Floats, seed: int) -> Floats:
    """Return (draws, c) worth with members and patients drawn with replacement."""
    rng = np.random.default_rng([seed, 17])
    m, n = weight.shape
    found: list[Floats] = []
    while len(found) < _DRAWS:
        member = int(rng.integers(m))
        drawn = weight[member] * np.bincount(rng.integers(0, n, n), minlength=n)
        if drawn.sum() > 0:
            found.append(worth(member, drawn))
    return np.array(found)


def _of_patients(
    endpoint: str,
    game: Game,
    mine: Mapping[str, Floats],
    other: Mapping[str, Floats],
    weight: Floats,
) -> tuple[Floats, Floats]:
    """Return shares, rest and benefit of each patient over members, and their limits."""
    if not ENDPOINTS[endpoint].single:
        return np.zeros((0, 0)), np.zeros((2, 0, 0))
    rows = _rows(game)[: game.players + 2]
    values = np.einsum("kc,mcn->mkn", rows, _gains(endpoint, mine, other))
    counts = np.broadcast_to(weight[:, None, :] > 0, values.shape)
    values = np.where(counts, values, np.nan)
    own = np.full(values.shape[1:], np.nan)
    limits = np.full((2, *values.shape[1:]), np.nan)
    somewhere = np.asarray(weight > 0, dtype=bool).any(axis=0)
    own[:, somewhere] = np.nanmean(values[:, :, somewhere], axis=0)
    limits[:, :, somewhere] = np.nanpercentile(values[:, :, somewhere], _LIMITS, axis=0)
    return own, limits
