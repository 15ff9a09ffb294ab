"""Lesions of virtual patients: what is there at baseline, how each follows the tumour, reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from rascade.model import ParameterTable, parse_table
from rascade.random_streams import normal, uniform
from rascade.trial.assessment.response import (
    MAX_TARGETS,
    MAX_TARGETS_PER_ORGAN,
    MEASURABLE_MM,
    MEASURABLE_NODE_MM,
    NORMAL_NODE_MM,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = [
    "MAX_NON_TARGETS",
    "ORGANS",
    "Lesions",
    "draw_lesions",
    "load_measurement",
    "measured_diameters",
]

MAX_NON_TARGETS = 3  # followed for each patient; more would say the same
ORGANS = ("pancreas", "liver", "lung", "peritoneum", "lymph node")
PANCREAS, LIVER, LUNG, PERITONEUM, NODE = range(len(ORGANS))


@cache
def load_measurement() -> ParameterTable:
    """Return the numbers of lesions and their measurement, with sources."""
    text = (files("rascade.trial") / "data" / "measurement.csv").read_text(encoding="utf-8")
    return parse_table(text, "measurement.csv")


@dataclass(frozen=True)
class Lesions:
    """Lesions of n patients at baseline: five places for targets, then three for non-targets.

    Attributes:
        baseline_mm: (n, 8) true diameters at baseline (short axes of nodes), NaN where there is
            no lesion.
        exponent: (n, 8) power of the tumour's relative size that each lesion follows.
        organ: (n, 8) index into `ORGANS`.
    """

    baseline_mm: Floats
    exponent: Floats
    organ: NDArray[np.int8]

    @property
    def is_node(self) -> Flags:
        """Lesions that are lymph nodes, (n, 8)."""
        return np.asarray(self.organ == NODE)

    @property
    def count(self) -> NDArray[np.int64]:
        """Number of target lesions of each patient, (n,)."""
        return np.asarray(np.isfinite(self.baseline_mm[:, :MAX_TARGETS]).sum(axis=1))

    @property
    def non_target_count(self) -> NDArray[np.int64]:
        """Number of non-target lesions of each patient, (n,)."""
        return np.asarray(np.isfinite(self.baseline_mm[:, MAX_TARGETS:]).sum(axis=1))

    @property
    def node_count(self) -> NDArray[np.int64]:
        """Number of lesions in lymph nodes of each patient, (n,)."""
        return np.asarray((self.is_node & np.isfinite(self.baseline_mm)).sum(axis=1))

    def true_diameters(self, relative_size: Floats) -> Floats:
        """Return (n, 8) true diameters for relative tumour sizes of shape (n,).

        A node shrinks towards the short axis of a normal node, other lesions towards nothing.
        """
        rest = np.where(self.is_node, load_measurement()["normal_node"].value, 0.0)
        grown = (self.baseline_mm - rest) * relative_size[:, None] ** self.exponent
        return np.asarray(rest + grown)


def draw_lesions(seed: int, patients: NDArray[np.int64], sum_mm: Floats) -> Lesions:
    """Divide each patient's sum of diameters among target lesions, and add non-targets.

    Args:
        seed: of the study.
        patients: (n,) patient numbers.
        sum_mm: (n,) sum of target diameters at baseline.

    Returns:
        Between one and five targets each, none below the 10 mm (node: 15 mm) that RECIST 1.1 asks
        of a target, at most two in one organ; and up to three non-targets, none of them measurable.
    """
    targets = _target_sizes(seed, patients, sum_mm)
    others, other_nodes = _non_targets(seed, patients)
    organ = _organs(seed, patients, targets)
    organ_of_others = np.where(other_nodes, NODE, _metastatic_site(seed, patients, "non-target"))
    spread = load_measurement()["lesion_heterogeneity"].value
    places = range(MAX_TARGETS + MAX_NON_TARGETS)
    exponent = np.stack(
        [np.exp(spread * normal(seed, f"lesion {k} exponent", patients)) for k in places], axis=1
    )
    return Lesions(
        np.hstack([targets, others]),
        exponent,
        np.hstack([organ, organ_of_others]).astype(np.int8),
    )


def _target_sizes(seed: int, patients: NDArray[np.int64], sum_mm: Floats) -> Floats:
    table = load_measurement()
    most = np.clip(sum_mm // (2.0 * MEASURABLE_MM), 1, MAX_TARGETS)
    count = 1 + np.floor(uniform(seed, "lesion count", patients) * most).astype(np.int64)
    count = np.minimum(count, MAX_TARGETS)
    index = np.arange(MAX_TARGETS)
    share = np.where(index == 0, table["largest_share"].value, 0.0) + np.zeros((patients.size, 1))
    rest = (1.0 - table["largest_share"].value) / np.maximum(count - 1, 1)
    share = np.where((index > 0) & (index < count[:, None]), rest[:, None], share)
    share[count == 1, 0] = 1.0
    size = np.where(index < count[:, None], share * sum_mm[:, None], np.nan)
    return np.asarray(np.maximum(size, MEASURABLE_MM))


def _metastatic_site(seed: int, patients: NDArray[np.int64], what: str) -> NDArray[np.int8]:
    """Draw where metastases are, (n, places of that kind)."""
    table = load_measurement()
    edges = np.cumsum([table["site_liver"].value, table["site_lung"].value])
    places = MAX_TARGETS if what == "target" else MAX_NON_TARGETS
    drawn = [uniform(seed, f"{what} {k} site", patients) for k in range(places)]
    return (LIVER + np.searchsorted(edges, np.stack(drawn, axis=1))).astype(np.int8)


def _organs(seed: int, patients: NDArray[np.int64], size: Floats) -> NDArray[np.int8]:
    """Give every target an organ: the first is the primary, no organ has more than two."""
    wanted = _metastatic_site(seed, patients, "target")
    share = load_measurement()["node_share"].value
    organ = np.full(wanted.shape, PANCREAS, dtype=np.int8)
    used = np.zeros((len(organ), len(ORGANS)), dtype=np.int64)
    rows = np.arange(len(organ))
    for k in range(1, MAX_TARGETS):
        chosen = wanted[:, k].copy()
        node = uniform(seed, f"target {k} is a node", patients) < share
        chosen[node & (size[:, k] >= MEASURABLE_NODE_MM)] = NODE
        for _ in range(3):  # liver to lung to peritoneum to liver
            full = used[rows, chosen] >= MAX_TARGETS_PER_ORGAN
            chosen = np.where(full, LIVER + chosen % 3, chosen).astype(np.int8)
        organ[:, k] = chosen
        used[rows, chosen] += 1
    return organ


def _non_targets(seed: int, patients: NDArray[np.int64]) -> tuple[Floats, Flags]:
    """Draw non-target lesions: too small to measure, or nodes between normal and measurable."""
    table = load_measurement()
    sizes, nodes = [], []
    for k in range(MAX_NON_TARGETS):
        there = uniform(seed, f"non-target {k}", patients) < table["non_target_presence"].value
        node = uniform(seed, f"non-target {k} is a node", patients) < table["node_share"].value
        low = np.where(node, NORMAL_NODE_MM, table["non_target_least"].value)
        high = np.where(node, MEASURABLE_NODE_MM, MEASURABLE_MM)
        size = low + uniform(seed, f"non-target {k} size", patients) * (high - low)
        sizes.append(np.where(there, size, np.nan))
        nodes.append(node)
    return np.stack(sizes, axis=1), np.stack(nodes, axis=1)


def measured_diameters(
    true_mm: Floats,
    seed: int,
    patients: NDArray[np.int64],
    visit: int,
    reading_error: Floats | None = None,
    *,
    what: str = "lesion",
) -> Floats:
    """Return what a reader measures: true diameters with error, to the millimetre.

    Args:
        true_mm: (n, m) true diameters, NaN where there is no lesion.
        seed: of the study.
        patients: (n,) patient numbers.
        visit: number of the visit, 0 at baseline; each has its own error.
        reading_error: (n,) coefficient of variation where each patient is read; that of the table
            if None.
        what: ``lesion``, or ``new lesion`` for lesions that were not there at baseline.
    """
    error: float | Floats = load_measurement()["measurement_error"].value
    if reading_error is not None:
        error = reading_error[:, None]
    noise = np.stack(
        [
            normal(seed, f"measurement of {what} {k}", patients, visit)
            for k in range(true_mm.shape[1])
        ],
        axis=1,
    )
    return np.asarray(np.round(true_mm * np.exp(error * noise)))
