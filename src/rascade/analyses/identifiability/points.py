"""Which numbers the experiments of facts would measure, and how well."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rascade.analyses.facts.groups import Group
from rascade.analyses.facts.panels import BEFORE, Panel
from rascade.analyses.facts.records import Fact
from rascade.bench.cells import constant
from rascade.errors import EvidenceError

__all__ = [
    "MeasurementError",
    "Point",
    "controlled",
    "error_of",
    "measured",
    "parse_errors",
    "standard_errors",
]

Values = NDArray[np.float64]


@dataclass(frozen=True)
class MeasurementError:
    """How well a read-out is measured.

    Attributes:
        readout: of which read-out; ``*`` stands for any other.
        cv: standard deviation over value, where the signal is strong.
        floor: standard deviation of the background, relative to the control.
        source: where this is from.
    """

    readout: str
    cv: float
    floor: float
    source: str


@dataclass(frozen=True)
class Point:
    """One number that an experiment measures, relative to a control where there is one.

    Attributes:
        fact: whose experiment it is.
        readout: what is read.
        condition: in which condition.
        member: row among the dishes of the group.
        hour: column among the hours of the group.
        reference: member and hour of its control: before treatment, another dish, or, where the
            panel has no control, its strongest signal. None until that is known.
        panel: the panel that it belongs to.
        series: the curve that it belongs to: points of a curve are one read-out in reports.
    """

    fact: str
    readout: str
    condition: str
    member: int
    hour: int
    reference: tuple[int, int] | None
    panel: str
    series: str


def parse_errors(text: str, file: str) -> Mapping[str, MeasurementError]:
    """Read measurement errors from CSV text, by read-out.

    Raises:
        EvidenceError: a number is wrong, has no source, or nothing stands for any read-out.
    """
    found: dict[str, MeasurementError] = {}
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        where = f"{file}:{reader.line_num}: {row['readout']}"
        try:
            cv, floor = float(row["cv"]), float(row["floor"])
        except (TypeError, ValueError):
            raise EvidenceError(f"{where}: cv, floor: not two numbers") from None
        if not (0 < cv < 2 and 0 < floor < 1):
            raise EvidenceError(f"{where}: cv, floor: must be above 0, and below 2 and 1")
        if not row["source"]:
            raise EvidenceError(f"{where}: source: empty; every number needs one")
        found[row["readout"]] = MeasurementError(row["readout"], cv, floor, row["source"])
    if "*" not in found:
        raise EvidenceError(f"{file}: no row '*' for read-outs without a row of their own")
    return MappingProxyType(found)


@cache
def _errors() -> Mapping[str, MeasurementError]:
    path = files("rascade.analyses.identifiability") / "data" / "measurement_errors.csv"
    return parse_errors(path.read_text(encoding="utf-8"), "measurement_errors.csv")


def error_of(readout: str) -> MeasurementError:
    """Return how well a read-out is measured."""
    return _errors().get(readout, _errors()["*"])


def standard_errors(points: Sequence[Point], values: Values) -> Values:
    """Return the standard error of the log of every point, (n,).

    Args:
        points: n points.
        values: (n,) what they measure, relative to their control.

    A value that is near the background is known badly: sd(log y) = sqrt(cv^2 + (floor / y)^2).
    """
    errors = [error_of(point.readout) for point in points]
    cv, floor = (np.array([getattr(e, name) for e in errors]) for name in ("cv", "floor"))
    return np.asarray(np.hypot(cv, floor / values))


def controlled(points: Sequence[Point], values: Values) -> list[Point]:
    """Return the points with the strongest signal of a panel as control where it has no other.

    The unit of such a read-out is arbitrary, so that the strongest itself tells nothing; it is left
    out.

    Args:
        points: n points.
        values: (n,) what they measure, by themselves where they have no control.
    """
    strongest: dict[str, tuple[float, Point]] = {}
    for point, value in zip(points, values, strict=True):
        if point.reference is None and value > strongest.get(point.panel, (0.0,))[0]:
            strongest[point.panel] = (float(value), point)
    found = []
    for point in points:
        control = strongest.get(point.panel, (0.0, None))[1]
        if point.reference is not None:
            found.append(point)
        elif control is not None and point is not control:
            place = (control.member, control.hour)
            found.append(dataclasses.replace(point, reference=place))
    return found


def measured(group: Group, members: Mapping[str, slice], hours: Values) -> list[Point]:
    """Return the points of the panels of a group's facts, each once.

    Args:
        group: facts of one model.
        members: condition of the group -> its rows among the dishes.
        hours: hours of the group, 0 first.
    """
    found: dict[tuple[object, ...], Point] = {}
    for fact in group.facts:
        for number, panel in enumerate(fact.panels):
            for condition in panel.conditions:
                for point in _curve(group, fact, (number, panel), condition, members, hours):
                    key = (point.readout, point.member, point.hour, point.reference)
                    found.setdefault(key, point)
    return list(found.values())


def _curve(
    group: Group,
    fact: Fact,
    place: tuple[int, Panel],
    condition: str,
    members: Mapping[str, slice],
    hours: Values,
) -> Iterator[Point]:
    number, panel = place
    own = members[group.names[fact.id][condition]]
    if panel.hour is None:
        columns = np.flatnonzero(np.isin(hours, fact.experiment.hours))
        pairs = [(own.start, int(t)) for t in _thin(columns)]
    else:
        column = int(np.searchsorted(hours, panel.hour))
        pairs = [(int(m), column) for m in _thin(np.arange(own.start, own.stop))]
    for member, hour in pairs:
        if panel.relative == BEFORE:
            reference: tuple[int, int] | None = (member, 0)
        elif panel.relative in group.names[fact.id]:
            reference = members[group.names[fact.id][panel.relative]].start, hour
        else:
            reference = None
        yield Point(
            fact.id, panel.readout, condition, member, hour, reference,
            f"{fact.id} {number}", f"{fact.id}: {panel.readout}, {condition}",
        )  # fmt: skip


def _thin(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return so many places, evenly chosen, as an experiment has points."""
    most = int(constant("measured_points"))
    if places.size <= most:
        return places
    return places[np.round(np.linspace(0, places.size - 1, most)).astype(np.int64)]
