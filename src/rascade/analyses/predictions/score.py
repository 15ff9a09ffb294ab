"""Frozen predictions against what was published since: inside or not, place, miss and CRPS.

A result is found in the evidence by itself: an arm of the trial with the same drugs (by registry
number or name), or, for a prediction of no trial in particular, any arm of those drugs that the
evidence did not have when the prediction was frozen. What was known on that day is never scored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.predictions.record import LEVELS

if TYPE_CHECKING:
    from rascade.evidence import Evidence, TrialArm

__all__ = ["crps", "known_values", "matching_arms", "place", "scored"]


def matching_arms(
    prediction: Mapping[str, Any], drugs: Sequence[str], evidence: Evidence
) -> list[TrialArm]:
    """Return the arms of the evidence that report on an arm of a prediction.

    Args:
        prediction: what was frozen, or is about to be: ``trial``, ``nct``, ``any_trial`` and
            ``known_arms`` (evidence that was there before; empty while freezing).
        drugs: of its arm.
        evidence: with results.
    """
    wanted, known = frozenset(drugs), set(prediction.get("known_arms", ()))
    found = []
    for arm in evidence.trials:
        if frozenset(arm.drugs) != wanted:
            continue
        named = arm.trial.casefold() == str(prediction["trial"]).casefold()
        numbered = bool(prediction.get("nct")) and arm.nct == prediction["nct"]
        loose = prediction.get("any_trial") and "PDAC" in arm.population and arm.id not in known
        if named or numbered or loose:
            found.append(arm)
    return [arm for arm in found if "PDAC" in arm.population]


def known_values(arm: TrialArm, evidence: Evidence) -> dict[str, float]:
    """Return what is published of an arm: end point -> value, as `trial_record` names them."""
    values = {"orr": arm.orr_pct, "pfs": arm.pfs_median_months, "os": arm.os_median_months}
    found = {name: value for name, value in values.items() if value is not None}
    for one in evidence.landmarks_of(arm.id):
        found[f"{one.endpoint.lower()}@{one.month:g}"] = one.percent
    return found


def scored(frozen: Mapping[str, Any], evidence: Evidence) -> list[dict[str, Any]]:
    """Return one row for every published value that a frozen prediction said something of.

    Args:
        frozen: content of a frozen file.
        evidence: with results.

    Returns:
        Rows with ``arm``, ``endpoint``, ``evidence`` (record), ``published``, ``median``,
        ``low90``, ``high90``, ``inside``, ``place``, ``crps`` and its ``scale`` (``log`` for months
        and hazard ratios, ``points`` for rates).
    """
    rows: list[dict[str, Any]] = []
    matched: dict[str, list[TrialArm]] = {}
    said = {(row["arm"], row["endpoint"]) for row in frozen["known_before"]}
    for arm in frozen["arms"]:
        matched[arm["name"]] = matching_arms(frozen, arm["drugs"], evidence)
        for published in matched[arm["name"]]:
            for endpoint, value in known_values(published, evidence).items():
                expected = arm["values"].get(endpoint)
                if expected is not None and (arm["name"], endpoint) not in said:
                    rows.append(_row(frozen, arm["name"], endpoint, published.id, value, expected))
    rows.extend(_ratios(frozen, matched, evidence))
    return rows


def _ratios(
    frozen: Mapping[str, Any], matched: Mapping[str, list[TrialArm]], evidence: Evidence
) -> Iterator[dict[str, Any]]:
    for contrast in frozen["contrasts"]:
        arms = {arm.id for arm in matched[contrast["arm"]]}
        references = {arm.id for arm in matched[contrast["reference"]]}
        for one in evidence.contrasts:
            expected = contrast.get(one.endpoint.lower())
            if one.arm_id in arms and one.reference_id in references and expected is not None:
                name = f"{contrast['arm']} against {contrast['reference']}"
                endpoint = f"{one.endpoint.lower()} hazard ratio"
                yield _row(frozen, name, endpoint, one.id, one.hazard_ratio, expected)


def _row(
    frozen: Mapping[str, Any],
    arm: str,
    endpoint: str,
    record: str,
    value: float,
    expected: Mapping[str, Any],
) -> dict[str, Any]:
    low, high = _number(expected["low90"]), _number(expected["high90"])
    scale = "log" if endpoint in ("pfs", "os") or "ratio" in endpoint else "points"
    return {
        "prediction": frozen["id"],
        "frozen": frozen["frozen"],
        "arm": arm,
        "endpoint": endpoint,
        "evidence": record,
        "published": value,
        "median": expected["median"],
        "low90": expected["low90"],
        "high90": expected["high90"],
        "inside": low <= value <= high,
        "place": place(expected["quantiles"], value),
        "crps": round(crps(expected["quantiles"], value, scale, frozen["last_month"]), 4),
        "scale": scale,
    }


def _number(value: float | None) -> float:
    return math.inf if value is None else float(value)


def place(quantiles: Sequence[float | None], value: float) -> float:
    """Return the share of a predictive distribution below a value, between its kept levels."""
    points = np.array([_number(one) for one in quantiles])
    below, upto = float(np.mean(points < value)), float(np.mean(points <= value))
    return round((below + upto) / 2.0, 3)


def crps(
    quantiles: Sequence[float | None], value: float, scale: str, ceiling: float = math.inf
) -> float:
    """Return the continuous ranked probability score: 0 is perfect, smaller is better.

    Twice the mean pinball loss over the kept levels (Laio and Tamea 2007). What is not reached
    counts as the last month of the trial.

    Args:
        quantiles: one for each of `LEVELS`; None where not reached.
        value: what was published.
        scale: ``log`` or ``points``.
        ceiling: last month that the trial sees.
    """
    points = np.minimum([_number(one) for one in quantiles], max(ceiling, value))
    if scale == "log":
        points, value = np.log(np.maximum(points, 1e-3)), math.log(max(value, 1e-3))
    miss = value - points
    levels = np.array(LEVELS)
    return float(2.0 * np.mean(np.maximum(levels * miss, (levels - 1.0) * miss)))
