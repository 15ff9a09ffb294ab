"""What the programs are given: two models, their patients, doses and output times.

The disease model is assembled; the public one is a published model of cancer immunotherapy, read
from ``shared/oracles`` (MODEL2109110002 of BioModels, CC0: Coletti 2020, castration-resistant
prostate cancer) or, where that folder is absent, the three reactions of Robertson (1966).

Every program integrates from one stop to the next (doses, ends of infusions), so that none has to
find them, and reports all states at times between the stops. Infusions reach programs that have no
such notion through a reaction whose rate is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from rascade.engine import Doses, Settings, Simulation, System, read_sbml

PUBLIC = "MODEL2109110002.xml"
SPREAD = 0.2  # standard deviation of the logarithm of every parameter that varies
INFUSED = "benchmark_rate_"  # parameter of the peers' model: inflow into the species it names
# H. H. Robertson, in: Numerical Analysis, An Introduction, Academic Press 1966, p. 178.
ROBERTSON = """
model robertson
  A = 1; B = 0; C = 0; k1 = 0.04; k2 = 3e7; k3 = 1e4
  A -> B; k1*A
  2 B -> B + C; k2*B^2
  B + C -> A + C; k3*B*C
end
"""


@dataclass(frozen=True)
class Dose:
    """Amount into a species at a time; a duration makes it an infusion."""

    time: float
    target: str
    amount: float
    duration: float = 0.0


@dataclass(frozen=True)
class Leg:
    """From one stop to the next."""

    begin: float
    end: float
    times: tuple[float, ...]  # outputs inside
    boluses: tuple[Dose, ...]  # at its begin
    rates: dict[str, float]  # inflow of every infused species, all through


@dataclass(frozen=True)
class Problem:
    """One model and what everybody does with it.

    Attributes:
        name: short.
        title: what it is.
        source: SBML text.
        system: as this engine reads it.
        doses: of every patient.
        times: (T,) output times, never at a stop.
        end: where it ends.
        patients: patients drawn.
        parameters: values by name, (patients,).
        nonnegative: whether this engine guards species against falling below zero. Not in the
            published model: its androgen does, in some patients, and no other program minds.
    """

    name: str
    title: str
    source: str
    system: System
    doses: tuple[Dose, ...]
    times: np.ndarray
    end: float
    patients: int
    parameters: dict[str, np.ndarray] = field(default_factory=dict)
    nonnegative: bool = True

    @cached_property
    def sbml(self) -> str:
        """The model for programs that know no infusions: a rate parameter for each target."""
        import libsbml

        document = libsbml.readSBMLFromString(self.source)
        model = document.getModel()
        for thing in (*model.getListOfSpecies(), *model.getListOfParameters()):
            thing.unsetName()  # COPASI calls things by their names
        for target in self.infused:
            _add_inflow(model, target)
        return str(libsbml.writeSBMLToString(document))

    @cached_property
    def infused(self) -> tuple[str, ...]:
        """Species that get an infusion."""
        return tuple(sorted({d.target for d in self.doses if d.duration > 0}))

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """All stretches between stops."""
        stops = {0.0, self.end} | {d.time for d in self.doses}
        stops |= {d.time + d.duration for d in self.doses}
        edges = sorted(s for s in stops if s <= self.end)
        return tuple(self._leg(a, b) for a, b in pairwise(edges))

    def _leg(self, begin: float, end: float) -> Leg:
        rates = dict.fromkeys(self.infused, 0.0)
        for dose in self.doses:
            if dose.duration > 0 and dose.time <= begin < dose.time + dose.duration:
                rates[dose.target] += dose.amount / dose.duration
        return Leg(
            begin,
            end,
            tuple(t for t in self.times.tolist() if begin < t < end),
            tuple(d for d in self.doses if d.duration == 0 and d.time == begin),
            rates,
        )

    @cached_property
    def size(self) -> np.ndarray:
        """Typical size of each state, or the largest dose into it."""
        size = np.maximum(self.system.scale, 1e-3)
        for dose in self.doses:
            place = self.system.dose_targets[dose.target]
            size[place] = max(size[place], dose.amount)
        return size

    def tolerance(self, rtol: float) -> np.ndarray:
        """Absolute tolerance of each state."""
        return 1e-3 * rtol * self.size

    @cached_property
    def outputs(self) -> list[str]:
        """Names that give each state as it is held."""
        forms = self.system.forms
        return [f"amount({s})" if f"amount({s})" in forms else s for s in self.system.states]

    def table(self) -> Doses:
        """The doses as this engine takes them."""
        return Doses(
            None,
            [d.time for d in self.doses],
            [d.target for d in self.doses],
            [d.amount for d in self.doses],
            [d.duration for d in self.doses],
        )


def _add_inflow(model: object, target: str) -> None:
    """Add ``-> target`` with a parameter for its rate."""
    import libsbml

    parameter = model.createParameter()  # type: ignore[attr-defined]
    parameter.setId(INFUSED + target)
    parameter.setValue(0.0)
    parameter.setConstant(True)
    reaction = model.createReaction()  # type: ignore[attr-defined]
    reaction.setId("benchmark_inflow_" + target)
    reaction.setReversible(False)
    product = reaction.createProduct()
    product.setSpecies(target)
    product.setStoichiometry(1.0)
    product.setConstant(True)
    reaction.createKineticLaw().setMath(libsbml.parseL3Formula(INFUSED + target))


def draw(system: System, sbml: str, patients: int) -> dict[str, np.ndarray]:
    """Patients whose parameters differ; compartments stay, as not every program can vary them."""
    import libsbml

    document = libsbml.readSBMLFromString(sbml)  # held: its model lives no longer than it
    fixed = {c.getId() for c in document.getModel().getListOfCompartments()}
    rng = np.random.default_rng(20)
    return {
        name: value * np.exp(SPREAD * rng.standard_normal(patients))
        for name, value in system.defaults.items()
        if np.isfinite(value) and name not in fixed
    }


def disease(days: int, patients: int) -> Problem:
    """The assembled disease model: a tablet a day and an antibody every three weeks."""
    from rascade.model import assemble

    made = assemble(drugs=["daraxonrasib", "pembrolizumab"])
    doses = [Dose(24.0 * d, "gut_daraxonrasib", 370.0) for d in range(days)]  # 300 mg in umol
    doses += [
        Dose(24.0 * d + 2.0, "central_pembrolizumab", 1360.0, 0.5)  # 200 mg of 147 kDa in nmol
        for d in range(0, days, 21)
    ]
    title = f"{days} daily oral doses, half-hour infusions every three weeks"
    return Problem(
        "disease", f"assembled disease model, {title}", made.sbml, made.system,
        tuple(doses), np.arange(days) * 24.0 + 12.0, 24.0 * days, patients,
        draw(made.system, made.sbml, patients),
    )  # fmt: skip


def public(patients: int) -> Problem:
    """A published model with repeated boluses, or Robertson's reactions."""
    places = Path(__file__).resolve().parents[2] / "shared" / "oracles" / "biomodels" / PUBLIC
    if places.exists():
        text, weeks = places.read_text(encoding="utf-8"), 12
        title = f"Coletti 2020 immunotherapy ({PUBLIC[:-4]}), {weeks} weekly vaccine boluses"
        targets = {"V": 7.0, "ICB": 14.0}
    else:
        import antimony

        if antimony.loadAntimonyString(ROBERTSON) < 0:
            raise RuntimeError(antimony.getLastError())
        text, weeks = antimony.getSBMLString(None), 12
        title, targets = "Robertson 1966, weekly boluses of A", {"A": 7.0}
    system = read_sbml(text, trusted=True)
    doses = [
        Dose(float(t), target, 1.0)
        for target, gap in targets.items()
        for t in np.arange(0.0, 7.0 * weeks, gap)
    ]
    return Problem(
        "public", title, text, system, tuple(doses), np.arange(7 * weeks) + 0.5, 7.0 * weeks,
        patients, draw(system, text, patients), nonnegative=False,
    )  # fmt: skip


def problem(name: str, days: int, patients: int) -> Problem:
    """One of the two."""
    return disease(days, patients) if name == "disease" else public(patients)


def rascade(
    given: Problem, rtol: float, patients: int, *, outputs: list[str] | None = None,
    lanes: int | None = None, threads: int = 1,
) -> np.ndarray:  # fmt: skip
    """This engine, set-up included: (patients, T, outputs)."""
    states, absolute = given.system.states, given.tolerance(rtol).tolist()
    simulation = Simulation(
        given.system, patients=patients, doses=given.table(),
        parameters={name: np.resize(v, patients) for name, v in given.parameters.items()},
        settings=Settings(
            rtol=rtol, atol=dict(zip(states, absolute, strict=True)), lanes=lanes, threads=threads,
            nonnegative=given.nonnegative,
        ),
    )  # fmt: skip
    segment = simulation.advance(given.end, given.times, outputs or given.outputs)
    failed = simulation.failures()
    if failed:
        raise RuntimeError(f"{len(failed)} patients failed, the first: {failed[0]}")
    return segment.values
