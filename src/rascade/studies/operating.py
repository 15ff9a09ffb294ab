"""Running a study of operating characteristics: population, replicate trials, folder of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.errors import InputError
from rascade.studies.load import dump, load, override, study_hash
from rascade.studies.manifest import base_manifest, now
from rascade.studies.operating_designs import to_design
from rascade.studies.operating_schema import MAX_REPLICATES, OperatingStudy
from rascade.studies.schema import TrialStudy
from rascade.studies.store import (
    MANIFEST,
    file_hashes,
    new_results,
    plain_json,
    write_json,
    write_table,
    write_text,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.analyses.operating.designs import Design
    from rascade.analyses.operating.population import ArmPopulation
    from rascade.trial.spec import TrialSpec

__all__ = ["OperatingResult", "override_operating", "run_operating"]

Progress = Callable[[float, str], None]
#: Rough costs, by which progress is shared out (seconds on one core); results do not use them.
_SECONDS_PER_PATIENT, _SECONDS_PER_PLACE = 0.02, 1.2e-6


@dataclass(frozen=True, slots=True)
class OperatingResult:
    """Where the results are, and what they say.

    Attributes:
        folder: the results folder.
        summary: what ``summary.json`` holds.
        manifest: what ``manifest.json`` holds.
    """

    folder: Path
    summary: Mapping[str, Any]
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class _Population:
    """Simulated patients, and where they come from."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    facts: dict[str, Any]
    study: TrialStudy | None = None
    spec: TrialSpec | None = None


def override_operating(
    study: OperatingStudy, *, replicates: int | None = None, seed: int | None = None
) -> OperatingStudy:
    """Return the study with another number of replicates, or another seed.

    Raises:
        InputError: a number is out of its range.
    """
    if replicates is not None and not 100 <= replicates <= MAX_REPLICATES:
        raise InputError(f"--replicates: {replicates} trials; it must be 100 to {MAX_REPLICATES}")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"--seed: {seed} must be 0 or a positive whole number below 2^63")
    changes = {"replicates": replicates, "seed": seed}
    return study.model_copy(update={k: v for k, v in changes.items() if v is not None})


def run_operating(
    study: OperatingStudy,
    out: str | Path,
    *,
    beside: str | Path = ".",
    replicates: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> OperatingResult:
    """Try the designs of a study and write the results folder, whole or not at all.

    Args:
        study: what to try.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        beside: folder from which the paths of the population are seen.
        replicates: trials instead of the study's number.
        seed: of the replicate trials instead of the study's; the population keeps its own.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the work is.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        InputError: the study, its population or a number is wrong, or `out` cannot be written.
        UnsupportedFeature: the population cannot be simulated yet.
        SimulationError: the solver gave up.
    """
    if threads < 1:
        raise InputError(f"--threads: {threads} threads; it must be 1 or more")
    study = override_operating(study, replicates=replicates, seed=seed)
    designs = [to_design(study, part) for part in study.designs]
    trial = _trial_study(study, Path(beside))
    started = now()
    with new_results(out) as folder:
        stages = _Stages(study, trial, progress)
        with stages("simulating the population") as report:
            population = _population(study, trial, Path(beside), threads, report)
        summary = _summary(study, designs, population, stages, threads)
        _write(folder, study, population, summary)
        manifest = _manifest(study, population, started, threads)
        write_json(folder / MANIFEST, manifest | {"files": file_hashes(folder)})
        if finish is not None:
            finish(folder)
        manifest["files"] = file_hashes(folder)
        write_json(folder / MANIFEST, manifest)
    return OperatingResult(Path(out), summary, manifest)


class _Stages:
    """Shares progress out among the parts of the work."""

    def __init__(
        self, study: OperatingStudy, trial: TrialStudy | None, progress: Progress | None
    ) -> None:
        self.progress, self.done = progress, 0.0
        self.costs = dict(_costs(study, trial))
        self.total = sum(self.costs.values())

    @contextmanager
    def __call__(self, what: str) -> Iterator[Callable[[float], None]]:
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
    yield "simulating the population", 0.5 + patients * _SECONDS_PER_PATIENT
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


# -- population -----------------------------------------------------------------------------


def _trial_study(study: OperatingStudy, beside: Path) -> TrialStudy | None:
    if study.population.study is None:
        return None
    trial: TrialStudy = load(beside / study.population.study, kind=TrialStudy)
    if study.population.size is not None:
        trial = override(trial, size=study.population.size)
    _check_follow_up(trial, study.population.study)
    arms = [arm.name for arm in trial.arms]
    for name in (study.control, *study.new):
        if name not in arms:
            raise InputError(
                f"{study.population.study} has no arm {name!r}; arms are {', '.join(arms)}"
            )
    return trial


def _check_follow_up(trial: TrialStudy, where: str) -> None:
    """Refuse a population whose patients are not watched to the end of their follow-up."""
    if trial.cut_off is not None:
        raise InputError(
            f"{where}: has a cut_off, after which its patients are not followed; leave it out, "
            "each design has an end of its own"
        )


def _population(
    study: OperatingStudy,
    trial: TrialStudy | None,
    beside: Path,
    threads: int,
    report: Callable[[float], None],
) -> _Population:
    if trial is None:
        assert study.population.results is not None
        return _stored(beside / study.population.results)
    from rascade.studies.trial import to_spec
    from rascade.trial.run import run

    spec = to_spec(trial)
    outcome = run(spec, threads=threads, progress=lambda share, _: report(share))
    facts = {
        "study": trial.name,
        "study_hash": study_hash(trial),
        "seed": trial.seed,
        "model_hash": outcome.model_hash,
        "warnings": list(outcome.summary.get("warnings") or []),
    }
    return _Population(outcome.patients, outcome.visits, facts, trial, spec)


def _stored(folder: Path) -> _Population:
    """Read the results folder of a trial."""
    import json

    import pandas as pd

    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        patients, visits = (
            pd.read_parquet(folder / f"{name}.parquet") for name in ("patients", "visits")
        )
        if manifest.get("kind") != "trial":
            raise InputError(f"{folder}: not the results of rascade trial")
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: not a results folder of rascade trial ({error}); give the --out of one"
        ) from None
    if (folder / "study.yaml").exists():
        _check_follow_up(load(folder / "study.yaml", kind=TrialStudy), str(folder))
    facts = {name: manifest.get(name) for name in ("study", "study_hash", "seed", "model_hash")}
    return _Population(patients, visits, facts | {"warnings": []})


# -- replicate trials -----------------------------------------------------------------------


def _eligible(
    expressions: Sequence[str], properties: Mapping[str, NDArray[Any]]
) -> NDArray[np.bool_]:
    from rascade.patients import categories, eligible

    return eligible(expressions, properties, categories())


def _summary(
    study: OperatingStudy,
    designs: Sequence[Design],
    population: _Population,
    stages: _Stages,
    threads: int,
) -> dict[str, Any]:
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
    stages: _Stages,
) -> list[dict[str, Any]]:
    from rascade.analyses.operating.power import power_curve

    found = []
    for design in _chosen(designs, study.curve.designs) if study.curve is not None else ():
        assert study.curve is not None
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
    stages: _Stages,
) -> list[dict[str, Any]]:
    from rascade.analyses.operating.power import sample_size

    wanted = study.sample_size
    found = []
    for design in _chosen(designs, wanted.designs) if wanted is not None else ():
        assert wanted is not None
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
    population: _Population,
    stages: _Stages,
    threads: int,
) -> dict[str, Any] | None:
    wanted = study.assurance
    if wanted is None:
        return None
    from rascade.analyses.operating.assurance import assure
    from rascade.studies.trial import to_spec

    assert population.study is not None
    spec = to_spec(override(population.study, size=wanted.size))
    spec = replace(spec, seed=population.study.seed)
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


# -- results --------------------------------------------------------------------------------


def _write(
    folder: Path, study: OperatingStudy, population: _Population, summary: dict[str, Any]
) -> None:
    import pandas as pd

    write_text(folder / "study.yaml", dump(study))
    if population.study is not None:
        write_text(folder / "population.yaml", dump(population.study))
    write_table(folder / "patients.parquet", population.patients)
    write_json(folder / "summary.json", plain_json(summary))
    table = pd.DataFrame([_flat(design) for design in summary["designs"]])
    write_text(folder / "designs.csv", table.to_csv(index=False, lineterminator="\n"))


def _flat(design: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: design[name] for name in ("name", "size", "events", "alpha", "prevalence")}
    for name in ("power", "type_one_error"):
        row |= {
            f"{name}{end}": design[name][key]
            for key, end in (("value", ""), ("low", "_low"), ("high", "_high"))
        }
    for under in ("effect", "null"):
        for name in ("events", "patients", "screened", "months"):
            row[f"{under}_mean_{name}"] = design[under][name]
    return row


def _manifest(
    study: OperatingStudy, population: _Population, started: str, threads: int
) -> dict[str, Any]:
    from rascade.evidence import evidence_hash
    from rascade.model import load_table

    changed = dict(population.study.parameters) if population.study is not None else {}
    return base_manifest(
        study.kind,
        started,
        study=study.name,
        study_hash=study_hash(study),
        population=population.facts["study"],
        population_hash=population.facts["study_hash"],
        model_hash=population.facts["model_hash"],
        parameter_hash=load_table().with_values(changed).hash,
        evidence_hash=evidence_hash(),
        seed=study.seed,
        replicates=study.replicates,
        threads=threads,
    )
