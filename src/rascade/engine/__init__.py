"""Any SBML model, many patients, doses and pauses: general, without biology.

::

    system = read_sbml("model.xml")
    simulation = Simulation(system, patients=100, parameters={"k": values}, doses=doses)
    segment = simulation.advance(24.0, times=range(25), outputs=["S1", "amount(S2)"])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.engine.backend import Settings, Status
    from rascade.engine.doses import Doses
    from rascade.engine.gradients import SensitivityResult, sensitivities
    from rascade.engine.reader import Limits
    from rascade.engine.sbml import read_sbml
    from rascade.engine.simulation import Failure, Segment, Simulation, simulate
    from rascade.engine.system import System

__all__ = [
    "Doses",
    "Failure",
    "Limits",
    "Segment",
    "SensitivityResult",
    "Settings",
    "Simulation",
    "Status",
    "System",
    "read_sbml",
    "sensitivities",
    "simulate",
]

_HOMES = {
    "Doses": "doses",
    "Failure": "simulation",
    "Limits": "reader",
    "Segment": "simulation",
    "SensitivityResult": "gradients",
    "Settings": "backend",
    "Simulation": "simulation",
    "Status": "backend",
    "System": "system",
    "read_sbml": "sbml",
    "sensitivities": "gradients",
    "simulate": "simulation",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
