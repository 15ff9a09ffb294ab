"""A few computations with known results: random numbers, engine, statistics, one patient.

What has an answer on paper is held against it; the rest against ``data/self_check.json``, which
`measure` makes anew whenever the model changes (``docs/build.py --run doctor``).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from rascade.analyses.doctor.records import BROKEN, GOOD, UNSURE, Finding
from rascade.errors import RascadeError
from rascade.progress import Progress, silent

__all__ = ["STORED", "check_self", "measure", "stored_file", "stored_text"]

STORED: Final = "self_check.json"
_REINSTALL: Final = "install Rascade again, and report it with this output if it stays"
#: Another processor may round otherwise, and its solver takes other steps. What is simulated with
#: a tolerance of 1e-6 then differs by less than this.
_CLOSE: Final = 1e-3
_SOLVED: Final = 1e-6
_PATIENT: Final[Mapping[str, Any]] = {
    "regimen": "sotorasib 960 mg PO QD",
    "days": 7,
    "seed": 1,
    "profile": {"kras_allele": "G12C"},
}
_COLUMNS: Final = ("plasma_sotorasib", "pERK_sensitive", "sum_of_diameters")
_DAYS: Final = (1.0, 3.5, 7.0)
#: Freireich et al. 1963 (Blood 21:699), weeks in remission of children on 6-mercaptopurine and on
#: placebo, as printed in Gehan 1965; negative: still in remission.
_MERCAPTOPURINE: Final = (
    6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35,
)  # fmt: skip
_PLACEBO: Final = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)


def check_self(progress: Progress | None = None) -> list[Finding]:
    """Compute what has a known result and compare; a few seconds, longer the first time.

    Args:
        progress: told the share done and the step.
    """
    report = progress or silent
    checks: tuple[tuple[str, Callable[[], tuple[str, str]]], ...] = (
        ("random numbers", _random_numbers),
        ("statistics", _statistics),
        ("engine", _engine),
        ("a patient", _patient),
    )
    found = []
    for number, (part, check) in enumerate(checks):
        report(number / len(checks), part)
        found.append(_examined(part, check))
    report(1.0, "done")
    return found


def _examined(part: str, check: Callable[[], tuple[str, str]]) -> Finding:
    """Do a check; whatever goes wrong in it is what was found."""
    start = perf_counter()
    try:
        state, text = check()
    except RascadeError as error:
        return Finding(part, BROKEN, str(error), _REINSTALL)
    except Exception as error:
        return Finding(part, BROKEN, f"{type(error).__name__}: {error}", _REINSTALL)
    text = f"{text} ({perf_counter() - start:.1f} s)"
    if state == UNSURE:
        return Finding(part, state, text, "python docs/build.py --run doctor stores them anew")
    return Finding(part, state, text, "" if state == GOOD else _REINSTALL)


@cache
def _stored() -> Mapping[str, Any]:
    text = (files("rascade.analyses.doctor") / "data" / STORED).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def measure() -> dict[str, Any]:
    """Return the numbers that are stored: of the random numbers, and of one patient."""
    state, numbers = _patient_numbers()
    return {
        "random_numbers": _drawn(),
        "patient": {**_PATIENT, "state": state, "days_read": list(_DAYS), "numbers": numbers},
    }


def stored_file() -> Path:
    """Return the file of the stored numbers, in a checkout."""
    return Path(str(files("rascade.analyses.doctor"))) / "data" / STORED


def stored_text() -> str:
    """Return what ``data/self_check.json`` should hold with the model as it is."""
    return json.dumps(measure(), indent=2) + "\n"


def _far(found: Sequence[float], wanted: Sequence[float]) -> float:
    """Return the largest difference of two lists, relative to what is wanted."""
    return max(abs(a - b) / max(abs(b), 1e-12) for a, b in zip(found, wanted, strict=True))


def _judged(what: str, far: float, limit: float) -> tuple[str, str]:
    if far <= limit:  # a NaN is not
        return GOOD, f"{what}: differ by at most {far:.0e}"
    return BROKEN, f"{what}: differ by {far:.1e}, and may by {limit:.0e}"


# -- random numbers --------------------------------------------------------------------------


def _drawn() -> list[float]:
    import numpy as np

    from rascade.random_streams import uniform

    return [float(x) for x in uniform(1, "doctor", np.array([0, 1, 4095, 4096, 10**6]))]


def _random_numbers() -> tuple[str, str]:
    found, wanted = _drawn(), list(_stored()["random_numbers"])
    if found == wanted:
        return GOOD, "the same to the last bit"
    return BROKEN, f"{found[0]!r} instead of {wanted[0]!r}: patients would be others"


# -- statistics ------------------------------------------------------------------------------


def _statistics() -> tuple[str, str]:
    """Repeat the textbook's two arms: medians of 23 and 8 weeks, log-rank 16.79."""
    from rascade.statistics.survival import kaplan_meier, log_rank

    both = [*_MERCAPTOPURINE, *_PLACEBO]
    time, event = [abs(week) for week in both], [week > 0 for week in both]
    arm = [0] * len(_MERCAPTOPURINE) + [1] * len(_PLACEBO)
    cut = len(_MERCAPTOPURINE)
    curves = [kaplan_meier(time[s], event[s]) for s in (slice(cut), slice(cut, None))]
    medians = [curve.median().estimate for curve in curves]
    statistic = log_rank(time, event, arm).statistic
    if medians != [23.0, 8.0] or statistic is None:
        return BROKEN, f"medians of Freireich 1963 come to {medians}, and are 23 and 8 weeks"
    return _judged("Freireich 1963, log-rank", _far([statistic], [16.7929]), 1e-5)


# -- engine ----------------------------------------------------------------------------------


def _engine() -> tuple[str, str]:
    """Absorb and eliminate a dose, on both back ends, and compare with the closed form."""
    from rascade.engine import Doses, Settings, Simulation, read_sbml

    text = (files("rascade.analyses.doctor") / "data" / "oral.xml").read_text(encoding="utf-8")
    system = read_sbml(text)
    ka, k, dose, times = 1.2, 0.3, 100.0, (1.0, 4.0, 24.0)
    exact = [dose * ka / (ka - k) * (math.exp(-k * t) - math.exp(-ka * t)) for t in times]
    far = 0.0
    for backend in ("compiled", "reference"):
        simulation = Simulation(
            system,
            doses=Doses(0, 0.0, "gut", dose),
            settings=Settings(rtol=1e-9, atol=1e-12),
            backend=backend,
        )
        found = simulation.advance(times[-1], times, ("blood",))["blood"][0]
        far = max(far, _far([float(x) for x in found], exact))
    return _judged("a dose by mouth, both back ends and the closed form", far, _SOLVED)


# -- a patient -------------------------------------------------------------------------------


def _patient_numbers() -> tuple[str, dict[str, list[float]]]:
    """Return the state of model and code, and some columns of one patient on some days."""
    import numpy as np

    from rascade.regimen import parse
    from rascade.trial.conduct.single import simulate_patient
    from rascade.trial.running.inputs import simulating_code

    course = simulate_patient(
        parse(_PATIENT["regimen"]),
        days=_PATIENT["days"],
        seed=_PATIENT["seed"],
        profile=_PATIENT["profile"],
    )
    day = course.trajectory["day"].to_numpy()
    rows = [int(np.argmin(np.abs(day - wanted))) for wanted in _DAYS]
    state = hashlib.sha256(f"{course.info['model_hash']} {simulating_code()}".encode()).hexdigest()
    return state, {
        name: [float(x) for x in course.trajectory[name].to_numpy()[rows]] for name in _COLUMNS
    }


def _patient() -> tuple[str, str]:
    stored = _stored()["patient"]
    state, found = _patient_numbers()
    far = max(_far(found[name], stored["numbers"][name]) for name in _COLUMNS)
    what = f"{_PATIENT['days']} days of {_PATIENT['regimen']}"
    if not far <= _CLOSE and state != stored["state"]:
        # Whoever works on the model changes its numbers; that breaks no installation.
        return UNSURE, f"{what}: differ by {far:.1e}, but are stored of another state of the model"
    if found == stored["numbers"]:
        return GOOD, f"{what}: the same to the last bit"
    return _judged(what, far, _CLOSE)
