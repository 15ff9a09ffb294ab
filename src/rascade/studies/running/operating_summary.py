"""What a study of operating characteristics finds: designs, curves, sizes, assurance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.progress import Progress
from rascade.studies.files.load import override
from rascade.studies.files.operating_schema import OperatingStudy
from rascade.studies.files.schema import TrialStudy
from rascade.studies.running.operating_population import StudyPopulation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rascade.analyses.operating.designs import Design
    from rascade.analyses.operating.population import ArmPopulation

__all__ = ["SIMULATING", "Stages", "summarize_designs"]

#: Rough costs, by which progress is shared out (seconds on one core); results do not use them.
_SECONDS_PER_PATIENT, _SECONDS_PER_PLACE = 0.02, 1.2e-6
SIMULATING = "simulating the population"


class Stages:
    """Shares progress out among the parts of the work.

    Args:
        study: what to try.
        trial: whose population is simulated; None where it is read.
        progress: told the share of the whole and the part.
    """

    def __init__(
        self, study: OperatingStudy, trial: TrialStudy | None, progress: Progress | None
    ) -> None:
        self.progress, self.done = progress, 0.0
        self.costs = dict(_costs(study, trial))
        self.total = sum(self.costs.values())

    @contextmanager
    def __call__(self, what: str) -> Iterator[Callable[[float], None]]:
        """Yield what a part reports its own share to."""
        start, cost = self.done, self.costs.get(what, 0.0)

        def report(share: float) -> None:
            if self.progress is not None:
                self.progress(min((start + share * cost) / self.total, 1.0), what)

        report(0.0)
        yield report
        report(1.0)
        self.done += cost


def _costs(study: OperatingStudy, trial: TrialStudy | None) -> Iterator[tuple[str, float]]:
    patients = sum(trial.size_of(arm) for arm in trial.arms) if trial is not None else 0
    yield SIMULATING, 0.5 + patients * _SECONDS_PER_PATIENT
    each = study.replicates * _SECONDS_PER_PLACE
    for design in study.designs:
        looks = len(design.looks) + 1
        yield f"design {design.name}", 2 * each * design.size * looks
        if study.curve is not None and design.name in (study.curve.designs or [design.name]):
            yield f"power curve of {design.name}", each * looks * sum(study.curve.sizes)
        wanted = study.sample_size
        if wanted is not None and design.name in (wanted.designs or [design.name]):
            yield f"sample size of {design.name}", 3 * each * looks * design.size
    if study.assurance is not None:
        drawn = study.assurance
        arms = len(trial.arms) if trial is not None else 2
        yield "assurance", drawn.draws * (1.0 + arms * drawn.size * _SECONDS_PER_PATIENT)


def _eligible(
    expressions: Sequence[str], properties: Mapping[str, NDArray[Any]]
) -> NDArray[np.bool_]:
    from rascade.patients import categories, eligible

    return eligible(expressions, properties, categories())


def summarize_designs(
    study: OperatingStudy,
    designs: Sequence[Design],
    population: StudyPopulation,
    stages: Stages,
    threads: int,
) -> dict[str, Any]:
    """Return ``summary.json`` of a study.

    Args:
        study: what to try.
        designs: its designs.
        population: simulated patients.
        stages: share progress out.
        threads: of the engine, for the populations of the assurance.
    """
    from rascade.analyses.operating.characteristics import characteristics, describe_population
    from rascade.analyses.operating.population import arm_population

    arms = [
        arm_population(population.patients, population.visits, name, study.endpoint)
        for name in (study.control, *study.new)
    ]
    known = {arm.name: arm for arm in arms}
    rows = []
    for design in designs:
        with stages(f"design {design.name}") as report:
            found = characteristics(
                design,
                [known[name] for name in design.arms],
                seed=study.seed,
                replicates=study.replicates,
                eligible=_eligible,
                progress=report,
            )
            rows.append(found)
    summary: dict[str, Any] = {
        "study": study.name,
        "seed": study.seed,
        "model_hash": population.facts["model_hash"],
        "rascade_version": __version__,
        "research_use": RESEARCH_USE,
        "endpoint": study.endpoint,
        "alpha": study.alpha,
        "replicates": study.replicates,
        "population": {**population.facts, "arms": describe_population(arms)},
        "designs": rows,
        "curves": _curves(study, designs, known, stages),
        "sample_sizes": _sample_sizes(study, designs, known, stages),
        "assurance": _assurance(study, designs, population, stages, threads),
    }
    return summary | {"warnings": [*population.facts["warnings"], *_warnings(summary)]}


def _chosen(designs: Sequence[Design], names: Sequence[str] | None) -> list[Design]:
    return [design for design in designs if names is None or design.name in names]


def _curves(
    study: OperatingStudy,
    designs: Sequence[Design],
    known: Mapping[str, ArmPopulation],
    stages: Stages,
) -> list[dict[str, Any]]:
    from rascade.analyses.operating.power import power_curve

    if study.curve is None:
        return []
    found = []
    for design in _chosen(designs, study.curve.designs):
        with stages(f"power curve of {design.name}") as report:
            points = power_curve(
                design,
                [known[name] for name in design.arms],
                study.curve.sizes,
                seed=study.seed,
                replicates=study.replicates,
                eligible=_eligible,
                progress=report,
            )
        found.append({"design": design.name, "points": points})
    return found


def _sample_sizes(
    study: OperatingStudy,
    designs: Sequence[Design],
    known: Mapping[str, ArmPopulation],
    stages: Stages,
) -> list[dict[str, Any]]:
    from rascade.analyses.operating.power import sample_size

    wanted = study.sample_size
    if wanted is None:
        return []
    found = []
    for design in _chosen(designs, wanted.designs):
        with stages(f"sample size of {design.name}") as report:
            row = sample_size(
                design,
                [known[name] for name in design.arms],
                wanted.power,
                seed=study.seed,
                replicates=study.replicates,
                eligible=_eligible,
                progress=report,
            )
        found.append({"design": design.name, **row})
    return found


def _assurance(
    study: OperatingStudy,
    designs: Sequence[Design],
    population: StudyPopulation,
    stages: Stages,
    threads: int,
) -> dict[str, Any] | None:
    wanted = study.assurance
    if wanted is None:
        return None
    from rascade.analyses.operating.assurance import assure
    from rascade.studies.files.trial_plan import to_plan

    assert population.study is not None
    spec = to_plan(override(population.study, size=wanted.size))
    with stages("assurance") as report:
        return assure(
            spec,
            designs,
            study.endpoint,
            seed=study.seed,
            draws=wanted.draws,
            replicates=wanted.replicates,
            threads=threads,
            eligible=_eligible,
            progress=lambda share, _: report(share),
        )


def _warnings(summary: Mapping[str, Any]) -> list[str]:
    """What a reader must not overlook."""
    notes = []
    for arm in summary["population"]["arms"]:
        if arm["left_out"]:
            notes.append(
                f"{arm['arm']}: {arm['left_out']} simulated patients left out: "
                "their simulation failed"
            )
    for design in summary["designs"]:
        short = design["effect"]["short_of_events"]
        if short > 0.01:
            notes.append(
                f"design {design['name']}: {short:.0%} of the trials end before their last planned "
                "event, since patients are followed no longer in the population or the trial is "
                "over; their final test uses what there is"
            )
        level = design["type_one_error"]
        if level["low"] > design["alpha"] and not design["chosen"]:
            notes.append(
                f"design {design['name']}: type I error {level['value']:.2%} lies above its level "
                "by more than chance"
            )
    return notes
