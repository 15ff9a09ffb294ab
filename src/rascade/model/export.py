"""Write an assembled model to a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rascade.errors import OutputError
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
    assembly = assemble(drugs)
    target = Path(path)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(assembly.sbml)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from None
    return assembly


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
