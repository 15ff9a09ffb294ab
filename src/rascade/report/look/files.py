"""Figures as files, for papers and slides: SVG, PNG or PDF."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError, OutputError
from rascade.results.store import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rascade.report.look.canvas import Figure

__all__ = ["FORMATS", "check_format", "picture_bytes", "write_figures"]

#: Format -> what is left out of the file, so that the same figure gives the same bytes.
_UNDATED: dict[str, dict[str, Any]] = {
    "svg": {},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
FORMATS = tuple(_UNDATED)
_DOTS = 300  # an inch, as journals ask for


def picture_bytes(figure: Figure, file_format: str) -> bytes:
    """Return a figure as a file holds it.

    Args:
        figure: to be written; anything but SVG needs its ``picture``.
        file_format: one of `FORMATS`.
    """
    from rascade.report.look.canvas import drawing

    if file_format == "svg":
        return figure.svg.encode()
    assert figure.picture is not None, f"{figure.name} was drawn as SVG only"
    buffer = io.BytesIO()
    with drawing(), warnings.catch_warnings():
        # A name in a script that our font lacks gets boxes here; SVG leaves it to the reader's.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.picture.savefig(
            buffer, format=file_format, dpi=_DOTS, metadata=_UNDATED[file_format]
        )
    return buffer.getvalue()


def check_format(name: str) -> str:
    """Return a format as `FORMATS` has it; ``.PNG`` is taken too.

    Raises:
        InputError: there is none.
    """
    wanted = name.strip().casefold().removeprefix(".")
    if wanted not in FORMATS:
        raise InputError(f"no figure format {name!r}; there are {', '.join(FORMATS)}")
    return wanted


def write_figures(folder: Path, figures: Iterable[Figure], file_format: str = "svg") -> list[Path]:
    """Write figures as files of a folder, each whole or not at all; returns the files.

    Args:
        folder: made if needed; files of the same names are replaced.
        figures: to be written.
        file_format: ``svg``, ``png`` (300 dots an inch) or ``pdf``.

    Raises:
        InputError: there is no such format.
        OutputError: the folder cannot be written.
    """
    wanted = check_format(file_format)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror or error})") from error
    written = []
    for figure in figures:
        path = folder / f"{figure.name}.{wanted}"
        write_bytes(path, picture_bytes(figure, wanted))
        written.append(path)
    return written
