"""From the designs of a study file to those of `rascade.analyses.operating`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rascade.analyses.operating.designs import Design, Reestimation, Selection
from rascade.errors import InputError
from rascade.statistics.group_sequential import (
    Boundaries,
    efficacy,
    futility_by_conditional_power,
    futility_by_spending,
    with_lower,
)

if TYPE_CHECKING:
    from rascade.studies.files.operating_schema import DesignPart, FutilityPart, OperatingStudy

__all__ = ["to_design"]


def to_design(study: OperatingStudy, part: DesignPart) -> Design:
    """Return a design.

    Raises:
        InputError: its parts do not fit together.
    """
    arms = study.arms_of(part)
    new = len(arms) - 1
    # The best of several new arms is tested at a share of the level, see `Selection`.
    alpha = study.alpha / new if part.selection is not None else study.alpha
    bounds = efficacy(part.efficacy, part.looks, alpha, part.efficacy_parameter)
    if part.futility is not None:
        bounds = _with_futility(bounds, part.futility)
    again, chosen = part.reestimation, part.selection
    return Design(
        name=part.name,
        arms=arms,
        size=part.size,
        boundaries=bounds,
        accrual=study.accrual.accrual(),
        randomization=part.randomization.plan((1,) * len(arms)),
        events=part.events,
        months=part.months,
        eligibility=part.eligibility,
        stratified=part.stratified_test,
        dropout_per_year=part.dropout_per_year,
        reestimation=None if again is None else Reestimation(again.least, again.target, again.most),
        selection=None if chosen is None else Selection(chosen.fraction),
    )


def _with_futility(bounds: Boundaries, part: FutilityPart) -> Boundaries:
    if bounds.looks == 1:
        raise InputError("futility: needs an interim look, such as looks: [0.5, 1]")
    if part.rule == "conditional-power":
        assert part.conditional_power is not None
        return futility_by_conditional_power(bounds, part.conditional_power)
    if part.rule == "spending":
        assert part.spending is not None and part.beta is not None
        return futility_by_spending(bounds, part.spending, part.beta, part.parameter)
    assert part.z is not None
    if len(part.z) != bounds.looks - 1:
        raise InputError(
            f"futility: z: {len(part.z)} numbers for {bounds.looks - 1} interim looks; "
            "give one for each"
        )
    return with_lower(bounds, part.z)
