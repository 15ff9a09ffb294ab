"""For all tests: an index of runs of their own, and signals as a shell's foreground has them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Undo what a parent made of signals: a job in the background ignores Ctrl-C, and so would we.

    What is ignored or blocked is inherited by every process that the tests start.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, usual)


@pytest.fixture(scope="session", autouse=True)
def index_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Set RASCADE_INDEX, for this process and those it starts."""
    path = tmp_path_factory.mktemp("index") / "runs.sqlite"
    before = os.environ.get("RASCADE_INDEX")
    os.environ["RASCADE_INDEX"] = str(path)
    yield path
    if before is None:
        del os.environ["RASCADE_INDEX"]
    else:
        os.environ["RASCADE_INDEX"] = before
