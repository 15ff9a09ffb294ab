"""The examples in the docstrings of the Python face run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import rascade.face

MODULES = sorted(
    module.name for module in pkgutil.iter_modules(rascade.face.__path__, "rascade.face.")
)


def examples(name: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder().find(importlib.import_module(name))
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", [name for name in MODULES if examples(name)])
def test_examples_run(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    told: list[str] = []
    for test in examples(name):
        runner.run(test, out=told.append)
    assert runner.failures == 0, "".join(told)


def test_what_the_face_offers_has_an_example() -> None:
    shown = {name.rpartition(".")[2] for name in MODULES if examples(name)}
    assert {"trial", "cohort", "published", "simulate", "experiment", "plots"} <= shown
