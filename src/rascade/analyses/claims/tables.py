"""What came out, as records for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rascade.analyses.claims.run import CheckResult, ClaimResult

__all__ = ["records"]


def records(results: Iterable[ClaimResult]) -> list[dict[str, Any]]:
    """Return one record a claim, ready for JSON; what is not finite is None.

    The first six keys are the documented contract: ``id``, ``verdict``, ``scientific_status``,
    ``effect``, ``ci``, ``experiment``. Effect, interval and experiment are those of the first
    expectation that decides the verdict; all are in ``checks``.
    """
    return [_record(result) for result in results]


def _record(result: ClaimResult) -> dict[str, Any]:
    claim, note = result.claim, result.note
    leading = next((c for c in result.checks if c.verdict is result.verdict), None)
    review = result.review_verdict
    return {
        "id": claim.id,
        "verdict": result.verdict.value,
        "scientific_status": claim.status,
        "effect": _finite(leading.effect) if leading else None,
        "ci": [_finite(leading.low), _finite(leading.high)] if leading else None,
        "experiment": leading.experiment.id if leading else None,
        "review_verdict": review.value if review else None,
        "reason": note.reason if note and not result.checks else "",
        "review_reason": note.review if note and review and not result.review_checks else "",
        "left_open": note.open if note else "",
        "section": claim.section,
        "claim": claim.claim,
        "status_detail": claim.status_detail,
        "right_reading": claim.right_reading,
        "review_references": claim.review_references,
        "checks": [_check(c) for c in (*result.checks, *result.review_checks)],
    }


def _check(result: CheckResult) -> dict[str, Any]:
    check = result.check
    return {
        "experiment": result.experiment.id,
        "title": result.experiment.title,
        "kind": result.experiment.kind,
        "reading": check.reading,
        "what": check.what,
        "observable": check.effect,
        "effect": _finite(result.effect),
        "ci": [_finite(result.low), _finite(result.high)],
        "interval": result.interval,
        "expected": [_finite(check.low), _finite(check.high)],
        "verdict": result.verdict.value,
        "sets": result.sets,
        "failed": result.failed,
        "source": check.source,
        "tuned": list(result.tuned),
        "standing": result.standing.value,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
