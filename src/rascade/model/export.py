"""Write an assembled model to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rascade.files import as_output_error, new_file
from rascade.model.assembly import Assembly, assemble

__all__ = ["export_sbml"]


def export_sbml(drugs: Sequence[str], path: str | Path) -> Assembly:
    """Write the model with these drugs as SBML Level 3 Version 2.

    Args:
        drugs: INN names.
        path: file to write, replaced whole or not at all.

    Returns:
        The model that was written.

    Raises:
        UnsupportedFeature: a drug is not modelled yet.
        OutputError: the file cannot be written.
    """
    place = Path(path)
    with as_output_error(place), new_file(place) as temporary:
        temporary.touch()  # a place that cannot be written is told before the model is made
        assembly = assemble(drugs)
        temporary.write_bytes(assembly.sbml.encode())
    return assembly
