"""A results folder of one JSON file, a manifest and a page, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rascade.results.index import noted_results
from rascade.results.store import finish_results, write_text

__all__ = ["write_records"]

Found = TypeVar("Found")


def write_records(
    out: str | Path | None,
    name: str,
    work: Callable[[], Found],
    text: Callable[[Found], str],
    manifest: Callable[[Found], dict[str, Any]],
    finish: Callable[[Path], object] | None = None,
) -> tuple[Path | None, Found]:
    """Do the work and write what it came to.

    Args:
        out: the results folder, looked at before the work starts; nothing is written without one.
        name: of the file.
        work: returns what was found.
        text: returns the text of the file.
        manifest: returns the manifest, called when the work is done.
        finish: called with the folder before it gets its name, to add the page.

    Returns:
        The folder, or None, and what was found.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
    """
    if out is None:
        return None, work()
    with noted_results(out) as folder:
        found = work()
        write_text(folder / name, text(found))
        finish_results(folder, manifest(found), finish)
    return Path(out), found
