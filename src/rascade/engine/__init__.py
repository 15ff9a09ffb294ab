"""Any SBML model, many patients, doses and pauses: general, without biology.

::

    system = read_sbml("model.xml")
    simulation = Simulation(system, patients=100, parameters={"k": values}, doses=doses)
    segment = simulation.advance(24.0, times=range(25), outputs=["S1", "amount(S2)"])

It may use `errors` and nothing else of the program. From the bottom: `symbolic` (the equations),
`population` (the patients' tables and what a back end must do), `sbml` (files read into
equations), `kernel` and `reference` (the two back ends), and on top of them `simulation` and
`gradients`, which users call. A new back end fulfils `population.backend.Backend` and is named in
`simulation.make_backend`; a new language for models ends in `symbolic.system.build_system`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.engine.gradients import SensitivityResult, sensitivities
    from rascade.engine.population.backend import Settings, Status
    from rascade.engine.population.doses import Doses
    from rascade.engine.sbml.document import read_sbml
    from rascade.engine.sbml.reader import Limits
    from rascade.engine.simulation import Failure, Segment, Simulation, simulate
    from rascade.engine.symbolic.system import System

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
    "Doses": "population.doses",
    "Failure": "simulation",
    "Limits": "sbml.reader",
    "Segment": "simulation",
    "SensitivityResult": "gradients",
    "Settings": "population.backend",
    "Simulation": "simulation",
    "Status": "population.backend",
    "System": "symbolic.system",
    "read_sbml": "sbml.document",
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
