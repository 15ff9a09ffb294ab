"""An arm as columns: what was simulated, taken apart for storage, put together again, and joined.

Nothing here knows what an `ArmRun` holds. Records (dataclasses of `rascade.trial` and
`rascade.patients`), mappings, lists of equal records, NumPy arrays, pandas tables and plain values
may be nested in any way, so that a new field of an arm is stored without a word about it here. The
rules that a field keeps:

* an array or a table has patients, or events of patients, along its first axis; a field that is
  declared with ``field(metadata={"axis": 1})`` has them along that axis;
* whatever is neither is the same for every patient of the arm;
* a list has the same length, and its records the same fields, for every patient of the arm.

Then the runs of any parts of an arm, joined, are the run of the arm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun

    Columns = dict[str, NDArray[Any]]

__all__ = ["PATIENTS", "Packed", "join", "pack", "take", "unpack"]

PATIENTS = "patients"
"""The table that has one row a patient."""

# What the study says already, and is not stored with every part of it.
_REBUILT = ("arm", "assembly")
_HOMES = ("rascade.trial.", "rascade.patients.")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Packed:
    """A run taken apart.

    Attributes:
        layout: how the columns were nested, ready for JSON.
        tables: name -> column -> values; rows along the first axis. `PATIENTS` is always there.
    """

    layout: dict[str, Any]
    tables: dict[str, Columns]


# -- taking apart -----------------------------------------------------------------------------


class _Packing:
    def __init__(self, patients: int) -> None:
        self.patients = patients
        self.tables: dict[str, Columns] = {PATIENTS: {}}

    def node(self, values: Sequence[Any], path: str, many: bool) -> dict[str, Any]:
        """Take apart one value, or (`many`) the values that a list has at one place."""
        value = values[0]
        if isinstance(value, np.ndarray):
            return self._array(values, path, many)
        if is_dataclass(value) and not isinstance(value, type):
            kind = f"{type(value).__module__}:{type(value).__qualname__}"
            return {"record": kind, "parts": self._parts(_fields(values), path, many)}
        if isinstance(value, Mapping):
            parts = {str(key): [v[key] for v in values] for key in value}
            return {"map": self._parts(parts, path, many)}
        if isinstance(value, (list, tuple)) and not many:
            item = self.node(value, f"{path}[]", True) if value else None
            return {"list": len(value), "item": item, "tuple": isinstance(value, tuple)}
        if isinstance(value, np.generic):
            return self.node([v.item() for v in values], path, many)
        if isinstance(value, _PLAIN):
            return {"value": list(values) if many else value}
        if hasattr(value, "to_dict") and hasattr(value, "columns") and not many:
            name = path
            self.tables[name] = {str(c): _plain_array(value[c].to_numpy()) for c in value.columns}
            return {"frame": name}
        raise TypeError(f"{path}: a {type(value).__name__} cannot be stored with an arm")

    def _parts(self, parts: Mapping[str, Sequence[Any]], path: str, many: bool) -> dict[str, Any]:
        return {
            name: self.node(values, f"{path}.{name}" if path else name, many)
            for name, values in parts.items()
            if path or name not in _REBUILT
        }

    def _array(self, values: Sequence[NDArray[Any]], path: str, many: bool) -> dict[str, Any]:
        if any(array.ndim == 0 for array in values):
            raise TypeError(f"{path}: an array without an axis cannot be stored with an arm")
        array = _plain_array(np.stack(values, axis=1) if many else values[0])
        if len(array) != self.patients and self.patients in array.shape[1:]:
            raise TypeError(f"{path}: patients must be along the first axis, not {array.shape}")
        # Events of patients have a table of their own, with the arrays that go with them.
        table = PATIENTS if len(array) == self.patients else path.rpartition(".")[0] or path
        self.tables.setdefault(table, {})[path] = array
        return {"array": path, "table": table}


def _fields(values: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the fields of equal records, patients along the first axis."""
    return {
        field.name: [_first_axis(getattr(value, field.name), _axis(field)) for value in values]
        for field in fields(values[0])
    }


def _axis(field: Field[Any]) -> int:
    return int(field.metadata.get("axis", 0))


def _first_axis(value: Any, axis: int) -> Any:
    return np.moveaxis(value, axis, 0) if axis else value


def _plain_array(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that a column can hold; texts of pandas become those of NumPy."""
    if array.dtype != object:
        return array
    if not all(value is None or isinstance(value, str) for value in array.flat):
        raise TypeError("only texts may be objects in an array that is stored with an arm")
    return array if any(value is None for value in array.flat) else array.astype(np.str_)


def pack(run: ArmRun) -> Packed:
    """Take an arm, or a part of one, apart.

    Raises:
        TypeError: it holds what cannot be stored; a defect of whoever put it there.
    """
    packing = _Packing(run.cohort.population.size)
    layout = packing.node([run], "", False)
    return Packed(layout, packing.tables)


# -- putting together -------------------------------------------------------------------------


def unpack(packed: Packed, spec: TrialSpec, arm: int) -> ArmRun:
    """Put together what `pack` took apart.

    Args:
        packed: the columns.
        spec: the trial.
        arm: which of its arms.
    """
    from rascade.trial.design.models import arm_assembly

    whose = spec.arms[arm]
    known = {"arm": whose, "assembly": arm_assembly(spec, whose)}
    run: ArmRun = _value(packed.layout, packed.tables, None, known)
    return run


def _value(
    node: Mapping[str, Any],
    tables: Mapping[str, Columns],
    index: int | None,
    known: Mapping[str, Any] | None = None,
) -> Any:
    """Return the value of a node; within a list, that of its item number `index`."""
    if "array" in node:
        array = tables[node["table"]][node["array"]]
        return array if index is None else np.ascontiguousarray(array[:, index])
    if "value" in node:
        return node["value"] if index is None else node["value"][index]
    if "frame" in node:
        import pandas as pd

        return pd.DataFrame(tables[node["frame"]])
    if "list" in node:
        items = [_value(node["item"], tables, k) for k in range(node["list"])]
        return tuple(items) if node["tuple"] else items
    parts = node["map"] if "map" in node else node["parts"]
    made = {name: _value(part, tables, index) for name, part in parts.items()}
    if "map" in node:
        return made
    record: Any = _record(node["record"])
    for field in fields(record):
        if _axis(field):
            made[field.name] = np.moveaxis(made[field.name], 0, _axis(field))
    return record(**made, **(known or {}))


def _record(kind: str) -> type:
    """Return a record's type; only records of trials and patients are ever made from a file."""
    module, _, name = kind.partition(":")
    if not module.startswith(_HOMES):
        raise TypeError(f"{kind} is no record of a trial")
    found = getattr(import_module(module), name, None)
    if not (isinstance(found, type) and is_dataclass(found)):
        raise TypeError(f"{kind} is no record of a trial")
    return found


# -- leaving out -------------------------------------------------------------------------------


def take(run: ArmRun, rows: NDArray[np.bool_]) -> ArmRun:
    """Return the run of some patients of an arm.

    Args:
        run: of all of them.
        rows: (n,) which.

    Raises:
        TypeError: the arm holds events in arrays, of which nothing says whose they are.
    """
    patients = run.cohort.population.patients[rows]
    taken: ArmRun = run if rows.all() else _take(run, rows, patients, "")
    return taken


def _take(value: Any, rows: NDArray[np.bool_], patients: NDArray[np.int64], path: str) -> Any:
    if isinstance(value, np.ndarray):
        if len(value) != rows.size:
            raise TypeError(f"{path}: {len(value)} rows for {rows.size} patients")
        return value[rows]
    if path in _REBUILT:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        parts = {}
        for field in fields(value):
            part, axis = getattr(value, field.name), _axis(field)
            if axis:
                parts[field.name] = np.compress(rows, part, axis=axis)
            else:
                parts[field.name] = _take(part, rows, patients, _below(path, field.name))
        return type(value)(**parts)
    if isinstance(value, Mapping):
        return {k: _take(v, rows, patients, _below(path, str(k))) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_take(item, rows, patients, f"{path}[]") for item in value)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value[value["patient"].isin(patients)].reset_index(drop=True)
    return value


# -- joining ----------------------------------------------------------------------------------


def join(runs: Sequence[ArmRun]) -> ArmRun:
    """Return the run of an arm from the runs of its parts, in the order given."""
    joined: ArmRun = _join(runs, "") if len(runs) > 1 else runs[0]
    return joined


def _join(values: Sequence[Any], path: str) -> Any:
    value = values[0]
    if isinstance(value, np.ndarray):
        return np.concatenate(values)
    if path in _REBUILT:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        parts = {}
        pieces = _fields(values)
        for field in fields(value):
            joined = _join(pieces[field.name], _below(path, field.name))
            axis = _axis(field)
            parts[field.name] = np.moveaxis(joined, 0, axis) if axis else joined
        return type(value)(**parts)
    if isinstance(value, Mapping):
        return {key: _join([v[key] for v in values], _below(path, str(key))) for key in value}
    if isinstance(value, (list, tuple)):
        return type(value)(_join(items, f"{path}[]") for items in zip(*values, strict=True))
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        import pandas as pd

        # Tables without a row say nothing of the types of their columns.
        filled = [table for table in values if len(table)]
        return pd.concat(filled, ignore_index=True) if filled else value
    if any(other != value for other in values):
        raise ValueError(f"{path} differs between parts of an arm: {values!r:.200}")
    return value


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
