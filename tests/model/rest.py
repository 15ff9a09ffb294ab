"""Patients of known genotype at rest for tests, the tumour held until a test lets it go."""

from functools import cache

from dish import genotype

from rascade.engine import Settings, Simulation
from rascade.model import assemble

SETTLE = 2880.0  # hours that bring every pool to rest
built = cache(lambda *drugs: assemble(drugs))


def settle(*drugs: str, n: int = 1, initial=None, hours: float = SETTLE, **values) -> Simulation:
    """Return G12D patients at rest, the tumour held, each with its own values."""
    system = built(*drugs).system
    simulation = Simulation(
        system,
        patients=n,
        parameters=genotype(system, "G12D") | units() | {"tumour_active": 0.0} | values,
        initial=initial,
        start=-hours,
        settings=Settings(rtol=1e-7),
    )
    simulation.advance(0.0)
    assert not simulation.failures()
    return simulation


@cache
def units() -> dict[str, float]:
    """Return what the untreated cell of this model does, in which its surroundings are measured."""
    system = built().system
    cell = Simulation(
        system, parameters=genotype(system, "G12D") | {"tumour_active": 0.0}, start=-SETTLE
    )
    cell.advance(0.0)
    akt = cell.value("AKT_signal_total")[0] / cell.value("presenting_total")[0]
    return {"ERK_reference": float(cell.value("ERK_tumour")[0]), "AKT_reference": float(akt)}
