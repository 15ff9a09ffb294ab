"""Facts that need the same model are simulated together: every condition once, in one batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from rascade.analyses.facts.records import Fact
from rascade.bench.questions.courses import SETTINGS, Courses
from rascade.bench.questions.records import Condition, Experiment

__all__ = ["Group", "groups", "view"]


@dataclass(frozen=True)
class Group:
    """Facts of one model.

    Attributes:
        facts: in the order of the package.
        experiment: all their conditions, each once, at all their hours.
        names: fact id -> name of a condition there -> its name in `experiment`.
    """

    facts: tuple[Fact, ...]
    experiment: Experiment
    names: dict[str, dict[str, str]]


def _key(fact: Fact) -> tuple[object, ...]:
    experiment = fact.experiment
    # A pause of the solver at a wash-out would move the steps of what has none.
    washes = tuple(sorted({c.wash for c in experiment.conditions}))
    include = tuple(sorted(experiment.include))
    return experiment.kind, experiment.drugs, include, washes, fact.draws


def groups(facts: Iterable[Fact]) -> Iterator[Group]:
    """Yield the facts that are read from courses, by the model that they need."""
    found: dict[tuple[object, ...], list[Fact]] = {}
    for fact in facts:
        if fact.experiment.kind in SETTINGS:
            found.setdefault(_key(fact), []).append(fact)
    for members in found.values():
        yield _group(tuple(members))


def _group(facts: tuple[Fact, ...]) -> Group:
    conditions: dict[str, Condition] = {}
    names: dict[str, dict[str, str]] = {}
    for fact in facts:
        own = names.setdefault(fact.id, {})
        for condition in fact.experiment.conditions:
            content = repr(dataclasses.replace(condition, name=""))
            shared = conditions.setdefault(
                content, dataclasses.replace(condition, name=f"{fact.id}: {condition.name}")
            )
            own[condition.name] = shared.name
    experiment = dataclasses.replace(
        facts[0].experiment,
        conditions=tuple(conditions.values()),
        hours=tuple(sorted({h for fact in facts for h in fact.experiment.hours})),
    )
    return Group(facts, experiment, names)


def view(group: Group, courses: Courses, fact: Fact) -> Courses:
    """Return what one fact reads of the courses of its group: its conditions, its hours."""
    own = group.names[fact.id]
    hours = np.array([0.0, *fact.experiment.hours])
    columns = np.flatnonzero(np.isin(courses.hours, hours))
    return dataclasses.replace(
        courses,
        members={name: courses.members[shared] for name, shared in own.items()},
        doses={name: courses.doses[shared] for name, shared in own.items()},
        drugs={name: courses.drugs[shared] for name, shared in own.items()},
        hours=courses.hours[columns],
        values={name: values[..., columns] for name, values in courses.values.items()},
    )
