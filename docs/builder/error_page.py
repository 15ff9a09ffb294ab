"""``reference/errors.md``: every error raised on purpose, with a message that really appears."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path

from builder.text import NOTE, fence

__all__ = ["error_classes", "error_page"]


def error_classes() -> dict[str, type[Exception]]:
    """Return the error classes by name, the root first."""
    from rascade import errors

    found = {name: getattr(errors, name) for name in errors.__all__}
    return dict(sorted(found.items(), key=lambda item: (len(item[1].__mro__), item[0])))


def error_page() -> str:
    """Return the page."""
    from rascade import errors

    tree = inspect.cleandoc(errors.__doc__ or "").split("::\n", 1)[1].split("\n\nThe command")[0]
    parts = [
        NOTE,
        "# Errors\n",
        "Everything that Rascade raises on purpose is a `RascadeError`. The command line prints "
        "its message behind `rascade:` and ends with its exit code. The messages below were made "
        "by running what stands over them.\n",
        fence(inspect.cleandoc("\n" + tree).strip("\n")),
        "",
    ]
    for name, error in error_classes().items():
        parts.append(_entry(name, error))
    return "\n".join(parts)


def _entry(name: str, error: type[Exception]) -> str:
    about = inspect.getdoc(error) or ""
    lines = [
        f"## {name}\n",
        f"Exit code {getattr(error, 'exit_code', 1)}. {about.splitlines()[0]}\n",
    ]
    for what, cause in _EXAMPLES.get(name, ()):
        lines += [what + ":\n", fence(_message(cause, error)), ""]
    return "\n".join(lines)


def _message(cause: Callable[[], object], expected: type[Exception]) -> str:
    try:
        cause()
    except expected as error:
        return str(error)
    raise AssertionError(f"the example of {expected.__name__} raises nothing")


def _order(text: str) -> Callable[[], object]:
    def cause() -> object:
        from rascade.regimen import parse

        return parse(text)

    return cause


def _study(change: tuple[str, str]) -> Callable[[], object]:
    def cause() -> object:
        from rascade.studies import loads

        return loads(_STUDY.replace(*change), "study.yaml")

    return cause


def _eligibility() -> object:
    import numpy as np

    from rascade.patients import categories, draw_profiles, eligible

    profiles = draw_profiles(0, np.arange(2, dtype=np.int64))
    return eligible(["kras_alele == 'G12D'"], profiles, categories())


def _evidence() -> object:
    from rascade.evidence import load

    return load().drug("daraxonrasb")


def _parameter() -> object:
    from rascade.model import load_table

    return load_table().with_values({"daraxonrasib.CLL": 80.0})


def _model_file() -> object:
    from rascade.engine import read_sbml

    return read_sbml("<!DOCTYPE sbml>\n<sbml/>")


def _output() -> object:
    from rascade.errors import OutputError
    from rascade.results.store import new_results

    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "letter.txt").write_text("", encoding="utf-8")
        try:
            with new_results(place):
                return None
        except OutputError as error:  # the page must not depend on the machine
            raise OutputError(str(error).replace(str(Path(place)), "/home/me/letters")) from None


def _results() -> object:
    from rascade.errors import ResultsError
    from rascade.results.unfinished import unfinished_results

    with tempfile.TemporaryDirectory() as place:
        chunks = Path(place) / "out" / "unfinished" / "chunks"
        chunks.mkdir(parents=True)
        try:
            with unfinished_results(chunks.parents[1]):
                return None
        except ResultsError as error:  # the page must not depend on the machine
            raise ResultsError(str(error).replace(place, "/home/me")) from None


def _size() -> object:
    from rascade.studies import loads, override

    return override(loads(_STUDY), size=0)


def _unsupported() -> object:
    from rascade.model.compose import find_drugs

    return find_drugs(["vopimetostat"])


_STUDY = """\
kind: trial
name: Example
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 50}
seed: 1
arms:
  - {name: new, regimen: daraxonrasib 300 mg PO QD}
imaging_every_weeks: 8
follow_up_months: 12
"""
_EXAMPLES: dict[str, tuple[tuple[str, Callable[[], object]], ...]] = {
    "InputError": (("`rascade trial study.yaml --size 0`", _size),),
    "StudyFileError": (
        ("`arms` written as `arm`", _study(("arms:", "arm:"))),
        ("`size: -5`", _study(("size: 50", "size: -5"))),
    ),
    "RegimenError": (
        ("The order `daraxonrasib 300 mgg PO QD`", _order("daraxonrasib 300 mgg PO QD")),
        (
            "The order `gemcitabine 1000 mg/m2 IV D1,8,35 Q28D`",
            _order("gemcitabine 1000 mg/m2 IV D1,8,35 Q28D"),
        ),
    ),
    "EligibilityError": (("The condition `kras_alele == 'G12D'`", _eligibility),),
    "EvidenceError": (("`rascade drugs show daraxonrasb`", _evidence),),
    "ParameterError": (("`parameters: {daraxonrasib.CLL: 80}`", _parameter),),
    "ModelFileError": (("A model file with a DOCTYPE", _model_file),),
    "OutputError": (("`--out /home/me/letters`, where other files lie", _output),),
    "ResultsError": (("`--out /home/me/out`, where a trial was interrupted", _results),),
    "UnsupportedFeature": (("An order for vopimetostat", _unsupported),),
}
