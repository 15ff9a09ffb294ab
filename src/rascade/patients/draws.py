"""How patients are drawn: profiles and parameters together, anew until somebody is eligible.

Screening one patient after the other and members of an ensemble side by side (`cohort`, `stack`)
draw in the same way; they differ in whether parameters come from independent or from stratified
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EligibilityError
from rascade.patients.eligibility import eligible
from rascade.patients.plausibility import plausibility
from rascade.patients.population import draw_parameters
from rascade.patients.profile import draw_profiles, draw_shares, joint_numbers
from rascade.patients.properties import categories
from rascade.random_streams import uniform, uniform_at

if TYPE_CHECKING:
    from rascade.model import ParameterTable

__all__ = ["Draws", "Given", "Mix", "own_place", "stratified"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: Patient numbers -> groups of them and the shares of their properties.
Mix = Callable[[Numbers], Sequence[tuple[NDArray[np.bool_], Mapping[str, Mapping[str, float]]]]]


@dataclass(frozen=True)
class Given:
    """What is known of patients before they are drawn; the rest is drawn on that condition.

    Attributes:
        profile: property -> value.
        parameters: row of the parameter table -> value in the row's unit.
    """

    profile: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What is given, for messages; empty where nothing is."""
        return ", ".join(f"{k}: {v}" for k, v in {**self.profile, **self.parameters}.items())


def stratified(seed: int, stream: str, patients: Numbers) -> Floats:
    """Return one number in (0, 1) a patient, one from each of n equal parts of it.

    The average over n patients then varies far less from seed to seed than with independent
    numbers (Latin hypercube sampling, McKay 1979).
    """
    order = np.argsort(uniform(seed, f"{stream}:order", patients), kind="stable")
    place = np.empty(patients.size)
    place[order] = np.arange(patients.size)
    return np.asarray((place + uniform(seed, stream, patients)) / patients.size)


def own_place(patients: Numbers, count: int, turns: int) -> Numbers:
    """Return which of so many known patients each number stands for."""
    return np.asarray((patients // turns) % count)


def _some(own: Callable[[str], Floats], at: Numbers, name: str) -> Floats:
    """Return the numbers of some patients."""
    return own(name)[at]


def _put_together(places: Sequence[Numbers], parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one array a name from parts of the patients."""
    if len(parts) == 1:
        return dict(parts[0])
    order = np.argsort(np.concatenate(places))
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: np.concatenate([part[name] for part in parts])[order] for name in names}


@dataclass(frozen=True)
class Draws:
    """Patients by number and attempt.

    Attributes:
        seed: of the study.
        expressions: conditions on profiles, all of which must hold.
        given: what all patients have, drawn or not.
        mix: called with patient numbers; returns groups of them (flags) and the shares of their
            properties, where these differ from the population's.
        own: what is known of patients one by one; the patient of number p is the one at
            ``p // turns`` of them, begun again after the last. Nobody is known if empty.
        turns: arms that take turns with patient numbers, so that each gets everybody of `own`.
    """

    seed: int
    expressions: Sequence[str] = ()
    given: Given = field(default_factory=Given)
    mix: Mix | None = None
    own: Sequence[Given] = ()
    turns: int = 1

    def _groups(self, patients: Numbers) -> list[tuple[Numbers, Given]]:
        """Return places of patients with what is known of them."""
        if not self.own:
            return [(np.arange(patients.size), self.given)]
        place = own_place(patients, len(self.own), self.turns)
        return [
            (np.flatnonzero(place == one), self._also(self.own[one]))
            for one in np.unique(place).tolist()
        ]

    def _also(self, own: Given) -> Given:
        return Given(
            {**own.profile, **self.given.profile}, {**own.parameters, **self.given.parameters}
        )

    def profiles(self, patients: Numbers, attempts: Numbers) -> dict[str, NDArray[Any]]:
        """Return the profile of each patient, shape (n,), at his own attempt."""
        groups = self._groups(patients)
        parts = [
            draw_profiles(self.seed, patients[at], attempts[at], one.profile, one.parameters)
            for at, one in groups
        ]
        drawn = _put_together([at for at, _ in groups], parts)
        if self.mix is not None:
            for members, shares in self.mix(patients):
                draw_shares(drawn, shares, self.seed, patients, attempts, members)
        return drawn

    def numbers(
        self, patients: Numbers, attempts: Numbers, stratify: bool = False
    ) -> Callable[[str], Floats]:
        """Return what gives the numbers in (0, 1), shape (n,), of a row of the parameter table.

        Args:
            patients: shape (n,), patient numbers.
            attempts: shape (n,), at which each is drawn.
            stratify: the independent numbers come from `stratified`, the same at every attempt, so
                that means vary less; of a row that goes with others, its own part does.
        """

        @cache
        def own(name: str) -> Floats:
            if stratify:
                return stratified(self.seed, f"parameter:{name}", patients)
            return uniform_at(self.seed, f"parameter:{name}", patients, attempts)

        groups = self._groups(patients)
        parts = [
            joint_numbers(
                self.seed, patients[at], attempts[at], one.profile, one.parameters,
                partial(_some, own, at),
            )
            for at, one in groups
        ]  # fmt: skip
        together = _put_together([at for at, _ in groups], parts)
        return lambda name: together[name] if name in together else own(name)

    def parameters(
        self, table: ParameterTable, rows: Sequence[str], patients: Numbers, attempts: Numbers
    ) -> dict[str, Floats]:
        """Return what differs between patients, shape (n,), each at his own attempt.

        Args:
            table: distributions.
            rows: which rows; those that do not vary are passed over.
            patients: shape (n,), patient numbers.
            attempts: shape (n,).
        """
        drawn = draw_parameters(table, rows, self.numbers(patients, attempts))
        self.put_known(drawn, table, rows, patients)
        return drawn

    def put_known(
        self,
        drawn: dict[str, Floats],
        table: ParameterTable,
        rows: Sequence[str],
        patients: Numbers,
    ) -> None:
        """Put parameters that are known of patients in the place of drawn ones.

        Args:
            drawn: row -> values of shape (n,); changed.
            table: typical values, for patients of whom a row that does not vary is not known.
            rows: of the model; what it lacks is passed over where patients are of the user's own.
            patients: shape (n,), patient numbers.
        """
        for at, one in self._groups(patients):
            for name, value in one.parameters.items():
                if name in rows or not self.own:
                    known = drawn.setdefault(name, np.full(patients.shape, table[name].value))
                    known[at] = float(value)

    def next_eligible(self, patients: Numbers, attempts: Numbers) -> Numbers:
        """Return for each patient the first attempt from his own on that gives an eligible one.

        Raises:
            EligibilityError: an expression is wrong, or nobody meets it.
        """
        most = int(plausibility()["most_attempts"])
        found = attempts.copy()
        pending = np.arange(patients.size)
        while pending.size:
            if found[pending].max() >= most:
                raise EligibilityError(
                    f"eligibility: none of {most} patients drawn for one place met "
                    f"{' and '.join(self.expressions) or 'the plausibility filter'}"
                )
            profiles = self.profiles(patients[pending], found[pending])
            pending = pending[~eligible(self.expressions, profiles, categories())]
            found[pending] += 1
        return found
