"""What pydantic found, in the words of the person who wrote the file."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from rascade.errors import StudyFileError
from rascade.schema_words import problems
from rascade.studies.files.yaml_text import Document

__all__ = ["study_error"]

MAX_SHOWN = 10


def study_error(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> StudyFileError:
    """Return one error that lists every problem of a file, each with its line.

    Args:
        error: what pydantic raised.
        document: the file.
        model: the model of the study's kind.
    """
    found = problems(error, document.value, model)
    told = [(document.line(path), document.message(path, text)) for path, text in found]
    lines = [text for _, text in sorted(told, key=lambda item: item[0])]
    more = len(lines) - MAX_SHOWN
    if more > 0:
        lines = [*lines[:MAX_SHOWN], f"... and {more} more"]
    return StudyFileError("\n".join(lines))
