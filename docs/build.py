"""Write the generated pages of the documentation.

::

    python docs/build.py             the reference pages and the tables in the texts
    python docs/build.py --run       first run everything again that pages quote: studies and
                                     picture, facts, identifiability
    python docs/build.py --run facts            only what is named: population, later-arms, ...
    python docs/build.py --out DIR   the same pages into another folder, to compare
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from builder import (  # noqa: E402
    attribution_table,
    averaging_table,
    cli_page,
    error_page,
    evidence_table,
    facts_page,
    identifiability_page,
    model_pages,
    population_page,
    results,
    study_page,
)
from builder.values import VALUES  # noqa: E402

#: Generated page -> what makes it.
PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": cli_page.cli_page,
    "reference/study-schema.md": study_page.study_page,
    "reference/study-schema.json": study_page.schema_json,
    "reference/parameters.md": model_pages.parameters_page,
    "reference/fitted.md": model_pages.fitted_page,
    "reference/mechanisms.md": model_pages.mechanisms_page,
    "reference/drugs.md": model_pages.drugs_page,
    "reference/errors.md": error_page.error_page,
    "reference/facts.md": facts_page.facts_page,
    "reference/identifiability.md": identifiability_page.identifiability_page,
    "reference/validation.md": population_page.validation_page,
    "credibility/index.md": population_page.credibility_page,
}
#: What makes figures of pages: file below the folder -> SVG text.
FIGURES: tuple[Callable[[], dict[str, str]], ...] = (
    attribution_table.figures,
    facts_page.figures,
    identifiability_page.figures,
    population_page.figures,
)
#: Name -> what runs again, and keeps, what the pages quote.
RUNS: dict[str, Callable[[], None]] = {
    "population": population_page.run,
    "later-arms": population_page.run_later_arms,
    "averaging": averaging_table.run,
    "attribution": attribution_table.run,
    "studies": results.run_studies,
    "facts": facts_page.run,
    "identifiability": identifiability_page.run,
    "doctor": results.store_self_check,
}
#: Name between ``<!-- table: name -->`` and ``<!-- end -->`` -> what stands there.
TABLES: dict[str, Callable[[], str]] = {
    "rasolute-302": lambda: results.comparison("rasolute-302"),
    "rasolute-302-contrasts": lambda: results.contrasts("rasolute-302"),
    "population-scores": population_page.score_table,
    "averaging": averaging_table.averaging_table,
    "attribution": attribution_table.attribution_table,
    "facts-dish": facts_page.dish_table,
    "facts-missed": facts_page.missed_table,
    "facts-potency": facts_page.potency_table,
    "evidence": evidence_table.evidence_table,
    "knockouts": model_pages.knockouts_table,
    "checkpoint-inhibitors": lambda: results.comparison("checkmate-032-pdac"),
    "kras-g12c": lambda: results.comparison("codebreak-100-pdac", "krystal-1-pdac"),
}
#: Texts that hold such tables.
TEXTS = (
    "../README.md",
    "evidence.md",
    "explanation/calibration.md",
    "explanation/model.md",
    "explanation/population.md",
    "how-to/attribute.md",
    "how-to/what-if.md",
)
_TABLE = re.compile(r"(<!-- table: ([\w-]+) -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)
_VALUE = re.compile(r"(<!-- value: ([\w-]+) -->)[^<]*(<!-- end -->)")


def fill(text: str) -> str:
    """Return a text with its generated tables, and numbers in sentences, made anew."""

    def made(match: re.Match[str]) -> str:
        return match.group(1) + TABLES[match.group(2)]() + "\n" + match.group(3)

    def told(match: re.Match[str]) -> str:
        return match.group(1) + VALUES[match.group(2)]() + match.group(3)

    return _VALUE.sub(told, _TABLE.sub(made, text))


def build(out: Path) -> list[Path]:
    """Write all pages below a folder; texts with tables only where they belong."""
    written = []
    for name, make in PAGES.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(make().rstrip("\n") + "\n", encoding="utf-8")
        written.append(target)
    for name, svg in (item for make in FIGURES for item in make().items()):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(svg, encoding="utf-8")
        written.append(target)
    for name in TEXTS if out == DOCS else ():
        target = out / name
        target.write_text(fill(target.read_text(encoding="utf-8")), encoding="utf-8")
        written.append(target)
    return written


def main() -> None:
    """Read the command line and write the pages."""
    parser = argparse.ArgumentParser(description="Write the generated pages of the documentation.")
    parser.add_argument(
        "--run", nargs="*", choices=[*RUNS], help="run again first: all, or what is named"
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write into")
    given = parser.parse_args()
    for name in given.run or ([*RUNS] if given.run is not None else []):
        RUNS[name]()
    pages = build(given.out.resolve())
    sys.stdout.write(f"{len(pages)} files written below {given.out}\n")


if __name__ == "__main__":
    main()
