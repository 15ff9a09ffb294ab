"""``rascade drugs``: the drugs that the evidence knows, and every number of one of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.knowledge.evidence import JSON, print_json, value_text
from rascade.cli.terminal.tables import print_table, say, show_entry, show_table
from rascade.cli.terminal.usage import PlainGroup, PlainUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rascade.evidence import Drug, Evidence, Fact

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
    print_table(("drug", "class", "target", "other names", "facts"), rows, right={4})


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name, code name or brand name.")],
    as_json: JSON = False,
) -> None:
    """Show a drug: mechanism, class, target and every number with unit, range and sources.

    \b
      rascade drugs show daraxonrasib
      rascade drugs show "5-FU" --json
    """
    from rascade.evidence import as_dict, load

    evidence = load()
    drug = evidence.drug(name)
    if as_json:
        print_json(as_dict(drug))
        return
    _print_drug(evidence, drug)


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
