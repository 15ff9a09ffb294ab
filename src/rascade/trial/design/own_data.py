"""Data of the user's own for an arm: numbers and patients that stand beside the simulated ones."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ArmData", "OwnCurve", "OwnValue"]


@dataclass(frozen=True)
class OwnValue:
    """A number.

    Attributes:
        endpoint: ``orr``, ``dcr``, or a time such as ``pfs``, whose median it is.
        value: percent, or months.
        low, high: its 95 % limits; None where not known.
    """

    endpoint: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class OwnCurve:
    """Patients of a time to an event.

    Attributes:
        endpoint: such as ``pfs``.
        months: (n,) of each patient, ascending.
        events: whether each is one.
        how: where they are from: a digitised curve, or patients.
    """

    endpoint: str
    months: tuple[float, ...]
    events: tuple[bool, ...]
    how: str


@dataclass(frozen=True)
class ArmData:
    """Data of the user's own.

    Attributes:
        source: where they are from.
        values: numbers.
        curves: patients, one record an end point.
    """

    source: str
    values: tuple[OwnValue, ...] = ()
    curves: tuple[OwnCurve, ...] = ()
