"""Write the generated pages of the documentation.

::

    python docs/build.py             the reference pages and the tables in the texts
    python docs/build.py --run       first run the example studies again: results and picture
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

from builder import cli_page, error_page, model_pages, results, study_page  # noqa: E402

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
}
#: Name between ``<!-- table: name -->`` and ``<!-- end -->`` -> what stands there.
TABLES: dict[str, Callable[[], str]] = {
    "rasolute-302": lambda: results.comparison("rasolute-302"),
    "rasolute-302-contrasts": lambda: results.contrasts("rasolute-302"),
    "kras-g12c": lambda: results.comparison("codebreak-100-pdac", "krystal-1-pdac"),
}
#: Texts that hold such tables.
TEXTS = ("../README.md", "explanation/calibration.md")
_TABLE = re.compile(r"(<!-- table: ([\w-]+) -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)


def fill(text: str) -> str:
    """Return a text with its generated tables made anew."""

    def made(match: re.Match[str]) -> str:
        return match.group(1) + TABLES[match.group(2)]() + "\n" + match.group(3)

    return _TABLE.sub(made, text)


def build(out: Path) -> list[Path]:
    """Write all pages below a folder; texts with tables only where they belong."""
    written = []
    for name, make in PAGES.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(make().rstrip("\n") + "\n", encoding="utf-8")
        written.append(target)
    for name in TEXTS if out == DOCS else ():
        target = out / name
        target.write_text(fill(target.read_text(encoding="utf-8")), encoding="utf-8")
        written.append(target)
    return written


def main() -> None:
    """Read the command line and write the pages."""
    parser = argparse.ArgumentParser(description="Write the generated pages of the documentation.")
    parser.add_argument("--run", action="store_true", help="run the example studies again first")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write into")
    given = parser.parse_args()
    if given.run:
        results.run_studies()
    pages = build(given.out.resolve())
    sys.stdout.write(f"{len(pages)} pages written below {given.out}\n")


if __name__ == "__main__":
    main()
