"""What came out, as records: those of ``claims.json``, for terminal, page and figure alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rascade.analyses.claims.run import CheckResult, ClaimResult
from rascade.trial.results.records.codec import Limits, finite, kept

__all__ = ["CheckRecord", "ClaimRecord", "records"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """One expectation and what came out; None for what is not finite.

    Attributes:
        experiment, title, kind: of the experiment.
        reading: ``right`` or ``review``.
        what: is expected, in words.
        observable: expression that was worked out.
        effect: with typical parameters.
        ci: ends of its interval.
        interval: what the interval is.
        expected: lower and upper limit.
        verdict: of `rascade.analyses.claims.verdict.Verdict`.
        sets, failed: parameter sets or patients, and how many of them were not solved.
        source: of the expectation.
        tuned: rows of the parameter table that were set so that this comes out.
        standing: what the expectation is worth as a test; None in folders older than that.
    """

    experiment: str
    title: str
    kind: str
    reading: str
    what: str
    observable: str
    effect: float | None
    ci: tuple[float | None, float | None] = kept("ci", many=True)
    interval: str
    expected: tuple[float | None, float | None] = kept("expected", many=True)
    verdict: str
    sets: int
    failed: int
    source: str
    tuned: tuple[str, ...] = kept("tuned", many=True)
    standing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecord:
    """A claim and its verdict.

    The first six fields are the documented contract. Effect, interval and experiment are those of
    the first expectation that decides the verdict; all are in `checks`.

    Attributes:
        id: of the claim.
        verdict: of `rascade.analyses.claims.verdict.Verdict`.
        scientific_status: what the literature says.
        effect, ci, experiment: of the deciding expectation; None where nothing was tested.
        review_verdict: on the review's own sentence; None where that is not tested.
        reason, review_reason: why there is no test; empty where there is one.
        left_open: what the tests leave out.
        section, claim, status_detail, right_reading, review_references: as in the evidence.
        checks: every expectation.
    """

    id: str
    verdict: str
    scientific_status: str
    effect: float | None
    ci: Limits = kept("ci", many=True)
    experiment: str | None
    review_verdict: str | None
    reason: str
    review_reason: str
    left_open: str
    section: str
    claim: str
    status_detail: str
    right_reading: str
    review_references: str
    checks: tuple[CheckRecord, ...] = kept("checks", of=CheckRecord, many=True)


def records(results: Iterable[ClaimResult]) -> tuple[ClaimRecord, ...]:
    """Return one record a claim."""
    return tuple(_record(result) for result in results)


def _record(result: ClaimResult) -> ClaimRecord:
    claim, note = result.claim, result.note
    leading = next((c for c in result.checks if c.verdict is result.verdict), None)
    review = result.review_verdict
    return ClaimRecord(
        id=claim.id,
        verdict=result.verdict.value,
        scientific_status=claim.status,
        effect=finite(leading.effect) if leading else None,
        ci=(finite(leading.low), finite(leading.high)) if leading else None,
        experiment=leading.experiment.id if leading else None,
        review_verdict=review.value if review else None,
        reason=note.reason if note and not result.checks else "",
        review_reason=note.review if note and review and not result.review_checks else "",
        left_open=note.open if note else "",
        section=claim.section,
        claim=claim.claim,
        status_detail=claim.status_detail,
        right_reading=claim.right_reading,
        review_references=claim.review_references,
        checks=tuple(_check(c) for c in (*result.checks, *result.review_checks)),
    )


def _check(result: CheckResult) -> CheckRecord:
    check = result.check
    return CheckRecord(
        experiment=result.experiment.id,
        title=result.experiment.title,
        kind=result.experiment.kind,
        reading=check.reading,
        what=check.what,
        observable=check.effect,
        effect=finite(result.effect),
        ci=(finite(result.low), finite(result.high)),
        interval=result.interval,
        expected=(finite(check.low), finite(check.high)),
        verdict=result.verdict.value,
        sets=result.sets,
        failed=result.failed,
        source=check.source,
        tuned=tuple(result.tuned),
        standing=result.standing.value,
    )
