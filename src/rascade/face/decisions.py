"""What people decide by: frozen predictions, schedules, designs, measurements, forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.face import given
from rascade.face.running import told

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["forecast", "frozen_predictions", "next_trial", "optimise", "value_of_information"]


def value_of_information(
    study: str | Path,
    out: str | Path,
    *,
    threads: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Find which measurement would narrow a prediction most, as ``rascade voi`` does.

    Args:
        study: path of the file.
        out: the results folder.
        threads: of the solver; None takes every processor.
        progress: show progress and time left.

    Returns:
        What ``voi.json`` holds: the prediction (``value``, ``low90``, ``high90``, ``sd``) and
        ``measurements``, the best first, each with the ``share`` of variance it would take away.

    Raises:
        StudyFileError: the file is wrong; every problem with file and line.
        InputError: `out` cannot be written.
    """
    from rascade.progress import default_threads
    from rascade.report.pages.voi import write_voi_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.voi_schema import VoiStudy
    from rascade.studies.running.voi import run_voi

    workers = default_threads(given.threads(threads))
    plan = load_decision(given.place("study", study), VoiStudy, "voi")
    with told("voi", progress) as update:
        return run_voi(
            plan,
            given.place("out", out),
            threads=workers,
            progress=update,
            finish=write_voi_report,
        )


def next_trial(
    study: str | Path,
    out: str | Path,
    *,
    threads: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Find the design with the best chance, as ``rascade design`` does.

    Args:
        study: path of the file.
        out: the results folder.
        threads: of the solver; None takes every processor.
        progress: show progress and time left.

    Returns:
        What ``design.json`` holds: ``best``, ``plain`` (three plain designs), ``lead``, ``verdict``
        and ``tried``; each design with ``assurance``, ``low90``, ``high90``, ``months``.

    Raises:
        StudyFileError: the file is wrong; every problem with file and line.
        InputError: `out` cannot be written.
    """
    from rascade.progress import default_threads
    from rascade.report.pages.next_trial import write_design_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.design_schema import DesignStudy
    from rascade.studies.running.design import run_design

    workers = default_threads(given.threads(threads))
    plan = load_decision(given.place("study", study), DesignStudy, "design")
    with told("design", progress) as update:
        return run_design(
            plan,
            given.place("out", out),
            threads=workers,
            progress=update,
            finish=write_design_report,
        )


def forecast(
    patient: str | Path,
    regimens: str | Path,
    out: str | Path,
    *,
    members: int = 12,
    patients: int = 100,
    threads: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Rank regimens for virtual patients that are like one. Not for treating anybody.

    Args:
        patient: path of the file that says what is known.
        regimens: path of the file of regimens.
        out: the results folder.
        members: of the ensemble.
        patients: virtual patients of each member.
        threads: of the solver; None takes every processor.
        progress: show progress and time left.

    Returns:
        What ``forecast.json`` holds: ``regimens`` (best first, with ``pfs_median_months``,
        ``low80``, ``high80``, ``probability_best``, ``grade3plus_pct``), ``effective_sample``,
        ``refused`` (why, or None).

    Raises:
        StudyFileError: a file is wrong; every problem with file and line.
        InputError: a number is wrong, or `out` cannot be written.
    """
    from rascade.progress import default_threads
    from rascade.report.pages.forecast import write_forecast_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.forecast import ForecastPatient, RegimensFile
    from rascade.studies.running.forecast import LEAST_PATIENTS, MOST_MEMBERS, run_forecast

    workers = default_threads(given.threads(threads))
    members = given.whole("members", members, 1, MOST_MEMBERS)
    patients = given.whole("patients", patients, LEAST_PATIENTS)
    path = Path(given.place("patient", patient))
    known = load_decision(path, ForecastPatient, "patient-course", "forecast")
    wanted = load_decision(given.place("regimens", regimens), RegimensFile, "regimens", "forecast")
    with told("forecast", progress) as update:
        return run_forecast(
            known,
            wanted,
            given.place("out", out),
            beside=path.parent,
            members=members,
            patients=patients,
            threads=workers,
            progress=update,
            finish=write_forecast_report,
        )


def optimise(
    study: str | Path,
    out: str | Path,
    *,
    threads: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Search for the best schedule of a study file, as ``rascade optimise`` does.

    Args:
        study: path of the file.
        out: folder; a search that was ended goes on in it.
        threads: of the solver; None takes every processor.
        progress: show progress and time left.

    Returns:
        What ``optimise.json`` holds: ``objective``, ``best`` and ``published`` (lists with
        ``schedule``, ``value``, ``low90``, ``high90``), ``rule``, ``verdict``, ``winners_curse``.

    Raises:
        StudyFileError: the file is wrong; every problem with file and line.
        InputError: `out` cannot be written.
    """
    from rascade.progress import default_threads
    from rascade.report.pages.optimise import write_optimise_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.optimise_schema import OptimiseStudy
    from rascade.studies.running.optimise import run_optimise

    workers = default_threads(given.threads(threads))
    plan = load_decision(given.place("study", study), OptimiseStudy, "optimise")
    with told("optimise", progress) as update:
        return run_optimise(
            plan,
            given.place("out", out),
            threads=workers,
            progress=update,
            finish=write_optimise_report,
        )


def frozen_predictions(folder: str | Path = "docs/predictions") -> pd.DataFrame:
    """Return what was frozen: one row an arm and end point, each file checked against its hash.

    Args:
        folder: of ``rascade predict freeze``.

    Returns:
        Columns ``prediction``, ``frozen`` (date), ``arm``, ``size``, ``endpoint``, ``median``,
        ``low90`` and ``high90`` (months, or percent; NaN where not reached).

    Raises:
        ResultsError: something was changed since it was frozen.
    """
    import pandas as pd

    from rascade.studies.running.predictions import read_frozen

    rows = [
        {
            "prediction": one["id"],
            "frozen": one["frozen"][:10],
            "arm": arm["name"],
            "size": arm["size"],
            "endpoint": endpoint,
            **{name: said[name] for name in ("median", "low90", "high90")},
        }
        for one in read_frozen(given.place("folder", folder))
        for arm in one["arms"]
        for endpoint, said in arm["values"].items()
        if said is not None
    ]
    return pd.DataFrame(rows)
