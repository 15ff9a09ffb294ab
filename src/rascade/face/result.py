"""What a trial came to, as an object: tables, end points, figures, report, data sets."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade import RESEARCH_USE
from rascade.errors import InputError
from rascade.face.given import place
from rascade.face.plots import Plots, check_arm

if TYPE_CHECKING:
    import pandas as pd

    from rascade.report.runs.trial import TrialRun
    from rascade.trial.results.records.headline import ArmHeadline, ContrastHeadline
    from rascade.trial.results.records.prediction import ArmPrediction

__all__ = ["EndPoint", "TrialResult", "open_result"]

TABLES = ("patients", "visits", "lesions", "adverse_events", "decisions")


@dataclass(frozen=True)
class EndPoint:
    """A time to an event, arm by arm.

    Attributes:
        name: such as ``pfs`` or ``os``.
        title: in words.
    """

    name: str
    title: str
    _result: TrialResult = field(repr=False)

    def curve(self, arm: str) -> pd.DataFrame:
        """Return the Kaplan-Meier curve of an arm.

        Returns:
            One row a distinct time, from month 0: ``month``, ``survival`` just after it, ``low``
            and ``high`` (95 % log-log limits, NaN where there are none), ``at_risk`` just before
            it, ``events``, ``censored``.

        Raises:
            InputError: no arm is called so.
        """
        import pandas as pd

        from rascade.statistics.survival import kaplan_meier

        rows = self._result.of_arm(arm)
        months = rows[f"{self.name}_months"].to_numpy(float)
        known = np.isfinite(months)
        curve = kaplan_meier(
            months[known], rows[f"{self.name}_event"].to_numpy()[known].astype(bool)
        )
        count = int(known.sum())
        return pd.DataFrame(
            {
                "month": np.append(0.0, curve.time),
                "survival": np.append(1.0, curve.survival),
                "low": np.append(1.0, curve.low),
                "high": np.append(1.0, curve.high),
                "at_risk": np.append(count, curve.at_risk),
                "events": np.append(0, curve.events),
                "censored": np.append(0, curve.censored),
            }
        )

    def median(self, arm: str) -> tuple[float | None, float | None, float | None]:
        """Return median and 95 % limits in months; None where not reached.

        Raises:
            InputError: no arm is called so.
        """
        self._result.summary_of(arm)
        found = self._result.headlines[arm].medians[self.name]
        return found.value, *(found.limits or (None, None))

    def hazard_ratio(self, arm: str) -> tuple[float | None, float | None, float | None]:
        """Return the hazard ratio of an arm against the reference, and its 95 % limits.

        Raises:
            InputError: no arm is called so, or it is the reference.
        """
        for row in self._result.contrasts:
            if row.arm == arm:
                found = row.ratios[self.name]
                return found.value, *(found.limits or (None, None))
        self._result.summary_of(arm)
        raise InputError(f"{arm!r} is the arm that the others are compared with; name another")


class TrialResult:
    """What a trial came to.

    Attributes:
        summary: what ``summary.json`` of the command line holds.
        manifest: what ``manifest.json`` holds: hashes, versions, sources.
        study: the study file's text.
        folder: where it is kept; None for a trial that was run in memory.
        patients: one row a patient.
        visits: one row a patient and scan.
        lesions, adverse_events, decisions: one row a lesion and scan, episode, decision.
    """

    def __init__(
        self,
        summary: Mapping[str, Any],
        manifest: Mapping[str, Any],
        study: str,
        *,
        tables: Mapping[str, pd.DataFrame] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.summary, self.manifest, self.study, self.folder = summary, manifest, study, folder
        self._tables = dict(tables or {})

    # -- tables ------------------------------------------------------------------------------

    def table(self, name: str) -> pd.DataFrame:
        """Return a table, read from the folder when it is first asked for.

        Raises:
            InputError: there is no such table, or it cannot be read.
        """
        if name not in TABLES:
            raise InputError(f"no table is called {name!r}; there are {', '.join(TABLES)}")
        if name not in self._tables:
            from rascade.report.runs.files import read_table

            assert self.folder is not None
            self._tables[name] = read_table(self.folder / f"{name}.parquet", ("patient", "arm"))
        return self._tables[name]

    @property
    def patients(self) -> pd.DataFrame:
        """One row a patient: profile, end points, treatment, parameters (``p:...``)."""
        return self.table("patients")

    @property
    def visits(self) -> pd.DataFrame:
        """One row a patient and scan: sums of diameters, responses, markers."""
        return self.table("visits")

    @property
    def lesions(self) -> pd.DataFrame:
        """One row a patient, scan and lesion."""
        return self.table("lesions")

    @property
    def adverse_events(self) -> pd.DataFrame:
        """One row an episode of a side effect."""
        return self.table("adverse_events")

    @property
    def decisions(self) -> pd.DataFrame:
        """One row a hold, reduction, restart or stop of a drug."""
        return self.table("decisions")

    def in_memory(self) -> TrialResult:
        """Return the same with every table read and no folder, for a folder that will go."""
        tables = {name: self.table(name) for name in TABLES}
        return TrialResult(self.summary, self.manifest, self.study, tables=tables)

    # -- arms and end points -----------------------------------------------------------------

    @property
    def arms(self) -> list[str]:
        """Names of the arms in the study's order."""
        return [str(arm["name"]) for arm in self.summary["arms"]]

    def of_arm(self, arm: str) -> pd.DataFrame:
        """Return the patients of an arm.

        Raises:
            InputError: no arm is called so.
        """
        self.summary_of(arm)
        return self.patients[self.patients["arm"].astype(str) == arm]

    def summary_of(self, arm: str) -> Mapping[str, Any]:
        """Return what the summary says of an arm.

        Raises:
            InputError: no arm is called so.
        """
        check_arm(arm, self.arms)
        found: Mapping[str, Any] = self.summary["arms"][self.arms.index(arm)]
        return found

    @cached_property
    def headlines(self) -> dict[str, ArmHeadline]:
        """What each arm came to, by name: numbers of patients, rates, medians."""
        from rascade.trial.results.records.codec import from_json
        from rascade.trial.results.records.headline import ArmHeadline

        return {str(r["name"]): from_json(ArmHeadline, r) for r in self.summary["arms"]}

    @cached_property
    def contrasts(self) -> tuple[ContrastHeadline, ...]:
        """The arms against the reference: hazard ratios, tests, pairs of the same patient."""
        from rascade.trial.results.records.codec import from_json
        from rascade.trial.results.records.headline import ContrastHeadline

        return tuple(from_json(ContrastHeadline, row) for row in self.summary["contrasts"])

    def prediction(self, arm: str) -> ArmPrediction | None:
        """Return what a trial of this size is predicted to show of an arm, with 90 % limits.

        It counts how well the population is known, what trials differ by, and chance; the intervals
        of the results count chance alone. That of a contrast is in ``.contrasts``.

        Returns:
            Its ``orr`` (percent) and ``medians`` (months, by end point), each with ``median``,
            ``low90`` and ``high90``; None where the results hold no prediction.

        Raises:
            InputError: no arm is called so.
        """
        self.summary_of(arm)
        return self.headlines[arm].prediction

    def endpoint(self, name: str) -> EndPoint:
        """Return a time to an event, such as ``pfs`` or ``os``.

        Raises:
            InputError: no end point is called so, or these results do not hold it.
        """
        from rascade.trial.endpoints import END_POINTS, times

        found, here = END_POINTS[name], times(self.summary)
        if found not in times():
            raise InputError(
                f"end point {found.name}: a share of patients, not a time; it is in "
                f"result.headlines[ARM].rates[{found.name!r}]"
            )
        if found not in here:
            names = ", ".join(end.name for end in here)
            raise InputError(f"end point {found.name}: not in these results, which have {names}")
        return EndPoint(found.name, found.title, self)

    # -- figures, report, data sets ----------------------------------------------------------

    @property
    def plot(self) -> Plots:
        """Figures of matplotlib, made from this object: ``.plot.survival("os")``."""
        return Plots(self._run)

    @cached_property
    def _run(self) -> TrialRun:
        """The result as the report reads it."""
        from rascade.report.runs.trial import trial_run

        tables = {name: self.table(name) for name in ("patients", "visits", "adverse_events")}
        return trial_run(self.study, self.manifest, self.summary, tables)

    def report(self, path: str | Path) -> Path:
        """Write the report as one HTML file that needs no network.

        Raises:
            OutputError: the place cannot be written.
        """
        from rascade.report.pages.trial import report_page
        from rascade.results.store import write_text

        target = place("path", path)
        write_text(target, report_page(self._run))
        return target

    def figures(self, folder: str | Path, file_format: str = "svg") -> list[Path]:
        """Write every figure of the report as a file of its own; returns the files.

        Args:
            folder: made if needed; files of the same names are replaced.
            file_format: ``svg``, ``png`` (300 dots an inch) or ``pdf``.

        Raises:
            InputError: there is no such format.
            OutputError: the place cannot be written.
        """
        from rascade.report.figures.trial import draw_figures
        from rascade.report.look.files import write_figures

        drawn = draw_figures(self._run)
        every = [figure for group in drawn.values() for figure in group]
        return write_figures(place("folder", folder), every, file_format)

    def to_adam(self, folder: str | Path) -> list[Path]:
        """Write ADaM-shaped data sets; returns the files.

        Raises:
            InputError: the data break a rule of ADaM.
            OutputError: the folder cannot be written.
        """
        from rascade.exchange.adam import build_datasets, write_datasets
        from rascade.studies.running.adam import source_from

        tables = {name: self.table(name) for name in TABLES}
        return write_datasets(
            place("folder", folder), build_datasets(source_from(self.summary, tables))
        )

    # -- how it shows itself -----------------------------------------------------------------

    def __repr__(self) -> str:
        lines = [f"{self.summary['study']} (seed {self.summary['seed']})"]
        lines += [f"  {name}: {', '.join(cells)}" for name, cells in self.arm_lines()]
        lines += [f"  {text}" for text in (*self.contrast_lines(), *self.prediction_lines())]
        return "\n".join([*lines, f"  {RESEARCH_USE}"])

    def arm_lines(self) -> list[tuple[str, list[str]]]:
        """Return arm by arm what it came to: name, and patients, response rate, medians."""
        from rascade.trial.endpoints import times
        from rascade.trial.endpoints.rates import OBJECTIVE_RESPONSE as RESPONSE

        rows = []
        for arm in self.headlines.values():
            response = arm.rates[RESPONSE.name]
            cells = [f"n {arm.n}", f"{RESPONSE.label} {response.text(0)} %"]
            for end in times(self.summary):
                cells.append(f"{end.label} {arm.medians[end.name].text(1)} months")
            rows.append((arm.name, cells))
        return rows

    def contrast_lines(self) -> list[str]:
        """Return the hazard ratios of arms against the reference, one line an arm."""
        from rascade.trial.endpoints import times

        return [
            f"{row.arm} against {row.reference}: "
            + ", ".join(
                f"{end.label} HR {row.ratios[end.name].text(2)}" for end in times(self.summary)
            )
            for row in self.contrasts
        ]

    def prediction_lines(self) -> list[str]:
        """Return what is predicted of arms and contrasts."""
        arms = [(arm.name, arm.prediction) for arm in self.headlines.values()]
        pairs = [(f"{row.arm} against {row.reference}", row.prediction) for row in self.contrasts]
        return [
            f"predicted with 90 % limits, {name}: {found.text()}"
            for name, found in (*arms, *pairs)
            if found is not None
        ]

    def _repr_html_(self) -> str:
        """Return the arms as a table, for notebooks."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            + "</tr>"
            for name, cells in self.arm_lines()
        )
        below = "".join(
            f"<li>{html.escape(text)}</li>"
            for text in (*self.contrast_lines(), *self.prediction_lines())
        )
        return (
            f"<p><b>{html.escape(str(self.summary['study']))}</b></p><table>{rows}</table>"
            f"<ul>{below}</ul><p><small>{html.escape(RESEARCH_USE)}</small></p>"
        )


def open_result(folder: str | Path) -> TrialResult:
    """Open the results of a trial that the command line, or `Trial.run`, wrote.

    Args:
        folder: the DIR of ``rascade trial ... --out DIR``.

    Raises:
        InputError: it is not such a folder, or a file in it cannot be read.
    """
    from rascade.report.runs.files import read_json

    at = place("folder", folder)
    if not (at / "summary.json").is_file():
        raise InputError(
            f"{at}: no results of a trial here (no summary.json); name the DIR of "
            "rascade trial ... --out DIR"
        )
    summary, manifest = (read_json(at / name) for name in ("summary.json", "manifest.json"))
    for key in ("study", "seed", "arms", "contrasts"):
        if key not in summary:
            raise InputError(f"{at / 'summary.json'}: no {key!r} in it; not the results of a trial")
    study = at / "study.yaml"
    try:
        text = study.read_text(encoding="utf-8") if study.is_file() else ""
    except (OSError, ValueError) as error:
        raise InputError(f"{study}: cannot be read ({error}); run the trial again") from None
    return TrialResult(summary, manifest, text, folder=at)
