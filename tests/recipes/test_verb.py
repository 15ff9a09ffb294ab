"""The recipe for a verb: a module with an app, and a line of `VERBS`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from rascade import RESEARCH_USE
from rascade.cli import main as cli

GREET = '''
from typing import Annotated
import typer
from rascade import RESEARCH_USE
from rascade.cli.terminal.usage import PlainUsage
from rascade.errors import InputError

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def greet(name: Annotated[str, typer.Argument(help="Whom.")]) -> None:
    """Greet somebody."""
    if name == "nobody":
        raise InputError("name: nobody is there; give another")
    typer.echo(f"hello {name}")
'''


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_does_its_duties(verb: str) -> None:
    module, about = cli.VERBS[verb]
    command = get_command(import_module(module).app)
    assert module.rpartition(".")[2] == verb and about.endswith(".")
    for one in getattr(command, "commands", {verb: command}).values():
        assert one.help and one.epilog == RESEARCH_USE, one.name


def test_a_new_verb_needs_a_module_and_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "greet_verb.py").write_text(GREET)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli.VERBS, "greet", ("greet_verb", "Greet somebody."))
    assert cli.main(["--help"]) == 0
    assert "Greet somebody." in capsys.readouterr().out
    assert cli.main(["greet", "you"]) == 0
    assert capsys.readouterr().out == "hello you\n"
    assert cli.main(["greet", "nobody"]) == 2
    assert capsys.readouterr().err == "rascade: name: nobody is there; give another\n"
    assert cli.main(["greeet"]) == 2
    assert "did you mean 'greet'?" in capsys.readouterr().err
