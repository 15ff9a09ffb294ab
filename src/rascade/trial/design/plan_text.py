"""The plan of a trial as text, whole, and back; and what of a plan its patients feel.

The form follows the types: a record is a mapping of its fields, a tuple a list, orders are as
clinicians write them. So a new field of a plan, or of any record in it, travels with every job
without a word about it here. What only counts or shows, and changes nothing that a patient goes
through, is declared so where the field is (`rascade.trial.design.marks`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from rascade.own_drugs import OwnDrug, use
from rascade.regimen import Regimen, format_regimen, parse
from rascade.trial.design.marks import COUNTS
from rascade.trial.design.spec import TrialSpec

__all__ = ["felt_by_patients", "plan_from_text", "plan_text"]

_PLAIN = (str, int, float, bool, NoneType)


def plan_text(plan: TrialSpec) -> str:
    """Return a plan as JSON text; ``plan_from_text(plan_text(plan)) == plan``.

    Raises:
        TypeError: a value in it is of a kind that no plan holds; a defect of whoever put it there.
    """
    return json.dumps(_written(plan), ensure_ascii=False)


def plan_from_text(text: str) -> TrialSpec:
    """Return the plan that `plan_text` wrote; the user's own drugs in it are known from then on."""
    data = json.loads(text)
    for drug in data["drugs"] or ():
        use(_read(OwnDrug, drug))
    plan: TrialSpec = _read(TrialSpec, data)
    return plan


def felt_by_patients(plan: TrialSpec) -> dict[str, Any]:
    """Return what of a plan decides what a patient goes through, as mappings, lists and values.

    Sizes and who is in which arm are left out as well: a patient is the same in a larger trial.
    Fields that are not given are left out.
    """
    felt: dict[str, Any] = _written(plan, felt=True)
    return felt


def _written(value: Any, *, felt: bool = False) -> Any:
    if isinstance(value, Regimen):
        return format_regimen(value)
    if isinstance(value, _PLAIN):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in fields(value) if not (felt and _counts(f))}
        return _mapping(parts, felt)
    if isinstance(value, Mapping):
        return _mapping(value, felt)
    if isinstance(value, frozenset):
        return [_written(item, felt=felt) for item in sorted(value)]
    if isinstance(value, tuple | list):
        return [_written(item, felt=felt) for item in value]
    if hasattr(value, "item"):  # a scalar of NumPy
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot stand in a plan")


def _mapping(parts: Mapping[str, Any], felt: bool) -> dict[str, Any]:
    written = {name: _written(part, felt=felt) for name, part in parts.items()}
    if not felt:
        return written
    # What is not given says nothing, so that a plan without a key is one with an empty key.
    return {name: part for name, part in written.items() if part not in (None, {})}


def _counts(field: Field[Any]) -> bool:
    return COUNTS.items() <= field.metadata.items()


def _read(kind: Any, value: Any) -> Any:
    """Return a value of a kind from what `_written` made of it."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Regimen:
        return parse(value)
    if origin in (Union, UnionType):
        whole = [one for one in inner if one is not NoneType]
        return None if value is None else _read(whole[0], value) if len(whole) == 1 else value
    if origin is tuple:
        return tuple(_read(inner[0], item) for item in value)
    if origin is frozenset:
        return frozenset(value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _read(inner[1], item) for name, item in value.items()}
    if not is_dataclass(kind):
        return value
    record: Any = kind
    return record(**{name: _read(hint, value[name]) for name, hint in _hints(record).items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the types of a record's fields."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
