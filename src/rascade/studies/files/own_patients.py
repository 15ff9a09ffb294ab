"""Patients of the user's own: a table with a row a patient, in place of drawn profiles.

A column is a property of a patient or a row of the parameter table; what is missing is drawn given
what is there. The study keeps the rows, so that results run again without the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.own_files import Limits, read_bytes, read_table
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from rascade.studies.files.yaml_text import Document

__all__ = [
    "MAX_PATIENT_ROWS",
    "check_rows",
    "read_patient_table",
    "read_patients_of",
    "refuse_ineligible",
]

MAX_PATIENT_ROWS = 20_000
_PATIENTS = Limits("a table of patients, CSV or Parquet", 20 * 2**20)
_TRIED, _LOOKED_AT = 200, 1000
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
#: What people call a column -> the property.
_ALSO = {
    "age": "age_years", "weight": "weight_kg", "height": "height_cm", "albumin": "albumin_g_l",
    "allele": "kras_allele", "kras": "kras_allele", "tmb": "tmb_per_mb",
    "sld": "baseline_sum_of_diameters",
    "sum_of_diameters": "baseline_sum_of_diameters",
}  # fmt: skip
#: Properties that are no numbers of the parameter table -> their unit.
_UNITS = {"age_years": "year", "weight_kg": "kg", "height_cm": "cm", "albumin_g_l": "g/L"}


def read_patients_of(document: Document, value: dict[str, Any]) -> dict[str, Any]:
    """Return a study's keys and values with its cohort's file of patients read.

    Raises:
        StudyFileError: the file is wrong; the message names the study's line, the file, row and
            column.
    """
    cohort = value.get("cohort")
    given = cohort.get("patients") if isinstance(cohort, Mapping) else None
    if given is None:
        return value
    path = ("cohort", "patients")
    try:
        if isinstance(given, str):
            rows = read_patient_table(Path(document.name).parent / given)
        elif isinstance(given, list | tuple):
            rows = check_rows(given, [f"patients[{n}]" for n in range(len(given))])
        else:
            raise InputError("give the name of a CSV or Parquet file")
    except InputError as error:
        raise document.error(path, str(error)) from None
    return {**value, "cohort": {**dict(cohort or {}), "patients": rows}}


def read_patient_table(path: Path) -> list[dict[str, Any]]:
    """Read a table of patients, CSV or Parquet.

    Raises:
        InputError: it cannot be read or is wrong; the message names file, row and column.
    """
    if path.suffix.casefold() == ".parquet":
        rows, places = _parquet(path)
    else:
        rows, places = _csv(path)
    return check_rows(rows, places)


def _parquet(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(pa.BufferReader(read_bytes(path, _PATIENTS))).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: no Parquet: {str(error).splitlines()[0][:120]}") from None
    return rows, [f"{path}: row {n + 1}" for n in range(len(rows))]


def _csv(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    table = read_table(path, _PATIENTS, fold=False)
    rows = [dict(zip(table.columns, cells, strict=True)) for _, cells in table.rows]
    return rows, [f"{path}:{line}" for line, _ in table.rows]


def check_rows(rows: Sequence[Any], places: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows of patients with checked values in the package's units and names.

    Args:
        rows: column -> cell; a cell that is empty or None is not known.
        places: where each row stands, for messages.

    Raises:
        InputError: something is wrong.
    """
    from rascade.model import known_alleles
    from rascade.patients.profile_checks import check_profile

    if not rows:
        raise InputError("no patients")
    if len(rows) > MAX_PATIENT_ROWS:
        raise InputError(f"{len(rows):,} patients; at most {MAX_PATIENT_ROWS:,}")
    columns: dict[str, tuple[str, str]] = {}
    found, seen = [], dict[str, str]()
    for place, row in zip(places, rows, strict=True):
        if not isinstance(row, Mapping):
            raise InputError(f"{place}: expected names and values")
        made: dict[str, Any] = {}
        for column, cell in row.items():
            if cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell:
                continue
            if column not in columns:
                columns[column] = _column(str(column), place)
            name, unit = columns[column]
            made[name] = _value(name, unit, cell, f"{place}: {column}")
        who = str(made.get("id", ""))
        if who and who in seen:
            raise InputError(f"{place}: id: {who!r} stands in {seen[who]} already")
        seen[who] = place
        profile = {k: v for k, v in made.items() if k != "id" and k not in _rows_of_table()}
        try:
            check_profile(profile, known_alleles())
        except InputError as error:
            raise InputError(f"{place}: {str(error).removeprefix('patient: ')}") from None
        found.append(made)
    return found


def refuse_ineligible(patients: Sequence[Mapping[str, Any]], conditions: Sequence[str]) -> None:
    """Refuse patients who, whatever else they are, never meet the conditions of a study.

    Raises:
        InputError: one of them; the message names patient and condition.
    """
    import numpy as np

    from rascade.patients import categories, draw_profiles, eligible

    numbers = np.arange(_TRIED, dtype=np.int64)
    for number, one in enumerate(patients[:_LOOKED_AT] if conditions else (), 1):
        known = {k: v for k, v in one.items() if k != "id" and k not in _rows_of_table()}
        drawn = draw_profiles(0, numbers, 0, known)
        for condition in conditions:
            if not eligible([condition], drawn, categories()).any():
                raise InputError(
                    f"patient {one.get('id', number)} can never meet {condition}; leave him or "
                    "the condition out"
                )


def _rows_of_table() -> Mapping[str, Any]:
    from rascade.model import load_table

    return load_table()


def _column(column: str, place: str) -> tuple[str, str]:
    """Return the property or parameter that a column means, and the unit in its name."""
    from rascade.patients import load_properties
    from rascade.units import is_unit

    whole = re.fullmatch(r"\s*([^\[(]+?)\s*(?:[\[(]([^\])]+)[\])])?\s*", column)
    name, unit = (whole.group(1), whole.group(2) or "") if whole else (column, "")
    name = re.sub(r"[\s-]+", "_", name)
    lower = name.casefold()
    if lower in ("id", "patient", "subject", "usubjid"):
        return "id", ""
    known = load_properties()
    name = _ALSO.get(lower, lower if lower in known else name)
    if name not in known and name not in _rows_of_table():
        near = did_you_mean(lower, [*known, *_ALSO]) or f"; there are id, {', '.join(known)}"
        raise InputError(f"{place}: no property of a patient is called {column!r}{near}")
    if unit and not is_unit(unit):
        raise InputError(f"{place}: {column}: {unit!r} is no unit")
    return name, unit


def _value(name: str, unit: str, cell: Any, where: str) -> Any:
    from rascade.patients import load_properties

    if name == "id":
        return str(cell).strip()[:80]
    if hasattr(cell, "item"):
        cell = cell.item()
    item = load_properties().get(name)
    if item is not None and item.kind == "share" and name != "ecog":
        if item.truth:
            word = str(cell).strip().casefold()
            if word not in _WORDS:
                raise InputError(f"{where}: {cell!r}; write yes or no")
            return _WORDS[word]
        text = str(cell).strip()
        return text.casefold() if name == "sex" else text
    try:
        number = float(cell)
    except (TypeError, ValueError):
        hint = "; write a point, not a comma" if isinstance(cell, str) and "," in cell else ""
        raise InputError(f"{where}: {cell!r} is no number{hint}") from None
    if not math.isfinite(number):
        raise InputError(f"{where}: {cell!r} is no finite number")
    number = _converted(name, unit, number, where)
    if name == "ecog":
        if number != int(number):
            raise InputError(f"{where}: {cell!r}; ECOG is 0, 1 or 2")
        return int(number)
    if item is None:
        try:
            _rows_of_table().with_values({name: number})  # type: ignore[attr-defined]
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return number


def _converted(name: str, unit: str, number: float, where: str) -> float:
    from rascade.units import convert

    if not unit:
        return number
    table = _rows_of_table()
    wanted = table[name].unit if name in table else _UNITS.get(name)
    if wanted is None:
        raise InputError(f"{where}: {name} takes no other unit; leave it out of the column's name")
    try:
        return convert(number, unit, wanted)
    except InputError:
        raise InputError(f"{where}: {unit!r} measures something else than {wanted}") from None
