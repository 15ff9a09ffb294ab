"""``rascade cohort``: the population of virtual patients, how it was fitted, its skill."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainGroup, PlainUsage

if TYPE_CHECKING:
    from rascade.patients.hyperparameters import Ensemble

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=RESEARCH_USE,
    help="Show, fit and validate the population of virtual patients.",
)
_Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what comes out.")]
_From = Annotated[
    Path | None,
    typer.Option(
        "--ensemble", metavar="DIR", help="Folder of a build; the package's ensemble if not given."
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def show(ensemble: _From = None, json: _Json = False) -> None:
    """Show the hyperparameters of the population: prior, and what the fit made of it.

    \b
      rascade cohort show

    A hyperparameter is the median of a parameter over all patients, or its spread between them.
    Factors are on the number of the parameter table.
    """
    from json import dumps

    from rascade.calibration.posterior import posterior_rows

    rows = posterior_rows(_ensemble(ensemble))
    if json:
        sys.stdout.write(dumps(rows, indent=2) + "\n")
        return
    header = ("hyperparameter", "prior factor", "fitted factor", "fitted to prior width", "about")
    show_table(header, [tuple(row.values()) for row in rows], right={1, 2, 3}, keep={0})


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def build(
    out: _Out,
    members: Annotated[int, typer.Option(help="Members of the ensemble.")] = 64,
    patients: Annotated[int, typer.Option(help="Patients of each member and arm.")] = 100,
    rounds: Annotated[int, typer.Option(help="Rounds of fitting.")] = 3,
    seed: Annotated[int, typer.Option(help="Of all random numbers.")] = 2026,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="ARM", help="Leave a fitted arm out, by its id; may be repeated."),
    ] = None,
    leave_out: Annotated[
        str | None,
        typer.Option(metavar="CLASS", help="Leave out every fitted arm of a class of drugs."),
    ] = None,
    threads: Threads = None,
) -> None:
    """Fit the population to the published values that are to be fitted.

    \b
    All of it; then a fit that has seen no arm with a RAS(ON) inhibitor:
      rascade cohort build --out out/population
      rascade cohort build --out out/no-ras-on --leave-out "RAS(ON)"

    Takes some tens of minutes. What is done is kept: the same command goes on after Ctrl-C. Written
    into DIR: ensemble.csv (a line a member, a column a hyperparameter: logarithms of factors) and
    ensemble.json (how it came about).
    """
    from rascade.calibration.build import Plan, build
    from rascade.calibration.classes import arms_of_class
    from rascade.progress import default_threads, progress_on_stderr

    left = (*(without or ()), *(arms_of_class(leave_out) if leave_out else ()))
    plan = Plan(members, patients, rounds, seed, without=tuple(dict.fromkeys(left)))
    with _kept(out), progress_on_stderr("population") as progress:
        ensemble = build(out, plan, threads=default_threads(threads), progress=progress)
    say(f"{ensemble.size} members, {len(ensemble.names)} hyperparameters: {out / 'ensemble.csv'}")
    misfit = ", ".join(f"{value:.2f}" for value in ensemble.manifest["misfit_by_round"])
    say(f"misfit by round (1 where misses are as large as their errors): {misfit}")


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def validate(
    out: _Out,
    ensemble: _From = None,
    patients: Annotated[int, typer.Option(help="Patients of each member and arm.")] = 200,
    members: Annotated[
        int | None, typer.Option(help="Members of the ensemble; all if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of patients that no fit has seen.")] = 7,
    json: _Json = False,
    threads: Threads = None,
) -> None:
    """Predict every arm of a published trial that runs by its name, and compare.

    \b
      rascade cohort validate --out out/validation
      rascade cohort validate --ensemble out/no-ras-on --out out/validation-no-ras-on

    Each arm is simulated at its own size, line, scans, accrual and data cut, and scored beside the
    mean of the other arms of its line, the prior and the previous model; fitted values apart from
    the others. Written into DIR: validation.csv, validation.json and validation.html.
    """
    from rascade.calibration.validate import predictions, prior_ensemble, write_validation
    from rascade.errors import InputError
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.validation import score_rows, write_validation_report

    chosen = _ensemble(ensemble)
    if members is not None:
        chosen = chosen.first(members)
    if patients < 20:
        raise InputError(f"patients: {patients}; give 20 or more")
    count = default_threads(threads)
    with progress_on_stderr("validation") as progress:
        found, before = predictions(
            [chosen, prior_ensemble(chosen)],
            patients=patients,
            seed=seed,
            threads=count,
            progress=progress,
        )
    scores = write_validation(out, found, before)
    page = write_validation_report(out)
    if json:
        sys.stdout.write((out / "validation.json").read_text(encoding="utf-8"))
        return
    header = (
        "role", "end point", "n", "inside 90 %", "rank", "error", "mean of line", "prior",
        "previous",
    )  # fmt: skip
    show_table(header, score_rows(scores), right=set(range(2, 9)), keep={0, 1})
    say(f"page: {page}", wrap=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def check(
    build: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of rascade cohort build.")],
    json: _Json = False,
) -> None:
    """Check a fit: is it of today's model, does a second method agree, are synthetic truths found?

    \b
      rascade cohort check out/population

    Markov chains and synthetic truths run on an emulator fitted to what the build simulated; how
    much of the simulation it explains is told beside them. Of each value that was fitted, the
    hyperparameters that move it most are listed (partial rank correlations over the prior).
    """
    from json import dumps

    from rascade.calibration.build import read_build
    from rascade.calibration.checks import partial_rank_correlations, recovery, second_method
    from rascade.calibration.posterior import read_ensemble, stale

    kept = read_build(build)
    old = stale(read_ensemble(build))
    chains, truths, moved = second_method(kept), recovery(kept), partial_rank_correlations(kept)
    movers = [
        (arm, endpoint, _strongest(kept.names, moved[:, q].tolist()))
        for q, (arm, endpoint) in enumerate(kept.data)
    ]
    if json:
        found = {
            "stale": old,
            "chains": chains,
            "recovery": truths,
            "sensitivity": [list(one) for one in movers],
        }
        sys.stdout.write(dumps(found, indent=2) + "\n")
        return
    say(f"model: {old or 'the ensemble is of the model as it stands'}")
    say(
        f"second method: predictions differ by {chains['shift']:.2f} of their standard deviation, "
        f"which is {chains['width']:.2f} times the chains'; the emulator explains "
        f"{chains['explained']:.0%}"
    )
    say(
        f"synthetic truths: {truths['inside_90']:.0%} inside 90 % intervals; error "
        f"{truths['error']:.2f}, stated {truths['stated']:.2f}"
    )
    rows = [
        (arm, endpoint, ", ".join(f"{name} {value:+.2f}" for name, value in moved_by.items()))
        for arm, endpoint, moved_by in movers
    ]
    show_table(("arm", "end point", "moved most by"), rows, keep={0, 1})


@app.command(name="leave-out", cls=PlainUsage, epilog=RESEARCH_USE)
def leave_out_(
    build: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of rascade cohort build.")],
    out: _Out,
    members: Annotated[int, typer.Option(help="Members of each population.")] = 24,
    patients: Annotated[int, typer.Option(help="Patients of each member and arm.")] = 120,
    seed: Annotated[int, typer.Option(help="Of all random numbers.")] = 11,
    threads: Threads = None,
) -> None:
    """Predict each class of drugs by a population that has seen no arm of it.

    \b
      rascade cohort leave-out out/population --out out/left-out

    For RAS(ON) inhibitors, KRAS G12C inhibitors, MEK inhibitors, checkpoint inhibitors,
    chemotherapy doublets, chemotherapy with immunotherapy, and later lines: the fit is repeated
    without them, on an emulator of what the build simulated, and its members are simulated in every
    arm of the class. Written into DIR: left-out.json and left-out.csv.
    """
    from rascade.calibration.build import read_build
    from rascade.calibration.leave_out import leave_out, write_left_out
    from rascade.progress import default_threads, progress_on_stderr

    kept = read_build(build)
    with progress_on_stderr("leave out") as progress:
        found = leave_out(
            kept, members=members, patients=patients, seed=seed,
            threads=default_threads(threads), progress=progress,
        )  # fmt: skip
    summaries = write_left_out(out, found)
    header = ("class", "values", "inside 90 %", "error ORR", "error log PFS", "error log OS")
    rows_ = [
        (
            one["class"],
            str(one["values"]),
            str(one["inside_90"]),
            *("" if one[n] is None else f"{one[n]:.2f}" for n in _ERRORS),
        )
        for one in summaries
    ]
    show_table(header, rows_, right=set(range(1, 6)), keep={0})


_ERRORS = ("error_orr_points", "error_log_pfs", "error_log_os")


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def averaging(
    out: _Out,
    arm: Annotated[
        list[str] | None,
        typer.Option(metavar="ARM", help="One arm, by its id; may be repeated. All if not given."),
    ] = None,
    patients: Annotated[int, typer.Option(help="Patients of each arm.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the patients.")] = 11,
    json: _Json = False,
    threads: Threads = None,
) -> None:
    """Measure what it costs that fits and predictions merge daily doses, for each arm.

    \b
      rascade cohort averaging --out out/averaging
      rascade cohort averaging --arm rasolute-302.daraxonrasib --out out/averaging

    The same patients are followed with every dose, as in a trial, and with merged ones. Written
    into DIR: averaging.json. What is done is kept: the same command goes on after Ctrl-C.
    """
    from rascade.calibration.averaging import FILE, measure_averaging
    from rascade.progress import default_threads, progress_on_stderr

    with _kept(out), progress_on_stderr("averaging") as progress:
        rows = measure_averaging(
            out,
            patients=patients,
            seed=seed,
            arms=arm or (),
            threads=default_threads(threads),
            progress=progress,
        )
    if json:
        sys.stdout.write((out / FILE).read_text(encoding="utf-8"))
        return
    pairs = ("orr_pct", "pfs_months", "os_months")
    header = ("arm", "size, %", "ORR, %", "PFS, months", "OS, months")
    show_table(
        header,
        [(row["arm_id"], _percent(row), *(_both(row[name]) for name in pairs)) for row in rows],
        right=set(range(1, 5)),
        keep={0},
    )
    say("size: averaged less exact at week 8; the others: exact, then averaged")


@contextlib.contextmanager
def _kept(out: Path) -> Iterator[None]:
    """Say of an interrupted run that what was done is kept."""
    from rascade.cli.terminal.console import interruptible

    with interruptible():
        try:
            yield
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"what was done is kept in {out}; the same command goes on"
            ) from None


def _percent(row: Mapping[str, Any]) -> str:
    error = row["log_size_error"]
    return "-" if error is None else f"{100 * error:+.1f}"


def _both(pair: Mapping[str, float | None]) -> str:
    return ", ".join("-" if value is None else f"{value:.1f}" for value in pair.values())


def _strongest(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Return the three strongest correlations, strongest first."""
    order = sorted(range(len(names)), key=lambda j: -abs(values[j]))
    return {names[j]: round(values[j], 2) for j in order[:3]}


def _ensemble(folder: Path | None) -> Ensemble:
    """Return the ensemble of a build, or the package's."""
    from rascade.calibration.posterior import read_ensemble

    return read_ensemble(folder)
