"""A drug of one's own, as an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.face.given import place, plain

if TYPE_CHECKING:
    import pandas as pd

    from rascade.own_drugs import OwnDrug

__all__ = ["Drug"]


@dataclass(frozen=True, init=False, repr=False)
class Drug:
    """A drug of one's own: like a known one, but for the numbers that are given.

    From then on orders may name it, in trials, experiments and `simulate`.

    Examples:
        >>> import rascade as rc
        >>> mine = rc.Drug(
        ...     "mysorasib",
        ...     like="sotorasib",
        ...     numbers={
        ...         "kinact_over_KI": {
        ...             "value": 79200,
        ...             "unit": "1/(M*s)",
        ...             "source": "assumed: eight times sotorasib",
        ...         }
        ...     },
        ... )
        >>> mine
        Drug('mysorasib', like 'sotorasib', own: kinact_over_KI)
        >>> rc.Trial({"new": "mysorasib 960 mg PO QD", "old": "none"}).check().warnings[0][:36]
        "mysorasib is a drug of the user's ow"

    Args:
        name: as orders will write it.
        like: a drug that the model knows, whose mechanism it has.
        numbers: symbol -> ``value``, ``unit``, ``source`` and, if wanted, ``confidence``, ``cv``,
            ``low``, ``high``; ``rascade drugs new NAME --like DRUG`` prints all symbols.
        pharmacokinetics: ``half_life``, ``auc``, ``dose``, ``tmax``, ``cmax`` instead of CL, V, ka.
        dose_levels: from the full dose down.
        anchors: what the plasma concentrations of side effects that are not given follow:
            ``concentration`` (those of the known drug), ``free`` or ``potency``.
        prediction: ``{"potency": {"sd": 0.4, "source": ...}}``, a prior of its potency in patients.
        about: what it is.

    Raises:
        InputError: something is wrong.
    """

    record: OwnDrug

    def __init__(
        self,
        name: str,
        *,
        like: str,
        numbers: Mapping[str, Mapping[str, Any]] | None = None,
        pharmacokinetics: Mapping[str, Mapping[str, Any]] | None = None,
        dose_levels: list[float] | None = None,
        anchors: str = "concentration",
        prediction: Mapping[str, Mapping[str, Any]] | None = None,
        about: str = "",
    ) -> None:
        from rascade.model.own import check_own_drug
        from rascade.own_drugs import use

        given = {
            "name": name, "like": like, "about": about, "numbers": plain(numbers or {}),
            "pharmacokinetics": plain(pharmacokinetics or {}), "dose_levels": dose_levels or [],
            "anchors": anchors, "prediction": plain(prediction or {}),
        }  # fmt: skip
        record = check_own_drug(given, "Drug")
        use(record)
        object.__setattr__(self, "record", record)

    @classmethod
    def from_file(cls, path: str | Path) -> Drug:
        """Read a drug's file.

        Raises:
            InputError: it cannot be read or is wrong.
        """
        from rascade.model.own import load_own_drug

        made = cls.__new__(cls)
        object.__setattr__(made, "record", load_own_drug(place("path", path)))
        return made

    @property
    def numbers(self) -> pd.DataFrame:
        """Every number of the drug: ``value``, ``unit``, ``own`` (or of the drug it is like),
        ``source``, ``confidence``, by symbol.
        """
        import pandas as pd

        from rascade.model import load_table

        start, own = f"{self.record.name}.", {n.symbol for n in self.record.numbers}
        rows = [
            {
                "symbol": name.removeprefix(start), "value": row.value, "unit": row.unit,
                "own": name.removeprefix(start) in own, "source": row.source,
                "confidence": row.confidence,
            }
            for name, row in load_table().items()
            if name.startswith(start)
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("symbol")

    def __repr__(self) -> str:
        own = ", ".join(number.symbol for number in self.record.numbers) or "nothing"
        return f"Drug({self.record.name!r}, like {self.record.like!r}, own: {own})"
