"""What a user may say of a patient: which properties there are, and how large they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rascade.errors import InputError
from rascade.patients.properties import Property, load_properties
from rascade.text import did_you_mean

__all__ = ["check_profile"]


def check_profile(profile: Mapping[str, Any], alleles: Sequence[str]) -> None:
    """Check the properties that a user gave for one patient.

    Args:
        profile: property -> value.
        alleles: KRAS alleles that the model knows.

    Raises:
        InputError: a property is unknown, a text is not one it can have, or a number is outside
            the range in which patients are drawn.
    """
    known = load_properties()
    for name, value in profile.items():
        if name not in known:
            hint = did_you_mean(name, known) or f"; use one of {', '.join(known)}"
            raise InputError(f"patient: no property {name!r}{hint}")
        item = known[name]
        if item.truth:
            if not isinstance(value, bool):
                raise InputError(f"patient: {name}: {value!r} must be true or false")
        elif item.kind == "share":
            _check_text(name, value, tuple(alleles) if name == "kras_allele" else tuple(item.rows))
        else:
            _check_range(item, value)
    _check_size(profile)


def _check_size(profile: Mapping[str, Any]) -> None:
    """Check that one sex has all the given sizes; each by itself is in range already."""
    properties = load_properties()
    given = [item for name, item in properties.items() if name in profile]
    sized = [item for item in given if set(item.rows) == set(properties["sex"].rows)]
    sizes = [item for item in sized if item.name != "sex"]
    sexes = [str(profile["sex"])] if "sex" in profile else list(properties["sex"].rows)
    if any(all(_fits(item.rows[sex], profile[item.name]) for item in sizes) for sex in sexes):
        return
    wrong = sizes[0]
    for item in sizes:
        if not any(_fits(item.rows[sex], profile[item.name]) for sex in sexes):
            wrong = item
            break
    ranges = ", ".join(
        f"{sex} {row['low']} to {row['high']} {row['unit']}"
        for sex, row in wrong.rows.items()
        if sex in sexes
    )
    told = " and ".join(f"{item.name} {profile[item.name]:g}" for item in sizes)
    raise InputError(
        f"patient: {wrong.name}: nobody is drawn with {told} as {' or '.join(sexes)}; "
        f"the range is {ranges}"
    )


def _fits(row: Mapping[str, str], value: Any) -> bool:
    return float(row["low"]) <= float(value) <= float(row["high"])


def _check_text(name: str, value: Any, allowed: Sequence[str]) -> None:
    if str(value) not in allowed:
        hint = did_you_mean(str(value), allowed, cutoff=0.5)
        raise InputError(f"patient: {name}: {value!r} is not one of {', '.join(allowed)}{hint}")


def _check_range(item: Property, value: Any) -> None:
    low = min(float(row["low"]) for row in item.rows.values())
    high = max(float(row["high"]) for row in item.rows.values())
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        unit = next(iter(item.rows.values()))["unit"]
        raise InputError(f"patient: {item.name}: {value!r} is not from {low:g} to {high:g} {unit}")
