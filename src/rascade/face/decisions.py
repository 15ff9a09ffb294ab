"""What people decide by: frozen predictions, schedules, designs, measurements, forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rascade.face.given import place

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frozen_predictions"]


def frozen_predictions(folder: str | Path = "docs/predictions") -> pd.DataFrame:
    """Return what was frozen: one row an arm and end point, each file checked against its hash.

    Args:
        folder: of ``rascade predict freeze``.

    Returns:
        Columns ``prediction``, ``frozen`` (date), ``arm``, ``size``, ``endpoint``, ``median``,
        ``low90`` and ``high90`` (months, or percent; NaN where not reached).

    Raises:
        ResultsError: something was changed since it was frozen.
    """
    import pandas as pd

    from rascade.studies.running.predictions import read_frozen

    rows = [
        {
            "prediction": one["id"],
            "frozen": one["frozen"][:10],
            "arm": arm["name"],
            "size": arm["size"],
            "endpoint": endpoint,
            **{name: said[name] for name in ("median", "low90", "high90")},
        }
        for one in read_frozen(place("folder", folder))
        for arm in one["arms"]
        for endpoint, said in arm["values"].items()
        if said is not None
    ]
    return pd.DataFrame(rows)
