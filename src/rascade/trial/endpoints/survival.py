"""Progression-free and overall survival."""

from __future__ import annotations

import numpy as np

from rascade.trial.assessment.censoring import survival_reason
from rascade.trial.assessment.times import overall_survival
from rascade.trial.endpoints.kinds import Observation, TimeEndPoint
from rascade.trial.endpoints.observed import Observed, free_of_progression

__all__ = ["OVERALL_SURVIVAL", "PROGRESSION_FREE_SURVIVAL"]


def _progression_free(seen: Observed) -> Observation:
    """By RECIST 1.1 and the trial's rule of censoring."""
    return Observation(*free_of_progression(seen, seen.spec.pfs_censoring))


def _overall(seen: Observed) -> Observation:
    """Every death that is known of counts, whatever came before it."""
    alive = np.where(seen.how.lost, seen.how.dropout_day, seen.last_day)
    found = overall_survival(seen.run.death_day, alive)
    return Observation(found, survival_reason(found.event, seen.how))


PROGRESSION_FREE_SURVIVAL = TimeEndPoint(
    name="pfs",
    label="PFS",
    title="progression-free survival",
    published=("pfs_median_months", "pfs_ci_low_months", "pfs_ci_high_months"),
    observe=_progression_free,
)
OVERALL_SURVIVAL = TimeEndPoint(
    name="os",
    label="OS",
    title="overall survival",
    published=("os_median_months", "os_ci_low_months", "os_ci_high_months"),
    observe=_overall,
)
