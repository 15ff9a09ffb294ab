"""What-if: knock-outs, set parameters and mechanisms wanted, as a study or an arm asks for them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from rascade.errors import InputError
from rascade.model.mechanisms import data_file, load_mechanisms
from rascade.text import did_you_mean

__all__ = ["Interventions", "Knockout", "knockouts"]


@dataclass(frozen=True, slots=True)
class Knockout:
    """Something that can be taken away.

    Attributes:
        name: cell, gene (HGNC) or tissue component, as a study writes it.
        row: row of the parameter table that carries it.
        value: what the row is set to, in its unit.
        about: what that stands for.
    """

    name: str
    row: str
    value: float
    about: str


@cache
def knockouts() -> Mapping[str, Knockout]:
    """Return what can be knocked out, by name."""
    rows = csv.DictReader(data_file("knockouts.csv").read_text(encoding="utf-8").splitlines())
    return MappingProxyType(
        {r["name"]: Knockout(r["name"], r["row"], float(r["value"]), r["about"]) for r in rows}
    )


def _find(name: str) -> Knockout:
    known = {key.casefold(): key for key in knockouts()}
    if name.casefold() in known:
        return knockouts()[known[name.casefold()]]
    hint = did_you_mean(name, knockouts())
    raise InputError(f"nothing called {name!r} can be knocked out{hint}; known: {_names()}")


def _names() -> str:
    return ", ".join(knockouts())


@dataclass(frozen=True)
class Interventions:
    """Changes of the model, in force from before treatment.

    Attributes:
        knockout: names of `knockouts`, in any case.
        set: row of the parameter table -> value in the row's unit.
        include: mechanisms wanted although no drug needs them.
    """

    knockout: tuple[str, ...] = ()
    set: Mapping[str, float] = field(default_factory=dict)
    include: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, float]:
        """Rows and values that knock-outs and `set` come to; `set` has the last word.

        Raises:
            InputError: a name cannot be knocked out.
        """
        taken = [_find(name) for name in self.knockout]
        return {**{item.row: item.value for item in taken}, **self.set}

    def check(self) -> None:
        """Check all names.

        Raises:
            InputError: a knock-out, a mechanism or a parameter is unknown, or a value is wrong.
        """
        from rascade.model.table import load_table

        for name in self.include:
            check_mechanism(name)
        load_table().with_values(self.parameters)

    @classmethod
    def merged(cls, parts: Iterable[Interventions]) -> Interventions:
        """Put several together; what comes later has the last word."""
        taken: dict[str, None] = {}
        values: dict[str, float] = {}
        wanted: dict[str, None] = {}
        for part in parts:
            taken.update(dict.fromkeys(part.knockout))
            values.update(part.set)
            wanted.update(dict.fromkeys(part.include))
        return cls(tuple(taken), values, tuple(wanted))


def check_mechanism(name: str) -> None:
    """Check that a mechanism can be asked for by name.

    Raises:
        InputError: there is none, or the model has it anyway.
    """
    on_demand = [key for key, item in load_mechanisms().items() if item.on_demand]
    if name not in on_demand:
        hint = did_you_mean(name, on_demand)
        always = (
            " (it is always there, or comes with its drug)" if name in load_mechanisms() else ""
        )
        raise InputError(
            f"no mechanism {name!r} can be asked for{always}{hint}; known: {', '.join(on_demand)}"
        )
