"""Scans of an arm: from the size of the tumour to what a reader writes down and calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.random_streams import exponential, uniform
from rascade.trial.assessment.irecist import IVisit, begin_immune, next_immune_visit
from rascade.trial.assessment.lesions import (
    MAX_NON_TARGETS,
    Lesions,
    draw_lesions,
    load_measurement,
    measured_diameters,
)
from rascade.trial.assessment.response import (
    MAX_TARGETS,
    NORMAL_NODE_MM,
    TOO_SMALL_MM,
    NonTarget,
    Progress,
    VisitReading,
    begin,
    next_visit,
    record_diameters,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.assessment.response import Codes, Flags, Floats

__all__ = ["MAX_NEW_LESIONS", "Imaging", "Scan", "chosen", "lesion_names"]

MAX_NEW_LESIONS = 3
_GONE_BELOW_MM = 2.0  # a lesion that shrinks below this is not seen on a 5 mm slice
_BEYOND_NOISE = 1.96 * 2.0**0.5  # of the error of one reading: 95 % of repeated ones differ less


@dataclass(frozen=True)
class Scan:
    """What was written down at a scan of n patients.

    Attributes:
        reading: by RECIST 1.1.
        immune: `IResponse` codes, (n,).
        lesion_mm: (n, 8) recorded diameters of the lesions of baseline, NaN not assessed.
        new_mm: (n, 3) recorded diameters of new lesions, NaN not there (yet) or not assessed.
        non_target: (n,) `NonTarget` codes.
        new_lesion: (n,) a new lesion has been seen at this scan or before.
        done: (n,) the scan was made.
        true_sum_mm: (n,) sum of the true target diameters.
    """

    reading: VisitReading
    immune: Codes
    lesion_mm: Floats
    new_mm: Floats
    non_target: Codes
    new_lesion: Flags
    done: Flags
    true_sum_mm: Floats


class Imaging:
    """The lesions of an arm and their readings so far.

    Args:
        seed: of the study.
        patients: (n,) patient numbers.
        sum_mm: (n,) sum of target diameters at baseline.
        reading_error: (n,) coefficient of variation where each patient is read; that of the table
            if None.
    """

    def __init__(
        self,
        seed: int,
        patients: NDArray[np.int64],
        sum_mm: Floats,
        reading_error: Floats | None = None,
    ) -> None:
        self.seed, self.patients, self.reading_error = seed, patients, reading_error
        self.lesions: Lesions = draw_lesions(seed, patients, sum_mm)
        waits = [
            exponential(seed, "new lesion" if k == 0 else f"new lesion {k + 1}", patients)
            for k in range(MAX_NEW_LESIONS)
        ]
        self._thresholds = np.cumsum(np.stack(waits, axis=1), axis=1)
        self._seen_at = np.full((patients.size, MAX_NEW_LESIONS), np.nan)
        self._immune = begin_immune(patients.size)
        self.baseline_mm = self._record(self.lesions.true_diameters(np.ones(patients.size)), 0)
        targets = self.baseline_mm[:, :MAX_TARGETS]
        node = self.lesions.is_node[:, :MAX_TARGETS]
        self.progress: Progress = begin(targets, np.isfinite(targets), node)
        self._volume = self._non_target_volume(self.baseline_mm)
        self._least_volume = self._volume
        self._volume_at_iupd = self._volume

    def _record(self, true_mm: Floats, visit: int) -> Floats:
        measured = measured_diameters(true_mm, self.seed, self.patients, visit, self.reading_error)
        return record_diameters(
            measured, gone_below_mm=_GONE_BELOW_MM, is_node=self.lesions.is_node
        )

    def read(
        self,
        relative_size: Floats,
        hazard: Floats,
        visit: int,
        alive: Flags,
        due: Flags | None = None,
    ) -> Scan:
        """Read a scan; call it for every visit in order, once for each patient.

        Args:
            relative_size: (n,) of the tumour, 1 at baseline.
            hazard: (n,) cumulative hazard of new lesions.
            visit: number of the visit, 1 or more.
            alive: (n,) patients who come.
            due: (n,) patients whose scan of this visit is read now, all if None; what is known of
                the others stays as it is, and their part of the scan is blank.
        """
        due = np.ones(alive.size, dtype=bool) if due is None else due
        alive = alive & due
        progress, remembered = self.progress, self._immune
        table = load_measurement()
        chance = uniform(self.seed, "scan missed", self.patients, visit)
        done = alive & (chance >= table["scan_missed"].value)
        true = self.lesions.true_diameters(relative_size)
        size = self._record(true, visit)
        size[~done] = np.nan
        targets = size[:, :MAX_TARGETS]
        for k in range(MAX_TARGETS):
            unread = uniform(self.seed, f"lesion {k} unreadable", self.patients, visit)
            targets[unread < table["lesion_unreadable"].value, k] = np.nan
        new_mm, ever = self._new_lesions(relative_size, hazard, visit, done)
        non_target, worse, nodes_only = self._read_non_targets(size, done)
        self.progress, reading = next_visit(
            self.progress,
            targets,
            non_target=non_target,
            new_lesion=ever,
            nodes_only=nodes_only,
        )
        there = np.nan_to_num(new_mm) > 0
        seen = IVisit(
            sld_mm=reading.sld_mm,
            target=reading.target,
            non_target=non_target,
            returned=reading.returned,
            non_target_worse=worse,
            new_count=there.sum(axis=1),
            new_mm=np.where(there, new_mm, 0.0).sum(axis=1),
            new_worse=np.zeros(done.size, dtype=bool),
            evaluable=done,
        )
        self._immune, immune = next_immune_visit(self._immune, seen)
        self.progress = chosen(due, self.progress, progress)
        self._immune = chosen(due, self._immune, remembered)
        begins = self._immune.pending & ~remembered.pending
        self._volume_at_iupd = np.where(begins, self._volume, self._volume_at_iupd)
        total = np.where(alive, np.nansum(true[:, :MAX_TARGETS], axis=1), np.nan)
        return Scan(reading, immune, size, new_mm, non_target, ever, done, total)

    def _new_lesions(
        self, relative_size: Floats, hazard: Floats, visit: int, done: Flags
    ) -> tuple[Floats, Flags]:
        """Return recorded sizes of new lesions, and who has (had) one; size follows the tumour."""
        there = hazard[:, None] >= self._thresholds
        first = done[:, None] & there & np.isnan(self._seen_at)
        self._seen_at = np.where(first, relative_size[:, None], self._seen_at)
        ever = done & np.isfinite(self._seen_at).any(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            true = load_measurement()["new_lesion_start"].value * (
                relative_size[:, None] / self._seen_at
            )
        measured = measured_diameters(
            true, self.seed, self.patients, visit, self.reading_error, what="new lesion"
        )
        size = record_diameters(measured, gone_below_mm=_GONE_BELOW_MM)
        return np.where(done[:, None] & np.isfinite(self._seen_at), size, np.nan), ever

    def _non_target_volume(self, size: Floats) -> Floats:
        """Volume-like burden of the non-targets; what is too small to measure counts as 5 mm."""
        others = size[:, MAX_TARGETS:]
        rest = np.where(self.lesions.is_node[:, MAX_TARGETS:], NORMAL_NODE_MM, TOO_SMALL_MM)
        kept = np.where(np.isfinite(others), np.maximum(others, rest), 0.0)
        return np.asarray((kept**3).sum(axis=1))

    def _noise(self) -> float | Floats:
        """Ratio of two readings of one volume that the error of reading seldom exceeds."""
        error = load_measurement()["measurement_error"].value
        return np.exp(
            3.0 * _BEYOND_NOISE * (error if self.reading_error is None else self.reading_error)
        )

    def _read_non_targets(self, size: Floats, done: Flags) -> tuple[Codes, Flags, Flags]:
        """Return codes, who is worse than at the pending iUPD, and who has nodes only."""
        others = size[:, MAX_TARGETS:]
        node = self.lesions.is_node[:, MAX_TARGETS:]
        has = np.isfinite(self.lesions.baseline_mm[:, MAX_TARGETS:]).any(axis=1)
        limit = np.where(node, NORMAL_NODE_MM, np.nextafter(0.0, 1.0))
        seen = np.nan_to_num(others) >= limit
        visible = seen.any(axis=1)
        volume = self._non_target_volume(size)
        growth = load_measurement()["non_target_growth"].value
        progressed = has & done & (volume >= growth * self._least_volume)
        worse = has & done & (volume >= self._noise() * self._volume_at_iupd)
        code = np.select(
            [~has, ~done, progressed, ~visible],
            [NonTarget.NONE, NonTarget.NE, NonTarget.PD, NonTarget.CR],
            default=NonTarget.NON_CR_NON_PD,
        ).astype(np.int8)
        self._volume = np.where(done, volume, self._volume)
        self._least_volume = np.where(
            done, np.minimum(volume, self._least_volume), self._least_volume
        )
        return code, worse, np.asarray(~(seen & ~node).any(axis=1))


def chosen(where: Flags, new: Any, old: Any) -> Any:
    """Return a record whose patients are those of one record where a flag says so, else of another.

    Args:
        where: (n,) flags.
        new: a dataclass, or a mapping, of arrays with n patients along the first axis; these may be
            nested, and whatever is no array is the same in both.
        old: another of the same kind.
    """
    if isinstance(new, np.ndarray):
        return np.where(where.reshape(-1, *(1 for _ in new.shape[1:])), new, old)
    if isinstance(new, Mapping):
        return {name: chosen(where, new[name], old[name]) for name in new}
    if not is_dataclass(new) or isinstance(new, type):
        return new
    names = [field.name for field in fields(new)]
    return type(new)(**{n: chosen(where, getattr(new, n), getattr(old, n)) for n in names})


def lesion_names() -> tuple[str, ...]:
    """Return the names of the places for lesions: targets, non-targets, new lesions."""
    return (
        *(f"T{k + 1:02d}" for k in range(MAX_TARGETS)),
        *(f"NT{k + 1:02d}" for k in range(MAX_NON_TARGETS)),
        *(f"NEW{k + 1:02d}" for k in range(MAX_NEW_LESIONS)),
    )
