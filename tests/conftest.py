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
    # Tests that are not about the population take the bare table, and wait for no prediction.
    os.environ["RASCADE_ENSEMBLE"] = "none"
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


@pytest.fixture(scope="module", autouse=True)
def no_drugs_of_others() -> Iterator[None]:
    """Forget the drugs that a module's tests brought; other modules count the package's."""
    yield
    from rascade.own_drugs import forget, own_drugs

    for name in list(own_drugs()):
        forget(name)


@pytest.fixture(scope="session")
def small_ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an ensemble of two members, which no trial was asked about, into a folder."""
    folder = tmp_path_factory.mktemp("ensemble")
    rows = ("k_division,new_lesions_per_growth:spread", "0.1,0.2", "0.05,0.3", "0.15,0.1")
    (folder / "ensemble.csv").write_text("\n".join(rows) + "\n")
    arms = '{"arms": ["rasolute-302.daraxonrasib", "mpact.gemcitabine"]}'
    (folder / "ensemble.json").write_text(arms)
    return folder


@pytest.fixture
def with_ensemble(small_ensemble: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let trials be of the population of a small ensemble."""
    monkeypatch.setenv("RASCADE_ENSEMBLE", str(small_ensemble))
    return small_ensemble
