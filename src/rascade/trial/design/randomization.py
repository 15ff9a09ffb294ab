"""Randomisation: simple, permuted blocks, and either of them within strata.

Assignments depend on the random numbers and on the order of entry alone. Within a stratum the list
is fixed before anybody enters, as the sealed envelopes of a trial are: the k-th patient of a
stratum gets the k-th entry, so the first patients of a trial are assigned alike however many
follow. Permuted blocks: Zelen, J Chronic Dis 1974;27:365-375.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import InputError
from rascade.random_streams import uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = [
    "METHODS",
    "Randomization",
    "assign",
    "position_in_stratum",
    "randomize",
    "ratio_of",
    "strata_codes",
]

METHODS = ("simple", "blocks")


@dataclass(frozen=True)
class Randomization:
    """How patients are assigned to arms.

    Attributes:
        method: ``simple`` (a coin for each patient) or ``blocks`` (permuted blocks).
        ratio: allocation, one whole number an arm.
        block_size: patients in a block, a multiple of the sum of `ratio`; twice that sum if None.
        strata: properties of the patients; each combination of their values has its own list.
    """

    method: str = "blocks"
    ratio: tuple[int, ...] = (1, 1)
    block_size: int | None = None
    strata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"randomization: {self.method!r} is not one of {', '.join(METHODS)}")
        if not self.ratio or min(self.ratio) < 1:
            raise InputError("randomization: ratio: give a whole number above 0 for each arm")
        if self.block_size is not None and self.block_size % sum(self.ratio):
            raise InputError(
                f"randomization: block_size {self.block_size} must be a multiple of "
                f"{sum(self.ratio)}, the sum of the ratio {':'.join(map(str, self.ratio))}"
            )

    @property
    def block(self) -> int:
        """Patients in a block."""
        return self.block_size or 2 * sum(self.ratio)


def ratio_of(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the allocation ratio of arms of given sizes in its lowest terms."""
    divisor = math.gcd(*sizes)
    return tuple(size // divisor for size in sizes)


def strata_codes(
    properties: Mapping[str, NDArray[Any]], strata: Sequence[str]
) -> tuple[NDArray[np.int64], list[str]]:
    """Number the strata of patients.

    Args:
        properties: name -> values, each of shape (n,).
        strata: names of the properties that make a stratum.

    Returns:
        (n,) codes, and what each code stands for, such as ``ecog 1, sex female``.

    Raises:
        InputError: there is no such property.
    """
    missing = next((name for name in strata if name not in properties), None)
    if missing is not None:
        raise InputError(f"randomization: strata: patients have no property {missing!r}")
    if not strata:
        size = len(next(iter(properties.values()), ()))
        return np.zeros(size, dtype=np.int64), ["all"]
    columns = [np.asarray(properties[name]).astype(str) for name in strata]
    labels = [
        ", ".join(f"{name} {value}" for name, value in zip(strata, row, strict=True))
        for row in zip(*columns, strict=True)
    ]
    names, code = np.unique(np.array(labels, dtype=str), return_inverse=True)
    return code.astype(np.int64), [str(name) for name in names]


def position_in_stratum(stratum: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many patients of the same stratum entered before each; shape (..., n)."""
    position = np.empty(stratum.shape, dtype=np.int64)
    for code in np.unique(stratum):
        mine = stratum == code
        position[mine] = (np.cumsum(mine, axis=-1) - 1)[mine]
    return position


def assign(
    plan: Randomization, draws: NDArray[np.float64], position: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Read assignments from a list.

    Args:
        plan: how to randomise.
        draws: (..., m) uniform numbers, one for each place of the list; for blocks, m is a multiple
            of the block size.
        position: (..., n) place of each patient in its list, below m.

    Returns:
        (..., n) index of the arm.
    """
    ratio = np.asarray(plan.ratio)
    if plan.method == "simple":
        edges = np.cumsum(ratio)[:-1] / ratio.sum()
        listed = np.searchsorted(edges, draws, side="right")
    else:
        arms = np.repeat(np.arange(ratio.size), ratio * (plan.block // ratio.sum()))
        blocks = draws.reshape(*draws.shape[:-1], -1, plan.block)
        listed = arms[np.argsort(blocks, axis=-1, kind="stable")].reshape(draws.shape)
    return np.take_along_axis(np.asarray(listed, dtype=np.int64), position, axis=-1)


def randomize(
    plan: Randomization,
    seed: int,
    stratum: NDArray[np.int64],
    names: Sequence[str] = ("all",),
) -> NDArray[np.int64]:
    """Assign the patients of one trial to arms.

    Args:
        plan: how to randomise.
        seed: of the study.
        stratum: (n,) code of each patient's stratum, in order of entry.
        names: of the strata; a list follows from its name, so it does not depend on which others
            there are.

    Returns:
        (n,) index of the arm.
    """
    arm = np.empty(stratum.shape, dtype=np.int64)
    position = position_in_stratum(stratum)
    for code in np.unique(stratum):
        mine = stratum == code
        places = np.arange(-(-int(mine.sum()) // plan.block) * plan.block, dtype=np.int64)
        draws = uniform(seed, f"randomization:{names[code]}", places)
        arm[mine] = assign(plan, draws, position[mine])
    return arm
