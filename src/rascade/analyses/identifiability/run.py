"""From facts to what their experiments can tell of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rascade.analyses.facts.records import Fact, find_facts
from rascade.analyses.identifiability.fisher import Information, fisher, prior_sd
from rascade.analyses.identifiability.profile import Profile, chosen, factors, profiles
from rascade.analyses.identifiability.study import Measurements, Readouts
from rascade.errors import InputError
from rascade.model import ParameterTable, load_table
from rascade.progress import Progress

__all__ = ["PROFILES", "Identifiability", "chosen_facts", "identify"]

Values = NDArray[np.float64]
PROFILES: Final = 4
_MOST_PROFILES: Final = 20
_CELLS: Final = ("dish", "xenograft")
_DERIVATIVES: Final = 0.8  # share of the work


@dataclass(frozen=True)
class Identifiability:
    """What the experiments of facts can tell of parameters.

    Attributes:
        facts: whose experiments.
        table: the parameter table.
        measurements: what is measured, with derivatives.
        priors: (q,) prior standard deviations of the log parameters.
        information: of data and prior.
        profiles: of a few parameters.
    """

    facts: tuple[Fact, ...]
    table: ParameterTable
    measurements: Measurements
    priors: Values
    information: Information
    profiles: tuple[Profile, ...]


def chosen_facts(ids: Iterable[str] = ()) -> tuple[Fact, ...]:
    """Return the facts of these ids; without any, those of cells in a dish or in nude mice.

    Whole patients and mice with an immune system have far more parameters that nobody has measured;
    who asks for their facts names them.
    """
    wanted = tuple(ids)
    found = find_facts(wanted)
    return found if wanted else tuple(f for f in found if f.experiment.kind in _CELLS)


def identify(
    ids: Iterable[str] = (),
    *,
    table: ParameterTable | None = None,
    profiled: int = PROFILES,
    threads: int = 1,
    progress: Progress | None = None,
) -> Identifiability:
    """Ask what the experiments of facts can tell of the parameters that nobody has verified.

    Args:
        ids: facts or subjects; all that are read in a dish or in nude mice if none is given.
        table: parameter table; the package's own if not given.
        profiled: how many parameters get a profile likelihood.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done (0 to 1) and what is being done.

    Raises:
        InputError: an unknown fact, none that is read from courses, or a number out of range.
        SimulationError: the solver gave up.
    """
    facts = chosen_facts(ids)
    if not 0 <= profiled <= _MOST_PROFILES:
        raise InputError(f"--profiles: {profiled}; it must be 0 to {_MOST_PROFILES}")
    table = table or load_table()
    readouts = Readouts(facts, table, threads)
    share = _DERIVATIVES if profiled else 1.0

    def measuring(done: float, what: str) -> None:
        if progress:
            progress(share * done, what)

    found = readouts.measure(measuring)
    priors = np.array([prior_sd(table[row]) for row in found.rows])
    information = fisher(found.slopes, found.errors, priors)
    which = chosen(information, min(profiled, len(found.rows)))
    drawn = _profiles(readouts, found, priors, information, which, progress) if which else []
    if progress:
        progress(1.0, "parameters")
    return Identifiability(facts, table, found, priors, information, tuple(drawn))


def _profiles(
    readouts: Readouts,
    found: Measurements,
    priors: Values,
    information: Information,
    which: Sequence[int],
    progress: Progress | None,
) -> list[Profile]:
    def logs(x: Values) -> Values:
        values = readouts.under(factors(found.rows, priors, x), found.points)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log(values)

    def profiling(done: float) -> None:
        if progress:
            progress(_DERIVATIVES + (1 - _DERIVATIVES) * done, "profiles")

    return profiles(information, which, logs, found.errors, profiling)
