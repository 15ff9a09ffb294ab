"""What a class is: drugs of one mechanism, what they hold, and how they are usually given."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rascade.errors import InputError, UnsupportedFeature
from rascade.model import known_drugs
from rascade.model.compose import find_drugs
from rascade.own_drugs import like, own_drugs
from rascade.regimen import Regimen, parse

__all__ = ["Engagement", "engagement_of", "peers", "regimen_of", "usual_orders", "usual_regimen"]


@dataclass(frozen=True, slots=True)
class Engagement:
    """How the share of the target that a drug holds is read from the model.

    Attributes:
        mechanism: of the drugs.
        held: symbols of the target that the drug holds; where `free` is empty, of a binding b, of
            which b / (1 + b) is held.
        free: symbols of the target that it does not hold.
        title: of the share.
        allele: of KRAS, on which the class acts, or the commonest.
    """

    mechanism: str
    held: tuple[str, ...]
    free: tuple[str, ...]
    title: str
    allele: str


def _rows(file: str) -> list[dict[str, str]]:
    text = (files("rascade.analyses.drug_class") / "data" / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _engagements() -> Mapping[str, Engagement]:
    return {
        row["mechanism"]: Engagement(
            row["mechanism"],
            tuple(row["held"].split("; ")),
            tuple(filter(None, row["free"].split("; "))),
            row["title"],
            row["allele"],
        )
        for row in _rows("engagement.csv")
    }


@cache
def usual_orders() -> Mapping[str, str]:
    """Return dose, route and times of drugs as they are usually given, by drug."""
    return {row["drug"]: row["orders"] for row in _rows("usual_orders.csv")}


def engagement_of(drug: str) -> Engagement:
    """Return how the engagement of a drug's target is read.

    Raises:
        UnsupportedFeature: the model has no such drug, or a drug that holds no target.
    """
    found = find_drugs([drug])[0]
    known = _engagements()
    for mechanism in found.mechanisms:
        if mechanism in known:
            return known[mechanism]
    raise UnsupportedFeature(
        f"class of {drug}", f"{drug} holds no target in the model; classes are {', '.join(known)}"
    )


def usual_regimen(drug: str) -> Regimen | None:
    """Return how a drug is usually given; an own drug as the one it is like; None if not known."""
    orders = usual_orders().get(like(drug))
    return None if orders is None else parse(f"{drug} {orders}")


def peers(drug: str) -> tuple[str, ...]:
    """Return the other drugs of the class that are usually given alone, the user's own among them.

    Raises:
        UnsupportedFeature: as `engagement_of`.
    """
    wanted = engagement_of(drug).mechanism
    return tuple(
        name
        for name, other in known_drugs().items()
        if name != drug and wanted in other.mechanisms and like(name) in usual_orders()
    )


def regimen_of(drug: str, orders: str | None) -> Regimen:
    """Return what is given of a drug.

    Args:
        drug: which.
        orders: as clinicians write them; the usual ones if None.

    Raises:
        InputError: the orders are of another drug, or none are known.
    """
    if orders is None:
        found = usual_regimen(drug)
        if found is None:
            of = f" (like {like(drug)})" if drug in own_drugs() else ""
            raise InputError(f"--regimen: no usual dose of {drug}{of} is stored; write one")
        return found
    regimen = parse(orders)
    if set(regimen.drugs) != {drug}:
        raise InputError(f"--regimen: must be orders of {drug} alone, not of {regimen.drugs}")
    return regimen
