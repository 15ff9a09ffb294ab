"""Patient files: what is known of one virtual patient; the rest is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.schema_words import unknown_key
from rascade.studies.files.load import read_study_text, refuse_study
from rascade.studies.files.yaml_text import Document, Wanted, read_yaml

__all__ = ["KnownPatient", "load_patient"]

_A_PATIENT = Wanted("patient", "kras_allele: G12D", "rascade simulate --help")


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """What a patient file says.

    Attributes:
        profile: property (`rascade.patients.load_properties`) -> value.
        parameters: row of the model's parameter table -> value, in the row's unit.
    """

    profile: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)


def load_patient(path: str | Path) -> KnownPatient:
    """Read a patient file.

    Raises:
        StudyFileError: the file cannot be read, or a property, parameter or value is wrong; the
            message is ``file:line: what: mend``.
    """
    document = read_yaml(read_study_text(Path(path), _A_PATIENT), str(path), _A_PATIENT)
    refuse_study(document)
    values = dict(document.value)
    parameters = values.pop("parameters", None) or {}
    if not isinstance(parameters, dict):
        raise document.error(("parameters",), "expected names and numbers")
    _check_parameters(document, parameters)
    _check_profile(document, values)
    return KnownPatient(values, {name: float(value) for name, value in parameters.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _check_parameters(document: Document, parameters: Mapping[str, Any]) -> None:
    from rascade.model import load_table

    for name, value in parameters.items():
        if not _is_number(value):
            raise document.error(("parameters", name), f"expected a number, found {value!r}")
        try:
            load_table().with_values({name: value})
        except InputError as error:
            raise document.error(("parameters", name), str(error)) from None


def _check_profile(document: Document, values: Mapping[str, Any]) -> None:
    from rascade.model import known_alleles
    from rascade.patients import load_properties
    from rascade.patients.profile_checks import check_profile

    known = load_properties()
    for name, value in values.items():
        if name not in known:
            raise document.error((name,), unknown_key(name, [*known, "parameters"]))
        try:
            check_profile({name: value}, known_alleles())
        except InputError as error:
            message = str(error).removeprefix(f"patient: {name}: ")
            raise document.error((name,), message) from None
    try:
        check_profile(values, known_alleles())
    except InputError as error:
        # Each fits by itself, so it is the company that does not: sex and size.
        name, _, message = str(error).removeprefix("patient: ").partition(": ")
        raise document.error((name,), message) from None
