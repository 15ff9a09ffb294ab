"""What is asked of a benefit: of which arms, counted in what, shared by which pathways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rascade.analyses.attribution.game import EXACT_UP_TO, Game, exact_game, sampled_game
from rascade.errors import InputError
from rascade.model.pathways import PATHWAYS
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = ["ENDPOINTS", "MEMBERS", "NOTHING", "PATIENTS", "EndPoint", "Question"]

#: Members of the ensemble and patients of each where nothing is said.
MEMBERS, PATIENTS = 8, 16
#: Compared with no treatment at all.
NOTHING = "nothing"


@dataclass(frozen=True)
class EndPoint:
    """What a benefit is counted in; always additive, and better where it is larger.

    Attributes:
        name: as on the command line.
        unit: of the benefit.
        about: what it is, in words.
        single: whether one patient has it.
    """

    name: str
    unit: str
    about: str
    single: bool = True


#: End points by name.
ENDPOINTS: Mapping[str, EndPoint] = {
    one.name: one
    for one in (
        EndPoint(
            "pfs", "months",
            "mean months free of progression and death within the follow-up, combination minus "
            "reference (difference of restricted means)",
        ),
        EndPoint(
            "os", "months",
            "mean months alive within the follow-up, combination minus reference (difference of "
            "restricted means)",
        ),
        EndPoint(
            "hazard", "log ratio",
            "natural logarithm of the rate of progression or death under the reference over that "
            "under the combination (minus the log hazard ratio, rates constant over the follow-up)",
            single=False,
        ),
        EndPoint(
            "size", "log ratio",
            "natural logarithm of the tumour's volume under the reference over that under the "
            "combination at the last scan of the first 16 weeks, mean over patients",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        plan: the trial; its follow-up bounds the times.
        arm: whose benefit; the first arm that is not the reference if empty.
        against: arm it is compared with, or `NOTHING`; the trial's reference if empty.
        endpoint: of `ENDPOINTS`.
        pathways: of `PATHWAYS`, the players; the others are always let through. All if empty.
        members: of the ensemble.
        patients: of each member.
        orders: random orders instead of all sets; 0 for all.
    """

    plan: TrialSpec
    arm: str = ""
    against: str = ""
    endpoint: str = "pfs"
    pathways: tuple[str, ...] = ()
    members: int = MEMBERS
    patients: int = PATIENTS
    orders: int = 0

    def __post_init__(self) -> None:
        if self.endpoint not in ENDPOINTS:
            raise InputError(_unknown("--endpoint", self.endpoint, list(ENDPOINTS)))
        for name in self.pathways:
            if name not in PATHWAYS:
                raise InputError(_unknown("--mechanism", name, list(PATHWAYS)))
        for option, value, least, most in (
            ("--members", self.members, 1, 1000),
            ("--patients", self.patients, 2, 5000),
            ("--orders", self.orders, 0, 100_000),
        ):
            if not least <= value <= most:
                raise InputError(f"{option}: {value}; it must be {least} to {most}")
        self.arms()

    @property
    def players(self) -> tuple[str, ...]:
        """The pathways that share the benefit."""
        return tuple(name for name in PATHWAYS if not self.pathways or name in self.pathways)

    def arms(self) -> tuple[ArmSpec, ArmSpec | None]:
        """Return the arm and what it is compared with, None for no treatment.

        Raises:
            InputError: there is no such arm, or both are one.
        """
        named = {arm.name: arm for arm in self.plan.arms}
        for option, name in (("--arm", self.arm), ("--against", self.against)):
            if name and name not in named and (option, name) != ("--against", NOTHING):
                raise InputError(_unknown(option, name, list(named)))
        reference = self.against or self.plan.reference_arm or NOTHING
        one = self.arm or next((name for name in named if name != reference), "")
        if not one or one == reference:
            raise InputError(
                f"--arm: {one or reference!r} is compared with itself; name another with --arm or "
                "--against"
            )
        return named[one], named.get(reference) if reference != NOTHING else None

    def game(self) -> Game:
        """Return which sets of pathways are asked."""
        count = len(self.players)
        if self.orders:
            return sampled_game(count, self.orders, self.plan.seed)
        if count <= EXACT_UP_TO:
            return exact_game(count)
        return sampled_game(count, 4 * count, self.plan.seed)


def _unknown(option: str, name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known)
    return f"{option}: no {name!r}{hint or '; known: ' + ', '.join(known)}"
