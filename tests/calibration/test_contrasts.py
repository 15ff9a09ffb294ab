"""The trial of two arms is that of the publication, not one arm's study with a second arm in it."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.calibration.contrasts import _both
from rascade.calibration.targets import runnable_arms
from rascade.trial.prediction.measures import known_days


def test_two_arms_enter_in_the_time_that_they_took_together() -> None:
    arms = {arm.id: arm.spec for arm in runnable_arms()}
    new, old = (arms[f"rasolute-302.{name}"] for name in ("daraxonrasib", "chemotherapy"))
    spec = _both(new, old)
    assert [arm.size for arm in spec.arms] == [new.cohort.size, old.cohort.size]
    assert spec.accrual is not None
    assert new.accrual is not None
    # Alone, the arm of its own study enters in the months that both took.
    alone, together = known_days(new, 500), known_days(spec, 500)
    assert together.min() == pytest.approx(alone.min(), abs=2.0)
    assert np.median(together) == pytest.approx(np.median(alone), abs=2.0)
