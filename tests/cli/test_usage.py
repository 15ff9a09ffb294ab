"""Help: what is an example stands as it was written, whatever the width of the window."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.main import get_command

from rascade.cli.main import VERBS, app


def commands() -> dict[str, Any]:
    found = {"": get_command(app)}
    for verb, (module, _) in VERBS.items():
        command: Any = get_command(import_module(module).app)
        found[verb] = command
        found |= {f"{verb} {k}": c for k, c in getattr(command, "commands", {}).items()}
    return found


COMMANDS = commands()


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_not_reflowed(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    command = COMMANDS[name]
    with typer.Context(command, info_name=f"rascade {name}".strip()) as context:
        shown = command.get_help(context).splitlines()
    lines = inspect.cleandoc(command.help).splitlines()
    examples = [line for line in lines if line.startswith("  ")]
    assert [line for line in examples if f"  {line}" not in shown] == []
    assert "\b" not in "".join(shown)
    written = {f"  {line}" for line in examples}
    assert [x for x in shown if len(x) > max(width, 40) and x not in written] == []


def test_every_line_that_starts_with_the_name_is_an_example() -> None:
    """What begins with ``rascade`` and is not indented would be wrapped."""
    for name, command in COMMANDS.items():
        for line in inspect.cleandoc(command.help).splitlines():
            assert not line.startswith("rascade "), f"{name}: {line}"
