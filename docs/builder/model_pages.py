"""The model's reference: mechanisms, parameters, fitted parameters, drugs; from its own files."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING

from builder.text import NOTE, anchor, cell, code, fence, number, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rascade.model import Parameter, ParameterTable
    from rascade.model.mechanisms import Mechanism

__all__ = [
    "drugs_page",
    "fitted_page",
    "knockouts_table",
    "mechanisms_page",
    "parameters_page",
]

_HEADER = (
    "name",
    "value",
    "unit",
    "plausible range",
    "between patients",
    "confidence",
    "source",
    "what it is",
)
_PER = {
    "system": "one copy in the model",
    "drug": "one copy a drug",
    "clone": "one copy a cell population",
    "drug and clone": "one copy a drug and cell population",
}


def base_symbol(row: str) -> str:
    """Return the symbol of a row: ``daraxonrasib.CL[resistant]`` gives ``CL``."""
    return row.partition("[")[0].rpartition(".")[2]


def _mechanisms() -> tuple[Mechanism, ...]:
    from rascade.model.mechanisms import load_mechanisms

    return tuple(load_mechanisms().values())


def _home(row: str) -> str:
    """Return the mechanism under which a row is listed: the first that reads it."""
    from rascade.model import known_drugs

    drug = row.partition(".")[0] if "." in row else ""
    allowed = known_drugs()[drug].mechanisms if drug in known_drugs() else None
    for mechanism in _mechanisms():
        fits = allowed is None or mechanism.name in allowed or mechanism.per in ("clone", "system")
        if base_symbol(row) in mechanism.numbers and fits:
            return mechanism.name
    return ""


def _row(row: Parameter) -> tuple[str, ...]:
    spread = f"log-normal, CV {row.cv:.0%}" if row.varies else "same in all"
    confidence = f"**fitted** to {row.fitted}" if row.confidence == "fitted" else row.confidence
    return (
        code(row.name), number(row.value), row.unit, f"{number(row.low)} to {number(row.high)}",
        spread, confidence, row.source, row.description,
    )  # fmt: skip


def _rows(rows: Iterable[Parameter]) -> str:
    return table(_HEADER, [_row(row) for row in rows], right=(1,))


def parameters_page() -> str:
    """Return every row of the parameter table by mechanism, then lesions and patients."""
    from rascade.model import load_table
    from rascade.trial.assessment.lesions import load_measurement

    model = load_table()
    counts = Counter(row.confidence for row in model.values())
    known = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    parts = [
        NOTE,
        "# Parameters\n",
        f"{len(model)} rows: {known}. [What was fitted](fitted.md) has its own list. A row stands "
        "under the first mechanism that reads it. `name[clone]` holds in one cell population only, "
        "`drug.name` for one drug. The value is the median over patients. What the words for "
        "confidence mean: [glossary](../glossary.md#confidence).\n",
    ]
    for mechanism in _mechanisms():
        own = [row for row in model.values() if _home(row.name) == mechanism.name]
        if own:
            link = f"[{mechanism.name}](mechanisms.md#{anchor(mechanism.name)})"
            parts += [f"## {mechanism.title}\n", f"{link}\n", _rows(own), ""]
    rest = [row for row in model.values() if not _home(row.name)]
    parts += ["## Doses and infusions\n", _rows(rest), ""]
    parts += ["## Lesions and their measurement\n", _rows(load_measurement().values()), ""]
    parts += ["## KRAS alleles\n", _alleles(), "", "## Patients\n", _profile(), ""]
    parts += ["### Drawn together\n", _correlations(), ""]
    parts += ["### Prognostic factors of death\n", _prognosis()]
    return "\n".join(parts) + "\n"


def _alleles() -> str:
    from rascade.model import load_alleles

    alleles = load_alleles()
    names = list(next(iter(alleles.values())).values)
    rows = [
        (allele.name, *(number(allele.values[name]) for name in names), allele.source)
        for allele in alleles.values()
    ]
    return table(("allele", *map(code, names), "source"), rows, right=range(1, len(names) + 1))


def _profile() -> str:
    from rascade.patients import load_properties

    rows = [
        (code(item.name), item.kind, category, row["value"], row["spread"],
         f"{row['low']} to {row['high']}", row["unit"], row["confidence"], row["source"])
        for item in load_properties().values()
        for category, row in item.rows.items()
    ]  # fmt: skip
    header = (
        "property",
        "distribution",
        "category",
        "value",
        "spread",
        "range",
        "unit",
        "confidence",
        "source",
    )
    return table(header, rows, right=(3, 4))


def _correlations() -> str:
    from rascade.patients.joint import load_correlations

    rows = [
        (code(item.first), code(item.second), number(item.value), item.confidence, item.source,
         item.seen)
        for item in load_correlations()
    ]  # fmt: skip
    header = ("of", "with", "correlation of scores", "confidence", "source", "seen")
    return table(header, rows, right=(2,))


def _prognosis() -> str:
    from math import exp

    from rascade.patients.prognosis import load_factors

    steps = {"category": "there", "linear": "per unit", "log": "per e-fold"}
    rows = [
        (code(item.name), item.category, f"{exp(item.log_hazard):.3g} {steps[item.scale]}",
         f"{exp(item.low):.3g} to {exp(item.high):.3g}", item.source, item.seen)
        for item in load_factors()
    ]  # fmt: skip
    return table(("property", "at", "hazard ratio", "published range", "source", "seen"), rows)


def fitted_page() -> str:
    """Return the list of what was fitted, and to what."""
    from rascade.evidence import load
    from rascade.model import load_table

    table_rows: ParameterTable = load_table()
    rows = [row for row in table_rows.values() if row.confidence == "fitted"]
    listing = table(
        ("name", "value", "unit", "range allowed", "set against", "source of the start"),
        [
            (code(r.name), number(r.value), r.unit, f"{number(r.low)} to {number(r.high)}",
             r.fitted, r.source)
            for r in rows
        ],
        right=(1,),
    )  # fmt: skip
    used = {part.strip() for row in rows for part in row.fitted.split(";")}
    targets = [
        (t.id, t.quantity, _value(t), "; ".join(t.sources))
        for t in load().calibration_targets
        if t.id.partition(".")[0] in used
    ]
    parts = [
        NOTE,
        "# Fitted parameters\n",
        f"These {len(rows)} rows of the [parameter table](parameters.md) were set by hand so that "
        "the model meets the targets named; "
        "how it was done, and what it is worth: "
        "[calibration](../explanation/calibration.md).\n",
        listing,
        "\n## The targets\n",
        table(("target", "quantity", "published", "sources"), targets),
    ]
    return "\n".join(parts) + "\n"


def _value(target: object) -> str:
    low, high = getattr(target, "low", None), getattr(target, "high", None)
    text = f"{getattr(target, 'value', '')} {getattr(target, 'unit', '')}".strip()
    if low in (None, "") and high in (None, ""):
        return text
    ends = [number(float(x)) if x not in (None, "") else "not reached" for x in (low, high)]
    return f"{text} ({ends[0]} to {ends[1]})"


def mechanisms_page() -> str:
    """Return every mechanism with its equations as they stand in its file."""
    parts = [
        NOTE,
        "# Mechanisms\n",
        "One Antimony file each, in `src/rascade/model/mechanisms`. What stands in the brackets "
        "behind the name is read from other mechanisms; every other name that is not defined in "
        "the file is a row of the [parameter table](parameters.md). In prose: "
        "[the model explained](../explanation/model.md).\n",
    ]
    folder = files("rascade.model") / "mechanisms"
    for mechanism in _mechanisms():
        text = (folder / f"{mechanism.name}.ant").read_text(encoding="utf-8")
        numbers = ", ".join(map(code, sorted(mechanism.numbers))) or "none"
        parts += [
            f"## {mechanism.name}\n",
            f"{mechanism.title}; {_PER[mechanism.per]}.\n",
            fence(text, "antimony"),
            f"\nNumbers: {numbers}\n",
        ]
    return "\n".join(parts)


def drugs_page() -> str:
    """Return the drugs that are simulated, then those that are only known."""
    from rascade.evidence import load
    from rascade.model import known_drugs

    evidence, modelled = load(), known_drugs()
    parts = [
        NOTE,
        "# Drugs\n",
        f"{len(modelled)} drugs can be simulated. {len(evidence.registry)} are in the evidence; an "
        "order for one of the others is understood and refused by name (exit code 3).\n",
        "## Simulated\n",
    ]
    for name, drug in sorted(modelled.items()):
        known = evidence.drug(name)
        routes = ", ".join(drug.routes)
        kind = known.drug_class[:1].upper() + known.drug_class[1:]
        links = ", ".join(f"[{m}](mechanisms.md#{anchor(m)})" for m in drug.mechanisms)
        parts += [
            f"### {name}\n",
            f"{kind}. Target: {known.target}. Route: {routes}.\n",
            f"{known.mechanism}\n",
            f"Mechanisms: {links}.\n",
        ]
    others = [
        (code(d.name), d.drug_class, ", ".join(d.aliases), len(d.facts))
        for d in evidence.registry
        if d.name not in modelled
    ]
    parts += ["## Known, not simulated yet\n"]
    parts += [table(("drug", "class", "other names", "facts"), others, right=(3,))]
    return "\n".join(cell(p) if p == "" else p for p in parts) + "\n"


def knockouts_table() -> str:
    """Return what can be knocked out, as a table."""
    from rascade.model import knockouts

    return table(
        ["name", "row", "value", "what that stands for"],
        [[k.name, f"`{k.row}`", f"{k.value:g}", k.about] for k in knockouts().values()],
    )
