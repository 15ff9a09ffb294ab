"""``rascade simulate``: one patient under a regimen, every species, and figures."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.cautions import tell_warnings
from rascade.cli.terminal.options import DrugFiles, Out
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def simulate(
    regimen: Annotated[
        str, typer.Option("--regimen", metavar="ORDERS", help="Orders joined by +, or none.")
    ],
    out: Out,
    patient: Annotated[
        str | None,
        typer.Option("--patient", metavar="FILE", help="What is known of the patient, as YAML."),
    ] = None,
    drugs: DrugFiles = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="Days to simulate.")] = 168,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Random seed for what is not known.")
    ] = 1,
    knockout: Annotated[
        list[str] | None,
        typer.Option("--knockout", metavar="NAME", help="Take a cell or gene away; may repeat."),
    ] = None,
    set_to: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; may repeat."),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", metavar="MECHANISM", help="Ask for a mechanism; may repeat."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print simulation.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Simulate one virtual patient and write every species over time, with figures.

    \b
    A patient drawn at random, and one of whom something is known:
      rascade simulate --regimen "daraxonrasib 300 mg PO QD" --out out/patient
      rascade simulate --regimen "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D" \\
        --patient patient.yaml --days 56 --out out/patient

    \b
    What if? From before treatment on, without MDSC, with a third of the matrix:
      rascade simulate --regimen "pembrolizumab 200 mg IV Q3W" --knockout MDSC \\
        --set stroma_density=0.3 --out out/what-if

    \b
    A patient file; what it leaves out is drawn from the seed:
      kras_allele: G12D
      sex: female
      weight_kg: 61
      parameters: {KRAS_share: 0.4}

    Written into DIR: trajectory.parquet, simulation.json, manifest.json and patient.html. A virtual
    patient is not the person whose size it has.
    """
    from json import loads as read_json

    from rascade.regimen import parse
    from rascade.report import write_patient_report
    from rascade.studies.files.interventions import read_interventions
    from rascade.studies.files.patient import load_patient
    from rascade.studies.running.single import run_single

    known = load_patient(patient) if patient is not None else None
    folder = run_single(
        parse(regimen),
        out,
        days=days,
        seed=seed,
        patient=known,
        changes=read_interventions(knockout, set_to, include),
        finish=write_patient_report,
    )
    text = (folder / "simulation.json").read_text("utf-8")
    tell_warnings(read_json(text)["warnings"])
    if json:
        sys.stdout.write(text)
        return
    say(f"report: {folder / 'patient.html'}", wrap=False)
