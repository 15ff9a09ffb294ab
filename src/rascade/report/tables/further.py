"""Tables of what else a statistician asks: proportional hazards, exposure-adjusted side effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rascade.report.look.page import Table
from rascade.report.look.text import interval, months_text, p_value, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.trial.results.records.details import (
        Incidence,
        ProportionalHazards,
        WeightedLogRank,
    )

__all__ = ["exposure_adjusted_table", "hazards_table"]

MOST_TERMS = 40
_UNEVEN = 0.05  # p of the test below which a single hazard ratio is called too simple


def hazards_table(run: TrialRun) -> Table | None:
    """Test of proportional hazards and MaxCombo, a row a contrast and end point; None without."""
    rows = []
    for contrast in run.details.contrasts if run.details else ():
        for end in run.times:
            tests = contrast.tests.get(end.name)
            if tests is None or (
                tests.proportional is None and tests.combined_p is None and not tests.problem
            ):
                continue
            problem = tests.problem
            rows.append(
                (
                    contrast.arm,
                    end.label,
                    f"no hazard ratio: {plain(problem)}"
                    if problem
                    else _proportional(tests.proportional),
                    p_value(tests.combined_p),
                    _weighted(tests.weighted),
                )
            )
    if not rows:
        return None
    return Table(
        "Proportional hazards, and tests that do not need them",
        ("Arm", "End point", "Proportional hazards", "MaxCombo", "Weighted log-rank, Z"),
        rows,
        "Proportional hazards: test of Grambsch and Therneau. Where it fails, the hazard ratio is "
        "a mean over the follow-up, and another data cut gives another one. MaxCombo: the largest "
        "of four weighted log-rank statistics G(rho, gamma), two-sided; Z below 0 favours the arm.",
        frozenset({3}),
        frozenset({2, 4}),
    )


def _proportional(test: ProportionalHazards | None) -> str:
    if test is None or test.p is None:
        return "not tested"
    if test.p >= _UNEVEN or test.slope is None:
        return p_value(test.p)
    way = "falls" if test.slope < 0 else "rises"
    return f"{p_value(test.p)}: the hazard ratio {way} with time"


def _weighted(tests: Sequence[WeightedLogRank]) -> str:
    parts = [
        f"G({t.rho:g}, {t.gamma:g}) {t.z:.2f}".replace("-", "−") for t in tests if t.z is not None
    ]
    return "; ".join(parts) or "—"


def exposure_adjusted_table(run: TrialRun) -> Table | None:
    """Side effects per 100 patient-years at risk, and time to the first; None without them."""
    arms = run.details.arms if run.details else ()
    known = {arm.name: arm.exposure_adjusted for arm in arms if arm.exposure_adjusted}
    if not known:
        return None
    terms = list(dict.fromkeys(row.term for of in known.values() for row in of.terms))
    everything = {arm: own.any for arm, own in known.items()}
    severe = {arm: own.severe for arm, own in known.items()}
    rows = [
        ("Any side effect", *(_incidence(everything.get(arm)) for arm in run.arms)),
        ("Any of grade 3 or more", *(_incidence(severe.get(arm)) for arm in run.arms)),
    ]
    for term in terms[:MOST_TERMS]:
        found = {
            arm: next((row.any for row in own.terms if row.term == term), None)
            for arm, own in known.items()
        }
        rows.append((plain(term), *(_incidence(found.get(arm)) for arm in run.arms)))
    return Table(
        "Side effects by exposure: first events per 100 patient-years (95 % CI)",
        ("Term", *run.arms),
        rows,
        "Patients with a first event, over the time at risk until it, so that arms treated for "
        "different times compare; exact Poisson limits. Under it: median months to the first "
        "event, of all patients (Kaplan–Meier); NR: fewer than half had one.",
        frozenset(range(1, len(run.arms) + 1)),
        name="exposure-adjusted",
    )


def _incidence(found: Incidence | None) -> str:
    if found is None or found.patient_rate.value is None:
        return "—"
    limits = interval(found.patient_rate.limits, 0)
    rate = f"{found.patient_rate.value:.0f}"
    text = f"{rate} ({limits})" if limits else rate
    return f"{text}\n{months_text(found.first.value)} months"
