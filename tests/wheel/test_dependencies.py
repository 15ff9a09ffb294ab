"""What the package imports is what it declares, no less and no more."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: Imported where they are there, and done without where not: a notebook has it.
ELSEWHERE = {"ipython"}
#: Parts of what is declared that have a name of their own: of Dask's scheduler, typer, Jinja,
#: pydantic.
WITH_OTHERS = {"dask", "click", "markupsafe", "pydantic-core"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(lists: list[list[str]]) -> set[str]:
    return {normal(re.split(r"[<>=!~\[ ;]", line)[0]) for lines in lists for line in lines}


def imported() -> set[str]:
    """Return the distributions whose modules are imported anywhere in the package."""
    modules: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    theirs = modules - set(sys.stdlib_module_names) - {"rascade"}
    known = packages_distributions()
    return {normal(name) for module in theirs for name in known.get(module, [module])[:1]}


def test_every_import_is_declared() -> None:
    optional = list(PROJECT["optional-dependencies"].values())
    own = declared([PROJECT["dependencies"], *optional])
    assert imported() - own - ELSEWHERE - WITH_OTHERS == set()


def test_every_declared_package_is_imported() -> None:
    assert declared([PROJECT["dependencies"]]) - imported() == set()
