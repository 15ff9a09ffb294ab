"""Files that say what is to be predicted: a trial that has not reported, and where that is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rascade.errors import InputError
from rascade.schema_words import unknown_key
from rascade.studies.files.load import check_plain, read_study_text
from rascade.studies.files.schema import TrialStudy
from rascade.studies.files.yaml_text import Document, Wanted, read_yaml
from rascade.text import did_you_mean

__all__ = ["Definition", "find_definitions", "known_definitions", "load_definition"]

_WANTED = Wanted("prediction", "id: my-trial", "rascade predict freeze --help")
_TEXTS = ("id", "trial", "question")
_KEYS = (*_TEXTS, "nct", "any_trial", "facts", "known_before", "refused", "study")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class Definition:
    """A trial that is to be predicted.

    Attributes:
        id: of lower-case letters, digits and hyphens; names the frozen file.
        trial: its name, by which results are found.
        question: what it asks.
        nct: registry number, by which results are found; empty where it is not known.
        any_trial: whether any new trial of the same drugs in PDAC scores it.
        facts: ``what``, ``source`` and ``seen`` of each part of the design.
        known_before: ``arm``, ``endpoint`` and ``source`` of what was published already.
        study: the trial; None where it is refused.
        refused: why it cannot be predicted; empty where it can.
    """

    id: str
    trial: str
    question: str
    nct: str
    any_trial: bool
    facts: tuple[Mapping[str, str], ...]
    known_before: tuple[Mapping[str, str], ...]
    study: TrialStudy | None
    refused: str


def load_definition(path: Path) -> Definition:
    """Read a file that defines a prediction.

    Raises:
        StudyFileError: it cannot be read, or something in it is wrong; with file and line.
        UnsupportedFeature: its study cannot be simulated.
    """
    return _definition(read_yaml(read_study_text(path, _WANTED), str(path), _WANTED))


def _definition(document: Document) -> Definition:
    value = document.value
    for key in value:
        if key not in _KEYS:
            raise document.error((key,), unknown_key(key, list(_KEYS)))
    for key in _TEXTS:
        if not isinstance(value.get(key), str) or not value[key]:
            raise document.error((key,), "give a text")
    if not set(value["id"]) <= _LETTERS:
        raise document.error(("id",), "use lower-case letters, digits and hyphens, as my-trial")
    if ("study" in value) == ("refused" in value):
        raise document.error((), "give 'study', or 'refused' with the reason, one of them")
    facts = _rows(document, "facts", ("what", "source", "seen"))
    if not facts:
        raise document.error(("facts",), "say where the design is from: what, source and seen")
    study = check_plain(value["study"], f"{document.name}: study") if "study" in value else None
    known = _rows(document, "known_before", ("arm", "endpoint", "source"))
    names = {arm.name for arm in study.arms} if study is not None else set()
    for index, row in enumerate(known):
        if row["arm"] not in names:
            raise document.error(("known_before", index, "arm"), f"no arm {row['arm']!r}")
    return Definition(
        value["id"], value["trial"], value["question"], str(value.get("nct", "")),
        bool(value.get("any_trial", False)), facts, known, study, str(value.get("refused", "")),
    )  # fmt: skip


def _rows(document: Document, key: str, keys: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    rows = document.value.get(key) or []
    if not isinstance(rows, list):
        raise document.error((key,), f"expected a list of {', '.join(keys)}")
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or set(row) != set(keys):
            raise document.error((key, index), f"expected {', '.join(keys)}, each with a text")
    return tuple({name: str(row[name]) for name in keys} for row in rows)


def known_definitions() -> dict[str, Definition]:
    """Return the predictions that the package defines, by id."""
    folder = files("rascade.studies") / "data" / "predictions"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".yaml"):
            text = entry.read_text(encoding="utf-8")
            one = _definition(read_yaml(text, entry.name, _WANTED))
            found[one.id] = one
    return found


def find_definitions(names: tuple[str, ...]) -> list[Definition]:
    """Return definitions by id or file, the package's own if none is named.

    Raises:
        InputError: no prediction is called so; the message lists those that there are.
        StudyFileError: a file is wrong.
    """
    known = known_definitions()
    if not names:
        return list(known.values())
    found = []
    for name in names:
        if name.endswith((".yaml", ".yml")):
            found.append(load_definition(Path(name)))
        elif name in known:
            found.append(known[name])
        else:
            near = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise InputError(f"no prediction is called {name!r}{near}, or give a file")
    return found
