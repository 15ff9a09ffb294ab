"""Arms of published trials by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rascade.errors import InputError

__all__ = ["PublishedArm", "published"]


@dataclass(frozen=True)
class PublishedArm:
    """An arm of a published trial, for `rascade.Trial`.

    Attributes:
        label: ``TRIAL/arm``.
        evidence: row of the evidence that holds its published results.
        orders: what is given, as clinicians write it.
        size: patients as published.
        line: line of treatment; None where the evidence does not say.
        eligibility: what of the published population can be selected.
        notes: what a reader must know, such as what was assumed or could not be selected.
    """

    label: str
    evidence: str
    orders: str
    size: int
    line: int | None
    eligibility: tuple[str, ...]
    notes: tuple[str, ...]

    def as_study_part(self) -> dict[str, Any]:
        """Return what stands under an arm in a study file; its published results come with it."""
        return {"regimen": self.orders, "published": self.evidence}


def published(name: str) -> PublishedArm:
    """Find an arm of a published trial.

    Examples:
        >>> import rascade as rc
        >>> rc.published("MPACT/gem + nab-paclitaxel").orders
        'gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D'

    Args:
        name: ``TRIAL/arm``; words may be shortened where it stays clear which arm is meant.
            ``rascade trial --list-arms`` lists all.

    Raises:
        InputError: `name` is no text.
        EvidenceError: no arm, or more than one, is called so.
        UnsupportedFeature: the model cannot simulate it; the message says what is missing.
    """
    from rascade.studies.files.arms import find_arm

    if not isinstance(name, str):
        raise InputError(
            f"published: expected text, such as 'MPACT/gem', found {type(name).__name__}"
        )
    plan = find_arm(name)
    refused = plan.refusal()
    if refused is not None:
        raise refused
    assert plan.orders is not None  # what has no orders is refused
    return PublishedArm(
        plan.label,
        plan.arm.id,
        plan.orders,
        plan.size,
        plan.reading.line,
        tuple(plan.reading.eligibility),
        tuple(plan.notes),
    )
