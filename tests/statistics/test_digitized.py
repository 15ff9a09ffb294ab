"""Patients from drawn curves: published examples with known medians and ratios, and truth."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.statistics.digitized import Reconstructed, reconstruct
from rascade.statistics.survival import cox_hazard_ratio, kaplan_meier, log_rank

# Weeks in remission of acute leukaemia, 6-mercaptopurine against placebo: Freireich 1963,
# Blood 21:699, as printed in Cox 1972 (J R Stat Soc B 34:187) and in most textbooks (recalled). The
# published estimates: medians 23 and 8 weeks, log hazard ratio 1.57 (Efron's ties), log-rank 16.79.
DRUG = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def _read(text: str) -> tuple[np.ndarray, np.ndarray]:
    words = text.split()
    return np.array([float(w.rstrip("+")) for w in words]), np.array([w[-1] != "+" for w in words])


def _digitised(time, event, every, digits=2) -> Reconstructed:
    """Draw the curve as a journal prints it, rounded, with numbers at risk at some ticks."""
    curve = kaplan_meier(time, event)
    falls = curve.events > 0
    at = np.concatenate([[0.0], curve.time[falls], [curve.time[-1]]])
    survival = np.concatenate([[1.0], curve.survival[falls], [curve.survival[-1]]])
    ticks = np.arange(0.0, curve.time[-1], every)
    return reconstruct(at, np.round(survival, digits), ticks, curve.number_at_risk(ticks))


def test_published_medians_and_hazard_ratio_come_back():
    parts = [_digitised(*_read(text), every) for text, every in ((DRUG, 5), (PLACEBO, 5))]
    medians = [kaplan_meier(p.time, p.event).median()[0] for p in parts]
    assert medians == [23.0, 8.0]
    time = np.concatenate([p.time for p in parts])
    event = np.concatenate([p.event for p in parts])
    arm = np.repeat([0, 1], [p.time.size for p in parts])
    assert cox_hazard_ratio(time, event, arm).coefficient == pytest.approx(1.57, abs=0.08)
    assert log_rank(time, event, arm).statistic == pytest.approx(16.79, rel=0.08)


def test_published_lung_cancer_of_the_north_central_group():
    """Loprinzi 1994 (PMID:8120560), as R's `survival` prints it: 310 days (285 to 363); by sex 270
    and 426, hazard ratio 0.588."""
    from lifelines.datasets import load_lung

    table = load_lung()
    parts = []
    for sex, median in ((1, 270.0), (2, 426.0)):
        own = table[table.sex == sex]
        parts.append(_digitised(own.time.to_numpy(float), own.status.to_numpy() == 1, 200, 3))
        found = kaplan_meier(parts[-1].time, parts[-1].event).median()[0]
        assert found == pytest.approx(median, rel=0.02)
        assert parts[-1].event.sum() == pytest.approx((own.status == 1).sum(), abs=3)
    ratio = cox_hazard_ratio(
        np.concatenate([p.time for p in parts]),
        np.concatenate([p.event for p in parts]),
        np.repeat([0, 1], [p.time.size for p in parts]),
    )
    assert ratio.hazard_ratio[0] == pytest.approx(0.588, rel=0.03)
    everybody = table.time.to_numpy(float), table.status.to_numpy() == 1
    assert _median(_digitised(*everybody, 200, 3)) == pytest.approx((310, 285, 363), rel=0.02)


def _median(found: Reconstructed) -> tuple[float | None, ...]:
    return tuple(kaplan_meier(found.time, found.event, limits="log").median())


def test_the_numbers_at_risk_come_back():
    time, event = _read(DRUG)
    found = _digitised(time, event, 5)
    for tick in (0, 5, 10, 15, 20, 25, 30):
        assert (found.time >= tick).sum() == (time >= tick).sum()
    assert found.time.size == time.size
    assert found.event.sum() == event.sum()


@pytest.mark.parametrize("seed", range(4))
def test_truth_of_a_synthetic_trial(seed):
    rng = np.random.default_rng(seed)
    size = 240
    parts, truth = [], []
    for scale in (9.0, 14.0):
        death, lost = rng.weibull(1.3, size) * scale, rng.uniform(4, 30, size)
        time, event = np.minimum(death, lost), death <= lost
        truth.append((time, event))
        parts.append(_digitised(time, event, 3.0, digits=3))
    for (time, event), part in zip(truth, parts, strict=True):
        real, own = kaplan_meier(time, event).median(), kaplan_meier(part.time, part.event).median()
        assert own[0] == pytest.approx(real[0], rel=0.03)
        assert own[1:] == pytest.approx(real[1:], rel=0.06)
        assert part.worst < 0.05  # the last few at risk
    ratios = [
        cox_hazard_ratio(
            np.concatenate([t for t, _ in arms]),
            np.concatenate([e for _, e in arms]),
            np.repeat([0, 1], size),
        ).hazard_ratio[0]
        for arms in (truth, [(p.time, p.event) for p in parts])
    ]
    assert ratios[1] == pytest.approx(ratios[0], rel=0.04)


def test_the_number_of_events_settles_the_end():
    time, event = _read(DRUG)
    curve = kaplan_meier(time, event)
    falls = curve.events > 0
    at = np.concatenate([[0.0], curve.time[falls], [curve.time[-1]]])
    survival = np.concatenate([[1.0], curve.survival[falls], [curve.survival[-1]]])
    without = reconstruct(at, survival, [0], [time.size])
    found = reconstruct(at, survival, [0], [time.size], events=int(event.sum()))
    assert found.event.sum() == event.sum()
    assert without.event.sum() > event.sum()


def test_wrong_arrays_are_refused():
    with pytest.raises(ValueError, match="never rise"):
        reconstruct([0, 1, 2], [1, 0.5, 0.6], [0], [10])
    with pytest.raises(ValueError, match="at risk must begin"):
        reconstruct([0, 1, 2], [1, 0.5, 0.4], [1], [10])
