"""Snippets that are marked to run do run, and orders that are shown do what is said of them.

Marks are comments before a block of code: ``<!-- run -->``, ``<!-- run: exit 2 -->``,
``<!-- run: needs NAME -->``, ``<!-- save: FILE -->``, ``<!-- orders -->``; and ``<!-- refused -->``
before a table of orders. The snippets of a page run one after another in one folder.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARKED = re.compile(
    r"^<!-- (run|save|orders)(?:: ([^>]+?))? -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
PAGES = ("README.md", "docs/tutorial.md", *sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "how-to").glob("*.md")
))  # fmt: skip
# Pages whose snippets compile models or simulate for longer than a default run should take.
LONG = {"README.md"} | frozenset(
    f"docs/{name}.md"
    for name in (
        "tutorial", "how-to/clusters", "how-to/experiments", "how-to/long-runs", "how-to/my-drug",
        "how-to/one-patient", "how-to/parameters", "how-to/sbml", "how-to/study-file",
        "how-to/what-if",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Snippet:
    kind: str
    argument: str
    language: str
    code: str


def snippets(page: str) -> list[Snippet]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Snippet(a, b or "", c, d) for a, b, c, d in MARKED.findall(text)]


def commands_beside_python(folder: Path) -> Path:
    """Make a folder with a ``rascade`` and a ``python`` that are this interpreter's."""
    place = folder / ".bin"
    place.mkdir()
    for name, module in (("rascade", " -m rascade.cli.main"), ("python", "")):
        script = place / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n')
        script.chmod(0o755)
    return place


def run(snippet: Snippet, folder: Path, path: Path, environment: dict[str, str]) -> None:
    wanted = 0
    if snippet.argument.startswith("exit "):
        wanted = int(snippet.argument.removeprefix("exit "))
    needed = snippet.argument.partition("needs ")[2]
    if needed and importlib.util.find_spec(needed) is None:
        return
    program = [sys.executable, "-c"] if snippet.language == "python" else ["sh", "-ec"]
    done = subprocess.run(
        [*program, snippet.code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env=environment | {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"},
    )
    told = f"{snippet.code}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == wanted, told
    assert "Traceback" not in done.stderr, told


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow) if page in LONG else page
        for page in PAGES
        if snippets(page)
    ],
)
def test_snippets_run(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    path = commands_beside_python(tmp_path)
    environment = dict(os.environ)
    if page in LONG:  # the package's own ensemble, as a reader has it
        environment.pop("RASCADE_ENSEMBLE", None)
    for snippet in snippets(page):
        if snippet.kind == "save":
            (tmp_path / snippet.argument).write_text(snippet.code, encoding="utf-8")
        elif snippet.kind == "run":
            run(snippet, tmp_path, path, environment)


def test_the_pages_that_teach_do_have_snippets() -> None:
    for page in ("README.md", "docs/tutorial.md", "docs/how-to/study-file.md"):
        assert any(snippet.kind == "run" for snippet in snippets(page)), page


def test_every_shown_order_can_be_read_and_simulated() -> None:
    from rascade.model import assemble
    from rascade.regimen import parse

    shown = next(s for s in snippets("docs/how-to/orders.md") if s.kind == "orders")
    lines = shown.code.splitlines()
    assert len(lines) >= 5
    for line in lines:
        model = assemble(parse(line).drugs)
        for order in parse(line).orders:
            assert model.drug(order.drug).dose_target(order.route)


def test_every_order_called_refused_is_refused() -> None:
    from rascade.errors import RegimenError
    from rascade.regimen import parse

    text = (ROOT / "docs" / "how-to" / "orders.md").read_text(encoding="utf-8")
    table = text.split("<!-- refused -->\n", 1)[1].split("\n\n", 1)[0]
    orders = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(orders) >= 8
    for order in orders:
        with pytest.raises(RegimenError):
            parse(order)


def test_shown_messages_are_those_that_appear() -> None:
    from rascade.errors import RegimenError
    from rascade.regimen import parse

    text = (ROOT / "docs" / "how-to" / "orders.md").read_text(encoding="utf-8")
    shown = text.split("```text\nrascade: ", 1)[1].split("\n```", 1)[0]
    with pytest.raises(RegimenError) as caught:
        parse("daraxonrasib 300 mgg PO QD")
    assert str(caught.value) == shown
