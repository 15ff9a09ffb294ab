"""Running a search for the best schedule: file to folder, going on where it was ended."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.paired import Effect, Outcomes, effect, outcomes, with_regimen
from rascade.analyses.schedules.rule import rule, verdict, worth
from rascade.analyses.schedules.search import Evaluated, Found, Rung, front, search
from rascade.errors import InputError
from rascade.files import as_output_error, write_bytes
from rascade.progress import Progress, check_threads, silent
from rascade.results.manifest import base_manifest, now
from rascade.results.store import plain_json, write_json, write_text
from rascade.studies.files.load import study_hash
from rascade.studies.files.optimise_schema import OptimiseStudy, space_of, trial_of
from rascade.studies.files.trial_plan import to_plan

if TYPE_CHECKING:
    from rascade.trial.design.spec import TrialSpec

__all__ = ["run_optimise"]

_FIELDS = ("pfs", "os", "response", "grade3", "intensity", "weight")
_KEPT = "evaluations"


class Evaluator:
    """Simulates schedules, and keeps what it simulated in a folder.

    Args:
        study: of the search.
        folder: of the kept courses; a file in it is of one schedule on one rung.
        threads: of the engine.
    """

    def __init__(self, study: OptimiseStudy, folder: Path, threads: int) -> None:
        from rascade.model import load_table
        from rascade.trial.design.models import needed_ensemble

        self.study, self.folder, self.threads = study, folder, threads
        self.plan: TrialSpec = to_plan(trial_of(study))
        ensemble = needed_ensemble(self.plan.population)
        self.ensemble = ensemble
        self.tables = ensemble.tables(load_table(), self.plan.cohort.line)
        most = max(rung.members for rung in study.rungs_of())
        if most > ensemble.size:
            raise InputError(f"search: {most} members; the ensemble has {ensemble.size}")

    def __call__(self, orders: str, rung: Rung) -> Evaluated:
        """Evaluate orders on a rung against the reference on the same patients."""
        new, gain = self.outcomes(orders, rung), self.gain(orders, self.reference, rung)
        return Evaluated(
            orders,
            gain.value,
            gain.low90,
            gain.high90,
            100.0 * new.share("grade3"),
            100.0 * new.share("intensity"),
        )

    @property
    def reference(self) -> str:
        """Orders of the reference."""
        from rascade.regimen import format_regimen

        return format_regimen(self.study.reference)

    def gain(self, new: str, old: str, rung: Rung) -> Effect:
        """Return the mean months that one schedule adds to another, patient by patient."""
        one, other = self.outcomes(new, rung), self.outcomes(old, rung)
        name = self.study.objective
        return effect(getattr(one, name) - getattr(other, name), one.weight * other.weight)

    def outcomes(self, orders: str, rung: Rung) -> Outcomes:
        """Return the courses of a schedule on a rung, simulated or kept."""
        from rascade.regimen import parse

        spec = with_regimen(self.plan, "schedule", parse(orders))
        path = self.folder / f"{self._key(spec, rung)}.npz"
        found = _read(path)
        if found is None:
            # Fresh members are those that the search does not use, as far as there are any.
            first = (
                max(r.members for r in self.study.rungs_of() if not r.fresh) if rung.fresh else 0
            )
            first = min(first, self.ensemble.size - rung.members)
            found = outcomes(
                spec,
                self.tables[1 + first : 1 + first + rung.members],
                patients=rung.patients,
                seed=self.study.seed + (1 if rung.fresh else 0),
                threads=self.threads,
            )
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **{n: getattr(found, n) for n in _FIELDS})
            write_bytes(path, buffer.getvalue())
        return found

    def _key(self, spec: TrialSpec, rung: Rung) -> str:
        from rascade.trial.running.inputs import course_inputs

        what = [course_inputs(spec), rung.patients, rung.members, rung.fresh, self.study.seed]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]


def _read(path: Path) -> Outcomes | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            return Outcomes(*(kept[name] for name in _FIELDS))
    except Exception:  # whatever a damaged archive raises; it is simulated again
        return None


def run_optimise(
    study: OptimiseStudy,
    out: Path,
    *,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
) -> dict[str, Any]:
    """Search for the best schedules and write a folder; a search that was ended goes on.

    Args:
        study: what may be varied.
        out: folder; what was simulated is kept in ``OUT/evaluations``.
        threads: of the engine; results do not depend on it.
        progress: called with the share done and what is being done.
        finish: called with the folder at the end, to add the page.

    Returns:
        What ``optimise.json`` holds.

    Raises:
        InputError: the study is wrong, or `out` cannot be written.
        SimulationError: the solver gave up.
    """
    from rascade.regimen import format_regimen, parse

    check_threads(threads)
    started = now()
    evaluate, space = Evaluator(study, out / _KEPT, threads), space_of(study)
    with as_output_error(out):
        (out / _KEPT).mkdir(parents=True, exist_ok=True)
    found = search(
        space,
        evaluate,
        study.rungs_of(),
        trials=study.search.trials,
        finalists=study.search.finalists,
        limits=study.limits_of(),
        published=[format_regimen(one.regimen) for one in study.published],
        normal=lambda orders: format_regimen(parse(orders)),
        seed=study.seed,
        progress=progress,
    )
    record = _record(study, found, evaluate)
    write_json(out / "optimise.json", record)
    from rascade.studies.files.load import dump

    write_text(out / "study.yaml", dump(study))  # type: ignore[arg-type]
    manifest = base_manifest(
        "optimise", started, study=study.name, study_hash=study_hash(study),  # type: ignore[arg-type]
        ensemble=evaluate.ensemble.hash, seed=study.seed, threads=threads,
    )  # fmt: skip
    write_json(out / "manifest.json", manifest)
    if finish is not None:
        finish(out)
    progress(1.0, "done")
    return record


def _record(study: OptimiseStudy, found: Found, evaluate: Evaluator) -> dict[str, Any]:
    space, fresh = space_of(study), study.rungs_of()[-1]
    best = found.confirmed[0]
    limits = study.limits_of()
    rival = max(found.published, key=lambda one: one.value, default=None)
    gap = None if rival is None else evaluate.gain(best.orders, rival.orders, fresh)
    names = [part.name for part in study.published]
    record = {
        "study": study.name,
        "objective": f"{study.objective.upper()} gain, months",
        "horizon_months": study.horizon_months,
        "reference": evaluate.reference,
        "limits": {"grade3plus_pct": limits.grade3, "dose_intensity_pct": limits.intensity},
        "rule": rule(space, found.choices[best.orders]),
        "verdict": verdict(best, rival, gap, limits.excess(best)),
        "best": [_row(one) for one in found.confirmed],
        "published": [
            {"name": name} | _row(one) for name, one in zip(names, found.published, strict=True)
        ],
        "winners_curse": found.curse,
        "confirmed_on": {"patients": fresh.patients, "members": fresh.members},
        "front": [_row(one) for one in front(found.tried)],
        "tried": [_row(one) for one in found.tried],
        "worth": worth(found.tried, found.choices),
        "ensemble": evaluate.ensemble.hash,
        "seed": study.seed,
    }
    plain: dict[str, Any] = plain_json(record)
    return plain


def _row(one: Evaluated) -> dict[str, Any]:
    return {
        "schedule": one.orders,
        "value": one.value,
        "low90": one.low90,
        "high90": one.high90,
        "grade3plus_pct": one.grade3,
        "dose_intensity_pct": one.intensity,
    }
