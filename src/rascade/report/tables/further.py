"""Tables of what else a statistician asks: proportional hazards, exposure-adjusted side effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rascade.report.look.page import Table
from rascade.report.look.text import interval, months_text, p_value, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["exposure_adjusted_table", "hazards_table"]

MOST_TERMS = 40
_UNEVEN = 0.05  # p of the test below which a single hazard ratio is called too simple


def hazards_table(run: TrialRun) -> Table | None:
    """Test of proportional hazards and MaxCombo, a row a contrast and end point; None without."""
    rows = []
    for contrast in (run.summary.get("end_points") or {}).get("contrasts") or ():
        for end in ("pfs", "os"):
            test = contrast.get(f"{end}_proportional_hazards")
            combo = contrast.get(f"{end}_max_combo_p")
            problem = contrast.get(f"{end}_hr_problem")
            if test is None and combo is None and not problem:
                continue
            rows.append(
                (
                    contrast["arm"],
                    end.upper(),
                    _proportional(test) if not problem else f"no hazard ratio: {plain(problem)}",
                    p_value(combo),
                    _weighted(contrast.get(f"{end}_weighted_log_rank")),
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


def _proportional(test: Mapping[str, Any] | None) -> str:
    if not test or test.get("p") is None:
        return "not tested"
    p, slope = float(test["p"]), test.get("slope")
    if p >= _UNEVEN or slope is None:
        return p_value(p)
    way = "falls" if slope < 0 else "rises"
    return f"{p_value(p)}: the hazard ratio {way} with time"


def _weighted(tests: Any) -> str:
    parts = [
        f"G({t['rho']:g}, {t['gamma']:g}) {t['z']:.2f}".replace("-", "−")
        for t in tests or ()
        if t.get("z") is not None
    ]
    return "; ".join(parts) or "—"


def exposure_adjusted_table(run: TrialRun) -> Table | None:
    """Side effects per 100 patient-years at risk, and time to the first; None without them."""
    arms = (run.summary.get("end_points") or {}).get("arms") or ()
    known = {arm["name"]: arm["exposure_adjusted"] for arm in arms if arm.get("exposure_adjusted")}
    if not known:
        return None
    terms = list(
        dict.fromkeys(str(row["term"]) for of in known.values() for row in of.get("terms") or ())
    )
    rows = [
        (text, *(_incidence((known.get(arm) or {}).get(key)) for arm in run.arms))
        for text, key in (("Any side effect", "any"), ("Any of grade 3 or more", "grade3plus"))
    ]
    for term in terms[:MOST_TERMS]:
        of: dict[str, Mapping[str, Any]] = {
            arm: next((r for r in found.get("terms") or () if r["term"] == term), {})
            for arm, found in known.items()
        }
        cells = (_incidence(of.get(arm, {}).get("any")) for arm in run.arms)
        rows.append((plain(term), *cells))
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


def _incidence(found: Mapping[str, Any] | None) -> str:
    if not found or found.get("patients_per_100_patient_years") is None:
        return "—"
    limits = interval(found.get("patients_ci"), 0)
    rate = f"{found['patients_per_100_patient_years']:.0f}"
    text = f"{rate} ({limits})" if limits else rate
    return f"{text}\n{months_text(found.get('time_to_first_median_months'))} months"
