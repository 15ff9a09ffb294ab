"""What the system has once: its mechanisms in order, and what a port reads that none fills."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from rascade.errors import ModelFileError
from rascade.model.mechanisms import data_file, load_mechanisms

__all__ = ["PLACES", "open_ports", "system_mechanisms"]

#: The mechanism that declares the places (compartments) that all share.
PLACES: Final = "body_places"

_DIMENSIONS: Mapping[str, Mapping[str, float]] = {"dimensionless": {}, "1/h": {"[time]": -1.0}}


@cache
def system_mechanisms() -> tuple[str, ...]:
    """Return the mechanisms that exist once for the whole system, in the order of ``system.toml``.

    Raises:
        ModelFileError: one is unknown, stands twice, is made for something else, is missing, or the
            first is not `PLACES`.
    """
    library = load_mechanisms()
    names = tuple(tomllib.loads(data_file("system.toml").read_text("utf-8"))["mechanisms"])
    for index, name in enumerate(names):
        if name not in library:
            raise ModelFileError(f"system.toml: no mechanism {name!r} in mechanisms.toml")
        if name in names[:index]:
            raise ModelFileError(f"system.toml: {name!r} stands twice")
        if library[name].per != "system":
            raise ModelFileError(
                f"system.toml: {name!r} is made once per {library[name].per}, not for the system"
            )
    if names[:1] != (PLACES,):
        raise ModelFileError(f"system.toml: {PLACES!r} must be the first")
    for name, mechanism in library.items():
        if mechanism.per == "system" and name not in names:
            raise ModelFileError(f"system.toml: {name!r} is missing; it is made for the system")
    return names


@cache
def open_ports() -> Mapping[str, tuple[float, dict[str, float]]]:
    """Return value and dimensions of what a port reads where nothing is there to fill it.

    No kill, no brake, no binding: ``open_ports.csv`` says why for each.

    Raises:
        ModelFileError: a row is no number, has an unknown unit or no reason, stands twice, or no
            mechanism has such a port.
    """
    ports = {port for mechanism in load_mechanisms().values() for port in mechanism.ports}
    found: dict[str, tuple[float, dict[str, float]]] = {}
    lines = data_file("open_ports.csv").read_text("utf-8").splitlines()
    for number, row in enumerate(csv.DictReader(lines), start=2):
        place, name = f"open_ports.csv:{number}", row["port"]
        if name not in ports:
            raise ModelFileError(f"{place}: port: no mechanism has a port {name!r}")
        if name in found:
            raise ModelFileError(f"{place}: port: {name!r} stands twice")
        if row["unit"] not in _DIMENSIONS:
            raise ModelFileError(
                f"{place}: unit: {row['unit']!r} is not one of {', '.join(_DIMENSIONS)}"
            )
        if not row["why"]:
            raise ModelFileError(f"{place}: why: empty; say why {name!r} has this value")
        try:
            value = float(row["value"])
        except ValueError:
            raise ModelFileError(f"{place}: value: {row['value']!r} is not a number") from None
        found[name] = (value, dict(_DIMENSIONS[row["unit"]]))
    return MappingProxyType(found)
