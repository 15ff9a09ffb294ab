"""The pages: made on the server, so that results are read without JavaScript as well."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from rascade import RESEARCH_USE, __version__
from rascade.serve.jobs import DONE

if TYPE_CHECKING:
    from rascade.serve.state import State

__all__ = ["error_page", "router", "warm"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_DRAWN = "daraxonrasib gemcitabine nab-paclitaxel"
_MENU = (("/", "Build"), ("/runs", "Runs"), ("/model", "Model"), ("/trust", "Validation"))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("rascade.serve"), autoescape=True, undefined=StrictUndefined
    )


def _page(name: str, request: Request, status: int = 200, **values: Any) -> HTMLResponse:
    text = _templates().get_template(name).render(
        research_use=RESEARCH_USE, version=__version__, menu=_MENU, here=request.url.path, **values
    )  # fmt: skip
    return HTMLResponse(text, status)


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """Return the page of an error."""
    return _page("error.html.j2", request, status, message=message)


def _state(request: Request) -> State:
    found: State = request.app.state.workbench
    return found


@router.get("/")
def build(request: Request) -> HTMLResponse:
    """Build a trial and see it move."""
    return _page("build.html.j2", request, first=json.dumps(_first_study()))


@cache
def _first_study() -> dict[str, Any]:
    """Return the study that the page begins with: that of the demo, as paired patients."""
    from rascade.studies.examples import DEMO, example
    from rascade.studies.files.load import loads, plain_study

    study = plain_study(loads(example(DEMO).path.read_text(encoding="utf-8"), "study"))
    for key in ("accrual", "cut_off", "randomization"):
        study.pop(key, None)
    return study


def warm(state: State) -> None:
    """Prepare the study that the page begins with."""
    from rascade.studies.files.load import check_plain
    from rascade.studies.files.trial_plan import to_plan

    with state.drugs.only():
        state.live.warm(to_plan(check_plain(_first_study(), "study")))


@router.get("/runs")
def runs(request: Request, search: str = "") -> HTMLResponse:
    """List what was run."""
    found = _state(request).jobs.all(search[:200])
    return _page("runs.html.j2", request, jobs=found, search=search[:200])


@router.get("/runs/{job_id}")
def run(job_id: str, request: Request) -> HTMLResponse:
    """Show one run: how far it is, or what it came to."""
    jobs = _state(request).jobs
    job = jobs.get(job_id)
    result = _headlines(request, [job_id])[0] if job.state == DONE else None
    return _page("run.html.j2", request, job=job, result=result, study=jobs.study(job))


@router.get("/runs/{job_id}/report")
def report(job_id: str, request: Request) -> HTMLResponse:
    """Show the report of a finished run, apart from this page's origin."""
    from rascade.errors import InputError

    jobs = _state(request).jobs
    job = jobs.get(job_id)
    path = jobs.folder(job) / "report.html"
    if job.state != DONE or not path.is_file():
        raise InputError(f"this run is {job.state}; it has no report yet")
    return HTMLResponse(path.read_text(encoding="utf-8"))


@router.get("/compare")
def compare(request: Request, run: list[str] = Query(default=[])) -> HTMLResponse:  # noqa: B008
    """Show finished runs side by side."""
    from rascade.errors import InputError

    if not 2 <= len(run) <= 6:
        raise InputError("choose two to six finished runs to compare")
    return _page("compare.html.j2", request, results=_headlines(request, run), ids=run)


def _headlines(request: Request, ids: list[str]) -> list[dict[str, Any]]:
    """Return what runs came to, arm by arm, in the words of the command line."""
    from rascade.errors import InputError
    from rascade.serve.api import opened

    jobs = _state(request).jobs
    found = []
    for job_id in ids:
        job = jobs.get(job_id)
        if job.state != DONE:
            raise InputError(f"the run {job.name!r} is {job.state}; it has no results yet")
        with opened(request, job_id) as result:
            found.append(
                {
                    "job": job,
                    "arms": result.arm_lines(),
                    "contrasts": result.contrast_lines(),
                    "predicted": result.prediction_lines(),
                    "warnings": list(result.summary.get("warnings", ())),
                }
            )
    return found


@router.get("/model")
def model(request: Request, search: str = "", drugs: str = _DRAWN) -> HTMLResponse:
    """Show what the model is made of: its map, and every parameter with source and posterior."""
    from rascade.serve.api import rows_with

    named = _named(drugs)
    with _state(request).drugs.only():
        table, drawn = rows_with(search), _mechanism(named)
    return _page(
        "model.html.j2", request,
        search=search[:80], table=table, posterior=_posterior(), drugs=" + ".join(named), **drawn,
    )  # fmt: skip


def _named(drugs: str) -> tuple[str, ...]:
    """Return the drugs of a map, six at most."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,+]+", drugs[:200]))))[:6]


@lru_cache(maxsize=16)
def _mechanism(drugs: tuple[str, ...]) -> dict[str, Any]:
    """Draw the model with some drugs; list what is in it by group."""
    from rascade.model import assemble
    from rascade.model.diagram import merge_diagrams
    from rascade.report.look.canvas import drawing
    from rascade.report.mechanism.figure import mechanism_figures
    from rascade.report.runs.files import research_footer

    found = merge_diagrams([assemble(drugs)])
    with drawing():
        figures = mechanism_figures(found, research_footer("mechanism"))
    groups: dict[str, list[str]] = {}
    for one in found["nodes"]:
        groups.setdefault(one["group"], []).append(one["label"])
    return {"maps": [(f.title, f.caption, f.alt, f.svg) for f in figures], "groups": groups}


@router.get("/figures/mechanism.svg")
def mechanism_svg(request: Request, drugs: str = _DRAWN, part: int = 0) -> Response:
    """Return a part of the map; as a picture, its styles need no leave of the page."""
    from rascade.errors import InputError

    with _state(request).drugs.only():
        maps = _mechanism(_named(drugs))["maps"]
    if not 0 <= part < len(maps):
        raise InputError(f"part: {part}; this map has {len(maps)}")
    return Response(maps[part][3], media_type="image/svg+xml")


@router.get("/figures/validation.svg")
def validation_svg() -> Response:
    """Return the figure of the validation."""
    return Response(_validation()["svg"], media_type="image/svg+xml")


@cache
def _posterior() -> list[dict[str, Any]]:
    from rascade.calibration.posterior import posterior_rows, read_ensemble

    return posterior_rows(read_ensemble())


@router.get("/trust")
def trust(request: Request) -> HTMLResponse:
    """Say what the predictions rest on and how they did."""
    return _page("trust.html.j2", request, **_validation())


@cache
def _validation() -> dict[str, Any]:
    from rascade.calibration.validate import kept_validation
    from rascade.report.figures.validation import validation_figure
    from rascade.report.look.canvas import drawing
    from rascade.report.pages.validation import SCORE_HEADS, read_validation, score_rows
    from rascade.report.runs.files import research_footer

    rows, scores = read_validation(kept_validation())
    with drawing():
        svg = validation_figure(rows, research_footer("validation")).svg
    return {
        "svg": svg,
        "heads": SCORE_HEADS,
        "scores": score_rows(scores),
    }
