"""Write an assembled model as SBML: values, units, sources, and what each name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.errors import ModelFileError

if TYPE_CHECKING:
    from rascade.model.assembly import Assembly

__all__ = ["to_sbml"]


def _compile(antimony_text: str) -> str:
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(antimony_text) < 0:
        raise ModelFileError(f"the assembled model is not valid Antimony: {antimony.getLastError()}")
    return str(antimony.getSBMLString("rascade"))


def to_sbml(assembly: Assembly) -> str:
    """Return the assembled model as SBML Level 3 Version 2 text."""
    import libsbml

    document = libsbml.readSBMLFromString(_compile(assembly.composition.antimony))
    model = document.getModel()
    _set_values(model, assembly)
    return str(libsbml.writeSBMLToString(document))


def _set_values(model: Any, assembly: Assembly) -> None:
    for identifier, value in assembly.values.items():
        parameter = model.getParameter(identifier)
        if parameter is None:
            raise ModelFileError(f"parameter {identifier} is not in the assembled model")
        parameter.setValue(value)
        parameter.setConstant(True)
