"""Verbs and options that the documentation names are those of the program."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from rascade.cli.main import VERBS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
CALL = re.compile(r"\brascade ([a-z-]+)((?: +[^\s`|#;)]+)*)")
OPTION = re.compile(r"(?<!\S)(--[a-z-]+)")


def options(command: Any) -> set[str]:
    """Return the options of a verb and of what stands below it."""
    found = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    below = getattr(command, "commands", {}).values()
    return found.union(*(options(one) for one in below), {"--help"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    wrong = []
    for verb, rest in CALL.findall(text):
        if verb in VERBS and (named := OPTION.findall(rest)):
            known = options(get_command(import_module(VERBS[verb][0]).app))
            wrong += [f"rascade {verb} {name}" for name in named if name not in known]
    assert not wrong
