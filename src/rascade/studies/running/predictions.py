"""Freezing predictions into a folder, checking that they stayed as they were, scoring them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.errors import InputError, ResultsError
from rascade.files import as_output_error
from rascade.progress import Progress, check_threads, silent
from rascade.results.manifest import now
from rascade.results.store import json_text, plain_json, write_rows
from rascade.studies.files.load import dump
from rascade.studies.files.prediction import Definition, find_definitions
from rascade.studies.files.trial_plan import to_plan

if TYPE_CHECKING:
    from rascade.trial.design.spec import TrialSpec

__all__ = ["SCORES", "Frozen", "freeze", "read_frozen", "score"]

SCORES = "scores.csv"
#: Patients of each member; every member of the ensemble is used.
PATIENTS = 100
_FORMAT = 1
#: What decides whether a prediction has changed.
_DECIDES = ("rascade", "ensemble", "members", "patients", "models", "parameters")


@dataclass(frozen=True, slots=True)
class Frozen:
    """What freezing came to.

    Attributes:
        written: files that were written.
        kept: predictions that stand as they are, with the reason.
    """

    written: tuple[Path, ...]
    kept: tuple[str, ...]


def freeze(
    names: Sequence[str],
    out: Path,
    *,
    members: int | None = None,
    patients: int = PATIENTS,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
) -> Frozen:
    """Predict trials and freeze what comes out; each is written when it is done.

    Args:
        names: ids or files of definitions; all of the package's if empty, and then those whose
            population, model and design have not changed since they were frozen are left alone.
        out: folder of the frozen predictions.
        members: of the ensemble; all if None.
        patients: of each member.
        threads: of the engine; results do not depend on it.
        progress: called with the share done and what is being done.
        finish: called with the folder at the end, to write the page.

    Raises:
        InputError: a name, a file or a number is wrong.
        ResultsError: what was frozen has been changed, or would be written again.
    """
    from rascade.analyses.predictions.register import added

    check_threads(threads)
    if not 1 <= patients <= 5000:
        raise InputError(f"--patients: {patients}; it must be 1 to 5000")
    definitions = find_definitions(tuple(names))
    old = read_frozen(out)
    with as_output_error(out):
        out.mkdir(parents=True, exist_ok=True)
    written, kept = [], []
    day = now()[:10]
    for index, one in enumerate(definitions):
        content = _header(one, members, patients)
        file = f"{one.id}-{day}.json"
        last = next((f for f in reversed(old) if f["id"] == one.id), None)
        if last is not None and not names and _same(last, content):
            kept.append(f"{one.id}: nothing has changed since {last['frozen'][:10]}")
            continue
        if (out / file).exists():
            raise ResultsError(
                f"{out / file} is frozen and is never written again; a new prediction of it can "
                "be made tomorrow"
            )

        def told(share: float, step: str, index: int = index) -> None:
            progress((index + share) / len(definitions), step)

        told(0.0, one.id)
        found = _predicted(one, members, patients, threads, told)
        text = json_text({**content, "frozen": now(), **plain_json(found)}, indent=1)
        line = added(out, one.id, day, file, text.encode())
        written.append(out / line.file)
    if finish is not None:
        finish(out)
    progress(1.0, "done")
    return Frozen(tuple(written), tuple(kept))


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether a prediction would say again what it says: more evidence alone changes none."""
    made = [{k: one["made_of"].get(k) for k in _DECIDES} for one in (old, new)]
    return made[0] == made[1] and all(old[key] == new[key] for key in ("study", "refused"))


def _header(one: Definition, members: int | None, patients: int) -> dict[str, Any]:
    """Return what is known before anything is simulated, ready for JSON."""
    return {
        "format": _FORMAT,
        "research_use": RESEARCH_USE,
        "id": one.id,
        "trial": one.trial,
        "nct": one.nct,
        "any_trial": one.any_trial,
        "question": one.question,
        "facts": [dict(row) for row in one.facts],
        "refused": one.refused or None,
        "study": None if one.study is None else dump(one.study),
        "made_of": _made_of(one, members, patients),
    }


def _made_of(one: Definition, members: int | None, patients: int) -> dict[str, Any]:
    """Return what a prediction follows from: code, parameters, evidence, ensemble, design."""
    from rascade.trial.design.models import needed_ensemble
    from rascade.trial.running.inputs import course_inputs, inputs_hash

    if one.study is None:
        return {"rascade": __version__}
    plan = to_plan(one.study)
    ensemble = needed_ensemble(plan.population)
    inputs = course_inputs(plan)
    return {
        "rascade": __version__,
        "ensemble": ensemble.hash,
        "ensemble_fitted_to": ensemble.manifest.get("arms", []),
        "members": min(ensemble.size, ensemble.size if members is None else members),
        "patients": patients,
        "models": dict(zip((a.name for a in plan.arms), inputs["models"], strict=True)),
        "parameters": inputs["parameters"],
        "evidence": inputs["evidence"],
        "inputs": inputs_hash(inputs),
    }


def _predicted(
    one: Definition, members: int | None, patients: int, threads: int, told: Progress
) -> dict[str, Any]:
    from rascade.analyses.predictions.record import LEVELS, trial_record
    from rascade.analyses.predictions.score import known_values, matching_arms
    from rascade.evidence import load

    evidence = load()
    known = [dict(row) for row in one.known_before]
    if one.study is None:
        return {"known_before": known, "known_arms": [], "arms": [], "contrasts": []}
    plan = to_plan(one.study)
    found = trial_record(plan, _courses(plan, members, patients, threads, told))
    about = {"trial": one.trial, "nct": one.nct}
    for arm in plan.arms:
        for published in matching_arms(about, arm.drugs, evidence):
            known += [
                {"arm": arm.name, "endpoint": endpoint, "source": published.id}
                for endpoint in known_values(published, evidence)
            ]
    unique = {(row["arm"], row["endpoint"]): row for row in known}
    drugs = [frozenset(arm.drugs) for arm in plan.arms]
    cut = plan.cut_off.month if plan.cut_off is not None else None
    return {
        "last_month": min(plan.follow_up_months, cut or plan.follow_up_months),
        "levels": list(LEVELS),
        "known_before": list(unique.values()),
        "known_arms": [arm.id for arm in evidence.trials if frozenset(arm.drugs) in drugs],
        **found,
    }


def _courses(
    plan: TrialSpec, members: int | None, patients: int, threads: int, told: Progress
) -> dict[str, Any]:
    from rascade.engine import Settings
    from rascade.model import load_table
    from rascade.trial.design.models import needed_ensemble
    from rascade.trial.prediction.courses import simulate_arm
    from rascade.trial.running.predicting import RTOL

    ensemble = needed_ensemble(plan.population)
    count = ensemble.size if members is None else min(members, ensemble.size)
    tables = ensemble.first(count).tables(load_table(), plan.cohort.line)
    courses = {}
    for index, arm in enumerate(plan.arms):

        def report(share: float, index: int = index, name: str = arm.name) -> None:
            told((index + share) / len(plan.arms), f"{plan.name}: {name}")

        courses[arm.name] = simulate_arm(
            plan,
            arm,
            tables,
            patients=patients,
            months=plan.follow_up_months,
            settings=Settings(threads=threads, rtol=RTOL),
            report=report,
        )
    return courses


def read_frozen(folder: Path) -> list[dict[str, Any]]:
    """Return the frozen predictions of a folder, oldest first, each checked against its hash.

    Raises:
        ResultsError: something was changed since it was frozen.
    """
    import json

    from rascade.analyses.predictions.register import check_register

    return [
        json.loads((folder / line.file).read_text(encoding="utf-8"))
        for line in check_register(folder)
    ]


def score(folder: Path, finish: Callable[[Path], object] | None = None) -> list[dict[str, Any]]:
    """Score frozen predictions against the evidence as it is, and write ``scores.csv``.

    Args:
        folder: of the frozen predictions.
        finish: called with the folder at the end, to write the page.

    Returns:
        Rows of `rascade.analyses.predictions.score.scored`; none where nothing was published yet.

    Raises:
        InputError: nothing is frozen there.
        ResultsError: something was changed since it was frozen.
    """
    from rascade.analyses.predictions.score import scored
    from rascade.evidence import load

    frozen = read_frozen(folder)
    if not frozen:
        raise InputError(f"{folder}: nothing is frozen there; run rascade predict freeze --all")
    rows = [row for one in frozen if not one["refused"] for row in scored(one, load())]
    if rows:
        write_rows(folder / SCORES, rows)
    if finish is not None:
        finish(folder)
    return rows
