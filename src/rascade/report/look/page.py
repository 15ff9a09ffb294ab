"""HTML pages from templates: everything escaped, nothing fetched."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.report.look.links import linked
from rascade.report.look.text import escaped

if TYPE_CHECKING:
    import jinja2

__all__ = ["Table", "render"]

LONGEST_WORD = 16  # characters: "pembrolizumab" stays whole


@dataclass(frozen=True)
class Table:
    """A table of a page.

    Attributes:
        caption: what it shows.
        head: column headings.
        rows: texts; the first column names the row.
        note: printed under it.
        numeric: columns set flush right.
        wide: columns of running text, kept from getting too narrow.
        name: of the file when it is saved; empty makes one of the caption.
    """

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    numeric: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    name: str = ""

    @property
    def file_name(self) -> str:
        """Name of the file in which a reader saves it."""
        words = re.findall(r"[a-z0-9]+", (self.name or self.caption).lower())
        return f"{'-'.join(words[:8]) or 'table'}.csv"

    @property
    def csv_uri(self) -> str:
        """The table as comma-separated values (RFC 4180, UTF-8), a ``data:`` address."""
        from urllib.parse import quote

        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        for row in (self.head, *self.rows):
            writer.writerow([_harmless(cell.replace("\n", "; ")) for cell in row])
        # The mark at the front tells spreadsheets that it is UTF-8.
        return "data:text/csv;charset=utf-8," + quote("\ufeff" + out.getvalue())


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; numbers stay numbers."""
    starts = cell[:1] in ("=", "+", "-", "@", "\t")
    return (
        f"'{cell}"
        if starts and not re.fullmatch(r"[-+]?[\d.,]+(?:e[-+]?\d+)?\s*%?", cell)
        else cell
    )


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rascade.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = linked
    environment.filters["long"] = _has_long_word
    return environment


def _has_long_word(cell: object) -> bool:
    """Tell whether a word must be broken for a table to fit a page."""
    return any(len(word) > LONGEST_WORD for word in re.split(r"[\s/;,-]+", str(cell)))


def render(template: str, **content: Any) -> str:
    """Fill a template of ``report/templates``; all values are escaped.

    The page holds one script, ours, which its content security policy names by its hash. No
    character that cannot be seen or that turns the direction of a line gets through.
    """
    environment = _environment()
    loader = environment.loader
    assert loader is not None
    css, script = (loader.get_source(environment, name)[0] for name in ("report.css", "save.js"))
    # Browsers hash what stands between the tags, with plain line ends.
    script = script.replace("\r\n", "\n")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = environment.get_template(template).render(
        css=css,
        script=script,
        script_hash=f"sha256-{digest}",
        research_use=RESEARCH_USE,
        version=__version__,
        **content,
    )
    return escaped(page).replace("<U+", "&lt;U+")
