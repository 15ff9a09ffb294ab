"""Write an assembled model as SBML: values, units, sources, and what each name stands for."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from rascade.errors import ModelFileError
from rascade.model.mechanisms import data_file
from rascade.units import dimensions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rascade.model.compose import Composition
    from rascade.model.table import ParameterTable

__all__ = ["bare_sbml", "species_facts", "to_sbml"]

_BASE = {
    "[time]": ("UNIT_KIND_SECOND", 3600.0, 0),
    "[substance]": ("UNIT_KIND_MOLE", 1.0, -9),
    "[volume]": ("UNIT_KIND_LITRE", 1.0, 0),
    "[length]": ("UNIT_KIND_METRE", 1.0, -3),
}


class Written(Protocol):
    """What a model must have to be written; see `assembly.Assembly`."""

    @property
    def composition(self) -> Composition:
        """Flat Antimony text and the meaning of its names."""
        ...

    @property
    def table(self) -> ParameterTable:
        """The parameter table."""
        ...

    @property
    def values(self) -> Mapping[str, float]:
        """Value of every parameter by SBML identifier, in the model's units."""
        ...

    def has_molecular_weight(self, row: str) -> bool:
        """Tell whether a row of the table belongs to a drug."""
        ...


def to_sbml(assembly: Written) -> str:
    """Return the assembled model as SBML Level 3 Version 2 text.

    Every parameter has its value in the model's units (hour, nmol, litre, millimetre), its unit
    and a note with its range and source; species of proteins carry their UniProt entry.

    Raises:
        ModelFileError: the assembled text is not valid Antimony, or the result not valid SBML.
    """
    import libsbml

    document = libsbml.readSBMLFromString(_compile(assembly.composition.antimony))
    model = document.getModel()
    model.setName("Rascade: KRAS-driven pancreatic cancer under treatment")
    units = _Units(model)
    units.set_model_units()
    _set_species_units(model, assembly)
    _set_number_units(model)
    _set_parameters(model, assembly, units)
    _set_state_units(model, assembly, units)
    _set_computed_units(model, units)
    _annotate(model, assembly)
    _check(document)
    return str(libsbml.writeSBMLToString(document))


def bare_sbml(assembly: Written) -> str:
    """Return the assembled model as SBML with its values only, for the engine.

    Working out units and writing sources takes most of the time of `to_sbml`, and the equations do
    not need them.
    """
    import libsbml

    document = libsbml.readSBMLFromString(_compile(assembly.composition.antimony))
    for identifier, value in assembly.values.items():
        _set_value(document.getModel(), identifier, value)
    return str(libsbml.writeSBMLToString(document))


def _set_value(model: Any, identifier: str, value: float) -> Any:
    """Give a parameter of the table its value, and return it."""
    parameter = model.getParameter(identifier)
    if parameter is None:
        raise ModelFileError(f"parameter {identifier} is not in the assembled model")
    parameter.setValue(value)
    parameter.setConstant(True)
    return parameter


def _compile(antimony_text: str) -> str:
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(antimony_text) < 0:
        raise ModelFileError(
            f"the assembled model is not valid Antimony: {antimony.getLastError()}"
        )
    return str(antimony.getSBMLString("rascade"))


class _Units:
    """Unit definitions of a model, made when first asked for."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def set_model_units(self) -> None:
        """State the model's units of time, substance, extent and volume."""
        hour = self.identifier({"[time]": 1.0})
        nanomole = self.identifier({"[substance]": 1.0})
        self.model.setTimeUnits(hour)
        self.model.setSubstanceUnits(nanomole)
        self.model.setExtentUnits(nanomole)
        self.model.setVolumeUnits("litre")

    def identifier(self, powers: Mapping[str, float]) -> str:
        """Return the identifier of the unit with these dimensions, made if it is not there."""
        import libsbml

        parts = sorted((name, power) for name, power in powers.items() if power)
        if not parts:
            return "dimensionless"
        name = "_".join(f"{_word(base)}{_power_word(power)}" for base, power in parts)
        if name != "litre" and self.model.getUnitDefinition(name) is None:
            definition = self.model.createUnitDefinition()
            definition.setId(name)
            for base, power in parts:
                kind, multiplier, scale = _BASE[base]
                unit = definition.createUnit()
                unit.setKind(getattr(libsbml, kind))
                unit.setExponent(float(power))
                unit.setMultiplier(multiplier)
                unit.setScale(scale)
        return name


def _word(base: str) -> str:
    return {"[time]": "hour", "[substance]": "nanomole", "[volume]": "litre", "[length]": "mm"}[
        base
    ]


def _power_word(power: float) -> str:
    text = f"{abs(power):g}".replace(".", "_")
    return ("_per" if power < 0 else "") + ("" if text == "1" else text)


def _model_powers(unit: str, weighed: bool) -> dict[str, float]:
    powers = dict(dimensions(unit))
    if weighed:
        powers["[substance]"] = powers.get("[substance]", 0.0) + powers.pop("[mass]", 0.0)
    length = powers.pop("[length]", 0.0)
    if length and length % 3 == 0:
        powers["[volume]"] = length / 3
    elif length:
        powers["[length]"] = length
    return powers


def _set_species_units(model: Any, assembly: Written) -> None:
    """Cells are counted (1e6 cells, dimensionless); everything else is an amount of substance."""
    for index in range(model.getNumSpecies()):
        species = model.getSpecies(index)
        _, symbol = assembly.composition.symbols[species.getId()]
        counted = species_facts().get(symbol, {}).get("unit") == "1e6 cells"
        species.setSubstanceUnits("dimensionless" if counted else "nanomole")
    for index in range(model.getNumCompartments()):
        model.getCompartment(index).setUnits("litre")


def _set_number_units(model: Any) -> None:
    """Say that every number that stands in a formula (0, 1, 2) is dimensionless."""

    def visit(node: Any) -> None:
        if node.isNumber():
            node.setUnits("dimensionless")
        for index in range(node.getNumChildren()):
            visit(node.getChild(index))

    holders = [model.getRule(index) for index in range(model.getNumRules())]
    holders += [model.getReaction(k).getKineticLaw() for k in range(model.getNumReactions())]
    holders += [model.getInitialAssignment(k) for k in range(model.getNumInitialAssignments())]
    for holder in holders:
        math = holder.getMath().deepCopy()
        visit(math)
        holder.setMath(math)


def _set_parameters(model: Any, assembly: Written, units: _Units) -> None:
    for identifier, value in assembly.values.items():
        parameter = _set_value(model, identifier, value)
        row = assembly.table[assembly.composition.parameters[identifier]]
        weighed = assembly.has_molecular_weight(row.name)
        parameter.setUnits(units.identifier(_model_powers(row.unit, weighed)))
        parameter.setName(row.description.split(";")[0])
        parameter.setNotes(
            '<body xmlns="http://www.w3.org/1999/xhtml"><p>'
            + escape(
                f"{row.description}. {row.value:g} {row.unit} ({row.low:g} to {row.high:g}); "
                f"{row.confidence}; source: {row.source}"
            )
            + "</p></body>"
        )


def _set_state_units(model: Any, assembly: Written, units: _Units) -> None:
    """Give variables with a rate rule the unit of the species list: litre, or none."""
    for identifier, (_, symbol) in assembly.composition.symbols.items():
        parameter = model.getParameter(identifier)
        if parameter is not None and model.getRateRule(identifier) is not None:
            facts = species_facts().get(symbol, {})
            parameter.setUnits("litre" if facts.get("unit") == "litre" else "dimensionless")
    for name, unit in assembly.composition.absent_units.items():
        model.getParameter(name).setUnits(units.identifier(unit))


def _set_computed_units(model: Any, units: _Units) -> None:
    """Give every computed parameter the unit that its formula has."""
    import libsbml

    for _ in range(model.getNumRules()):  # a rule may need the unit of another first
        model.populateListFormulaUnitsData()
        changed = False
        for index in range(model.getNumRules()):
            rule = model.getRule(index)
            parameter = model.getParameter(rule.getVariable())
            if parameter is None or parameter.isSetUnits():
                continue
            if rule.containsUndeclaredUnits():
                continue
            powers = _powers_of(rule.getDerivedUnitDefinition(), libsbml)
            parameter.setUnits(units.identifier(powers))
            changed = True
        if not changed:
            break


def _powers_of(definition: Any, libsbml: Any) -> dict[str, float]:
    """Read the dimensions back from a unit that libsbml derived."""
    kinds = {
        libsbml.UNIT_KIND_SECOND: "[time]",
        libsbml.UNIT_KIND_MOLE: "[substance]",
        libsbml.UNIT_KIND_LITRE: "[volume]",
        libsbml.UNIT_KIND_METRE: "[length]",
    }
    powers: dict[str, float] = {}
    for index in range(definition.getNumUnits()):
        unit = definition.getUnit(index)
        kind = unit.getKind()
        if kind in kinds:
            powers[kinds[kind]] = powers.get(kinds[kind], 0.0) + unit.getExponentAsDouble()
    length = powers.get("[length]", 0.0)
    if length and length % 3 == 0:
        powers["[volume]"] = powers.get("[volume]", 0.0) + powers.pop("[length]") / 3
    return powers


@cache
def species_facts() -> Mapping[str, Mapping[str, str]]:
    """Return label, unit, genes, UniProt entries and figure panel of each symbol."""
    import csv

    text = data_file("species.csv").read_text(encoding="utf-8")
    return {row["symbol"]: row for row in csv.DictReader(text.splitlines())}


def _annotate(model: Any, assembly: Written) -> None:
    """Name every own symbol for people, and tie proteins to UniProt (bqbiol:hasVersion)."""
    import libsbml

    model.setMetaId("rascade")
    for identifier, (copy, symbol) in assembly.composition.symbols.items():
        element = model.getElementBySId(identifier)
        facts = species_facts().get(symbol)
        if element is None or facts is None:
            continue
        place = " ".join(
            part for part in (copy.drug.name if copy.drug else "", copy.clone or "") if part
        )
        element.setName(f"{facts['label']}{place and f' ({place})'}")
        accessions = re.findall(r"[A-Z0-9]{6,10}", facts["uniprot"])
        if not accessions:
            continue
        element.setMetaId(f"meta_{identifier}")
        term = libsbml.CVTerm(libsbml.BIOLOGICAL_QUALIFIER)
        term.setBiologicalQualifierType(libsbml.BQB_HAS_VERSION)
        for accession in accessions:
            term.addResource(f"https://identifiers.org/uniprot:{accession}")
        element.addCVTerm(term)


def _check(document: Any) -> None:
    import libsbml

    document.checkInternalConsistency()
    errors = [
        document.getError(index).getMessage().strip()
        for index in range(document.getNumErrors())
        if document.getError(index).getSeverity() >= libsbml.LIBSBML_SEV_ERROR
    ]
    if errors:
        raise ModelFileError(f"the assembled model is not valid SBML: {errors[0]}")
