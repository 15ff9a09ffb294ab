"""Assemble the disease model for the drugs of a study, ready for the engine and for export."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rascade.model.compose import Composition, Drug, compose, find_drugs
from rascade.model.model_units import to_model_units
from rascade.model.table import ParameterTable, load_table

if TYPE_CHECKING:
    from rascade.engine import System

__all__ = ["Assembly", "assemble"]


@dataclass(frozen=True)
class Assembly:
    """The model of a study: its text, its numbers, its equations.

    Attributes:
        drugs: the drugs in it.
        composition: flat Antimony text and the meaning of its names.
        table: the parameter table it was made with.
        setting: ``patient``, ``xenograft`` or ``culture``.
    """

    drugs: tuple[Drug, ...]
    composition: Composition
    table: ParameterTable
    setting: str = "patient"

    @cached_property
    def values(self) -> Mapping[str, float]:
        """Value of every parameter by SBML identifier, in the model's units."""
        return {
            identifier: self.table.model_value(row, self._molecular_weight(row))
            for identifier, row in self.composition.parameters.items()
        }

    def _molecular_weight(self, row: str) -> float | None:
        drug = row.partition(".")[0]
        name = f"{drug}.molecular_weight"
        return self.table[name].value if "." in row and name in self.table else None

    def has_molecular_weight(self, row: str) -> bool:
        """Tell whether a row of the table belongs to a drug, so that masses turn into amounts."""
        return self._molecular_weight(row) is not None

    def scale(self, identifier: str) -> float:
        """Return the factor from the table's unit to the model's for a parameter."""
        row = self.composition.parameters[identifier]
        one = self.table[row].value or 1.0
        return to_model_units(one, self.table[row].unit, self._molecular_weight(row)) / one

    @cached_property
    def sbml(self) -> str:
        """The model as SBML Level 3 Version 2, with units and sources."""
        from rascade.model.sbml import to_sbml

        return to_sbml(self)

    @cached_property
    def system(self) -> System:
        """The model as the engine's equations."""
        from rascade.engine import read_sbml
        from rascade.model.sbml import bare_sbml

        return read_sbml(bare_sbml(self), trusted=True)

    @property
    def hash(self) -> str:
        """SHA-256 over structure and numbers."""
        digest = hashlib.sha256(self.composition.antimony.encode())
        for identifier, value in sorted(self.values.items()):
            digest.update(f"{identifier}={value!r}".encode())
        return digest.hexdigest()

    def drug(self, name: str) -> Drug:
        """Return one of the model's drugs by INN name."""
        return next(drug for drug in self.drugs if drug.name == name)

    def molecular_weight(self, drug: str) -> float:
        """Return a drug's molecular weight in g/mol."""
        return self.table[f"{drug}.molecular_weight"].value


def assemble(
    drugs: Sequence[str] = (),
    *,
    table: ParameterTable | None = None,
    clones: Sequence[str] | None = None,
    setting: str = "patient",
    include: Sequence[str] = (),
    switches: bool = False,
) -> Assembly:
    """Assemble the disease model.

    Args:
        drugs: INN names of the drugs that the study gives; mechanisms of others are left out.
        table: parameter table; the package's own if not given.
        clones: cell populations; all that the setting has if not given.
        setting: ``patient``, ``xenograft`` (a mouse) or ``culture`` (a dish, where the constant
            ``medium_<drug>`` is the concentration in the medium, nM).
        include: mechanisms wanted although no drug needs them, such as ``autophagy``.
        switches: whether the model gets a switch for every pathway, see `rascade.model.pathways`.

    Raises:
        UnsupportedFeature: a drug is not modelled yet.
        ParameterError: the table lacks or garbles a number.
    """
    table = table or load_table()
    composition = compose(drugs, table, clones, setting, include, switches)
    return Assembly(find_drugs(drugs), composition, table, setting)
