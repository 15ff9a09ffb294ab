"""End points: how each is observed, summed up, named and drawn. One registry, `END_POINTS`.

A time to an event is a `TimeEndPoint`: its function reads an arm as it is known on a day. All that
is said of it, from the columns of ``patients.parquet`` and the keys of ``summary.json`` to curves,
forests and tables of the report, follows from its names. A share of patients is a `RateEndPoint`.

May use the assessment, the design and the records of an arm; nothing of results or reports.

A new end point is a module here and a place in the list below, or an entry point
``rascade.end_points`` of another package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.registry import Registry
from rascade.trial.endpoints.kinds import EndPoint, RateEndPoint, TimeEndPoint, check_end_point
from rascade.trial.endpoints.rates import DISEASE_CONTROL, OBJECTIVE_RESPONSE
from rascade.trial.endpoints.survival import OVERALL_SURVIVAL, PROGRESSION_FREE_SURVIVAL

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["END_POINTS", "EndPoint", "RateEndPoint", "TimeEndPoint", "rates", "times"]

#: All end points, in the order in which they are told.
END_POINTS: Registry[EndPoint] = Registry(
    "end point",
    "rascade.end_points",
    (OBJECTIVE_RESPONSE, DISEASE_CONTROL, PROGRESSION_FREE_SURVIVAL, OVERALL_SURVIVAL),
    check_end_point,
)


def times(summary: Mapping[str, Any] | None = None) -> tuple[TimeEndPoint, ...]:
    """Return the times to events, in order.

    Args:
        summary: what ``summary.json`` holds; leaves out what it says nothing of, such as the end
            point of a package that was not there when the trial was run.
    """
    found = tuple(end for end in END_POINTS if isinstance(end, TimeEndPoint))
    if summary is None:
        return found
    return tuple(
        end for end in found if all(end.median_key in arm for arm in summary.get("arms", ()))
    )


def rates() -> tuple[RateEndPoint, ...]:
    """Return the shares of patients, in order."""
    return tuple(end for end in END_POINTS if isinstance(end, RateEndPoint))
