"""The assembled model by two back ends and by libRoadRunner: three solvers, one answer."""

import numpy as np
import pytest

from rascade.engine import Settings
from rascade.model import assemble
from rascade.patients import draw_cohort, engine_parameters, steady_state
from rascade.regimen import parse
from rascade.trial.dosing import engine_doses

REGIMENS = {
    "daraxonrasib": "daraxonrasib 300 mg PO QD",
    "gem-nab": "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D",
    "folfirinox": "oxaliplatin 85 mg/m2 IV D1 Q14D + irinotecan 180 mg/m2 IV D1 Q14D"
    " + fluorouracil 2400 mg/m2 IV D1 Q14D",
    "sotorasib": "sotorasib 960 mg PO QD",
    "adagrasib": "adagrasib 600 mg PO BID",
    "pembrolizumab": "pembrolizumab 200 mg IV Q3W",
}
OUTPUTS = ("pERK_sensitive", "RAS_GTP_total_sensitive", "relative_size", "death_hazard", "CD8")
TIGHT = Settings(rtol=1e-8)


def course(regimen: str, backend: str, patients: int, days: int) -> np.ndarray:
    """Return outputs (patients, days, outputs) of drawn patients under a regimen."""
    orders = parse(regimen)
    assembly = assemble(orders.drugs)
    cohort = draw_cohort(assembly, seed=11, patients=np.arange(patients, dtype=np.int64))
    population = cohort.population
    sim = steady_state(assembly, population, TIGHT, backend)
    sim.set_doses(engine_doses(assembly, orders, population.profiles, days))
    times = np.arange(1, days + 1) * 24.0
    segment = sim.advance(times[-1], times, OUTPUTS)
    assert not sim.failures()
    return segment.values


@pytest.mark.parametrize("name", ["daraxonrasib", "folfirinox"])
def test_back_ends_agree_on_two_patients_and_a_week(name: str) -> None:
    compiled, reference = (course(REGIMENS[name], b, 2, 7) for b in ("compiled", "reference"))
    np.testing.assert_allclose(compiled, reference, rtol=1e-5, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REGIMENS))
def test_back_ends_agree_on_ten_patients_and_eight_weeks(name: str) -> None:
    compiled, reference = (course(REGIMENS[name], b, 10, 56) for b in ("compiled", "reference"))
    np.testing.assert_allclose(compiled, reference, rtol=1e-5, atol=1e-9)


def with_parameters(sbml: str, values: dict[str, float]) -> str:
    """Return SBML with other parameter values, so that initial assignments follow them."""
    import libsbml

    document = libsbml.readSBMLFromString(sbml)
    for name, value in values.items():
        document.getModel().getParameter(name).setValue(value)
    return libsbml.writeSBMLToString(document)


@pytest.mark.parametrize("name", ["daraxonrasib", "sotorasib", "adagrasib"])
def test_libroadrunner_agrees_on_the_exported_model(name: str) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    orders = parse(REGIMENS[name])
    assembly = assemble(orders.drugs)
    cohort = draw_cohort(assembly, seed=11, patients=np.arange(1, dtype=np.int64))
    doses = engine_doses(assembly, orders, cohort.population.profiles, 14)
    ours = course(REGIMENS[name], "compiled", 1, 14)[0]

    values = {k: float(v[0]) for k, v in engine_parameters(assembly, cohort.population).items()}
    peer = roadrunner.RoadRunner(with_parameters(assembly.sbml, values | {"tumour_active": 0.0}))
    peer.integrator.relative_tolerance = 1e-10
    peer.integrator.absolute_tolerance = 1e-12
    peer.integrator.maximum_num_steps = 1_000_000
    settle = 120 * 24.0
    peer.simulate(0.0, settle, 2, ["time"])
    peer.setValue("tumour_active", 1.0)
    now, theirs = 0.0, []
    for day in range(1, 15):
        for hour, amount in zip(doses.time, doses.amount, strict=True):
            if (day - 1) * 24.0 <= hour < day * 24.0:
                if hour > now:
                    peer.simulate(settle + now, settle + hour, 2, ["time"])
                    now = hour
                target = doses.targets[0]
                peer.setValue(target, peer.getValue(target) + amount)
        theirs.append(peer.simulate(settle + now, settle + day * 24.0, 2, list(OUTPUTS))[-1])
        now = day * 24.0
    np.testing.assert_allclose(ours, np.array(theirs), rtol=1e-5, atol=1e-8)
