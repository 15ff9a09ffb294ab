"""SBML Level 2 and 3 documents read into a `System`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.engine.sbml.reader import Limits, read_apart
from rascade.engine.sbml.scan import UNDERSTOOD_PACKAGES, decoded, load_text, scan
from rascade.engine.symbolic.expression import GraphTooLargeError
from rascade.errors import ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from pathlib import Path

    from rascade.engine.symbolic.system import System

__all__ = ["parse", "read_sbml"]

# SimBiology writes identifiers with dots; libsbml reads them, and only complains.
_TOLERATED = frozenset({10310, 10311})


def read_sbml(source: str | Path, *, trusted: bool = False, limits: Limits | None = None) -> System:
    """Read a model.

    In scope: compartments, species, parameters, assignment and rate rules, initial assignments in
    any order, function definitions, reactions with local parameters and any stoichiometry, events
    without delay or priority, piecewise and logical maths, time and Avogadro's number. A name
    stands for what it means in SBML: a species for its concentration, unless it has only
    substance units.

    A file is scanned for what could do harm and then read in a process of its own with limits,
    unless it is trusted.

    Args:
        source: a path, or the text of a model.
        trusted: read it in this process, without scan and limits; for text that Rascade itself
            has written.
        limits: what reading may cost; None for `Limits()`.

    Raises:
        ModelFileError: the file cannot be read, is not well-formed, contradicts itself or exceeds
            a limit.
        UnsupportedFeature: it is right, but uses a feature that is out of scope.
    """
    data, name = load_text(source, trusted=trusted)
    if trusted:
        return parse(data, name, None)
    scan(data, name)
    return read_apart(data, name, limits or Limits())


def parse(data: bytes, name: str, nodes: int | None) -> System:
    """Read a document in this process.

    Args:
        data: the document.
        name: what to call it in messages.
        nodes: the most terms that the equations may expand to; None for any number.

    Raises:
        ModelFileError: it is not well-formed, contradicts itself or expands to too many terms.
        UnsupportedFeature: it uses a feature that is out of scope.
    """
    import libsbml

    from rascade.engine.sbml.equations import Equations
    from rascade.engine.sbml.names import Names

    document = libsbml.readSBMLFromString(decoded(data))
    _check_errors(document, name)
    model = document.getModel()
    if model is None:
        raise ModelFileError(f"{name}: the document has no model")
    _check_scope(document, model)
    try:
        return Equations(Names(model, name, nodes)).system()
    except GraphTooLargeError as error:
        raise ModelFileError(
            f"{name}: the equations expand to {error}; function definitions that call each other "
            "can grow so. If it is meant: read_sbml(..., limits=Limits(nodes=...))"
        ) from error


def _check_errors(document: Any, name: str) -> None:
    import libsbml

    for k in range(document.getNumErrors()):
        error = document.getError(k)
        serious = error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR
        if serious and error.getErrorId() not in _TOLERATED:
            message = " ".join(error.getMessage().split())
            raise ModelFileError(f"{name}:{error.getLine()}: {message}")


def _check_scope(document: Any, model: Any) -> None:
    """Refuse by name what the engine does not do."""
    from rascade.engine.sbml.names import each

    if document.getLevel() < 2:
        raise UnsupportedFeature("SBML Level 1")
    # libsbml gives every Level 2 document a layout package that it then calls required.
    for k in range(document.getNumPlugins() if document.getLevel() > 2 else 0):
        package = document.getPlugin(k).getPackageName()
        if document.getPackageRequired(package) and package not in UNDERSTOOD_PACKAGES:
            raise UnsupportedFeature(f"SBML package {package}")
    for rule in each(model.getListOfRules()):
        if rule.isAlgebraic():
            raise UnsupportedFeature("algebraic rule")
    for reaction in each(model.getListOfReactions()):
        if reaction.isSetFast() and reaction.getFast():
            raise UnsupportedFeature("fast reaction")
    for event in each(model.getListOfEvents()):
        if event.isSetDelay():
            raise UnsupportedFeature("delayed event")
        if event.isSetPriority():
            raise UnsupportedFeature("prioritised event")
