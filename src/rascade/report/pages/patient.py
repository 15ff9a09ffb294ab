"""The report of one simulated patient: ``patient.html`` from the folder of ``rascade simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.report.look.canvas import Figure
    from rascade.report.look.page import Table

__all__ = ["write_patient_report"]


def write_patient_report(folder: Path, *, figures: bool = False) -> Path:
    """Write ``patient.html`` into the folder of a finished ``rascade simulate``.

    Args:
        folder: with ``trajectory.parquet`` (column ``day``, then one column a quantity) and
            ``simulation.json`` (regimen, days, patient, drugs, columns, doses).
        figures: also write each figure as ``figures/NAME.svg``.

    Returns:
        The path of the page.

    Raises:
        InputError: a file or a column is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.figures.patient import patient_figures
    from rascade.report.look.canvas import drawing
    from rascade.report.look.files import write_figures
    from rascade.report.look.page import render
    from rascade.report.look.text import plain
    from rascade.report.runs.files import read_json, read_table, research_footer, write_page

    folder = Path(folder)
    simulation = read_json(folder / "simulation.json")
    trajectory = read_table(folder / "trajectory.parquet", ("day",))
    regimen = plain(simulation.get("regimen") or "no treatment")
    footer = research_footer(regimen, None, simulation.get("model_hash"))
    with drawing():
        drawn: list[Figure] = patient_figures(trajectory, simulation, footer)
    if figures:
        write_figures(folder / "figures", drawn)
    page = render(
        "patient.html.j2",
        title="One simulated patient",
        lead=f"{regimen}, {simulation.get('days', '?')} days.",
        warnings=[plain(text) for text in simulation.get("warnings") or []],
        figures=drawn,
        patient=_patient_table(simulation),
        doses=_dose_table(simulation),
    )
    return write_page(folder / "patient.html", page)


def _patient_table(simulation: dict[str, Any]) -> Table:
    from rascade.report.look.page import Table
    from rascade.report.look.text import number, plain

    rows: list[tuple[str, ...]] = [
        (plain(key).replace("_", " "), number(value))
        for key, value in (simulation.get("patient") or {}).items()
    ]
    return Table("Patient", ("Property", "Value"), rows or [("none given", "")])


def _dose_table(simulation: dict[str, Any]) -> Table:
    from rascade.report.look.page import Table
    from rascade.report.look.text import number, plain

    given: dict[str, list[float]] = {}
    for dose in simulation.get("doses") or []:
        given.setdefault(plain(dose["drug"]), []).append(float(dose["day"]))
    rows: list[tuple[str, ...]] = [
        (drug, str(len(days)), number(min(days)), number(max(days))) for drug, days in given.items()
    ]
    return Table(
        "Doses given",
        ("Drug", "Doses", "First day", "Last day"),
        rows or [("none", "0", "", "")],
        numeric=frozenset({1, 2, 3}),
    )
