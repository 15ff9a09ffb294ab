"""Who the patients are: sex, age, size, performance status, KRAS allele and co-mutations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rascade.errors import InputError
from rascade.model import load_table
from rascade.patients.distributions import density, quantile, shape_of, share_below
from rascade.patients.escape import CLONES, conditional_shares
from rascade.patients.joint import Known, copula_density, correlated, joint_names, normal_score
from rascade.patients.properties import Property, load_properties
from rascade.random_streams import uniform_at
from rascade.text import did_you_mean

__all__ = [
    "check_category",
    "check_shares",
    "draw_profiles",
    "draw_shares",
    "joint_numbers",
]

Floats = NDArray[np.float64]
#: How often patients were drawn anew: one number for all, or shape (n,).
Attempts = int | NDArray[np.int64]


def draw_profiles(
    seed: int,
    patients: NDArray[np.int64],
    attempt: Attempts = 0,
    given: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> dict[str, NDArray[Any]]:
    """Draw profiles; what `rascade.patients.joint` names is drawn together.

    Args:
        seed: of the study.
        patients: shape (n,), patient numbers.
        attempt: raised when a patient is drawn anew; one for all, or shape (n,).
        given: properties that are known and hold for all; the rest is drawn on that condition, so
            that a known sex decides the distributions of weight and height, and a known weight or
            height the odds of the sexes.
        parameters: rows of the parameter table that are known; the profile is drawn on that
            condition as well.

    Returns:
        Property name -> values of shape (n,); texts, numbers in the file's units, or booleans.
        ``body_surface_m2`` follows from weight and height (Mosteller 1987, PMID:3657876).
    """
    known = given or {}
    together = joint_numbers(seed, patients, attempt, known, parameters)
    profiles: dict[str, NDArray[Any]] = {}
    for item in load_properties().values():
        if item.name == "sex":
            profiles["sex"] = _sexes(seed, patients, attempt, known)
        elif item.name in known:
            value = known[item.name]
            value = int(value) if item.name == "ecog" else value
            profiles[item.name] = np.full(patients.shape, value)
        else:
            draws = together.get(item.name)
            if draws is None:
                draws = uniform_at(seed, f"profile:{item.name}", patients, attempt)
            profiles[item.name] = _draw(item, draws, profiles)
    weight, height = profiles["weight_kg"], profiles["height_cm"]
    profiles["body_surface_m2"] = np.sqrt(weight * height / 3600.0)
    return profiles


def joint_numbers(
    seed: int,
    patients: NDArray[np.int64],
    attempt: Attempts = 0,
    given: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
    rows: Callable[[str], Floats] | None = None,
) -> dict[str, Floats]:
    """Return the numbers in (0, 1) from which what is drawn together is drawn.

    Args:
        seed, patients, attempt, given, parameters: as in `draw_profiles`.
        rows: independent numbers of the rows of the parameter table that are drawn together with
            the profile; None leaves these rows out.
    """
    properties, able = joint_names()
    known = _known_numbers(seed, patients, attempt, given or {}, parameters or {})

    def own(name: str) -> Floats:
        if rows is not None and name not in properties:
            return rows(name)
        return uniform_at(seed, f"profile:{name}", patients, attempt)

    wanted = able if rows is not None else [name for name in able if name in known]
    return correlated([*properties, *wanted], own, known)


def _known_numbers(
    seed: int,
    patients: NDArray[np.int64],
    attempt: Attempts,
    given: Mapping[str, Any],
    parameters: Mapping[str, float],
) -> dict[str, Known]:
    """Return between which numbers in (0, 1) lies what is known, of what is drawn together."""
    properties, rows = joint_names()
    found: dict[str, Known] = {}
    told = [name for name in properties if name in given]
    sexes = _sexes(seed, patients, attempt, given) if told else np.empty(0)
    for name in told:
        found[name] = _numbers_of(load_properties()[name], given[name], sexes)
    # By the package's distribution: in the study's, a value that it sets is the typical one.
    table = load_table()
    for name in rows:
        if name in parameters:
            row = table[name]
            shape = (row.value, row.cv, row.low, row.high)
            number = np.full(patients.shape, share_below("lognormal", shape, parameters[name]))
            found[name] = number, number
    return found


def _numbers_of(item: Property, value: Any, sexes: NDArray[Any]) -> Known:
    if item.kind == "share":
        shares = [float(row["value"]) for row in item.rows.values()]
        ends = np.append(0.0, np.cumsum([*shares, 1.0 - shares[0]] if item.truth else shares))
        place = _categories(item).index(str(value))
        return np.full(sexes.shape, ends[place]), np.full(sexes.shape, ends[place + 1])
    number = np.empty(sexes.shape)
    for category, row in item.rows.items():
        chosen = sexes == category if category else np.ones(sexes.shape, dtype=bool)
        number[chosen] = share_below(item.kind, shape_of(row), float(value))
    return number, number


def _sexes(
    seed: int, patients: NDArray[np.int64], attempt: Attempts, given: Mapping[str, Any]
) -> NDArray[Any]:
    if "sex" in given:
        return np.full(patients.shape, given["sex"])
    sex = load_properties()["sex"]
    return _pick(
        list(sex.rows), _odds(sex, given), uniform_at(seed, "profile:sex", patients, attempt)
    )


def _categories(item: Property) -> list[str]:
    return ["True", "False"] if item.truth else list(item.rows)


def check_category(name: str) -> None:
    """Check that a property falls into categories, so that it can make strata.

    Raises:
        InputError: there is no such property, or it is a number.
    """
    able = [item.name for item in load_properties().values() if item.kind == "share"]
    if name not in able:
        hint = did_you_mean(name, able) or f"; use one of {', '.join(able)}"
        raise InputError(f"{name!r} is no property with categories{hint}")


def check_shares(name: str, shares: Mapping[str, float]) -> None:
    """Check that a centre can have shares of its own of a property.

    Raises:
        InputError: the property or a category cannot have them.
    """
    check_category(name)
    if name == "sex":
        raise InputError("case_mix: sex decides weight and height and cannot differ by centre yet")
    known = _categories(load_properties()[name])
    unknown = next((category for category in shares if category not in known), None)
    if unknown is not None:
        raise InputError(f"case_mix: {name} is never {unknown!r}; it is one of {', '.join(known)}")


def draw_shares(
    profiles: dict[str, NDArray[Any]],
    shares: Mapping[str, Mapping[str, float]],
    seed: int,
    patients: NDArray[np.int64],
    attempt: Attempts,
    members: NDArray[np.bool_],
) -> None:
    """Draw properties of some patients anew, from other shares of the categories, in place.

    The random numbers are those of `draw_profiles`, so a patient changes only where his share did.

    Args:
        profiles: as `draw_profiles` returned them.
        shares: property -> category -> share; the shares of a property sum to 1.
        seed: of the study.
        patients: shape (n,), patient numbers.
        attempt: as in `draw_profiles`.
        members: shape (n,), whose properties are drawn anew.

    Raises:
        InputError: a property or a category cannot have shares of its own.
    """
    together = joint_numbers(seed, patients, attempt)
    for name, own in shares.items():
        check_shares(name, own)
        item = load_properties()[name]
        known = _categories(item)
        draws = together.get(name)
        if draws is None:
            draws = uniform_at(seed, f"profile:{name}", patients, attempt)
        draws = draws[members]
        if item.truth:
            profiles[name][members] = draws < own.get("True", 0.0)
            continue
        drawn = _pick(known, [own.get(category, 0.0) for category in known], draws)
        profiles[name][members] = drawn.astype(profiles[name].dtype)


def _odds(sex: Property, given: Mapping[str, Any]) -> Floats:
    """Return the shares of the sexes among people of the given size (Bayes' rule)."""
    sized = [
        item
        for item in load_properties().values()
        if item.name in given and item.name != "sex" and set(item.rows) == set(sex.rows)
    ]
    odds = np.array([float(row["value"]) for row in sex.rows.values()])
    for place, category in enumerate(sex.rows):
        scores = {}
        for item in sized:
            shape, value = shape_of(item.rows[category]), float(given[item.name])
            odds[place] *= density(item.kind, shape, value)
            scores[item.name] = normal_score(share_below(item.kind, shape, value))
        odds[place] *= copula_density(scores)
    return odds / odds.sum() if odds.sum() > 0 else np.full(odds.shape, 1 / odds.size)


def _pick(names: Sequence[str], shares: ArrayLike, draws: NDArray[np.float64]) -> NDArray[Any]:
    """Return a category for each draw in (0, 1); rounding of the shares cannot leave the last."""
    place = np.searchsorted(np.cumsum(shares), draws, side="right")
    return np.array(names)[np.minimum(place, len(names) - 1)]


def _draw(item: Property, draws: Floats, profiles: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if item.truth:
        return draws < float(item.rows["True"]["value"])
    if item.name in CLONES:
        return _draw_way(item, draws, profiles["tp53"])
    if item.kind == "share":
        drawn = _pick(list(item.rows), [float(row["value"]) for row in item.rows.values()], draws)
        return drawn.astype(np.int64) if item.name == "ecog" else drawn
    values = np.empty(draws.shape)
    for category, row in item.rows.items():
        chosen = profiles["sex"] == category if category else np.ones(draws.shape, dtype=bool)
        values[chosen] = quantile(item.kind, shape_of(row), draws[chosen])
    return values


def _draw_way(item: Property, draws: Floats, tp53: NDArray[np.bool_]) -> NDArray[Any]:
    shares = {name: float(row["value"]) for name, row in item.rows.items()}
    mutant = float(load_properties()["tp53"].rows["True"]["value"])
    found = [_pick(list(shares), own, draws) for own in conditional_shares(shares, mutant)]
    return np.where(tp53, *found)
