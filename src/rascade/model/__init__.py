"""The disease model: mechanisms in Antimony, the parameter table, assembly into one SBML model."""

from rascade.model.assembly import Assembly, assemble
from rascade.model.compose import known_clones, known_drugs, shared_parts
from rascade.model.export import export_sbml
from rascade.model.interventions import Interventions, knockouts
from rascade.model.readouts import Readout, readouts
from rascade.model.table import (
    Allele,
    Parameter,
    ParameterTable,
    known_alleles,
    load_alleles,
    load_table,
    parse_table,
    table_of,
)

__all__ = [
    "Allele",
    "Assembly",
    "Interventions",
    "Parameter",
    "ParameterTable",
    "Readout",
    "assemble",
    "export_sbml",
    "knockouts",
    "known_alleles",
    "known_clones",
    "known_drugs",
    "load_alleles",
    "load_table",
    "parse_table",
    "readouts",
    "shared_parts",
    "table_of",
]
