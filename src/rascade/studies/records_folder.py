"""A results folder of one JSON file, a manifest and a page, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rascade.studies.store import finish_results, new_results, write_text

__all__ = ["write_records"]


def write_records(
    out: str | Path,
    name: str,
    work: Callable[[], str],
    manifest: Callable[[], dict[str, Any]],
    finish: Callable[[Path], object] | None = None,
) -> Path:
    """Do the work and write what it came to.

    Args:
        out: the results folder; it is looked at before the work starts.
        name: of the file.
        work: returns the text of the file.
        manifest: returns the manifest, called when the work is done.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
    """
    with new_results(out) as folder:
        write_text(folder / name, work())
        finish_results(folder, manifest(), finish)
    return Path(out)
