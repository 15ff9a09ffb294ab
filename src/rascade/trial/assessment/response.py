"""RECIST 1.1 at one visit and over visits, for many patients at once.

Everything here is a pure function of arrays. The criteria are those of Eisenhauer et al. 2009
(Eur J Cancer 45:228-247, PMID 19097774), with the clarifications of Schwartz et al. 2016
(Eur J Cancer 62:132-137, PMID 27189322) where the guideline is silent. Sections and tables cited
below are those of the 2009 paper.

The unit of work is one visit: `begin` makes the state at baseline and `next_visit` reads one more
scan, so that a trial loop can act on a progression as soon as it is seen; `assess` folds the same
two functions over visits that are already known.

Readings of the guideline that a reader may want to know:

* Progression of the targets wins over a response: a sum that is 20 % and 5 mm above its nadir is
  PD even while it is 30 % below baseline.
* Complete response wins over progression of small nodes: nodes under 10 mm are normal (4.3.1).
* After an overall CR any target or non-target that is seen again is PD whatever its size (Table 3,
  footnote a), unless it is a node: nodes under 10 mm are benign, and one that is read at 9 mm and
  then at 10 mm may have been the same all along. A target node progresses by the rule for sums,
  20 % and 5 mm from the nadir, and a non-target node by unequivocal progression only (EORTC's
  answers on RECIST 1.1, recist.eortc.org/faq/abnormal-lymph-node-2); until then the visit is PR.
* A scan that misses a target is not evaluable, unless what was measured already is PD (4.4.2).

In one module since it follows the guideline from its target lesions to its best response.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Codes: TypeAlias = NDArray[np.int8]
    Flags: TypeAlias = NDArray[np.bool_]

__all__ = [
    "Assessment",
    "NonTarget",
    "Progress",
    "Response",
    "VisitReading",
    "assess",
    "begin",
    "labels",
    "next_visit",
    "overall_response",
    "record_diameters",
    "select_targets",
    "target_response",
]

MAX_TARGETS = 5  # section 4.2
MAX_TARGETS_PER_ORGAN = 2  # section 4.2
MEASURABLE_MM = 10.0  # longest diameter by CT, section 3.1.1
MEASURABLE_NODE_MM = 15.0  # short axis by CT, section 3.1.1
NORMAL_NODE_MM = 10.0  # short axis, section 4.3.1
TOO_SMALL_MM = 5.0  # recorded when seen but too small to measure, section 4.3.2
PARTIAL_RESPONSE = 0.70  # of the baseline sum, section 4.3.1
PROGRESSION = 1.20  # of the nadir, section 4.3.1
PROGRESSION_MM = 5.0  # above the nadir, section 4.3.1
_ROUNDING_MM = 1e-9  # 0.7 * 90 is 62.999... in floating point; 63 mm must still be PR


class Response(IntEnum):
    """Response at a visit or best response; a smaller number is a better response."""

    CR = 0
    PR = 1
    SD = 2
    PD = 3
    NE = 4


class NonTarget(IntEnum):
    """State of the non-target lesions at a visit (section 4.3.3)."""

    NONE = 0
    CR = 1
    NON_CR_NON_PD = 2
    PD = 3
    NE = 4


_LABELS = np.array([response.name for response in Response])


def labels(codes: Codes) -> NDArray[np.str_]:
    """Return response codes as the texts ``CR``, ``PR``, ``SD``, ``PD``, ``NE`` (same shape)."""
    return np.asarray(_LABELS[np.asarray(codes, dtype=np.intp)])


def select_targets(baseline_mm: ArrayLike, organ: ArrayLike, is_node: ArrayLike = False) -> Flags:
    """Choose target lesions at baseline: the largest measurable, 5 in all, 2 an organ.

    Args:
        baseline_mm: (n, m) longest diameter, or short axis of a node; NaN where no lesion is.
        organ: (n, m) or (m,) organ of each lesion, any comparable labels. All nodes count as one
            organ if the caller gives them one label, as the guideline does.
        is_node: (n, m), (m,) or scalar: a lymph node, measured by its short axis.

    Returns:
        (n, m) flags. Equal sizes are taken in the order given.
    """
    size = np.atleast_2d(np.asarray(baseline_mm, dtype=float))
    organs = np.broadcast_to(np.asarray(organ), size.shape)
    node = np.broadcast_to(np.asarray(is_node, dtype=bool), size.shape)
    limit = np.where(node, MEASURABLE_NODE_MM, MEASURABLE_MM)
    measurable = np.nan_to_num(size, nan=-1.0) >= limit
    order = np.argsort(-np.where(measurable, size, -np.inf), axis=1, kind="stable")
    chosen = np.zeros(size.shape, dtype=bool)
    rows = np.arange(size.shape[0])
    for rank in range(size.shape[1]):
        lesion = order[:, rank]
        same_organ = organs == organs[rows, lesion][:, None]
        room = (chosen & same_organ).sum(axis=1) < MAX_TARGETS_PER_ORGAN
        room &= chosen.sum(axis=1) < MAX_TARGETS
        chosen[rows, lesion] = measurable[rows, lesion] & room
    return chosen


def record_diameters(
    seen_mm: ArrayLike, *, gone_below_mm: float, is_node: ArrayLike = False
) -> Floats:
    """Turn sizes as the scanner shows them into what a reader writes down (section 4.3.2).

    Args:
        seen_mm: (..., m) sizes, NaN where the lesion was not imaged.
        gone_below_mm: a lesion smaller than this is not seen and recorded as 0 mm. RECIST leaves
            it to the reader, so the protocol has to say it; at most 5 mm.
        is_node: (m,) or broadcastable: nodes keep their measured size (section 4.3.2).

    Returns:
        (..., m): 0 when gone, 5 mm when seen but under 5 mm, otherwise the size.

    Raises:
        ValueError: `gone_below_mm` is not between 0 and 5 mm.
    """
    if not 0.0 <= gone_below_mm <= TOO_SMALL_MM:
        raise ValueError(f"gone_below_mm must lie between 0 and {TOO_SMALL_MM:g}: {gone_below_mm}")
    size = np.asarray(seen_mm, dtype=float)
    node = np.broadcast_to(np.asarray(is_node, dtype=bool), size.shape)
    small = np.where(size < gone_below_mm, 0.0, TOO_SMALL_MM)
    small = np.where(size <= 0.0, 0.0, small)
    return np.where(~node & (size < TOO_SMALL_MM), small, np.maximum(size, 0.0))


def target_response(
    sld_mm: ArrayLike,
    *,
    baseline_mm: ArrayLike,
    nadir_mm: ArrayLike,
    all_gone: ArrayLike,
    complete: ArrayLike = True,
) -> Codes:
    """Classify sums of diameters (section 4.3.1); all arguments broadcast together.

    Args:
        sld_mm: sum of the target diameters that were measured.
        baseline_mm: the sum at baseline.
        nadir_mm: the smallest complete sum before this visit, baseline included.
        all_gone: every non-nodal target is 0 mm and every target node is under 10 mm.
        complete: every target was measured.

    Returns:
        `Response` codes in the broadcast shape; NE where there was no disease to measure.
    """
    sld, baseline, nadir = (np.asarray(x, dtype=float) for x in (sld_mm, baseline_mm, nadir_mm))
    whole = np.asarray(complete, dtype=bool)
    gone = np.asarray(all_gone, dtype=bool) & whole
    grown = (sld >= PROGRESSION * nadir - _ROUNDING_MM) & (
        sld - nadir >= PROGRESSION_MM - _ROUNDING_MM
    )
    shrunk = sld <= PARTIAL_RESPONSE * baseline + _ROUNDING_MM
    code = np.select(
        [~(baseline > 0), gone, grown, ~whole, shrunk],
        [Response.NE, Response.CR, Response.PD, Response.NE, Response.PR],
        default=Response.SD,
    )
    return code.astype(np.int8)


def overall_response(
    target: ArrayLike,
    non_target: ArrayLike,
    new_lesion: ArrayLike,
    measurable: ArrayLike = True,
) -> Codes:
    """Combine targets, non-targets and new lesions at a visit (Tables 1 and 2).

    Args:
        target: `Response` codes.
        non_target: `NonTarget` codes.
        new_lesion: an unequivocal new lesion.
        measurable: there were targets at baseline. Without any the non-targets decide, and SD
            stands for what Table 2 calls non-CR/non-PD.

    Returns:
        `Response` codes in the broadcast shape.
    """
    goal, other, new = np.broadcast_arrays(
        np.asarray(target), np.asarray(non_target), np.asarray(new_lesion, dtype=bool)
    )
    progressed = (goal == Response.PD) | (other == NonTarget.PD) | new
    all_clear = (other == NonTarget.NONE) | (other == NonTarget.CR)
    code = np.where((goal == Response.CR) & ~all_clear, Response.PR, goal)
    alone = np.select(
        [other == NonTarget.CR, other == NonTarget.NON_CR_NON_PD],
        [Response.CR, Response.SD],
        default=Response.NE,
    )
    code = np.where(np.asarray(measurable, dtype=bool), code, alone)
    return np.where(progressed, Response.PD, code).astype(np.int8)


@dataclass(frozen=True)
class Progress:
    """What must be remembered of each patient between visits; arrays of shape (n,) or (n, m).

    Attributes:
        targets: (n, m) target lesions.
        is_node: (n, m) lymph nodes.
        baseline_mm: (n,) baseline sum of diameters.
        nadir_mm: (n,) smallest complete sum so far, baseline included.
        had_complete_response: (n,) an overall CR was seen at an earlier visit.
    """

    targets: Flags
    is_node: Flags
    baseline_mm: Floats
    nadir_mm: Floats
    had_complete_response: Flags


@dataclass(frozen=True)
class VisitReading:
    """One visit of n patients, read by RECIST 1.1; every array has shape (n,).

    Attributes:
        sld_mm: sum of the targets that were measured; NaN if none was.
        complete: every target was measured.
        change_pct: change of a complete sum from baseline, %; NaN otherwise.
        nadir_mm: the nadir that this visit was compared with.
        target: `Response` codes of the targets alone.
        overall: `Response` codes of the visit.
        returned: a lesion that had gone in an earlier CR is back, which alone is PD.
    """

    sld_mm: Floats
    complete: Flags
    change_pct: Floats
    nadir_mm: Floats
    target: Codes
    overall: Codes
    returned: Flags


def begin(baseline_mm: ArrayLike, targets: ArrayLike, is_node: ArrayLike = False) -> Progress:
    """Make the state at baseline.

    Args:
        baseline_mm: (n, m) recorded diameters.
        targets: (n, m) flags, from `select_targets`.
        is_node: (n, m), (m,) or scalar.

    Raises:
        ValueError: a target has no baseline diameter.
    """
    size = np.atleast_2d(np.asarray(baseline_mm, dtype=float))
    target = np.broadcast_to(np.asarray(targets, dtype=bool), size.shape)
    missing = np.flatnonzero((target & ~np.isfinite(size)).any(axis=1))
    if missing.size:
        raise ValueError(f"no baseline diameter for a target of patient {missing[0]} (row number)")
    total = np.where(target, size, 0.0).sum(axis=1)
    return Progress(
        targets=target,
        is_node=np.broadcast_to(np.asarray(is_node, dtype=bool), size.shape),
        baseline_mm=total,
        nadir_mm=total,
        had_complete_response=np.zeros(len(total), dtype=bool),
    )


def next_visit(
    progress: Progress,
    diameters_mm: ArrayLike,
    *,
    non_target: ArrayLike = NonTarget.NONE,
    new_lesion: ArrayLike = False,
    nodes_only: ArrayLike = False,
) -> tuple[Progress, VisitReading]:
    """Read one more visit.

    Args:
        progress: the state after the visit before.
        diameters_mm: (n, m) recorded diameters, from `record_diameters`; NaN not assessed.
        non_target: (n,) or scalar `NonTarget` codes.
        new_lesion: (n,) or scalar flags.
        nodes_only: (n,) or scalar flags: all non-targets that are seen are lymph nodes.

    Returns:
        The new state and the reading.
    """
    size = np.asarray(diameters_mm, dtype=float)
    measured = progress.targets & np.isfinite(size)
    complete = (measured == progress.targets).all(axis=1)
    seen = measured.any(axis=1)
    sld = np.where(seen, np.where(measured, size, 0.0).sum(axis=1), np.nan)
    limit = np.where(progress.is_node, NORMAL_NODE_MM, np.nextafter(0.0, 1.0))
    present = measured & (np.nan_to_num(size) >= limit)
    target = target_response(
        sld,
        baseline_mm=progress.baseline_mm,
        nadir_mm=progress.nadir_mm,
        all_gone=~present.any(axis=1),
        complete=complete,
    )
    other = np.broadcast_to(np.asarray(non_target), target.shape)
    overall = overall_response(target, other, new_lesion, progress.targets.any(axis=1))
    other_back = (other == NonTarget.NON_CR_NON_PD) & ~np.asarray(nodes_only, dtype=bool)
    returned = progress.had_complete_response & (
        (present & ~progress.is_node).any(axis=1) | other_back
    )
    overall = np.where(returned, Response.PD, overall).astype(np.int8)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100.0 * (sld / progress.baseline_mm - 1.0)
    reading = VisitReading(
        sld_mm=sld,
        complete=complete,
        change_pct=np.where(complete & (progress.baseline_mm > 0), change, np.nan),
        nadir_mm=progress.nadir_mm,
        target=target,
        overall=overall,
        returned=returned,
    )
    return _remember(progress, reading), reading


def _remember(progress: Progress, reading: VisitReading) -> Progress:
    # A partial sum is smaller than the true one and would make a false nadir.
    usable = np.where(reading.complete, reading.sld_mm, np.inf)
    return replace(
        progress,
        nadir_mm=np.fmin(progress.nadir_mm, usable),
        had_complete_response=progress.had_complete_response | (reading.overall == Response.CR),
    )


@dataclass(frozen=True)
class Assessment:
    """Readings of all visits; fields of `VisitReading`, each of shape (n, v).

    Attributes:
        baseline_mm: (n,) baseline sum of diameters.
    """

    baseline_mm: Floats
    sld_mm: Floats
    complete: Flags
    change_pct: Floats
    nadir_mm: Floats
    target: Codes
    overall: Codes


def assess(
    baseline_mm: ArrayLike,
    diameters_mm: ArrayLike,
    *,
    targets: ArrayLike = True,
    is_node: ArrayLike = False,
    non_target: ArrayLike = NonTarget.NONE,
    new_lesion: ArrayLike = False,
    nodes_only: ArrayLike = False,
) -> Assessment:
    """Read all visits of n patients.

    Args:
        baseline_mm: (n, m) recorded diameters at baseline.
        diameters_mm: (n, v, m) recorded diameters at the visits; NaN not assessed.
        targets: (n, m) flags; all lesions by default.
        is_node: (n, m), (m,) or scalar.
        non_target: (n, v) or scalar `NonTarget` codes.
        new_lesion: (n, v) or scalar flags.
        nodes_only: (n, v) or scalar flags: all non-targets that are seen are lymph nodes.
    """
    size = np.asarray(diameters_mm, dtype=float)
    patients, visits = size.shape[:2]
    other = np.broadcast_to(np.asarray(non_target), (patients, visits))
    new, nodes = (
        np.broadcast_to(np.asarray(flags, dtype=bool), (patients, visits))
        for flags in (new_lesion, nodes_only)
    )
    progress = begin(baseline_mm, targets, is_node)
    readings = []
    for visit in range(visits):
        progress, reading = next_visit(
            progress,
            size[:, visit],
            non_target=other[:, visit],
            new_lesion=new[:, visit],
            nodes_only=nodes[:, visit],
        )
        readings.append(reading)

    def stack(field: str, dtype: Any = float) -> Any:
        columns = [getattr(reading, field) for reading in readings]
        return np.stack(columns, axis=1) if columns else np.empty((patients, 0), dtype)

    return Assessment(
        baseline_mm=progress.baseline_mm,
        sld_mm=stack("sld_mm"),
        complete=stack("complete", bool),
        change_pct=stack("change_pct"),
        nadir_mm=stack("nadir_mm"),
        target=stack("target", np.int8),
        overall=stack("overall", np.int8),
    )
