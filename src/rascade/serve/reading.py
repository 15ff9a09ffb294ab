"""Studies and files as a request brings them: checked, and never the name of a file to be opened.

A study on the disk may name files that lie beside it. One that came over the wire may not: the name
would be a path that somebody else chose. The page sends what is in the files instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from rascade.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rascade.studies import TrialStudy
    from rascade.studies.files.yaml_text import Document

Found = TypeVar("Found")

__all__ = ["MAX_DEPTH", "drugs_in", "own_curve", "own_patients", "plain_of", "study_of"]

#: A study nests five deep.
MAX_DEPTH = 30
_NO_FILE = "a study from a browser names no file; upload what is in it"


def plain_of(text: str | None, plain: Mapping[str, Any] | None) -> Document:
    """Return what was sent as keys and values, in which no file is named.

    Args:
        text: of a study file, or None.
        plain: its keys and values, or None.

    Raises:
        InputError: both or none is given, it is no YAML, nests too deeply or names a file.
    """
    from rascade.studies.files.yaml_text import Document, read_yaml

    if (text is None) == (plain is None):
        raise InputError("give either 'text' or 'study'")
    document = Document("study", dict(plain or {}), None) if text is None else read_yaml(
        text, "study"
    )  # fmt: skip
    _refuse_depth(document.value)
    for path in _files(document.value):
        raise document.error(path, _NO_FILE)
    return document


def study_of(text: str | None, plain: Mapping[str, Any] | None) -> TrialStudy:
    """Return the study that was sent; see `plain_of`."""
    from rascade.studies.files.load import check_plain, loads

    document = plain_of(text, plain)
    return check_plain(document.value, "study") if text is None else loads(text, "study")


def drugs_in(document: Document) -> tuple[Mapping[str, Any], ...]:
    """Return the user's own drugs that a study holds, unchecked."""
    given = document.value.get("drugs")
    listed = given if isinstance(given, list | tuple) else ()
    return tuple(one for one in listed if isinstance(one, Mapping))


def _refuse_depth(value: Any) -> None:
    """Walk without recursion, so that depth costs nothing."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise InputError(f"study: nested more than {MAX_DEPTH} deep; this is no study")
        inside = one.values() if isinstance(one, Mapping) else one
        if isinstance(one, Mapping | list | tuple):
            waiting += [(item, depth + 1) for item in inside]


def _files(value: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Yield the places where a file would be opened."""
    drugs = value.get("drugs")
    if isinstance(drugs, list | tuple):
        yield from (("drugs", k) for k, one in enumerate(drugs) if isinstance(one, str))
    cohort = value.get("cohort")
    if isinstance(cohort, Mapping) and isinstance(cohort.get("patients"), str):
        yield ("cohort", "patients")
    arms = value.get("arms")
    for k, arm in enumerate(arms if isinstance(arms, list | tuple) else ()):
        own = arm.get("published") if isinstance(arm, Mapping) else None
        for name, given in own.items() if isinstance(own, Mapping) else ():
            named = isinstance(given, Mapping) and {"curve", "at_risk", "patients"} & given.keys()
            if named or (name == "sizes" and isinstance(given, str)):
                yield ("arms", k, "published", str(name))


def own_patients(text: str) -> list[dict[str, Any]]:
    """Return the rows of a CSV of patients.

    Raises:
        InputError: it is wrong; the message names row and column.
    """
    from rascade.studies.files.own_patients import read_patient_table

    return _from_text(text, "patients.csv", read_patient_table)


def own_curve(text: str) -> dict[str, Any]:
    """Return the months and events of a CSV of patients, as what is published of an arm holds them.

    Raises:
        InputError: it is wrong; the message names row and column.
    """
    from rascade.exchange.own.curves import read_subjects

    own = _from_text(text, "curve.csv", read_subjects)
    return {
        "months": [round(float(month), 4) for month in own.months],
        "events": [int(event) for event in own.event],
        "how": own.how,
    }


def _from_text(text: str, name: str, read: Callable[[Path], Found]) -> Found:
    """Read a text as its reader of files does; the name of the file is ours alone."""
    with TemporaryDirectory(prefix="rascade-upload-") as place:
        path = Path(place) / name
        path.write_text(text, encoding="utf-8")
        try:
            return read(path)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None
