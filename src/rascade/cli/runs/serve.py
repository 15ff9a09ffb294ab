"""``rascade serve``: the workbench in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import Threads
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def serve(
    port: Annotated[int, typer.Option("--port", metavar="P", help="Where it listens.")] = 8302,
    host: Annotated[
        str,
        typer.Option("--host", help="Address; any but this machine's own needs the token."),
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option("--token", help="What a browser must know; made up for other hosts."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Where queue and results are kept."),
    ] = None,
    threads: Threads = None,
) -> None:
    """Open the workbench: build a trial, move a dose, run it, compare, in a browser.

    \b
    On this machine, for you alone:
      rascade serve
    Without opening a browser, on another port:
      rascade serve --port 9000 --no-browser
    For others in your network; the address that is printed holds the token:
      rascade serve --host 0.0.0.0

    Runs are kept in a queue that survives a restart. The JSON interface is described at
    /api/openapi.json. Ctrl-C ends the server; a run that is being simulated goes on at the next
    start.
    """
    from rascade.errors import OutputError
    from rascade.progress import default_threads
    from rascade.serve.app import create_app
    from rascade.serve.run import free_port, listen
    from rascade.serve.settings import ServeSettings, default_home

    settings = ServeSettings.checked(
        home or default_home(), host, port, token, default_threads(threads)
    )
    if not free_port(settings.host, settings.port):
        raise OutputError(f"--port: {port} is in use on {host}; give another, as --port {port + 1}")
    made = create_app(settings)
    say(f"workbench: {settings.address}", wrap=False)
    say(f"runs: {settings.home}", wrap=False)
    listen(made, settings, browser)
