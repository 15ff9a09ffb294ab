"""Files of a run that a report is made of, read with clear words for what is wrong with them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import __version__
from rascade.errors import InputError
from rascade.report.look.text import plain
from rascade.results.store import write_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_json", "read_table", "research_footer", "write_page"]


def research_footer(name: object, seed: object = None, model_hash: object = None) -> str:
    """The research-use line that goes with every figure wherever it is copied."""
    parts = [
        "Research use only: simulated, not for treating a patient",
        f"Rascade {__version__}",
    ]
    if seed is not None:
        parts.append(f"seed {seed}")
    if model_hash:
        parts.append(f"model {plain(model_hash)[:12]}")
    parts.append(plain(name))  # last, for it may be long
    return " · ".join(parts)


def _found(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; a report is made from the folder of a finished run"
        )
    return path


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        InputError: it is missing or not a JSON object.
    """
    try:
        content = json.loads(_found(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error}); run again to write it anew") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object, found {type(content).__name__}")
    return content


def read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a Parquet table and check that it has its columns.

    Raises:
        InputError: it is missing, broken, or lacks a column.
    """
    import pandas as pd
    from pyarrow import ArrowException

    try:
        # As bytes: Arrow cannot open names that the locale has no letters for.
        table = pd.read_parquet(io.BytesIO(_found(path).read_bytes()))
    except (ArrowException, ValueError, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({error})") from error
    missing = [name for name in columns if name not in table]
    if missing:
        raise InputError(
            f"{path}: no column {missing[0]!r}; columns are {', '.join(map(str, table.columns))}"
        )
    return table


def write_page(path: Path, text: str) -> Path:
    """Write a page or a figure, whole or not at all, and return where it is.

    Raises:
        OutputError: the place cannot be written.
    """
    write_text(path, text)
    return path
