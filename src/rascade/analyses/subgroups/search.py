"""The search for a subgroup: a rule of one or two conditions, its chance, and what held-out say.

Pure functions on arrays. A rule is a branch of a tree of depth two; all of them are tried, so that
none is missed because its first split looked dull.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Markers = Mapping[str, NDArray[Any]]

__all__ = ["LEVEL", "Condition", "Finding", "conditions", "find", "holds"]

#: A rule is told if shuffled gains give one as good less often, in both halves.
LEVEL = 0.05
#: Smallest share of patients inside and outside of a subgroup.
_LEAST = 0.15
_QUANTILES = np.arange(0.2, 0.81, 0.1)
_SHUFFLES = 199
#: A second condition must raise the score by so many standard errors.
_WORTH = 0.5


@dataclass(frozen=True)
class Condition:
    """A condition on one marker.

    Attributes:
        marker: its name.
        how: ``>``, ``<=``, ``is`` or ``is not``.
        value: number, or category as text.
    """

    marker: str
    how: str
    value: float | str

    def met(self, markers: Markers) -> Flags:
        """Return (n,) who meets it; nobody does whose marker is not known (NaN)."""
        values = np.asarray(markers[self.marker])
        if self.how in ("is", "is not"):
            same = values.astype(str) == self.value
            return np.asarray(same if self.how == "is" else ~same, dtype=bool)
        with np.errstate(invalid="ignore"):
            number = values.astype(float)
            above = number > float(self.value)
            return np.asarray(above if self.how == ">" else number <= float(self.value), dtype=bool)


@dataclass(frozen=True)
class Finding:
    """What a search came to.

    Attributes:
        rule: conditions, all of which must hold; empty where no subgroup is told.
        best: the best rule, told or not.
        found_p: how often shuffled gains of the half it was found in give one as good.
        held_out_p: how often shuffled gains of the other half differ as much by this rule.
        why: why no subgroup is told; empty where one is.
    """

    rule: tuple[Condition, ...]
    best: tuple[Condition, ...]
    found_p: float
    held_out_p: float
    why: str


def conditions(markers: Markers) -> list[Condition]:
    """Return the conditions that markers can make, thresholds at rounded deciles.

    Args:
        markers: name -> (n,) numbers, booleans or categories.
    """
    found: dict[Condition, None] = {}
    for name, raw in markers.items():
        values = np.asarray(raw)
        if (
            values.dtype.kind in "fiu"
            and np.unique(values[np.isfinite(values.astype(float))]).size > 2
        ):
            known = values[np.isfinite(values.astype(float))].astype(float)
            for cut in np.quantile(known, _QUANTILES).tolist():
                for how in (">", "<="):
                    found[Condition(name, how, float(f"{cut:.2g}"))] = None
        else:
            for category in np.unique(values.astype(str)).tolist():
                for how in ("is", "is not"):
                    found[Condition(name, how, category)] = None
    return list(found)


def holds(rule: Sequence[Condition], markers: Markers) -> Flags:
    """Return (n,) who meets all conditions of a rule."""
    return np.asarray(np.logical_and.reduce([one.met(markers) for one in rule]), dtype=bool)


def find(gain: Floats, markers: Markers, half: Flags, seed: int) -> Finding:
    """Look for a subgroup with a larger gain in one half, and see whether it holds in the other.

    Args:
        gain: (n,) what each patient gains.
        markers: name -> (n,) values.
        half: (n,) the half it is looked for in.
        seed: of the shuffling.
    """
    rng = np.random.default_rng([seed, 23])
    mine = {name: np.asarray(values)[half] for name, values in markers.items()}
    rules, inside = _rules(mine)
    if not rules:
        return Finding((), (), 1.0, 1.0, "no marker divides the patients")
    score = _scores(inside, gain[half][:, None])[:, 0]
    best = _simplest(rules, score)
    most = float(score[best])
    shuffled = np.stack([rng.permutation(gain[half]) for _ in range(_SHUFFLES)], axis=1)
    found_p = _share_at_least(_scores(inside, shuffled).max(axis=0), float(score.max()))
    rule = rules[best]
    who = holds(rule, {name: np.asarray(values)[~half] for name, values in markers.items()})
    held_out_p = _held_out(gain[~half], who, rng)
    mean = float(gain[half][inside[best] > 0].mean())
    why = ""
    if most <= 0 or found_p > LEVEL:
        why = f"shuffled gains give a rule as good in {found_p:.0%} of cases"
    elif held_out_p > LEVEL:
        why = f"the best rule does not hold in held-out patients (p = {held_out_p:.2f})"
    elif mean <= 0:
        why = "the combination is not better in the best subgroup either"
    return Finding(() if why else rule, rule, found_p, held_out_p, why)


def _rules(markers: Markers) -> tuple[list[tuple[Condition, ...]], NDArray[np.float32]]:
    """Return rules of one and two conditions with enough patients, and (k, n) who meets them."""
    singles = conditions(markers)
    flags = np.array([one.met(markers) for one in singles], dtype=bool)
    n = flags.shape[1] if flags.size else 0
    rules: list[tuple[Condition, ...]] = []
    inside: list[Flags] = []
    seen: set[bytes] = set()
    for i, one in enumerate(singles):
        _take(rules, inside, seen, (one,), flags[i], n)
    for i, one in enumerate(singles):
        both = flags[i] & flags[i + 1 :]
        for j in np.flatnonzero(_enough(both.sum(axis=1), n)).tolist():
            other = singles[i + 1 + j]
            if other.marker != one.marker:
                _take(rules, inside, seen, (one, other), both[j], n)
    return rules, np.array(inside, dtype=np.float32)


def _enough(count: Any, n: int) -> Any:
    return (count >= _LEAST * n) & (count <= (1 - _LEAST) * n)


def _take(
    rules: list[tuple[Condition, ...]],
    inside: list[Flags],
    seen: set[bytes],
    rule: tuple[Condition, ...],
    who: Flags,
    n: int,
) -> None:
    """Add a rule that no simpler one is the same as."""
    mark = who.tobytes()
    if _enough(int(who.sum()), n) and mark not in seen:
        seen.add(mark)
        rules.append(rule)
        inside.append(who)


def _scores(inside: NDArray[np.float32], gains: Floats) -> Floats:
    """Return (k, r) differences of mean gain, inside minus outside, in standard errors.

    Args:
        inside: (k, n) 1 for who meets a rule.
        gains: (n, r) gains, several shufflings beside each other.
    """
    n = gains.shape[0]
    count = inside.sum(axis=1, dtype=np.float64)[:, None]
    spread = np.maximum(gains.std(axis=0, ddof=1), 1e-12)
    total = gains.sum(axis=0)
    within = (inside @ gains.astype(np.float32)).astype(np.float64)
    difference = within / count - (total - within) / (n - count)
    return np.asarray(difference / (spread * np.sqrt(1 / count + 1 / (n - count))))


def _simplest(rules: Sequence[tuple[Condition, ...]], score: Floats) -> int:
    """Return the best rule, one of a single condition unless a second is worth it."""
    best = int(np.argmax(score))
    single = np.array([len(rule) == 1 for rule in rules])
    if single.any():
        alone = int(np.argmax(np.where(single, score, -np.inf)))
        if score[alone] > score[best] - _WORTH:
            return alone
    return best


def _held_out(gain: Floats, who: Flags, rng: np.random.Generator) -> float:
    if not 2 <= int(who.sum()) <= who.size - 2:
        return 1.0
    inside = who[None, :].astype(np.float32)
    shuffled = np.stack([rng.permutation(gain) for _ in range(_SHUFFLES)], axis=1)
    return _share_at_least(
        _scores(inside, shuffled)[0], float(_scores(inside, gain[:, None])[0, 0])
    )


def _share_at_least(shuffled: Floats, seen: float) -> float:
    return float((1 + int((shuffled >= seen - 1e-9).sum())) / (1 + shuffled.size))
