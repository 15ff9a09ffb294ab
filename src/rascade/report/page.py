"""HTML pages from templates: everything escaped, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__

if TYPE_CHECKING:
    import jinja2

__all__ = ["Table", "render"]


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
    """

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    numeric: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("rascade.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **content: Any) -> str:
    """Fill a template of ``report/templates``; all values are escaped."""
    environment = _environment()
    loader = environment.loader
    assert loader is not None
    css = loader.get_source(environment, "report.css")[0]
    return environment.get_template(template).render(
        css=css, research_use=RESEARCH_USE, version=__version__, **content
    )
