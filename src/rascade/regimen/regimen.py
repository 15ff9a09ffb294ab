"""What one arm gets: orders that are given together, and the doses they mean for a patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rascade.errors import RegimenError
from rascade.regimen.order import Order
from rascade.regimen.text import format_regimen
from rascade.regimen.times import DoseTable, expand

__all__ = ["Regimen"]


@dataclass(frozen=True, slots=True)
class Regimen:
    """The orders of one arm, given together.

    Attributes:
        orders: in the order they were written; empty is no treatment.

    Raises:
        RegimenError: the same order is there twice.
    """

    orders: tuple[Order, ...] = ()

    def __post_init__(self) -> None:
        for index, order in enumerate(self.orders):
            if order in self.orders[:index]:
                raise RegimenError(
                    f"{order.drug}: the same order is written twice; "
                    "write the dose that is meant once"
                )

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders)

    def __str__(self) -> str:
        return format_regimen(self.orders)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs, each once, in the order of first mention."""
        return tuple(dict.fromkeys(order.drug for order in self.orders))

    def doses(
        self,
        until_day: int,
        weight_kg: float,
        body_surface_m2: float,
        infusion_hours: Mapping[str, float] | None = None,
    ) -> DoseTable:
        """Expand the orders into single doses for one patient.

        Args:
            until_day: last study day to include (1 or more).
            weight_kg: body weight in kg, for doses per kg.
            body_surface_m2: body surface in m², for doses per m².
            infusion_hours: usual infusion time of a drug in hours, for infused orders that do not
                say ``over``; a drug that is not in it is given at once.

        Returns:
            Every dose, in order of time.

        Raises:
            RegimenError: a number is not positive, or there would be more doses than
                `rascade.regimen.times.MAX_DOSES`.
        """
        return expand(self.orders, until_day, weight_kg, body_surface_m2, infusion_hours or {})
