"""Replicate trials: enrol, watch, look, stop; thousands of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from rascade.analyses.operating.designs import Reestimation
from rascade.analyses.operating.enrolment import Enrolled, Source, enrol, horizon
from rascade.analyses.operating.scores import Scores, cox_log_hazard, log_rank_scores
from rascade.trial.design.accrual import event_day, nth_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Counts = NDArray[np.int64]

__all__ = ["EFFICACY", "FUTILITY", "NOTHING", "Trials", "run_replicates"]

NOTHING, EFFICACY, FUTILITY = 0, 1, 2
#: Trials handled at once: large enough for array work, small enough for the processor's cache.
_PLACES_AT_ONCE = 150_000
_HAIR = 1e-6  # days


@dataclass(frozen=True)
class Trials:
    """How replicate trials ended; arrays of shape (r,).

    Attributes:
        look: number of the look at which it stopped, from 0.
        reason: `EFFICACY`, `FUTILITY` (before the end) or `NOTHING` (no rejection at the end).
        z: test statistic then, positive in favour of the new treatment.
        log_hazard: Cox estimate then; NaN where it does not exist.
        day: calendar day then.
        patients: enrolled by then, in all arms.
        events: of the arms compared, by then.
        complete: the planned number of events was there at the final analysis, or was not needed.
        arm: index of the new arm that was compared.
        grown: events or patients were added by an adaptation.
    """

    look: Counts
    reason: Counts
    z: Floats
    log_hazard: Floats
    day: Floats
    patients: Counts
    events: Counts
    complete: Flags
    arm: Counts
    grown: Flags

    @property
    def size(self) -> int:
        """Number of trials."""
        return int(self.look.size)

    @classmethod
    def concat(cls, parts: Sequence[Trials]) -> Trials:
        """Join trials."""
        names = [field.name for field in fields(cls)]
        return cls(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def run_replicates(
    source: Source,
    seed: int,
    replicates: NDArray[np.int64],
    *,
    progress: Callable[[float], None] | None = None,
    chunk: int | None = None,
) -> Trials:
    """Run replicate trials of a design.

    Args:
        source: population and design.
        seed: of the study.
        replicates: (r,) their numbers; a trial follows from seed, number and design alone.
        progress: called with the share done.
        chunk: trials at once; the result does not depend on it.
    """
    step = chunk or max(1, _PLACES_AT_ONCE // source.design.most)
    parts = []
    for start in range(0, replicates.size, step):
        some = replicates[start : start + step]
        course = _Course(source, enrol(source, seed, some))
        design = source.design
        if design.selection is not None:
            parts.append(_select(course))
        elif design.reestimation is not None:
            parts.append(_reestimate(course, design.reestimation))
        else:
            parts.append(_sequential(course))
        if progress:
            progress(min(1.0, (start + some.size) / replicates.size))
    return Trials.concat(parts)


class _Course:
    """What would be seen of every place of every trial, were it watched for ever."""

    def __init__(self, source: Source, enrolled: Enrolled) -> None:
        self.source, self.design = source, source.design
        self.entry, self.arm = enrolled.entry.copy(), enrolled.arm.copy()
        self.stratum = enrolled.stratum if self.design.stratified else None
        self.enrolled = enrolled
        self.rows = source.patients(enrolled, self.arm)
        # Places that only an adaptation opens.
        self.entry[:, self.design.size :] = np.inf

    @property
    def trials(self) -> int:
        return int(self.entry.shape[0])

    def reassign(self, arm: Counts) -> None:
        """Put places into other arms."""
        self.arm, self.rows = arm, self.source.patients(self.enrolled, arm)

    def due(self) -> Floats:
        """Days from entry to the event, infinite where it is never seen."""
        day = self.source.everybody.event_day[self.rows]
        return np.where(day <= self.enrolled.lost, day, np.inf)

    def end(self) -> Floats:
        """Calendar day after which nothing more is seen."""
        return horizon(self.source, np.where(np.isfinite(self.entry), self.entry, 0.0))

    def observe(self, day: Floats) -> tuple[Floats, Flags, Flags]:
        """Times, events and who is in the trial, at one calendar day a trial."""
        # A hair more, so that rounding does not lose the very event that the look waited for.
        watched = np.minimum(day[:, None] - self.entry + _HAIR, self.enrolled.lost)
        present = self.entry <= day[:, None]
        time, event = self.source.everybody.observe(self.rows, np.maximum(watched, 0.0))
        return time, event, present

    def scores(self, day: Floats, new: int | Counts = 1) -> Scores:
        """Log-rank scores of a new arm against the control, at one calendar day a trial."""
        return log_rank_scores(*self._compared(day, new), self.stratum)

    def log_hazard(self, day: Floats, new: int | Counts = 1) -> Floats:
        return cox_log_hazard(*self._compared(day, new))

    def _compared(self, day: Floats, new: int | Counts) -> tuple[Floats, Flags, Flags, Flags]:
        """Times, events, who is in the new arm, and who is in it or in the control."""
        time, event, present = self.observe(day)
        arm = self.arm == (new if isinstance(new, int) else new[:, None])
        return time, event, arm, present & (arm | (self.arm == 0))

    def finish(
        self, look: Counts, reason: Counts, scores: Scores, day: Floats, complete: Flags,
        new: int | Counts = 1, z: Floats | None = None, grown: Flags | None = None,
    ) -> Trials:  # fmt: skip
        """Collect how the trials ended."""
        return Trials(
            look,
            reason,
            scores.z if z is None else z,
            self.log_hazard(day, new),
            day,
            (self.entry <= day[:, None]).sum(axis=1),
            scores.events,
            complete,
            np.broadcast_to(np.asarray(new, dtype=np.int64), look.shape).copy(),
            np.zeros(look.shape, dtype=bool) if grown is None else grown,
        )


def _look_days(course: _Course) -> tuple[Floats, Flags]:
    """Calendar day of each look, (looks, r), and whether the final one has all its events."""
    design, end, due = course.design, course.end(), course.due()
    if design.events is None:
        return end[None, :], np.ones(course.trials, dtype=bool)
    wanted = np.ceil(design.boundaries.information * design.events - 1e-9).astype(np.int64)
    ordered = np.sort(course.entry + due, axis=1)
    days = np.stack([nth_day(ordered, int(k)) for k in wanted])
    return np.minimum(days, end), days[-1] <= end


def _sequential(course: _Course) -> Trials:
    """Look at the planned shares of the events; stop at a boundary."""
    bounds = course.design.boundaries
    days, complete = _look_days(course)
    running = np.ones(course.trials, dtype=bool)
    look = np.full(course.trials, bounds.looks - 1)
    reason = np.full(course.trials, NOTHING)
    day, kept = days[-1].copy(), None
    for k in range(bounds.looks):
        scores = course.scores(days[k])
        final = k == bounds.looks - 1
        # An interim look that would fall on the end of the data is the final analysis.
        now = running & (np.ones_like(running) if final else days[k] < days[-1])
        won = now & (scores.z >= bounds.upper[k])
        lost = now & ~won & (scores.z < bounds.lower[k]) & (not final)
        stop = won | lost | (now & final)
        reason[won], reason[lost] = EFFICACY, FUTILITY
        look[stop], day[stop] = k, days[k][stop]
        kept = scores if kept is None else _where(stop, scores, kept)
        running &= ~stop
    assert kept is not None
    return course.finish(look, reason, kept, day, complete | (look < bounds.looks - 1))


def _where(chosen: Flags, new: Scores, old: Scores) -> Scores:
    return Scores(*(np.where(chosen, n, o) for n, o in zip(new, old, strict=True)))


def _reestimate(course: _Course, rule: Reestimation) -> Trials:
    """Two stages; events and patients of the second follow from the first."""
    from scipy.special import ndtri

    design, bounds = course.design, course.design.boundaries
    assert design.events is not None
    share, final = float(bounds.information[0]), float(bounds.upper[-1])
    first_events = int(np.ceil(share * design.events - 1e-9))
    end = course.end()
    first_day = np.minimum(event_day(course.entry, course.due(), first_events), end)
    first = course.scores(first_day)
    won = first.z >= bounds.upper[0]
    lost = ~won & (first.z < bounds.lower[0])
    # Z of the second stage alone that the weighted test still needs.
    needed = (final - np.sqrt(share) * first.z) / np.sqrt(1.0 - share)
    planned = design.events - first_events
    z = np.maximum(first.z, 1e-9)
    power = _upper_tail(needed - z * np.sqrt(planned / first_events))
    wanted = first_events * ((needed + ndtri(rule.target)) / z) ** 2
    promising = ~won & ~lost & (power >= rule.least) & (power < rule.target)
    most = round(rule.most * design.events) - first_events
    second_events = np.where(promising, np.clip(np.ceil(wanted), planned, most), planned)
    total = (first_events + second_events).astype(np.int64)
    grown = total > design.events
    _open_places(course, grown, total, first_day)
    end = course.end()
    days = event_day(course.entry, course.due(), total)
    last_day = np.minimum(days, end)
    whole = course.scores(last_day)
    gained = np.maximum(whole.variance - first.variance, 0.0)
    second = -(whole.difference - first.difference) / np.sqrt(np.maximum(gained, 1e-12))
    joined = np.sqrt(share) * first.z + np.sqrt(1.0 - share) * np.where(gained > 0, second, 0.0)
    stopped = won | lost
    reason = np.where(won, EFFICACY, np.where(lost, FUTILITY, NOTHING))
    reason = np.where(~stopped & (joined >= final), EFFICACY, reason)
    day = np.where(stopped, first_day, last_day)
    kept = _where(stopped, first, whole)
    return course.finish(
        np.where(stopped, 0, 1), reason, kept, day, stopped | (days <= end),
        z=np.where(stopped, first.z, joined), grown=grown & ~stopped,
    )  # fmt: skip


def _open_places(course: _Course, grown: Flags, total: Counts, day: Floats) -> None:
    """Let more patients in, in proportion to the events; no earlier than the decision."""
    design = course.design
    assert design.events is not None
    size = np.where(grown, np.ceil(design.size * total / design.events), design.size)
    natural = course.enrolled.entry
    wait = np.maximum(day - natural[:, design.size - 1], 0.0)
    places = np.arange(natural.shape[1])
    opened = (places >= design.size) & (places < size[:, None])
    course.entry = np.where(opened, natural + wait[:, None], course.entry)


def _upper_tail(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(-z))


def _select(course: _Course) -> Trials:
    """All new arms until the selection, then the best one and the control."""
    design = course.design
    assert design.selection is not None and design.events is not None
    new_arms = len(design.arms) - 1
    # Mean over the new arms: the pool has (1 + new arms) arms where a comparison has two.
    pooled = int(np.ceil(design.selection.fraction * design.events * (new_arms + 1) / 2))
    day = np.minimum(event_day(course.entry, course.due(), pooled), course.end())
    z = np.stack([course.scores(day, k).z for k in range(1, new_arms + 1)])
    best = z.argmax(axis=0) + 1
    later = course.entry > day[:, None]
    chosen = np.where(course.enrolled.second == 1, best[:, None], 0)
    course.reassign(np.where(later, chosen, course.arm))
    compared = (course.arm == 0) | (course.arm == best[:, None])
    end = course.end()
    days = event_day(np.where(compared, course.entry, np.inf), course.due(), design.events)
    last_day = np.maximum(np.minimum(days, end), day)
    scores = course.scores(last_day, best)
    final = design.boundaries.upper[-1]
    reason = np.where(scores.z >= final, EFFICACY, NOTHING)
    return course.finish(
        np.zeros(course.trials, dtype=np.int64), reason, scores, last_day, days <= end, best
    )
