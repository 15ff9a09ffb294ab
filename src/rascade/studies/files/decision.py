"""Study files of the verbs that decide: read and checked as studies of trials are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from rascade.studies.files.load import model_checks, read_study_text
from rascade.studies.files.parts import Part
from rascade.studies.files.problems import study_error
from rascade.studies.files.yaml_text import Wanted, read_yaml

__all__ = ["load_decision"]

Model = TypeVar("Model", bound=Part)


def load_decision(
    path: str | Path, model: type[Model], kind: str, verb: str | None = None
) -> Model:
    """Read the study file of a verb.

    Args:
        path: of the YAML file.
        model: what it holds.
        kind: what its field ``kind`` must be.
        verb: whose file it is, for messages; called as the kind if None.

    Raises:
        StudyFileError: it cannot be read or is wrong; every problem is named with file and line.
    """
    wanted = Wanted("study", f"kind: {kind}", f"rascade {verb or kind} --help")
    document = read_yaml(read_study_text(Path(path), wanted), str(path), wanted)
    given = document.value.get("kind")
    if given != kind:
        found = "missing" if given is None else f"{given!r} is another kind of study"
        raise document.error(("kind",), f"{found}; write 'kind: {kind}'")
    context: Any = model_checks()
    try:
        return model.model_validate(document.value, context=context)
    except ValidationError as error:
        raise study_error(error, document, model) from None
