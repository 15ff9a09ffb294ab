"""The analyses by name: what each has to do, and where one from outside comes in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Final

from rascade.errors import InputError
from rascade.progress import Progress

__all__ = ["GROUP", "Analysis", "analyses", "find_analysis"]

#: Entry points of packages that bring an analysis of their own, each a subclass of `Analysis`.
GROUP: Final = "rascade.analyses"


class Analysis(ABC):
    """A question that is put to the model, item by item.

    Duties:
        - `items` names what there is to ask, in a fixed order, without running anything;
        - `run` answers for some items with records that are ready for JSON (no NaN, no infinity),
          and equal arguments give equal records, whatever the number of threads;
        - an item that is not known is an `EvidenceError` or `InputError` that says which come near;
        - nothing is written, and nothing typed by hand is called a result.

    Attributes:
        name: lower case, as its verb.
        about: one line for people.
        example: an item that is answered within seconds.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    example: ClassVar[str]

    @abstractmethod
    def items(self) -> tuple[str, ...]:
        """Return the names of what there is to ask."""

    @abstractmethod
    def run(
        self, items: Iterable[str] = (), *, threads: int = 1, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        """Answer for some items, for the usual ones if none is given."""


class _Claims(Analysis):
    name, about = "claims", "Claims of the review, each tested by simulated experiment"
    example = "K8"

    def items(self) -> tuple[str, ...]:
        from rascade.analyses.claims.run import find_claims

        return tuple(claim.id for claim in find_claims(()))

    def run(
        self, items: Iterable[str] = (), *, threads: int = 1, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        from rascade.analyses.claims.run import run_claims
        from rascade.analyses.claims.tables import records
        from rascade.trial.results.records.codec import to_json

        found = records(run_claims(items, threads=threads, progress=progress))
        return [to_json(record) for record in found]


class _Facts(Analysis):
    name, about = "facts", "What the field agrees on, repeated by the model"
    example = "off-state-escape"

    def items(self) -> tuple[str, ...]:
        from rascade.analyses.facts.records import load_facts

        return tuple(load_facts())

    def run(
        self, items: Iterable[str] = (), *, threads: int = 1, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        from rascade.analyses.facts.run import run_facts
        from rascade.analyses.facts.tables import records
        from rascade.trial.results.records.codec import to_json

        return [to_json(r) for r in records(run_facts(items, threads=threads, progress=progress))]


class _Identifiability(Analysis):
    name, about = "identifiability", "What the experiments of facts can tell of parameters"
    example = "potency-sotorasib"

    def items(self) -> tuple[str, ...]:
        from rascade.analyses.identifiability.run import chosen_facts

        return tuple(fact.id for fact in chosen_facts())

    def run(
        self, items: Iterable[str] = (), *, threads: int = 1, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        from rascade.analyses.identifiability.run import identify
        from rascade.analyses.identifiability.tables import record

        return [record(identify(items, profiled=0, threads=threads, progress=progress))]


@cache
def analyses() -> Mapping[str, Analysis]:
    """Return all analyses by name, the package's own first.

    Raises:
        InputError: an analysis from outside has the name of another, or is none.
    """
    from importlib.metadata import entry_points

    own: tuple[Analysis, ...] = (_Claims(), _Facts(), _Identifiability())
    found = {one.name: one for one in own}
    for point in entry_points(group=GROUP):
        kind = point.load()
        told = f"entry point {point.name} of {GROUP}"
        if not (isinstance(kind, type) and issubclass(kind, Analysis)):
            raise InputError(f"{told}: {point.value} is no Analysis; make it a subclass")
        if kind.name in found:
            raise InputError(f"{told}: {kind.name} is the name of another; rename it")
        found[kind.name] = kind()
    return MappingProxyType(found)


def find_analysis(name: str) -> Analysis:
    """Return an analysis by its name.

    Raises:
        InputError: there is none of that name; the message lists those that there are.
    """
    known = analyses()
    if name not in known:
        raise InputError(f"no analysis {name!r}; there are {', '.join(known)}")
    return known[name]
