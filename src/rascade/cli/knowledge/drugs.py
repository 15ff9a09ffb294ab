"""``rascade drugs``: the drugs that the evidence knows, and every number of one of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.knowledge.evidence import JSON, print_json, value_text
from rascade.cli.terminal.options import DrugFiles, OptionalOut, Threads
from rascade.cli.terminal.tables import print_table, say, show_entry, show_table
from rascade.cli.terminal.usage import PlainGroup, PlainUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rascade.evidence import Drug, Evidence, Fact
    from rascade.own_drugs import OwnDrug

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="List the drugs and what is known of them.",
    epilog=RESEARCH_USE,
)


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    """List the drugs and what is known of them.

    \b
    All drugs, then one of them by any of its names:
      rascade drugs
      rascade drugs show daraxonrasib
      rascade drugs show RMC-6236
    """
    if context.invoked_subcommand is None:
        list_()


@app.command("list", cls=PlainUsage, epilog=RESEARCH_USE)
def list_(as_json: JSON = False) -> None:
    """List the drugs: class, target, other names, how many numbers are known.

    \b
      rascade drugs list
      rascade drugs list --json
    """
    from rascade.evidence import load
    from rascade.own_drugs import own_drugs

    drugs = load().registry
    if as_json:
        print_json(
            [
                {
                    "name": drug.name,
                    "class": drug.drug_class,
                    "target": drug.target,
                    "group": drug.group,
                    "aliases": drug.aliases,
                    "facts": len(drug.facts),
                }
                for drug in drugs
            ]
        )
        return
    rows = [
        (drug.name, drug.drug_class, drug.target, ", ".join(drug.aliases), str(len(drug.facts)))
        for drug in drugs
    ]
    rows += [
        (own.name, f"your own, like {own.like}", "", "", str(len(own.numbers)))
        for own in own_drugs().values()
    ]
    print_table(("drug", "class", "target", "other names", "facts"), rows, right={4})


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name, code name or brand name.")],
    drugs: DrugFiles = None,
    as_json: JSON = False,
) -> None:
    """Show a drug: mechanism, class, target and every number with unit, range and sources.

    \b
      rascade drugs show daraxonrasib
      rascade drugs show "5-FU" --json
    """
    from rascade.evidence import as_dict, load
    from rascade.own_drugs import own_drugs

    own = own_drugs().get(name)
    if own is not None:
        if as_json:
            from rascade.model.own import as_mapping

            print_json({**as_mapping(own), "hash": own.hash})
        else:
            _print_own(own)
        return
    evidence = load()
    drug = evidence.drug(name)
    if as_json:
        print_json(as_dict(drug))
        return
    _print_drug(evidence, drug)
    _print_numbers(drug.name)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What your drug is called.")],
    like: Annotated[
        str, typer.Option("--like", metavar="DRUG", help="A modelled drug of the same mechanism.")
    ],
) -> None:
    """Print the commented start of a file for a drug of your own.

    \b
    A new KRAS G12C inhibitor, and a trial with it:
      rascade drugs new mysorasib --like sotorasib > mysorasib.toml
      rascade trial study.yaml --drugs mysorasib.toml --out out/mine

    The file needs nothing but its name and --like: every number that it does not give is that of
    the drug that it is like. 'rascade drugs show mysorasib --drugs mysorasib.toml' shows both.
    """
    from rascade.model.own import template

    typer.echo(template(name, like), nl=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="A drug's file.")],
) -> None:
    """Keep a drug of your own, so that every verb knows it without --drugs.

    \b
      rascade drugs add mysorasib.toml
      rascade drugs remove mysorasib
    """
    from rascade.model.own import keep_own_drug

    say(f"kept: {keep_own_drug(file)}", wrap=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Of your own.")]) -> None:
    """Forget a drug that was kept by 'rascade drugs add'; results with it stay.

    \b
      rascade drugs remove mysorasib
    """
    from rascade.model.own import drop_own_drug

    say(f"removed: {drop_own_drug(name)}", wrap=False)


@app.command("class", cls=PlainUsage, epilog=RESEARCH_USE)
def class_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A modelled drug, or your own.")],
    drugs: DrugFiles = None,
    regimen: Annotated[
        str | None, typer.Option("--regimen", metavar="ORDERS", help="Orders of the drug instead.")
    ] = None,
    allele: Annotated[
        str | None, typer.Option("--allele", metavar="NAME", help="KRAS allele, such as G12D.")
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", metavar="N", help="At each potency; 0 for no responses.")
    ] = 60,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Random seed.")] = 1,
    out: OptionalOut = None,
    threads: Threads = None,
    as_json: JSON = False,
) -> None:
    """Show a drug beside its class: target held over a day, pERK, responses by potency.

    \b
    A known drug; your own; without the small trials at other potencies, in a few seconds:
      rascade drugs class sotorasib --out out/class
      rascade drugs class mysorasib --drugs mysorasib.toml --out out/class
      rascade drugs class trametinib --patients 0

    Every drug of the mechanism is given as it usually is, your own as the drug that it is like, to
    one typical patient. Written into DIR: class.json, class.html and manifest.json.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.drug_class import class_rows, write_class_report
    from rascade.studies.running.drug_class import class_json, run_drug_class

    with progress_on_stderr("class") as progress:
        result = run_drug_class(
            name, out, orders=regimen, allele=allele, patients=patients, seed=seed,
            threads=default_threads(threads), progress=progress, finish=write_class_report,
        )  # fmt: skip
    if as_json:
        sys.stdout.write(class_json(result.record))
        return
    header = ("drug", "given", "target held, %", "pERK, %", "plasma, nM", "potency")
    show_table(header, class_rows(result.record))
    for row in result.record["responses"]:
        say(f"potency x {row['factor']:.3g}: {row['orr_pct']:g} % of {row['n']} respond")
    if result.folder is not None:
        say(f"page: {result.folder / 'class.html'}", wrap=False)


#: Confidence of a row -> whether its number is measured.
_STANDING = {
    "verified": "measured", "secondary": "measured", "recalled": "measured (recalled)",
    "derived": "derived", "fitted": "fitted", "definition": "definition", "assumed": "prior",
}  # fmt: skip


def _print_own(drug: OwnDrug) -> None:
    """Show every number of a drug of the user's own: given, or that of the drug it is like."""
    anchors = f"plasma anchors that are not given: {drug.anchors}"
    fields = [("like", drug.like), ("about", drug.about), ("anchors", anchors), ("hash", drug.hash)]
    show_entry(drug.name, fields)
    _print_numbers(drug.name)


def _print_numbers(name: str) -> None:
    """Show what the model has of a drug: measured, derived, fitted, a prior or missing."""
    from rascade.model import known_drugs, load_table
    from rascade.own_drugs import own_drugs

    drug = known_drugs().get(name)
    if drug is None:
        return
    own, table, start = own_drugs().get(name), load_table(), f"{name}."
    given = {number.symbol for number in own.numbers} if own is not None else set()
    rows = []
    for row in (table[one] for one in table if one.startswith(start)):
        symbol, standing = row.name.removeprefix(start), _STANDING[row.confidence]
        if own is not None:
            standing = f"given, {standing}" if symbol in given else f"of {own.like}, {standing}"
        rows.append((symbol, f"{row.value:.4g}", row.unit, standing, row.source))
    has = {row[0] for row in rows}
    for other in known_drugs().values():
        if other.mechanisms == drug.mechanisms:
            symbols = [n.partition(".")[2] for n in table if n.startswith(f"{other.name}.")]
            missing = [s for s in symbols if s not in has and "[" not in s]
            rows += [(symbol, "", "", "missing", f"{other.name} has it") for symbol in missing]
            has.update(missing)
    print_table(("in the model", "value", "unit", "known as", "source"), rows, right={1})


def _print_drug(evidence: Evidence, drug: Drug) -> None:
    fields = [
        ("class", drug.drug_class),
        ("group", drug.group),
        ("target", drug.target),
        ("mechanism", drug.mechanism),
        ("other names", ", ".join(drug.aliases)),
    ]
    show_entry(drug.name, fields)
    if not drug.facts:
        typer.echo("  no numbers yet; it is known from the regimens of trials")
        return
    if sys.stdout.isatty():
        _show_facts(drug.facts)
    else:
        header = ("quantity", "value", "unit", "range", "confidence", "conditions and remarks")
        rows = [
            (f.quantity, *value_text(f), f.confidence, _remarks(f), "; ".join(f.sources))
            for f in drug.facts
        ]
        print_table((*header, "sources"), rows)
    conflicts = {
        conflict.id: conflict for fact in drug.facts for conflict in evidence.conflicts_of(fact.id)
    }
    for conflict in conflicts.values():
        outcome = f"used: {conflict.used}, {conflict.why}" if conflict.used else conflict.why
        say(f"  conflict: {conflict.what}; {outcome}")


def _show_facts(facts: Sequence[Fact]) -> None:
    """Show numbers to people: fewer columns than programs get, so that words stay whole."""
    rows = []
    for fact in facts:
        value, unit, span = value_text(fact)
        known = (f"{value} {unit}".strip(), span, fact.confidence)
        about = (_remarks(fact), *fact.sources)
        rows.append((fact.quantity, *("\n".join(filter(None, cell)) for cell in (known, about))))
    show_table(("quantity", "value, range, confidence", "conditions, remarks, sources"), rows)


def _remarks(fact: Fact) -> str:
    return "; ".join(part for part in (fact.context, fact.note) if part)


if __name__ == "__main__":
    app()
