"""Who the patients are: sex, age, size, performance status, KRAS allele and co-mutations."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rascade.errors import EvidenceError, InputError, ParameterError
from rascade.model.sources import parse_source
from rascade.patients.escape import CLONES, conditional_shares
from rascade.random_streams import uniform
from rascade.text import did_you_mean

__all__ = [
    "Property",
    "categories",
    "check_category",
    "check_profile",
    "check_shares",
    "draw_profiles",
    "draw_shares",
    "load_properties",
]

_FILE = "profile.csv"


@dataclass(frozen=True)
class Property:
    """A distribution of one property, in one category or over several.

    Attributes:
        name: column name.
        kind: ``share`` (probabilities of categories), ``normal`` or ``lognormal``.
        rows: category -> row of the file; category is a sex, or the value itself for shares.
    """

    name: str
    kind: str
    rows: Mapping[str, Mapping[str, str]]

    @property
    def truth(self) -> bool:
        """Whether the property is a yes or no."""
        return set(self.rows) == {"True"}


@cache
def load_properties() -> Mapping[str, Property]:
    """Read the distributions of patient properties.

    Raises:
        EvidenceError: a row has no source that `rascade.model.sources` can read, or shares do not
            add up to one.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    kinds: dict[str, str] = {}
    for row in reader:
        try:
            parse_source(row["source"], row["confidence"])
        except ParameterError as error:
            where = f"{_FILE}:{reader.line_num}: {row['property']} {row['category']}".rstrip()
            raise EvidenceError(f"{where}: source: {error}") from None
        found.setdefault(row["property"], {})[row["category"]] = row
        kinds[row["property"]] = row["kind"]
    properties = {name: Property(name, kinds[name], rows) for name, rows in found.items()}
    for item in properties.values():
        _check_shares(item)
    return MappingProxyType(properties)


def _check_shares(item: Property) -> None:
    if item.kind == "share" and not item.truth:
        total = sum(float(row["value"]) for row in item.rows.values())
        if abs(total - 1.0) > 1e-9:
            raise EvidenceError(f"{_FILE}: {item.name}: shares add up to {total:g}, not to 1")


def categories() -> Mapping[str, Sequence[str]]:
    """Return the texts that each property of text can have."""
    return {
        item.name: tuple(item.rows)
        for item in load_properties().values()
        if item.kind == "share" and not item.truth and item.name != "ecog"
    }


def draw_profiles(
    seed: int,
    patients: NDArray[np.int64],
    attempt: int = 0,
    given: Mapping[str, Any] | None = None,
) -> dict[str, NDArray[Any]]:
    """Draw profiles.

    Args:
        seed: of the study.
        patients: shape (n,), patient numbers.
        attempt: raised when a patient is drawn anew.
        given: properties that are known and hold for all; the rest is drawn on that condition, so
            that a known sex decides the distributions of weight and height, and a known weight or
            height the odds of the sexes.

    Returns:
        Property name -> values of shape (n,); texts, numbers in the file's units, or booleans.
        ``body_surface_m2`` follows from weight and height (Mosteller 1987, PMID:3657876).
    """
    known = given or {}
    profiles: dict[str, NDArray[Any]] = {}
    for item in load_properties().values():
        if item.name in known:
            value = known[item.name]
            value = int(value) if item.name == "ecog" else value
            profiles[item.name] = np.full(patients.shape, value)
            continue
        draws = uniform(seed, f"profile:{item.name}", patients, attempt)
        odds = _odds(item, known) if item.name == "sex" else None
        profiles[item.name] = _draw(item, draws, profiles, odds)
    weight, height = profiles["weight_kg"], profiles["height_cm"]
    profiles["body_surface_m2"] = np.sqrt(weight * height / 3600.0)
    return profiles


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
    attempt: int,
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
    for name, own in shares.items():
        check_shares(name, own)
        item = load_properties()[name]
        known = _categories(item)
        draws = uniform(seed, f"profile:{name}", patients, attempt)[members]
        if item.truth:
            profiles[name][members] = draws < own.get("True", 0.0)
            continue
        drawn = _pick(known, [own.get(category, 0.0) for category in known], draws)
        profiles[name][members] = drawn.astype(profiles[name].dtype)


def _odds(sex: Property, given: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the shares of the sexes among people of the given size (Bayes' rule)."""
    odds = np.array([float(row["value"]) for row in sex.rows.values()])
    for item in load_properties().values():
        if item.name in given and set(item.rows) == set(sex.rows):
            likelihood = [
                _density(item.kind, item.rows[s], float(given[item.name])) for s in sex.rows
            ]
            odds = odds * np.array(likelihood)
    return odds / odds.sum() if odds.sum() > 0 else np.full(odds.shape, 1 / odds.size)


def _density(kind: str, row: Mapping[str, str], value: float) -> float:
    """Return the probability density of a size at a value, zero outside the bounds."""
    from scipy.stats import norm

    centre, spread = float(row["value"]), float(row["spread"])
    low, high = float(row["low"]), float(row["high"])
    if not low <= value <= high:
        return 0.0
    if kind == "lognormal":
        sd = float(np.sqrt(np.log1p(spread**2)))
        inside = norm(np.log(centre), sd)
        share = inside.cdf(np.log(high)) - inside.cdf(np.log(low))
        return float(inside.pdf(np.log(value)) / value / share)
    inside = norm(centre, spread)
    return float(inside.pdf(value) / (inside.cdf(high) - inside.cdf(low)))


def _pick(names: Sequence[str], shares: ArrayLike, draws: NDArray[np.float64]) -> NDArray[Any]:
    """Return a category for each draw in (0, 1); rounding of the shares cannot leave the last."""
    place = np.searchsorted(np.cumsum(shares), draws, side="right")
    return np.array(names)[np.minimum(place, len(names) - 1)]


def _draw(
    item: Property,
    draws: NDArray[np.float64],
    profiles: Mapping[str, NDArray[Any]],
    odds: NDArray[np.float64] | None = None,
) -> NDArray[Any]:
    if item.truth:
        return draws < float(item.rows["True"]["value"])
    if item.name in CLONES:
        return _draw_way(item, draws, profiles["tp53"])
    if item.kind == "share":
        shares = [float(row["value"]) for row in item.rows.values()] if odds is None else odds
        drawn = _pick(list(item.rows), shares, draws)
        return drawn.astype(np.int64) if item.name == "ecog" else drawn
    values = np.empty(draws.shape)
    for category, row in item.rows.items():
        chosen = profiles["sex"] == category if category else np.ones(draws.shape, dtype=bool)
        values[chosen] = _quantile(item.kind, row, draws[chosen])
    return values


def _draw_way(item: Property, draws: NDArray[np.float64], tp53: NDArray[np.bool_]) -> NDArray[Any]:
    shares = {name: float(row["value"]) for name, row in item.rows.items()}
    mutant = float(load_properties()["tp53"].rows["True"]["value"])
    found = [_pick(list(shares), own, draws) for own in conditional_shares(shares, mutant)]
    return np.where(tp53, *found)


def _quantile(kind: str, row: Mapping[str, str], draws: NDArray[np.float64]) -> NDArray[np.float64]:
    centre, spread = float(row["value"]), float(row["spread"])
    low, high = float(row["low"]), float(row["high"])
    if kind == "lognormal":
        return truncated_lognormal(draws, centre, spread, low, high)
    return _truncated_normal(draws, centre, spread, low, high)


def _truncated_normal(
    draws: NDArray[np.float64], mean: float, sd: float, low: float, high: float
) -> NDArray[np.float64]:
    from scipy.special import ndtr, ndtri

    start, end = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(mean + sd * ndtri(start + draws * (end - start)))


def truncated_lognormal(
    draws: NDArray[np.float64], median: float, cv: float, low: float, high: float
) -> NDArray[np.float64]:
    """Turn uniform numbers into log-normal ones between two bounds.

    Args:
        draws: shape (n,), in (0, 1).
        median: of the distribution before it is cut.
        cv: coefficient of variation, as a fraction.
        low: lower bound, >= 0.
        high: upper bound.
    """
    sigma = float(np.sqrt(np.log1p(cv**2)))
    lowest = np.log(low) if low > 0 else -np.inf
    return np.exp(
        _truncated_normal(draws, float(np.log(median)), sigma, lowest, float(np.log(high)))
    )


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
