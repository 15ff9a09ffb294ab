"""The executors that a run may ask for by name, and those that others add.

A registered executor is a class of `rascade.trial.running.executors.Executor` with a class method
``create(threads, scheduler)``. A package of one's own adds one by an entry point of the group
``rascade.executors``; every member must pass ``tests/studies/test_executors.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from rascade.errors import InputError
from rascade.text import did_you_mean
from rascade.trial.running.executors import Executor

__all__ = ["BUILT_IN", "find_executor", "known_executors", "make_executor"]

#: Name -> module and class. They are imported when asked for: not everybody has Dask.
BUILT_IN: Mapping[str, str] = {
    "local": "rascade.trial.running.executors:LocalExecutor",
    "processes": "rascade.studies.running.process_executor:ProcessExecutor",
    "dask": "rascade.studies.running.dask_executor:DaskExecutor",
}


@cache
def known_executors() -> Mapping[str, str]:
    """Return the executors by name; what Rascade brings cannot be replaced from outside."""
    added = {point.name: point.value for point in entry_points(group="rascade.executors")}
    return {**added, **BUILT_IN}


def find_executor(name: str) -> Any:
    """Return the class of an executor.

    Raises:
        InputError: there is none of this name.
    """
    known = known_executors()
    if name not in known:
        raise InputError(
            f"--executor: {name!r} is not one of {', '.join(known)}{did_you_mean(name, known)}"
        )
    module, _, found = known[name].partition(":")
    return getattr(import_module(module), found)


def make_executor(name: str, threads: int, scheduler: str | None = None) -> Executor:
    """Return an executor by its name.

    Args:
        name: one of `known_executors`.
        threads: of the solver, or workers that are started on this machine.
        scheduler: address or file of a running Dask scheduler, which makes it ``dask``.

    Raises:
        InputError: there is no such executor, or it cannot be used here.
    """
    kind = find_executor(name)
    if scheduler is not None:
        kind = find_executor("dask")
    executor: Executor = kind.create(threads, scheduler)
    return executor
