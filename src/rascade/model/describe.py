"""Say what a species, a parameter or a mechanism is: equation, value, unit, range, source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.model.assembly import assemble
from rascade.model.compose import MEDIUM, known_drugs
from rascade.model.mechanisms import load_mechanisms, symbols_in
from rascade.model.sbml import species_facts
from rascade.model.table import load_table
from rascade.own_drugs import kept
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from rascade.model.assembly import Assembly
    from rascade.model.compose import Drug
    from rascade.model.mechanisms import Mechanism

__all__ = ["Description", "describe", "display_facts", "list_model"]


@dataclass(frozen=True)
class Description:
    """What is known of one name.

    Attributes:
        name: as asked for.
        kind: ``parameter``, ``symbol`` or ``mechanism``.
        label: what it is.
        lines: facts as (heading, text).
        equations: statements of the mechanisms that define or use it, with the mechanism's name.
    """

    name: str
    kind: str
    label: str
    lines: tuple[tuple[str, str], ...] = ()
    equations: tuple[tuple[str, str], ...] = field(default_factory=tuple)


def display_facts(assembly: Assembly, identifier: str) -> dict[str, str]:
    """Return label, unit and panel of an assembled symbol, for figures."""
    copy, symbol = assembly.composition.symbols[identifier]
    facts = species_facts().get(symbol, {})
    label = facts.get("short") or facts.get("label") or symbol
    drug = copy.drug.name if copy.drug and not copy.clone else ""
    parts = (drug, label, copy.clone or "")
    return {
        "label": ", ".join(part for part in parts if part),
        "unit": facts.get("unit", ""),
        "panel": facts.get("panel", ""),
    }


@kept
def _whole_model() -> Assembly:
    return assemble(tuple(known_drugs()))


def _uses(symbol: str, drug: Drug | None = None) -> tuple[tuple[str, str], ...]:
    """Return every statement that holds a symbol, with its mechanism.

    Args:
        symbol: as the mechanisms' files name it.
        drug: only what this drug brings to the model; a port that the drug fills with the symbol
            counts as the symbol.
    """
    found = []
    for mechanism in load_mechanisms().values():
        if drug is not None and mechanism.name not in (*drug.mechanisms, MEDIUM):
            continue
        filled = drug.aliases.get(mechanism.name, {}) if drug else {}
        names = {symbol} - set(filled) | {port for port, own in filled.items() if own == symbol}
        found += [
            (mechanism.name, statement)
            for statement in mechanism.statements
            if names & symbols_in(statement)
        ]
    return tuple(found)


def _describe_parameter(name: str) -> Description:
    row = load_table()[name]
    spread = (
        f"log-normal between patients, CV {row.cv:.0%}" if row.varies else "same in all patients"
    )
    drug, _, symbol = name.partition("[")[0].rpartition(".")
    return Description(
        name,
        "parameter",
        row.description,
        (
            ("value", f"{row.value:g} {row.unit}"),
            ("plausible range", f"{row.low:g} to {row.high:g} {row.unit}"),
            ("distribution", spread),
            ("confidence", row.confidence),
            *([("computed as", row.expression)] if row.expression else []),
            ("fitted to", row.fitted or "nothing"),
            ("source", row.source),
        ),
        _uses(symbol, known_drugs().get(drug)),
    )


def _describe_mechanism(mechanism: Mechanism) -> Description:
    return Description(
        mechanism.name,
        "mechanism",
        mechanism.title,
        (("per", mechanism.per), ("about", mechanism.description)),
        tuple((mechanism.name, statement) for statement in mechanism.statements),
    )


def _describe_symbol(name: str, symbol: str, drug: Drug | None = None) -> Description:
    facts = species_facts().get(symbol, {})
    lines = [("unit", facts["unit"])] if facts.get("unit") else []
    if facts.get("genes"):
        lines.append(("genes", facts["genes"].replace(";", ", ")))
    if facts.get("uniprot"):
        lines.append(("UniProt", facts["uniprot"].replace(";", ", ")))
    return Description(
        name, "symbol", facts.get("label") or symbol, tuple(lines), _uses(symbol, drug)
    )


def describe(name: str) -> Description:
    """Return what is known of a parameter, a species or other symbol, or a mechanism.

    Args:
        name: a row of the parameter table (``daraxonrasib.CL``), a symbol of a mechanism
            (``pERK``) or of the assembled model (``pERK_sensitive``), or a mechanism (``mapk``).

    Raises:
        InputError: nothing has that name; the message says which come near.
    """
    if name in load_table():
        return _describe_parameter(name)
    mechanisms = load_mechanisms()
    if name in mechanisms:
        return _describe_mechanism(mechanisms[name])
    whole = _whole_model().composition
    if name in whole.symbols:
        copy, symbol = whole.symbols[name]
        return _describe_symbol(name, symbol, copy.drug)
    if name in whole.parameters:
        return _describe_parameter(whole.parameters[name])
    symbols = {own for mechanism in mechanisms.values() for own in mechanism.own}
    if name in symbols:
        return _describe_symbol(name, name)
    known = [*load_table(), *mechanisms, *symbols, *whole.symbols]
    hint = did_you_mean(name, known, most=3, cutoff=0.5)
    hint = hint or "; 'rascade model show' lists everything"
    raise InputError(f"nothing in the model is called {name!r}{hint}")


def list_model() -> dict[str, Any]:
    """Return the model's contents: mechanisms, drugs, size, and rows of the parameter table."""
    whole = _whole_model()
    return {
        "mechanisms": [(m.name, m.title, m.per) for m in load_mechanisms().values()],
        "drugs": list(known_drugs()),
        "states": len(whole.system.states),
        "parameters": [(p.name, p.value, p.unit, p.description) for p in load_table().values()],
    }
