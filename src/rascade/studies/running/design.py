"""Running a search for the design of the next trial: file to folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.analyses.next_trial.choose import Chance, Picked, choose
from rascade.analyses.next_trial.populations import member_populations
from rascade.progress import Progress, check_threads, silent
from rascade.results.index import noted_results
from rascade.results.manifest import base_manifest, now
from rascade.results.store import finish_results, plain_json, write_json, write_text
from rascade.studies.files.design_schema import DesignStudy, menu_of, trial_of
from rascade.studies.files.load import dump, study_hash
from rascade.studies.files.trial_plan import to_plan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["run_design"]

_SIMULATING = 0.6


def run_design(
    study: DesignStudy,
    out: Path,
    *,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
) -> dict[str, Any]:
    """Search for the design with the best chance and write a folder, whole or not at all.

    Args:
        study: arms, end point, budget and what may vary.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        threads: of the engine; results do not depend on it.
        progress: called with the share done and what is being done.
        finish: called with the folder before it gets its name, to add the page.

    Returns:
        What ``design.json`` holds.

    Raises:
        InputError: the study is wrong, or `out` cannot be written.
        UnsupportedFeature: an arm cannot be simulated.
    """
    from rascade.model import load_table
    from rascade.trial.design.models import needed_ensemble

    check_threads(threads)
    plan, started = to_plan(trial_of(study)), now()
    ensemble = needed_ensemble(plan.population)
    count = min(study.members, ensemble.size)
    tables = ensemble.first(count).tables(load_table(), plan.cohort.line)[1:]
    with noted_results(out) as folder:
        members = member_populations(
            plan,
            tables,
            study.endpoint,
            patients=study.simulated,
            threads=threads,
            report=lambda share: progress(_SIMULATING * share, "simulating patients"),
        )
        picked = choose(
            menu_of(study),
            members,
            seed=study.seed,
            replicates=study.replicates,
            eligible=_eligible,
            progress=lambda s, step: progress(_SIMULATING + (1.0 - _SIMULATING) * s, step),
        )
        record = _record(study, picked, ensemble.hash, count)
        write_json(folder / "design.json", record)
        write_text(folder / "study.yaml", dump(study))  # type: ignore[arg-type]
        manifest = base_manifest(
            "design", started, study=study.name,
            study_hash=study_hash(study),  # type: ignore[arg-type]
            ensemble=ensemble.hash, seed=study.seed, threads=threads,
        )  # fmt: skip
        finish_results(folder, manifest, finish)
    return record


def _eligible(
    expressions: Sequence[str], properties: Mapping[str, NDArray[Any]]
) -> NDArray[np.bool_]:
    from rascade.patients import categories, eligible

    return eligible(expressions, properties, categories())


def _record(study: DesignStudy, picked: Picked, ensemble: str, members: int) -> dict[str, Any]:
    gap, low, high = picked.lead
    record = {
        "study": study.name,
        "endpoint": study.endpoint,
        "patients": study.patients,
        "months": study.months,
        "best": _row("best", picked.best),
        "plain": [_row(name, one) for name, one in picked.plain],
        "lead": {"value": gap, "low90": low, "high90": high},
        "verdict": _verdict(gap, low),
        "tried": [_row("", one) for one in picked.tried],
        "by_member": [float(x) for x in picked.best.by_member],
        "members": members,
        "ensemble": ensemble,
        "seed": study.seed,
    }
    plain: dict[str, Any] = plain_json(record)
    return plain


def _verdict(gap: float, low: float) -> str:
    points = f"{100 * gap:.0f} points of chance"
    if low > 0.005:
        return f"It beats the best plain design by {points}."
    if gap <= 0.005:
        return "No design of the menu beats the best plain one."
    return f"It is ahead of the best plain design by {points}, which the members do not all show."


def _row(name: str, one: Chance) -> dict[str, Any]:
    return {
        "name": name,
        "design": one.design.name,
        "assurance": one.assurance,
        "low90": one.low90,
        "high90": one.high90,
        "months": one.months,
        "patients": one.patients,
        "screened": one.screened,
        "stops_early": one.early,
        "events": one.design.events,
    }
