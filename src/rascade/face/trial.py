"""A trial as an object: what a study file says, checked when it is made, run when asked."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.face.cohort import Cohort
from rascade.face.given import place
from rascade.face.given import plain as as_file
from rascade.face.published import PublishedArm

if TYPE_CHECKING:
    from rascade.face.result import TrialResult
    from rascade.studies import TrialStudy
    from rascade.studies.running.trial_check import TrialCheck

__all__ = ["Trial"]

ArmText = str | PublishedArm | Mapping[str, Any]


@dataclass(frozen=True, init=False)
class Trial:
    """A trial in silico. Everything that a study file may say can be said here, and is checked.

    Examples:
        >>> import rascade as rc
        >>> trial = rc.Trial(
        ...     arms={"new": "daraxonrasib 300 mg PO QD", "old": rc.published("MPACT/gem")},
        ...     cohort=rc.Cohort(size=250, eligibility="kras_allele != 'WT'"),
        ...     seed=302,
        ... )
        >>> trial
        Trial('Trial', 2 arms of 250, line 2, seed 302): new, old

    Args:
        arms: name of an arm -> its orders, a `published` arm, or a mapping with the keys that an
            arm has in a study file (``regimen``, ``knockout``, ``set``, ``then``, ...).
        cohort: who is treated.
        name: of the trial.
        seed: every random number follows from it.
        imaging_every_weeks: between scans.
        follow_up_months: of every patient.
        reference: arm that the others are compared with; the last one if None.
        more: any other key of a study file, such as ``parameters``, ``accrual`` or ``cut_off``
            (docs/reference/study-schema.md lists all).

    Raises:
        InputError: something is wrong; the message names it as a study file would.
        UnsupportedFeature: the trial is right, but something in it cannot be simulated yet.
    """

    study: TrialStudy = field(repr=False)

    def __init__(
        self,
        arms: Mapping[str, ArmText],
        cohort: Cohort | None = None,
        *,
        name: str = "Trial",
        seed: int = 1,
        imaging_every_weeks: float = 8,
        follow_up_months: float = 24,
        reference: str | None = None,
        **more: Any,
    ) -> None:
        plain = {
            "kind": "trial",
            "name": name,
            "cohort": _cohort(cohort).as_study_part(),
            "seed": seed,
            "arms": [{"name": key, **_arm(key, value)} for key, value in _pairs(arms)],
            "imaging_every_weeks": imaging_every_weeks,
            "follow_up_months": follow_up_months,
            **({} if reference is None else {"reference": reference}),
            **more,
        }
        object.__setattr__(self, "study", _checked(plain))

    @classmethod
    def from_study(cls, study: TrialStudy) -> Trial:
        """Return the trial of a study that has been read."""
        made = cls.__new__(cls)
        object.__setattr__(made, "study", study)
        return made

    @classmethod
    def from_file(cls, path: str | Path) -> Trial:
        """Read a study file.

        Raises:
            StudyFileError: it cannot be read or is wrong; every problem with file and line.
            UnsupportedFeature: something in it cannot be simulated yet.
        """
        from rascade.studies import load

        return cls.from_study(load(place("path", path)))

    def to_file(self, path: str | Path) -> Path:
        """Write the study file of this trial; ``Trial.from_file`` gives the same trial back.

        Raises:
            OutputError: the place cannot be written.
        """
        from rascade.results.store import write_text
        from rascade.studies import dump

        target = place("path", path)
        write_text(target, dump(self.study))
        return target

    def check(self) -> TrialCheck:
        """Say what would be simulated: arms, orders, patients, chunks, warnings; run nothing.

        Examples:
            >>> import rascade as rc
            >>> trial = rc.Trial({"new": "daraxonrasib 300 mg PO QD"}, rc.Cohort(size=20))
            >>> trial.check().patients
            20

        Raises:
            UnsupportedFeature: something in it cannot be simulated yet.
        """
        from rascade.studies.running.trial_check import check_trial

        return check_trial(self.study)

    def run(
        self,
        out: str | Path | None = None,
        *,
        threads: int | None = None,
        executor: Executor | None = None,
        resume: bool = False,
        progress: bool = True,
    ) -> TrialResult:
        """Simulate the trial. The same seed gives the same bytes, however it is run.

        Args:
            out: folder for results and report; None keeps everything in memory.
            threads: of the solver; None takes every processor.
            executor: any ``concurrent.futures`` executor, which then simulates chunks of patients.
            resume: go on with an unfinished run in `out`, or extend its results.
            progress: show progress and time left, on a terminal or in a notebook.

        Raises:
            InputError: a number is wrong, or `out` cannot be written.
            SimulationError: the solver gave up.
        """
        from rascade.face.running import run_trial_object

        return run_trial_object(
            self.study, out, threads=threads, executor=executor, resume=resume, progress=progress
        )

    def __repr__(self) -> str:
        study = self.study
        names = ", ".join(arm.name for arm in study.arms)
        count = len(study.arms)
        return (
            f"Trial({study.name!r}, {count} arm{'s' if count != 1 else ''} of {study.cohort.size}, "
            f"line {study.cohort.line}, seed {study.seed}): {names}"
        )


def _pairs(arms: object) -> list[tuple[str, Any]]:
    if not isinstance(arms, Mapping) or not arms:
        raise InputError(
            "arms: give a mapping of names to orders, such as "
            "{'new': 'daraxonrasib 300 mg PO QD', 'old': 'none'}"
        )
    return list(arms.items())


def _cohort(given: object) -> Cohort:
    if given is None:
        return Cohort()
    if not isinstance(given, Cohort):
        raise InputError(
            f"cohort: expected rascade.Cohort(size=..., line=...), found {type(given).__name__}"
        )
    return given


def _arm(name: str, value: object) -> dict[str, Any]:
    if isinstance(value, str):
        return {"regimen": value}
    if isinstance(value, PublishedArm):
        return value.as_study_part()
    if isinstance(value, Mapping):
        if value.get("name", name) != name:
            raise InputError(f"arms[{name!r}].name: {value['name']!r}; an arm is called as its key")
        return {str(key): item for key, item in value.items()}
    raise InputError(
        f"arms[{name!r}]: expected orders as text, a published arm or a mapping, "
        f"found {type(value).__name__}"
    )


def _checked(plain: dict[str, Any]) -> TrialStudy:
    """Check a trial as a study file is checked, with the same words."""
    from rascade.studies.files.load import check_plain

    return check_plain(as_file(plain), "Trial")
