"""Cells in a dish for tests: a genotype at steady state, drugs in the medium from time 0."""

import numpy as np

from rascade.engine import Settings, Simulation
from rascade.model import assemble, known_drugs, load_alleles

HOURS = np.array([1.0, 2.0, 4.0, 6.0, 8.0, 24.0, 48.0, 72.0])


def genotype(system, allele: str, **more) -> dict[str, float]:
    values = load_alleles()[allele].values | more
    return {name: value for name, value in values.items() if name in system.parameters}


class Dish:
    """Cells of one genotype at steady state, with drugs in the medium from time 0."""

    def __init__(self, allele: str, dose: dict[str, float], n: int = 1, **more) -> None:
        drugs = known_drugs()
        include = more.pop("include", ())
        assembly = assemble(list(dose), setting="culture", clones=["sensitive"], include=include)
        self.sim = Simulation(
            assembly.system,
            patients=n,
            parameters=genotype(assembly.system, allele, **more) | {"tumour_active": 0.0},
            start=-3000.0,
            settings=Settings(rtol=1e-6),
        )
        self.sim.advance(0.0)
        self.medium = {f"medium_{drugs[d].identifier}": c for d, c in dose.items()}

    def course(self, *readouts: str, hours=HOURS) -> list[np.ndarray]:
        """Return each read-out over time relative to before treatment."""
        names = [f"{name}_sensitive" for name in readouts]
        before = [self.sim.value(name) for name in names]
        self.sim.set_parameters(self.medium | {"tumour_active": 1.0})
        values = self.sim.advance(hours[-1], hours, names).values
        return [values[:, :, k] / before[k][:, None] for k in range(len(names))]
