"""A trial looked at without running it: is it right, what would be simulated, how much is it?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.regimen import format_regimen
from rascade.studies.files.load import override
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.trial import population_cautions
from rascade.trial.running.spans import DEFAULT_SIZE, chunks_of

if TYPE_CHECKING:
    from rascade.studies.files.schema import TrialStudy
    from rascade.trial.design.phases import Phase
    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = ["ArmCheck", "TrialCheck", "check_trial"]

#: Bytes of a stored chunk and of each patient in it, as measured on runs of 30 to 120 patients
#: over 18 months (0.15 to 0.29 MB in two chunks); an order of magnitude, no more.
_CHUNK_BYTES, _PATIENT_BYTES = 70_000, 1_300


@dataclass(frozen=True, slots=True)
class ArmCheck:
    """An arm that would be simulated.

    Attributes:
        name: of the arm.
        treatment: its orders, phase by phase.
        patients: planned; randomisation may give an arm some more or fewer.
        chunks: in which they are simulated.
        parameters: of its model.
    """

    name: str
    treatment: str
    patients: int
    chunks: int
    parameters: int


@dataclass(frozen=True, slots=True)
class TrialCheck:
    """What a trial would simulate; that there is one says that its study is right.

    Attributes:
        study: its name.
        seed: of the random numbers.
        line: of treatment.
        eligibility: conditions that every patient meets.
        arms: what would be simulated.
        follow_up_months: of each patient.
        scans: of each patient after baseline, at most.
        patients: in all arms.
        chunks: in all arms.
        megabytes: on the disk, roughly.
        warnings: what a reader of the results would be told already.
    """

    study: str
    seed: int
    line: int
    eligibility: tuple[str, ...]
    arms: tuple[ArmCheck, ...]
    follow_up_months: float
    scans: int
    patients: int
    chunks: int
    megabytes: float
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as mappings, lists and values, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        who = "; ".join(self.eligibility)
        lines = [
            f"{self.study}: the study is right, nothing was run",
            f"  line {self.line}, seed {self.seed}{f', patients with {who}' if who else ''}",
            f"  {self.follow_up_months:g} months, {self.scans} scans after baseline at most",
            *(
                f"  {arm.name}: {arm.patients} patients in {_counted(arm.chunks, 'chunk')}, "
                f"{arm.parameters} parameters of the model: {arm.treatment}"
                for arm in self.arms
            ),
            f"  in all {self.patients} patients in {_counted(self.chunks, 'chunk')}, "
            f"about {self.megabytes:.1g} MB",
            *(f"  warning: {text}" for text in self.warnings),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def check_trial(
    study: TrialStudy,
    *,
    size: int | None = None,
    seed: int | None = None,
    members: int | None = None,
    population: str | None = None,
    chunk_size: int = DEFAULT_SIZE,
) -> TrialCheck:
    """Check a trial and say what it would simulate; nothing is compiled, simulated or written.

    Args:
        study: what to simulate.
        size: patients in each arm instead of the study's.
        seed: seed instead of the study's.
        members: of the ensemble, for the prediction, instead of the study's.
        population: ``ensemble`` or ``table`` instead of the study's.
        chunk_size: patients in a chunk, at most.

    Raises:
        InputError: the study or a number is wrong.
        UnsupportedFeature: the study asks for what cannot be simulated yet.
    """
    from rascade.trial.design.cautions import trial_cautions
    from rascade.trial.design.schedule import scheduled_days

    if chunk_size < 1:
        raise InputError(f"--chunk: {chunk_size} patients in a chunk; it must be 1 or more")
    study = override(study, size=size, seed=seed, members=members, population=population)
    plan = to_plan(study)
    arms = tuple(_arm(plan, arm, chunk_size) for arm in plan.arms)
    patients, chunks = sum(arm.patients for arm in arms), sum(arm.chunks for arm in arms)
    return TrialCheck(
        study=plan.name,
        seed=plan.seed,
        line=plan.cohort.line,
        eligibility=plan.cohort.eligibility,
        arms=arms,
        follow_up_months=plan.follow_up_months,
        scans=len(scheduled_days(plan)),
        patients=patients,
        chunks=chunks,
        megabytes=(chunks * _CHUNK_BYTES + patients * _PATIENT_BYTES) / 1e6,
        warnings=(*trial_cautions(plan), *population_cautions(study)),
    )


def _arm(plan: TrialSpec, arm: ArmSpec, chunk_size: int) -> ArmCheck:
    from rascade.trial.design.models import arm_assembly

    size = arm.size or plan.cohort.size
    return ArmCheck(
        name=arm.name,
        treatment=", then ".join(_phase(phase) for phase in arm.course),
        patients=size,
        chunks=len(chunks_of([size], [], chunk_size)),
        parameters=len(arm_assembly(plan, arm).values),
    )


def _phase(phase: Phase) -> str:
    orders = format_regimen(phase.regimen)
    return orders if phase.role == "assigned" else f"{orders} ({phase.role})"
