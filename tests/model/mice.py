"""Mice for tests: a G12D tumour at rest, then orders in mg/kg, with mouse pharmacokinetics."""

import numpy as np
from dish import genotype

from rascade.bench.cells import constant
from rascade.bench.mice import scaled_pharmacokinetics
from rascade.engine import Settings, Simulation
from rascade.model import Assembly, assemble
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses

CLONES = {"mouse": ["sensitive", "normal"], "xenograft": ["sensitive"]}


def mice(setting: str, *drugs: str) -> Assembly:
    """Return the model of a mouse, with an immune system or nude."""
    return assemble(drugs, setting=setting, clones=CLONES[setting])


def course(assembly: Assembly, order: str, days, *names: str, **values) -> np.ndarray:
    """Return what is read of one mouse on some days, (days, names)."""
    scaled = scaled_pharmacokinetics(assembly, {}, (1,))
    mouse = Simulation(
        assembly.system,
        parameters=genotype(assembly.system, "G12D") | scaled | values | {"tumour_active": 0.0},
        start=-2880.0,
        settings=Settings(rtol=1e-5),
    )
    mouse.advance(0.0)
    mouse.set_parameters({"tumour_active": 1.0})
    if order:
        body = {
            "weight_kg": np.array([constant("mouse_weight")]),
            "body_surface_m2": np.array([constant("mouse_surface")]),
        }
        mouse.set_doses(engine_doses(assembly, parse(order), body, int(days[-1])))
    times = 24.0 * np.asarray(days, dtype=float)
    return mouse.advance(times[-1], times, names).values[0]
