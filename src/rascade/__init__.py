"""Rascade: in-silico trials of KRAS-targeted drugs and checkpoint inhibitors in pancreatic cancer.

For research; never for treating a patient.

    import rascade as rc

    trial = rc.Trial(arms={"new": "daraxonrasib 300 mg PO QD", "old": "none"}, seed=1)
    result = trial.run()
    result.endpoint("os").curve("new")

Nothing heavy is imported here: names are looked up in their package when first used, and their
types stand in ``__init__.pyi``.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

RESEARCH_USE = (
    "Research use only. Rascade simulates populations from published evidence; "
    "it must not be used to choose a treatment for a patient."
)

__all__ = [
    "RESEARCH_USE",
    "Cohort",
    "Drug",
    "EndPoint",
    "Experiment",
    "ExperimentResult",
    "PublishedArm",
    "Trial",
    "TrialResult",
    "__version__",
    "attribute",
    "evidence",
    "forecast",
    "frozen_predictions",
    "model",
    "next_trial",
    "open_result",
    "optimise",
    "published",
    "sensitivity",
    "simulate",
    "subgroups",
    "value_of_information",
]

#: Name -> the module that holds it; `evidence` and `model` are packages of their own.
_WHERE = {
    "Cohort": "cohort",
    "Drug": "drug",
    "EndPoint": "result",
    "Experiment": "experiment",
    "ExperimentResult": "experiment_result",
    "PublishedArm": "published",
    "Trial": "trial",
    "TrialResult": "result",
    "forecast": "decisions",
    "frozen_predictions": "decisions",
    "next_trial": "decisions",
    "open_result": "result",
    "optimise": "decisions",
    "published": "published",
    "attribute": "answers",
    "simulate": "simulate",
    "sensitivity": "answers",
    "subgroups": "answers",
    "value_of_information": "decisions",
}


def __getattr__(name: str) -> Any:
    """Look a public name up when it is first used, so that `import rascade` stays fast."""
    from importlib import import_module

    if name in ("evidence", "model"):
        found: Any = import_module(f"rascade.{name}")
    elif name in _WHERE:
        found = getattr(import_module(f"rascade.face.{_WHERE[name]}"), name)
    else:
        raise AttributeError(f"module 'rascade' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
