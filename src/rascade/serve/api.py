"""The JSON routes: check a study, answer live, queue runs, fetch what they came to.

Every error has one shape, ``{"error": {"message": ..., "field": ...}}``, in the words of the
command line.

In one module since it is the list of routes; what they do is done elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from rascade.errors import InputError
from rascade.serve.live import MAX_LIVE_MEMBERS, MAX_LIVE_PATIENTS
from rascade.serve.reading import drugs_in, own_curve, own_patients, plain_of, study_of
from rascade.serve.settings import MAX_BYTES_OF_A_STUDY

if TYPE_CHECKING:
    from rascade.face.result import TrialResult
    from rascade.serve.state import State
    from rascade.studies import TrialStudy

__all__ = ["FILES", "router"]

router = APIRouter(prefix="/api")

#: What of a run can be fetched: name -> file in its folder, and its kind.
FILES: dict[str, tuple[str, str]] = {
    "summary.json": ("summary.json", "application/json"),
    "manifest.json": ("manifest.json", "application/json"),
    "study.yaml": ("study.yaml", "application/yaml"),
    "report.html": ("report.html", "text/html"),
}
TABLES = ("patients", "visits", "lesions", "adverse_events", "decisions")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StudyBody(_Body):
    """A study, as the text of a file or as its keys and values."""

    text: Annotated[str, Field(max_length=MAX_BYTES_OF_A_STUDY)] | None = None
    study: dict[str, Any] | None = None


class LiveBody(StudyBody):
    """A study to answer live, and how."""

    patients: Annotated[int, Field(ge=1, le=MAX_LIVE_PATIENTS)] = 50
    mode: Literal["averaged", "exact"] = "averaged"
    members: Annotated[int, Field(ge=1, le=MAX_LIVE_MEMBERS)] = 1
    client: Annotated[str, Field(max_length=64)] = ""
    turn: Annotated[int, Field(ge=0, le=2**53)] = 0


class CourseBody(StudyBody):
    """A study, and which arm's patient to follow."""

    arm: Annotated[int, Field(ge=0, le=100)] = 0


class OrderBody(_Body):
    """Orders as they are typed."""

    text: Annotated[str, Field(max_length=2000)]
    drugs: Annotated[list[dict[str, Any]], Field(max_length=50)] = []


class FileBody(_Body):
    """What is in a file of the user's."""

    text: Annotated[str, Field(max_length=MAX_BYTES_OF_A_STUDY)]


class EligibilityBody(_Body):
    """Conditions as they are typed."""

    conditions: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=50)]


def _state(request: Request) -> State:
    found: State = request.app.state.workbench
    return found


@contextlib.contextmanager
def _read(body: StudyBody, request: Request) -> Iterator[TrialStudy]:
    """Read a study; while it is used, its own drugs are known and those of nobody else."""
    document = plain_of(body.text, body.study)
    with _state(request).drugs.only(drugs_in(document)):
        yield study_of(body.text, body.study)


@contextlib.contextmanager
def opened(request: Request, job_id: str) -> Iterator[TrialResult]:
    """Open the results of a finished run, its own drugs known.

    Raises:
        InputError: there is no such run, or it is not finished.
    """
    from rascade.face.result import open_result

    state, folder = _state(request), _finished(request, job_id)
    document = plain_of(state.jobs.study(state.jobs.get(job_id)), None)
    with state.drugs.only(drugs_in(document)):
        yield open_result(folder)


@router.get("/health")
def health() -> dict[str, Any]:
    """Say that the server lives, and which version it is."""
    from rascade import RESEARCH_USE, __version__

    return {"rascade_version": __version__, "research_use": RESEARCH_USE}


@router.post("/check")
def check(body: StudyBody, request: Request) -> dict[str, Any]:
    """Check a study; return it in both forms, with what it would simulate."""
    from rascade.studies import dump
    from rascade.studies.files.load import plain_study
    from rascade.studies.running.trial_check import check_trial

    with _read(body, request) as study:
        return {
            "study": plain_study(study),
            "text": dump(study),
            "check": check_trial(study).as_dict(),
        }


@router.post("/orders")
def orders(body: OrderBody, request: Request) -> dict[str, Any]:
    """Read orders; return their drugs and doses, or the error and its character."""
    with _state(request).drugs.only(body.drugs):
        return _orders(body.text)


def _orders(text: str) -> dict[str, Any]:
    from rascade.errors import RascadeError, RegimenError
    from rascade.model import known_drugs
    from rascade.regimen import format_regimen, parse

    try:
        regimen = parse(text, known_drugs=list(known_drugs()))
    except RegimenError as error:
        message = str(error).splitlines()[0]
        return {"ok": False, "message": message, "position": error.position}
    except RascadeError as error:
        return {"ok": False, "message": str(error), "position": None}
    return {
        "ok": True,
        "text": format_regimen(regimen),
        "orders": [
            {"drug": order.drug, "dose": order.dose.value, "unit": order.dose.unit}
            for order in regimen
        ],
    }


@router.get("/complete")
def complete(request: Request, text: str = "") -> dict[str, list[str]]:
    """Return drugs and published arms that hold a text."""
    from rascade.evidence import load
    from rascade.model import known_drugs

    wanted = text.strip().casefold()[:80]
    arms = [arm.id for arm in load().trials]
    with _state(request).drugs.only():
        drugs = [name for name in known_drugs() if wanted in name.casefold()]
    return {
        "drugs": drugs[:20],
        "arms": [arm for arm in arms if wanted in arm.casefold()][:40],
    }


@router.get("/arms/{arm_id}")
def published_arm(arm_id: str) -> dict[str, Any]:
    """Return a published arm as an arm of a study."""
    from rascade.face.published import published

    arm = published(arm_id)
    return {"name": arm_id.rpartition(".")[2] or arm_id, **arm.as_study_part()}


@router.get("/parameters")
def parameters(request: Request, text: str = "") -> dict[str, Any]:
    """Return rows of the parameter table whose name or description holds a text."""
    with _state(request).drugs.only():
        return rows_with(text)


def rows_with(text: str) -> dict[str, Any]:
    """Return the rows of the table that hold a text, at most fifty, and how many there are."""
    from rascade.model import load_table

    wanted = text.strip().casefold()[:80]
    table = load_table()
    rows = []
    for name in table:
        row = table[name]
        if wanted in f"{name} {row.description}".casefold():
            rows.append(
                {
                    "name": name, "value": row.value, "unit": row.unit, "low": row.low,
                    "high": row.high, "source": row.source, "confidence": row.confidence,
                    "description": row.description,
                }
            )  # fmt: skip
    return {"found": len(rows), "rows": rows[:50]}


@router.post("/eligibility")
def eligibility(body: EligibilityBody) -> dict[str, Any]:
    """Count who of a thousand virtual patients meets conditions, one by one and together."""
    import numpy as np

    from rascade.patients import categories, draw_profiles, eligible

    drawn = draw_profiles(0, np.arange(1000, dtype=np.int64))
    each = [int(eligible([one], drawn, categories()).sum()) for one in body.conditions]
    every = int(eligible(body.conditions, drawn, categories()).sum()) if body.conditions else 1000
    return {"of": 1000, "each": each, "all": every}


@router.post("/drugs")
def own_drug(body: FileBody, request: Request) -> dict[str, Any]:
    """Check the file of a drug of the user's own; return it as a study holds it."""
    from rascade.model.own import as_mapping, parse_own_drug

    with _state(request).drugs.only():
        return {"drug": as_mapping(parse_own_drug(body.text, "drug.toml"))}


@router.post("/patients")
def patients(body: FileBody, request: Request) -> dict[str, Any]:
    """Check a CSV of patients of the user's own; return them as a study's cohort holds them."""
    with _state(request).drugs.only():
        return {"patients": own_patients(body.text)}


@router.post("/curve")
def curve(body: FileBody) -> dict[str, Any]:
    """Check a CSV of months and events; return it as an arm's data hold it."""
    return {"times": own_curve(body.text)}


@router.post("/live")
def live(body: LiveBody, request: Request) -> dict[str, Any]:
    """Simulate a few patients of every arm in the warm engine."""
    from rascade.studies.files.trial_plan import to_plan

    with _read(body, request) as study:
        return _state(request).live.answer(
            to_plan(study),
            patients=body.patients, mode=body.mode, members=body.members,
            client=body.client, turn=body.turn,
        )  # fmt: skip


@router.post("/course")
def course(body: CourseBody, request: Request) -> dict[str, Any]:
    """Follow one virtual patient of an arm: target engagement over a day, T cells over weeks."""
    from rascade.serve.course import course_of
    from rascade.studies.files.trial_plan import to_plan

    with _read(body, request) as study:
        plan = to_plan(study)
        if body.arm >= len(plan.arms):
            raise InputError(f"arm: {body.arm}; this study has {len(plan.arms)} arms")
        return course_of(plan, plan.arms[body.arm])


@router.get("/jobs")
def jobs(request: Request, search: str = "") -> dict[str, Any]:
    """Return the runs, the newest first."""
    return {"jobs": [job.as_dict() for job in _state(request).jobs.all(search[:200])]}


@router.post("/jobs", status_code=201)
def queue(body: StudyBody, request: Request) -> dict[str, Any]:
    """Queue a study to be run in full."""
    from rascade.studies import dump
    from rascade.studies.running.trial_check import check_trial

    state = _state(request)
    with _read(body, request) as study:
        found, text = check_trial(study), dump(study)
    most = state.settings.max_patients
    if found.patients > most:
        raise InputError(
            f"cohort.size: {found.patients:,} patients in all arms; this server takes {most:,}"
        )
    arms = ", ".join(arm.name for arm in study.arms)
    job = state.jobs.add(study.name, text, arms, found.patients)
    state.supervisor.wake()
    return job.as_dict()


@router.get("/jobs/{job_id}")
def job(job_id: str, request: Request) -> dict[str, Any]:
    """Say how far a run is."""
    return _state(request).jobs.get(job_id).as_dict()


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: str, request: Request) -> dict[str, Any]:
    """End a run; what it has stored is kept, and it can go on."""
    state = _state(request)
    state.supervisor.cancel(state.jobs.get(job_id))
    return state.jobs.get(job_id).as_dict()


@router.post("/jobs/{job_id}/again")
def again(job_id: str, request: Request) -> dict[str, Any]:
    """Go on with a run that failed or was cancelled."""
    state = _state(request)
    state.jobs.again(state.jobs.get(job_id))
    state.supervisor.wake()
    return state.jobs.get(job_id).as_dict()


@router.delete("/jobs/{job_id}", status_code=204)
def remove(job_id: str, request: Request) -> Response:
    """Forget a run that is over, with its results."""
    state = _state(request)
    state.jobs.remove(state.jobs.get(job_id))
    return Response(status_code=204)


@router.get("/jobs/{job_id}/study")
def study_of_run(job_id: str, request: Request) -> dict[str, Any]:
    """Return the study of a run in both forms, to change it and run it again."""
    jobs = _state(request).jobs
    return check(StudyBody(text=jobs.study(jobs.get(job_id))), request)


@router.get("/jobs/{job_id}/curves")
def curves(job_id: str, request: Request) -> dict[str, Any]:
    """Return the Kaplan-Meier curves of a finished run."""
    from rascade.trial.endpoints import times

    with opened(request, job_id) as result:
        ends = [end.name for end in times(result.summary)]
        return {
            "name": result.summary["study"],
            "arms": [
                {
                    "name": arm,
                    "curves": {
                        name: result.endpoint(name)
                        .curve(arm)[["month", "survival"]]
                        .round(4)
                        .to_dict("list")
                        for name in ends
                    },
                }
                for arm in result.arms
            ],
        }


@router.get("/jobs/{job_id}/files/{name}")
def file(job_id: str, name: str, request: Request) -> Response:
    """Return a file of a finished run: summary, study, report, a table as CSV, figures, ADaM."""
    folder = _finished(request, job_id)
    if name in FILES:
        path, kind = FILES[name]
        return FileResponse(folder / path, media_type=kind, filename=f"{job_id}-{name}")
    stem, _, ending = name.partition(".")
    if stem in TABLES and ending == "csv":
        with opened(request, job_id) as result:
            text = result.table(stem).to_csv(index=False)
        return _download(text.encode(), "text/csv", f"{job_id}-{name}")
    if name in {"figures-svg.zip", "figures-png.zip", "adam.zip"}:
        return _download(_zipped(request, job_id, name), "application/zip", f"{job_id}-{name}")
    known = [
        *FILES,
        *(f"{t}.csv" for t in TABLES),
        "figures-svg.zip",
        "figures-png.zip",
        "adam.zip",
    ]
    raise InputError(f"no file is called {name[:40]!r}; there are {', '.join(known)}")


def _download(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)


def _zipped(request: Request, job_id: str, name: str) -> bytes:
    from tempfile import TemporaryDirectory

    held = io.BytesIO()
    with opened(request, job_id) as result, TemporaryDirectory() as place:
        if name == "adam.zip":
            files = result.to_adam(Path(place) / "adam")
        else:
            files = result.figures(Path(place) / "figures", name[8:11])
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.name)
    return held.getvalue()


def _finished(request: Request, job_id: str) -> Path:
    from rascade.serve.jobs import DONE

    jobs = _state(request).jobs
    found = jobs.get(job_id)
    if found.state != DONE:
        raise InputError(f"this run is {found.state}; it has no results yet")
    return jobs.folder(found)
