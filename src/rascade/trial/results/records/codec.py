"""From records to JSON and back: every field says under which keys it is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rascade.trial.endpoints import END_POINTS, RateEndPoint, TimeEndPoint

if TYPE_CHECKING:
    from rascade.statistics.samples import Interval

__all__ = [
    "Estimate",
    "Limits",
    "by_rate",
    "each",
    "finite",
    "from_json",
    "kept",
    "named",
    "spread",
    "tidy",
    "to_json",
]

#: Both limits; None for one that is not reached, or for both where neither is known.
Limits = tuple[float | None, float | None] | None

_DIGITS = 6  # significant digits kept in a summary: more is noise, and differs between machines
Record = TypeVar("Record")


def finite(value: float) -> float | None:
    """Return a number as a record holds it: None if it is not finite."""
    return float(value) if math.isfinite(value) else None


def tidy(value: float | None, scale: float = 1.0) -> float | None:
    """Return a number as a summary keeps it: six significant digits, None if it is not known."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value * scale:.{_DIGITS}g}")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % limits, as a summary keeps them; None for what is not known."""

    value: float | None
    limits: Limits = None

    @classmethod
    def of(cls, found: Interval, scale: float = 1.0) -> Estimate:
        """Take what a function of `rascade.statistics` found."""
        low, high = tidy(found.low, scale), tidy(found.high, scale)
        limits = None if low is None and high is None else (low, high)
        return cls(tidy(found.estimate, scale), limits)

    def text(self, digits: int, missing: str = "not reached") -> str:
        """Return ``7.2 (6.1 to 8.0)``, with a word for what is not known."""
        text = missing if self.value is None else f"{self.value:.{digits}f}"
        if not self.limits:
            return text
        low, high = (missing if end is None else f"{end:.{digits}f}" for end in self.limits)
        return f"{text} ({low} to {high})"


@dataclass(frozen=True)
class _Place:
    """Where a field is kept.

    Attributes:
        keys: key of a value, or keys of value and limits of an `Estimate`; ``{}`` in them stands
            for the name of an end point.
        kind: record that the value is made of; None for plain values.
        many: a list of them.
        named: a mapping from names of any kind to them.
        by: kind of the end points of which each has one; None for a single value.
        spread: the keys of the record itself, after this beginning.
        optional: left out where it is None.
    """

    keys: tuple[str, ...]
    kind: type | None = None
    many: bool = False
    named: bool = False
    by: type[TimeEndPoint] | type[RateEndPoint] | None = None
    spread: bool = False
    optional: bool = False


def kept(*keys: str, of: type | None = None, many: bool = False, optional: bool = False) -> Any:
    """Declare a field that is kept under other keys than its name, or made of records."""
    default: Any = () if many else None
    return field(default=default, metadata={"at": _Place(keys, of, many, optional=optional)})


def each(*keys: str, of: type | None = None, many: bool = False) -> Any:
    """Declare a mapping from the end points that are times; ``{}`` stands for their names."""
    return field(default_factory=dict, metadata={"at": _Place(keys, of, many, by=TimeEndPoint)})


def by_rate(value: str, limits: str) -> Any:
    """Declare a mapping from the end points that are shares of patients to `Estimate`."""
    return field(default_factory=dict, metadata={"at": _Place((value, limits), by=RateEndPoint)})


def named(key: str, of: type) -> Any:
    """Declare a mapping from names of any kind to records."""
    return field(default_factory=dict, metadata={"at": _Place((key,), of, named=True)})


def spread(beginning: str, of: type) -> Any:
    """Declare a record whose own keys stand among those of this one, after a beginning.

    With ``{}`` in it there is one for each end point that is a time.
    """
    by = TimeEndPoint if "{}" in beginning else None
    place = _Place((beginning,), of, by=by, spread=True)
    if by:
        return field(default_factory=dict, metadata={"at": place})
    return field(default=None, metadata={"at": place})


def to_json(record: Any) -> dict[str, Any]:
    """Return a record as ``summary.json`` keeps it."""
    made: dict[str, Any] = {}
    for part in fields(record):
        place: _Place = part.metadata.get("at") or _Place((part.name,))
        value = getattr(record, part.name)
        for name, item in value.items() if place.by else (("", value),):
            keys = _keys(place, part.name, name)
            if item is None and (place.optional or place.spread):
                continue
            if place.spread:
                made |= {f"{keys[0]}{key}": own for key, own in to_json(item).items()}
            elif isinstance(item, Estimate):
                made |= dict(zip(keys, (item.value, _plain(item.limits)), strict=False))
            else:
                made[keys[0]] = _plain(item)
    return made


def _keys(place: _Place, field_name: str, name: str, beginning: str = "") -> list[str]:
    """Return the keys of a value, of the end point `name` if there are several."""
    keys = [beginning + key.format(name) for key in place.keys or (field_name,)]
    end = END_POINTS[name] if place.by is RateEndPoint else None
    return keys[:1] if isinstance(end, RateEndPoint) and not end.limits else keys


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def from_json(kind: type[Record], row: Mapping[str, Any], beginning: str = "") -> Record:
    """Return the record that `to_json` wrote; what is not there is None or empty.

    Args:
        kind: of the record.
        row: as read from a file.
        beginning: what its keys begin with.
    """
    made: dict[str, Any] = {}
    for part in fields(kind):  # type: ignore[arg-type]
        place: _Place = part.metadata.get("at") or _Place((part.name,))
        if place.by:
            names = [end.name for end in END_POINTS if isinstance(end, place.by)]
            found = {n: _read(place, _keys(place, part.name, n, beginning), row) for n in names}
            made[part.name] = {name: item for name, item in found.items() if item is not _ABSENT}
        else:
            item = _read(place, _keys(place, part.name, "", beginning), row)
            made[part.name] = _default(place) if item is _ABSENT else item
    return kind(**made)


_ABSENT = object()


def _default(place: _Place) -> Any:
    return () if place.many else {} if place.named else None


def _read(place: _Place, keys: list[str], row: Mapping[str, Any]) -> Any:
    if place.spread:
        assert place.kind is not None
        first = fields(place.kind)[0]
        at: _Place = first.metadata.get("at") or _Place((first.name,))
        there = f"{keys[0]}{(at.keys or (first.name,))[0]}" in row
        return from_json(place.kind, row, keys[0]) if there else _ABSENT
    if keys[0] not in row:
        return _ABSENT
    value = row[keys[0]]
    if len(place.keys) > 1:
        limits = row.get(keys[1]) if len(keys) > 1 else None
        return Estimate(value, tuple(limits) if limits else None)
    if place.kind is None or value is None:
        return tuple(value) if place.many and value is not None else value
    if place.many:
        return tuple(from_json(place.kind, item) for item in value)
    if place.named:
        return {name: from_json(place.kind, item) for name, item in value.items()}
    return from_json(place.kind, value)
