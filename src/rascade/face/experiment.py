"""Experiments in dish and mouse as objects: what a study file says, checked and run from Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.face.given import place
from rascade.face.given import plain as as_file

if TYPE_CHECKING:
    from rascade.face.experiment_result import ExperimentResult
    from rascade.studies import ExperimentStudy

__all__ = ["Experiment"]


@dataclass(frozen=True, init=False)
class Experiment:
    """An experiment; the keys are those of a study file of ``kind: experiment``.

    Examples:
        >>> import rascade as rc
        >>> rc.Experiment(
        ...     name="MEK inhibitor in AsPC-1",
        ...     design="dose-response",
        ...     cells=[{"name": "AsPC-1"}],
        ...     treatments=[{"drug": "trametinib"}],
        ...     concentrations={"from": "0.1 nM", "to": "1 uM", "points": 9},
        ...     readouts=["pERK"],
        ...     hours=[24],
        ... )
        Experiment('MEK inhibitor in AsPC-1', dose-response, seed 1)

    Raises:
        InputError: something is wrong; the message names it as a study file would.
        UnsupportedFeature: it cannot be simulated yet.
    """

    study: ExperimentStudy = field(repr=False)

    def __init__(self, **keys: Any) -> None:
        from rascade.studies import ExperimentStudy
        from rascade.studies.files.load import check_plain

        plain = {"kind": "experiment", "seed": 1, **as_file(keys)}
        if plain["kind"] != "experiment":
            raise InputError(f"Experiment: kind: {plain['kind']!r}; leave it out")
        object.__setattr__(self, "study", check_plain(plain, "Experiment", ExperimentStudy))

    @classmethod
    def from_file(cls, path: str | Path) -> Experiment:
        """Read a study file.

        Raises:
            StudyFileError: it cannot be read or is wrong; every problem with file and line.
        """
        from rascade.studies import ExperimentStudy, load

        made = cls.__new__(cls)
        object.__setattr__(made, "study", load(place("path", path), kind=ExperimentStudy))
        return made

    def run(
        self,
        out: str | Path | None = None,
        *,
        draws: int | None = None,
        threads: int | None = None,
        progress: bool = True,
    ) -> ExperimentResult:
        """Run the experiment.

        Args:
            out: folder for results and report; None keeps everything in memory.
            draws: parameter sets drawn for the intervals instead of the study's; 0 for none.
            threads: of the solver; None takes every processor.
            progress: show progress and time left.

        Raises:
            InputError: a number is wrong, or `out` cannot be written.
            SimulationError: the solver gave up.
        """
        from rascade.face.running import run_experiment_object

        return run_experiment_object(
            self.study, out, draws=draws, threads=threads, progress=progress
        )

    def __repr__(self) -> str:
        study = self.study
        return f"Experiment({study.title!r}, {study.design}, seed {study.seed})"
