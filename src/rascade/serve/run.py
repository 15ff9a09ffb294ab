"""Listening: one process, on the address of the settings, until it is told to end."""

from __future__ import annotations

import socket
import threading
import webbrowser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rascade.serve.settings import ServeSettings

__all__ = ["free_port", "listen"]


def free_port(host: str, port: int) -> bool:
    """Return whether nobody listens there yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def listen(app: FastAPI, settings: ServeSettings, browser: bool) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        app: what answers.
        settings: where it listens.
        browser: whether the page is opened.
    """
    import uvicorn

    if browser:
        threading.Timer(1.0, webbrowser.open, [settings.address]).start()
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_level="warning",
        server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
