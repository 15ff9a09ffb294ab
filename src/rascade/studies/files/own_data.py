"""Data of the user's own in study files: what stands in files is read into the study itself.

So a study says all it is of: another file is another study, and the folder of results holds what it
was compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.exchange.own.results import read_own_results

if TYPE_CHECKING:
    from rascade.studies.files.yaml_text import Document

__all__ = ["read_published"]


def read_published(document: Document, value: dict[str, Any]) -> dict[str, Any]:
    """Return a study whose arms hold what the files of their own results say.

    Raises:
        StudyFileError: results are wrong; the message names the study's line, and file and row.
    """
    arms = value.get("arms")
    if not isinstance(arms, list | tuple):
        return value
    return {**value, "arms": [_arm(document, n, arm) for n, arm in enumerate(arms)]}


def _arm(document: Document, number: int, arm: Any) -> Any:
    if not isinstance(arm, Mapping) or not isinstance(arm.get("published"), Mapping):
        return arm
    try:
        own = read_own_results(arm["published"], Path(document.name).parent)
    except InputError as error:
        raise document.error(("arms", number, "published"), str(error)) from None
    return {**arm, "published": own}
