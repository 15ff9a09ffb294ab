"""What may be varied: orders with blanks, the values that fill them, and when each drug begins."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rascade.errors import InputError

__all__ = ["Choice", "Drug", "Space"]

_BLANK = re.compile(r"\{(\w+)\}")
_OFF = "left out"


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug whose orders may vary.

    Attributes:
        name: of the drug, or of the orders that go together.
        order: as clinicians write it, with blanks such as ``{dose}``.
        blanks: name of a blank -> the texts that may fill it.
        start_weeks: when it may begin, in weeks after the first day.
        optional: whether it may be left out.
    """

    name: str
    order: str
    blanks: Mapping[str, tuple[str, ...]]
    start_weeks: tuple[float, ...] = (0.0,)
    optional: bool = False

    def __post_init__(self) -> None:
        wanted = set(_BLANK.findall(self.order))
        if wanted != set(self.blanks):
            odd = sorted(wanted ^ set(self.blanks))[0]
            what = "is no blank of the order" if odd in self.blanks else "has no values"
            raise InputError(f"{self.name}: {odd} {what}; write the blanks as {{{odd}}}")


#: One way to fill everything: name of a dimension -> text.
Choice = Mapping[str, str]


@dataclass(frozen=True)
class Space:
    """All schedules that may be tried.

    Attributes:
        drugs: what varies.
        most_drugs: drugs that may be given together; None for no limit.
    """

    drugs: tuple[Drug, ...]
    most_drugs: int | None = None

    @property
    def dimensions(self) -> dict[str, tuple[str, ...]]:
        """Name of a dimension -> its values; a dimension with one value is left out."""
        found: dict[str, tuple[str, ...]] = {}
        for drug in self.drugs:
            if drug.optional:
                found[f"{drug.name}: given"] = ("yes", _OFF)
            for blank, values in drug.blanks.items():
                found[f"{drug.name}: {blank}"] = values
            found[f"{drug.name}: start week"] = tuple(f"{week:g}" for week in drug.start_weeks)
        return {name: values for name, values in found.items() if len(values) > 1}

    @property
    def size(self) -> int:
        """Number of combinations, those that say the same and those not allowed included."""
        return math.prod(len(values) for values in self.dimensions.values())

    def choices(self) -> Iterator[Choice]:
        """Yield every combination."""
        names = list(self.dimensions)
        for values in itertools.product(*self.dimensions.values()):
            yield dict(zip(names, values, strict=True))

    def orders(self, choice: Choice) -> str:
        """Return the orders of a choice; ``none`` where every drug is left out.

        The first drug that is given begins on day 1, so that a delay of all is none.
        """
        starts = {drug.name: self._start(drug, choice) for drug in self.given(choice)}
        first = min(starts.values(), default=0.0)
        parts = []
        for drug in self.given(choice):
            text = self._filled(drug, choice)
            day = round((starts[drug.name] - first) * 7) + 1
            parts.append(text if day == 1 else f"{text} from day {day}")
        return " + ".join(parts) or "none"

    def given(self, choice: Choice) -> list[Drug]:
        """Return the drugs that a choice gives."""
        return [drug for drug in self.drugs if choice.get(f"{drug.name}: given", "yes") != _OFF]

    def allowed(self, choice: Choice) -> bool:
        """Tell whether a choice keeps to the limits of practice."""
        given = len(self.given(choice))
        return given > 0 and (self.most_drugs is None or given <= self.most_drugs)

    @staticmethod
    def _filled(drug: Drug, choice: Choice) -> str:
        def value(found: re.Match[str]) -> str:
            return choice.get(f"{drug.name}: {found[1]}", drug.blanks[found[1]][0])

        return _BLANK.sub(value, drug.order)

    @staticmethod
    def _start(drug: Drug, choice: Choice) -> float:
        text = choice.get(f"{drug.name}: start week")
        return drug.start_weeks[0] if text is None else float(text)
