"""The assembled model by two back ends and by libRoadRunner: three solvers, one answer."""

import numpy as np
import pytest

from rascade.engine import Doses, Settings
from rascade.model import assemble
from rascade.patients import draw_cohort, engine_parameters, steady_state
from rascade.patients.cohort import EQUILIBRATION_HOURS
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses

REGIMENS = {
    "daraxonrasib": "daraxonrasib 300 mg PO QD",
    "gem-nab": "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D",
    "folfirinox": "oxaliplatin 85 mg/m2 IV D1 Q14D + irinotecan 180 mg/m2 IV D1 Q14D"
    " + fluorouracil 2400 mg/m2 IV D1 Q14D",
    "sotorasib": "sotorasib 960 mg PO QD",
    "adagrasib": "adagrasib 600 mg PO BID",
    "pembrolizumab": "pembrolizumab 200 mg IV Q3W",
}
IMMUNE = {
    "pembrolizumab": "pembrolizumab 200 mg IV Q3W",
    "ipilimumab-nivolumab": "ipilimumab 1 mg/kg IV Q6W + nivolumab 3 mg/kg IV Q2W",
    "bevacizumab": "bevacizumab 10 mg/kg IV Q2W",
    "galunisertib": "galunisertib 150 mg PO BID",
    "autogene-cevumeran": "autogene cevumeran 25 ug IV QW",
    "CARTmeso": "CARTmeso 3e8 cells IV D1,3,5 Q7D",
    "anti-AGER": "anti-AGER 10 mg/kg IV QW",
    "pulses": "trametinib 2 mg PO QD 7 days on 7 days off + ipilimumab 1 mg/kg IV Q6W",
}
SURROUNDINGS = (
    "CD8", "CD8_exhausted", "Treg", "MDSC", "M2", "IL6_signal", "PD1_signal", "PDL1", "DC_LN",
    "perfusion_change", "matrix", "relative_size",
)  # fmt: skip
OUTPUTS = ("pERK_sensitive", "RAS_GTP_total_sensitive", "relative_size", "death_hazard", "CD8")
TIGHT = Settings(rtol=1e-8)


def course(
    regimen: str, backend: str, patients: int, days: int, outputs: tuple[str, ...] = OUTPUTS
) -> np.ndarray:
    """Return outputs (patients, days, outputs) of drawn patients under a regimen."""
    orders = parse(regimen)
    assembly = assemble(orders.drugs)
    cohort = draw_cohort(assembly, seed=11, patients=np.arange(patients, dtype=np.int64))
    population = cohort.population
    sim = steady_state(assembly, population, TIGHT, backend)
    sim.set_doses(engine_doses(assembly, orders, population.profiles, days))
    times = np.arange(1, days + 1) * 24.0
    segment = sim.advance(times[-1], times, outputs)
    assert not sim.failures()
    return segment.values


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REGIMENS))
def test_back_ends_agree_on_two_patients_and_two_weeks(name: str) -> None:
    compiled, reference = (course(REGIMENS[name], b, 2, 14) for b in ("compiled", "reference"))
    np.testing.assert_allclose(compiled, reference, rtol=1e-5, atol=1e-9)


def with_parameters(sbml: str, values: dict[str, float]) -> str:
    """Return SBML with other parameter values, so that initial assignments follow them."""
    import libsbml

    document = libsbml.readSBMLFromString(sbml)
    for name, value in values.items():
        document.getModel().getParameter(name).setValue(value)
    return libsbml.writeSBMLToString(document)


def compare_with_libroadrunner(regimen: str, days: int, outputs: tuple[str, ...]) -> None:
    """Solve the exported model of one drawn patient by libRoadRunner, and compare every day.

    An infusion is given at once here, to both: the exported model knows amounts, not rates.
    """
    roadrunner = pytest.importorskip("roadrunner")
    orders = parse(regimen)
    assembly = assemble(orders.drugs)
    population = draw_cohort(assembly, seed=11, patients=np.arange(1, dtype=np.int64)).population
    doses = engine_doses(assembly, orders, population.profiles, days)
    targets = [doses.targets[int(code)] for code in doses.target]
    doses = Doses(doses.patient, doses.time, targets, doses.amount)
    sim = steady_state(assembly, population, TIGHT)
    sim.set_doses(doses)
    times = np.arange(1, days + 1) * 24.0
    ours = sim.advance(times[-1], times, outputs).values[0]
    assert not sim.failures()

    values = {k: float(v[0]) for k, v in engine_parameters(assembly, population).items()}
    peer = roadrunner.RoadRunner(with_parameters(assembly.sbml, values | {"tumour_active": 0.0}))
    peer.integrator.relative_tolerance = 1e-10
    peer.integrator.absolute_tolerance = 1e-12
    peer.integrator.maximum_num_steps = 1_000_000
    peer.simulate(0.0, EQUILIBRATION_HOURS, 2, ["time"])
    peer.setValue("tumour_active", 1.0)
    given = sorted(zip(doses.time, targets, doses.amount, strict=True))
    now, theirs = 0.0, []

    def go(hour: float, wanted: tuple[str, ...]) -> np.ndarray:
        nonlocal now
        span = EQUILIBRATION_HOURS + now, EQUILIBRATION_HOURS + hour
        now = hour
        return peer.simulate(*span, 2, list(wanted))[-1]

    for day in times:
        for hour, name, amount in given:
            if day - 24.0 <= hour < day:
                if hour > now:
                    go(hour, ("time",))
                peer.setValue(name, peer.getValue(name) + amount)
        theirs.append(go(day, outputs))
    np.testing.assert_allclose(ours, np.array(theirs), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sotorasib", marks=pytest.mark.slow),
        pytest.param("daraxonrasib", marks=pytest.mark.slow),
        pytest.param("adagrasib", marks=pytest.mark.slow),
    ],
)
def test_libroadrunner_agrees_on_the_exported_model(name: str) -> None:
    compare_with_libroadrunner(REGIMENS[name], 14, OUTPUTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(IMMUNE))
def test_libroadrunner_agrees_on_surroundings_for_two_weeks(name: str) -> None:
    compare_with_libroadrunner(IMMUNE[name], 16, SURROUNDINGS)


def test_back_ends_agree_on_surroundings_for_a_week() -> None:
    regimen = IMMUNE["ipilimumab-nivolumab"]
    compiled, reference = (
        course(regimen, backend, 2, 7, SURROUNDINGS) for backend in ("compiled", "reference")
    )
    np.testing.assert_allclose(compiled, reference, rtol=1e-5, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(IMMUNE))
def test_back_ends_agree_on_surroundings_for_two_weeks(name: str) -> None:
    # The first half of the cycle of pulses is over then, and the pause has begun.
    compiled, reference = (
        course(IMMUNE[name], backend, 2, 16, SURROUNDINGS) for backend in ("compiled", "reference")
    )
    np.testing.assert_allclose(compiled, reference, rtol=1e-5, atol=1e-9)
