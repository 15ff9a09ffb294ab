from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from rascade.engine import Simulation, simulate
from rascade.errors import InputError, ModelFileError, UnsupportedFeature
from rascade.model import assemble, known_drugs, load_table
from rascade.model.compose import compose
from rascade.model.table import ParameterTable

ALL = tuple(known_drugs())
PAIR = ("daraxonrasib", "gemcitabine")


def test_a_drug_that_no_study_gives_is_left_out() -> None:
    untreated = assemble()
    treated = assemble(["daraxonrasib"])
    assert not [s for s in untreated.composition.symbols if "daraxonrasib" in s]
    assert "KRAS_tricomplex_daraxonrasib_sensitive" in treated.system.states
    assert (
        len(untreated.system.states) < len(treated.system.states) < len(assemble(ALL).system.states)
    )


@pytest.mark.slow
def test_order_and_repetition_of_drugs_do_not_matter() -> None:
    one = assemble(["gemcitabine", "daraxonrasib", "gemcitabine"])
    two = assemble(["daraxonrasib", "gemcitabine"])
    assert one.hash == two.hash
    assert one.sbml == two.sbml


def test_the_hash_follows_numbers_and_structure() -> None:
    base = assemble(["daraxonrasib"]).hash
    changed = load_table().with_values({"daraxonrasib.affinity": 0.5})
    assert assemble(["daraxonrasib"], table=changed).hash != base
    assert assemble(["sotorasib"]).hash != base


def test_unknown_drugs_and_clones_are_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="vopimetostat is not modelled, nor"):
        assemble(["vopimetostat"])
    with pytest.raises(UnsupportedFeature, match="did you mean sotorasib"):
        assemble(["sotorasip"])
    with pytest.raises(InputError, match="no clone 'stem'"):
        assemble([], clones=["stem"])


def test_a_missing_number_is_named_with_its_mechanism() -> None:
    rows = {name: row for name, row in load_table().items() if name != "k_PTEN"}
    with pytest.raises(ModelFileError, match=r"pi3k_akt_mtor\.ant reads 'k_PTEN'"):
        compose([], ParameterTable(rows))


def test_clone_and_drug_specific_numbers_win() -> None:
    parameters = assemble(["daraxonrasib"]).composition.parameters
    assert parameters["KRAS_share"] == "KRAS_share"
    assert parameters["KRAS_share_normal"] == "KRAS_share[normal]"
    assert parameters["clone_fraction_escape_1"] == "clone_fraction[escape_1]"
    assert parameters["CL_daraxonrasib"] == "daraxonrasib.CL"


def test_a_cytotoxic_reads_its_own_drug() -> None:
    # The unit check of the SBML once showed that it read a compartment of the same name.
    text = assemble(["gemcitabine"]).composition.antimony
    assert "fraction_unbound_gemcitabine * tumour_gemcitabine" in text


@pytest.fixture(scope="module")
def document():
    return read(ALL)


def read(drugs: Sequence[str]):
    import libsbml

    return libsbml.readSBMLFromString(pair().sbml if drugs == PAIR else assemble(drugs).sbml)


@cache
def pair():
    """Return the model of two drugs; what is exported of it takes seconds to write."""
    return assemble(PAIR)


@pytest.mark.slow
def test_sbml_is_level_3_version_2_and_clean(document) -> None:
    import libsbml

    assert (document.getLevel(), document.getVersion()) == (3, 2)
    problems = [document.getError(i) for i in range(document.checkConsistency())]
    assert not [p for p in problems if p.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]
    # Cells are counted, not weighed in moles, so reactions of cells have another unit of extent
    # than reactions of molecules; SBML allows one only. Nothing else may be inconsistent.
    counted = (
        "division",
        "turnover",
        "induced_death",
        "tolerance",
        "resistance",
        "adaptation",
        "adapted",
        "dying",
        "clearance",
        "settling",
        "expansion",
        "contraction",
        "attrition",
        "persistence_loss",
    )
    for problem in problems:
        if problem.getErrorId() in {10501, 10513, 10523}:  # sums over reactions of cells
            continue
        assert problem.getErrorId() in {10503, 10541}, problem.getMessage()
        assert any(word in problem.getMessage() for word in (*counted, "tolerant"))


@pytest.mark.parametrize("drugs", [PAIR, pytest.param(ALL, marks=pytest.mark.slow)])
def test_every_parameter_has_unit_and_source_and_proteins_have_uniprot(drugs) -> None:
    document = read(drugs)
    model = document.getModel()
    for identifier in assemble(drugs).composition.parameters:
        parameter = model.getParameter(identifier)
        assert parameter.isSetUnits()
        assert "source:" in parameter.getNotesString()
    species = model.getSpecies("pERK_sensitive")
    assert "uniprot:P27361" in species.getAnnotationString()
    assert species.getName() == "Phosphorylated ERK (sensitive)"


CLONES = ("sensitive", "escape_1", "escape_2", "normal")
POOLS = {
    "RAS": (["KRAS_GDP", "KRAS_GTP", "KRAS_effector", "RAS_GDP", "RAS_GTP", "RAS_effector"], 400.0),
    "MEK": (["MEK", "pMEK"], 1000.0),
    "ERK": (["ERK", "pERK"], 1000.0),
    "effector": (["effector", "KRAS_effector", "RAS_effector"], 400.0),
}


@pytest.fixture(scope="module")
def treated_week():
    """Return a week under two drugs: the model, and what of a state over the week."""
    from rascade.engine import Doses, Settings

    assembly = assemble(["daraxonrasib", "sotorasib"])
    held = {f"{name}_{clone}" for names, _ in POOLS.values() for name in names for clone in CLONES}
    bound = {n for n in assembly.system.states if "tricomplex" in n or "covalent" in n}
    outputs = sorted(held | bound)
    doses = Doses(None, np.arange(7) * 24.0, "gut_daraxonrasib", 370e3)
    doses = Doses.concat([doses, Doses(None, np.arange(7) * 24.0, "gut_sotorasib", 1.7e6)])
    result = simulate(
        assembly.system,
        to=168.0,
        times=np.linspace(0, 168, 85),
        outputs=outputs,
        parameters={"cysteine": 1.0},
        doses=doses,
        settings=Settings(rtol=1e-7),
    )
    return assembly, dict(zip(outputs, result.values[0].T, strict=True))


@pytest.mark.parametrize("clone", CLONES)
@pytest.mark.parametrize("pool", sorted(POOLS))
def test_proteins_are_conserved_under_drug(clone: str, pool: str, treated_week) -> None:
    assembly, course = treated_week
    names, total = POOLS[pool]
    outputs = [f"{name}_{clone}" for name in names]
    if pool == "RAS":
        outputs += [
            name
            for name in assembly.system.states
            if name.endswith(clone) and ("tricomplex" in name or "covalent" in name)
        ]
        assert len(outputs) >= 8
        if clone == "escape_1":  # in the table's typical patient it amplified KRAS
            table = assembly.table
            extra = table["KRAS_share"].value * (table["amplified_copies"].value - 1)
            total *= 1 + extra
    values = np.array([course[name] for name in outputs])
    assert values.min() >= -1e-6
    np.testing.assert_allclose(values.sum(axis=0), total, rtol=1e-5)


def test_steady_state_before_treatment_is_steady() -> None:
    system = assemble(["daraxonrasib"]).system
    sim = Simulation(system, parameters={"tumour_active": 0.0}, start=-2880.0)
    sim.advance(0.0)
    watched = [s for s in system.states if not s.startswith(("gut", "central"))]
    before = {name: sim.value(name)[0] for name in watched}
    sim.advance(240.0)
    for name in watched:
        assert sim.value(name)[0] == pytest.approx(before[name], rel=2e-3, abs=1e-6), name


def test_the_engine_solves_what_is_exported() -> None:
    from rascade.engine import read_sbml

    assembly = pair()
    exported = read_sbml(assembly.sbml, trusted=True)
    assert exported.structure_hash == assembly.system.structure_hash
    assert exported.states == assembly.system.states
    assert dict(exported.defaults) == dict(assembly.system.defaults)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_nothing_is_negative_at_high_doses(name: str) -> None:
    from rascade.engine import Doses, Settings

    assembly = assemble([name])
    drug = known_drugs()[name]
    # Far above any dose: 1e8 nmol of a small drug, 1e5 nmol of an antibody, 1e6 * 1e6 cells.
    target = next(iter(drug.routes.values()))
    amount = {"gut": 1e8, "fresh": 1e6, "shot": 1e3}.get(target, 1e5)
    species = drug.dose_target(next(iter(drug.routes)))
    segment = simulate(
        assembly.system,
        start=-2880.0,
        to=28 * 24.0,
        times=np.arange(0, 29) * 24.0,
        outputs=list(assembly.system.states),
        doses=Doses(None, np.arange(4) * 168.0, species, amount),
        settings=Settings(rtol=1e-6),
    )
    values = segment.values[0]
    largest = np.abs(values).max(axis=0)
    for number, state in enumerate(assembly.system.states):
        assert values[:, number].min() >= -1e-6 * max(largest[number], 1.0), state
