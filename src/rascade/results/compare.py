"""Runs side by side: inputs that differ, and read-outs that differ, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rascade.errors import InputError, ResultsError
from rascade.results.folders import read_json, read_run
from rascade.results.store import MANIFEST

__all__ = ["Comparison", "Input", "Reading", "Readout", "compare_runs"]

#: Entries of a manifest that say what went in; all others are what came out of it.
_INPUTS = (
    "kind",
    "rascade_version",
    "model_hash",
    "parameter_hash",
    "evidence_hash",
    "seed",
    "draws",
    "regimen",
    "days",
    "versions",
    "platform",
)
_NAMES = ("name", "arm", "id", "treatment", "endpoint", "readout")
_NO_READOUTS = ("seed", "n", "size", "line", "draws")
_INTERVALS = ("_ci", "_interval")


@dataclass(frozen=True, slots=True)
class Input:
    """An input that differs; one value a run, None where it has none."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with its limits; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def apart(self, other: Reading) -> bool:
        """Tell whether both have limits and these do not overlap; one without is without end."""
        ends = [(one.low, one.high) for one in (self, other)]
        if any(low is None and high is None for low, high in ends):
            return False
        (low, high), (other_low, other_high) = (
            (-math.inf if a is None else a, math.inf if b is None else b) for a, b in ends
        )
        return high < other_low or other_high < low


@dataclass(frozen=True, slots=True)
class Readout:
    """A read-out that differs; one reading a run, None where the run does not have it."""

    name: str
    readings: tuple[Reading | None, ...]

    @property
    def apart(self) -> bool:
        """Whether the intervals of any two runs do not overlap."""
        found = [reading for reading in self.readings if reading is not None]
        return any(a.apart(b) for i, a in enumerate(found) for b in found[i + 1 :])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side.

    Attributes:
        folders: in the order given.
        inputs: those that differ.
        readouts: those that differ.
        same: how many read-outs are the same in all.
    """

    folders: tuple[Path, ...]
    inputs: tuple[Input, ...]
    readouts: tuple[Readout, ...]
    same: int


def compare_runs(folders: Sequence[str | Path]) -> Comparison:
    """Compare finished runs.

    Args:
        folders: two or more results folders.

    Raises:
        InputError: fewer than two folders.
        ResultsError: one is no finished results folder of Rascade.
    """
    if len(folders) < 2:
        raise InputError("give two or more results folders to compare")
    places = [read_run(folder).folder for folder in folders]
    for place, given in zip(places, folders, strict=True):
        if not (place / MANIFEST).is_file():
            raise ResultsError(f"{given} is not finished; go on with it by --resume first")
    inputs = [dict(_inputs(place)) for place in places]
    readouts = [dict(_readouts(_summary(place))) for place in places]
    pairs = [
        Readout(name, tuple(of.get(name) for of in readouts))
        for name in dict.fromkeys(name for of in readouts for name in of)
    ]
    different = tuple(pair for pair in pairs if len(set(pair.readings)) > 1)
    return Comparison(
        tuple(Path(folder) for folder in folders),
        tuple(_different_inputs(inputs)),
        different,
        len(pairs) - len(different),
    )


def _different_inputs(inputs: Sequence[Mapping[str, Any]]) -> Iterator[Input]:
    for name in dict.fromkeys(name for of in inputs for name in of):
        values = tuple(of.get(name) for of in inputs)
        if any(value != values[0] for value in values):
            yield Input(name, values)


def _inputs(place: Path) -> Iterator[tuple[str, Any]]:
    """Yield what a run was made from: its study, field by field, then hashes and versions."""
    import yaml

    study = place / "study.yaml"
    if study.is_file():
        try:
            yield from _fields(yaml.safe_load(study.read_text("utf-8")))
        except (OSError, yaml.YAMLError) as error:
            raise ResultsError(f"{study}: damaged ({error}); run the study again") from None
    manifest = read_json(place / MANIFEST)
    seen = {"kind", "seed", "draws"} if study.is_file() else set()
    for name in _INPUTS:
        if name in manifest and name not in seen:
            yield from _fields(manifest[name], name)


def _fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _fields(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _fields(item, f"{path}[{_label(item, index)}]")
    else:
        yield path, value


def _label(item: Mapping[str, Any], index: int) -> str:
    return str(next((item[name] for name in _NAMES if isinstance(item.get(name), str)), index))


def _summary(place: Path) -> dict[str, Any]:
    path = place / "summary.json"
    return read_json(path) if path.is_file() else {}


def _readouts(value: Any, path: str = "") -> Iterator[tuple[str, Reading]]:
    """Yield the numbers of a summary with their limits, by where they stand in it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield from _readouts(item, f"{path}, {_label(item, index)}" if path else "")
        return
    for key, item in value.items() if isinstance(value, Mapping) else ():
        name = f"{path}: {key}" if path else str(key)
        if key.endswith(_INTERVALS):
            continue
        if isinstance(item, (Mapping, list)):
            yield from _readouts(item, name)
        elif key not in _NO_READOUTS and (item is None or _is_number(item)):
            yield name, Reading(item, *_limits(value, key))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _limits(row: Mapping[str, Any], key: str) -> tuple[float | None, float | None]:
    """Return the limits that stand beside a value: ``pfs_ci`` is that of ``pfs_median_months``."""
    words = key.split("_")
    for count in range(len(words), 0, -1):
        for ending in _INTERVALS:
            found = row.get("_".join(words[:count]) + ending)
            if isinstance(found, list) and len(found) == 2:
                return found[0], found[1]
    return None, None
