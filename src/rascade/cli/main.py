"""``rascade``: finds the verb, runs it, and turns whatever happens into one message and one code.

Exit codes: 0 done, 1 the solver gave up or a defect of Rascade, 2 wrong use or input, 3 not
supported, 130 interrupted, 143 ended by SIGTERM. A verb's module is imported when the verb is used,
so that ``rascade --help`` starts as fast as it reads.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from rascade import RESEARCH_USE, __version__
from rascade.cli.terminal.signals import INTERRUPTED, how_it_ended, interruption_code, listen
from rascade.cli.terminal.usage import PlainGroup
from rascade.errors import RascadeError
from rascade.streams import discard, prepare_streams, visible
from rascade.text import did_you_mean

__all__ = ["VERBS", "main", "run"]

#: Verb -> module with its typer app, and what the list of verbs says of it.
VERBS: dict[str, tuple[str, str]] = {
    verb: (f"rascade.cli.{module}", about)
    for verb, module, about in (
        ("demo", "runs.demo", "Run the example trial, report included: a first look."),
        ("trial", "runs.trial", "Simulate a trial from a study file, report included."),
        ("experiment", "runs.experiment", "Do an experiment in cells or mice, report included."),
        ("attribute", "runs.attribute", "Tell which mechanisms carry a benefit, page included."),
        ("subgroups", "runs.subgroups", "Find in whom a combination is better, page included."),
        ("sensitivity", "runs.sensitivity", "Tell what an answer hangs on, page included."),
        ("power", "runs.power", "Find power and size of trial designs, report included."),
        ("serve", "runs.serve", "Build, run and compare trials in a browser."),
        ("design", "runs.design", "Find the design with the best chance, report included."),
        ("forecast", "runs.forecast", "Forecast regimens for one patient, page included."),
        ("voi", "runs.voi", "Find which measurement narrows a prediction, page included."),
        ("optimise", "runs.optimise", "Search for the best schedule, report included."),
        ("predict", "runs.predict", "Freeze predictions of trials to come, score them later."),
        ("report", "runs.report", "Make the report and the figures of a trial anew."),
        ("studies", "runs.studies", "Find, look at, compare and remove what was run; examples."),
        ("cohort", "runs.cohort", "Show, fit and validate the population of patients."),
        ("curve", "runs.curve", "Read a digitised Kaplan-Meier curve: patients and median."),
        ("claims", "checks.claims", "Test the claims of the review, page included."),
        ("facts", "checks.facts", "Repeat what the field agrees on, page included."),
        (
            "identifiability",
            "checks.identifiability",
            "Tell which parameters the facts pin down, page included.",
        ),
        ("adam", "runs.adam", "Write and check ADaM-shaped data sets of a trial."),
        ("simulate", "runs.simulate", "Simulate one patient under a regimen."),
        ("model", "knowledge.model", "Show what the model is made of, or export it as SBML."),
        ("evidence", "knowledge.evidence", "Read, search and check the evidence."),
        ("drugs", "knowledge.drugs", "List the drugs and what is known of them."),
        ("doctor", "checks.doctor", "Check this installation, and a few results."),
    )
}


#: Verbs that know the drugs which the user keeps; what others say is of the package's drugs alone.
OF_DRUGS = frozenset({"trial", "experiment", "power", "simulate", "report", "drugs"})


class LazyGroup(PlainGroup):
    """A group whose verbs are imported when they are used, not when they are listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the verbs in the order of `VERBS`."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return what the list of verbs shows; `resolve_command` returns the verb itself."""
        entry = VERBS.get(cmd_name)
        return None if entry is None else TyperCommand(cmd_name, help=entry[1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb that is about to run, and import it."""
        wrong = args and args[0] not in VERBS and not args[0].startswith("-")
        if wrong and not ctx.resilient_parsing:
            ctx.fail(f"no verb is called {args[0]!r}{_near(args[0])}")
        name, command, rest = super().resolve_command(ctx, args)
        if name in VERBS:  # while a shell completes a line as well, which asks for its options
            command = get_command(import_module(VERBS[name][0]).app)
            command.name = name
        return name, command, rest


def _near(name: str) -> str:
    return did_you_mean(name, VERBS) or f"; verbs are {', '.join(VERBS)}"


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=RESEARCH_USE,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rascade {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """In-silico trials of KRAS-targeted drugs and checkpoint inhibitors in pancreatic cancer.

    \b
    A first look; then a trial from a study file, with a report to open in a browser:
      rascade demo --size 20
      rascade trial studies/rasolute-302.yaml --out out/rasolute-302
    One patient:
      rascade simulate --regimen "daraxonrasib 300 mg PO QD" --out out/patient
    What a verb can do:
      rascade trial --help
    """
    from rascade.own_drugs import drug_folder

    # Looked at before anything heavy is imported: most people keep no drugs of their own.
    if context.invoked_subcommand in OF_DRUGS and any(drug_folder().glob("*.toml")):
        from rascade.model.own import load_kept_drugs

        for text in load_kept_drugs():
            typer.echo(f"warning: {text}", err=True)


def run() -> None:
    """Run the command line and leave the process: the entry point of ``rascade``."""
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: what follows ``rascade``; None takes those of the process.
    """
    debug = os.environ.get("RASCADE_DEBUG", "") not in {"", "0"}
    prepare_streams()
    listen()
    try:
        code = _invoke(None if arguments is None else list(arguments))
    except BaseException as error:
        if debug and not isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise
        code = _explain(error)
    return code


def _invoke(arguments: list[str] | None) -> int:
    command = get_command(app)
    result = command.main(args=arguments, prog_name="rascade", standalone_mode=False)
    # Flushed here, where a reader that went away can still be noticed.
    sys.stdout.flush()
    # Typer makes an exit code of Ctrl-C.
    return _say_interrupted() if result == INTERRUPTED else result if isinstance(result, int) else 0


def _explain(error: BaseException) -> int:
    """Print what happened in one message and return the exit code."""
    if isinstance(error, RascadeError):
        _say(str(error))
        return interruption_code() if error.exit_code == INTERRUPTED else error.exit_code
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return _say_interrupted()
    # Typer turns a broken pipe into an exit of its own.
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        discard(sys.stdout)  # the reader has seen enough
        return 0
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    show = getattr(error, "show", None)
    if show is not None and hasattr(error, "exit_code"):
        # Wrong use, as typer sees it (its click is vendored in some versions, so no isinstance).
        told = io.StringIO()
        show(told)
        _write(told.getvalue())
        return int(error.exit_code)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        _say(f"{place}{error.strerror or error}")
        return 2
    _say(
        f"a defect of Rascade: {type(error).__name__}: {error}\n"
        "Please report it, with what RASCADE_DEBUG=1 shows."
    )
    return 1


def _say(message: str) -> None:
    _write(f"rascade: {message}\n")


def _write(text: str) -> None:
    try:
        sys.stderr.write(visible(text))
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)  # nobody listens; the exit code still tells


def _say_interrupted() -> int:
    _say(f"{how_it_ended()}; nothing was written")
    return interruption_code()


if __name__ == "__main__":
    run()
