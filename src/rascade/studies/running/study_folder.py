"""The one shape of running a study: another number or seed, work, a folder whole or not at all.

A trial, an experiment and a study of operating characteristics differ in what the work is. What
they leave is the same: the study as it was run, tables, ``summary.json``, ``manifest.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rascade.errors import InputError
from rascade.random_streams import check_seed
from rascade.results.index import noted_results
from rascade.results.manifest import add_new, base_manifest
from rascade.results.store import finish_results, plain_json, write_json, write_table, write_text
from rascade.studies.files.drugs import drugs_for_manifest
from rascade.studies.files.load import dump, study_hash
from rascade.studies.files.schema import ExperimentStudy, OperatingStudy, Study, TrialStudy

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "StudyOutput",
    "StudyResult",
    "run_into",
    "study_manifest",
    "with_numbers",
    "write_study",
]

AnyStudy = TypeVar("AnyStudy", TrialStudy, ExperimentStudy, OperatingStudy)


@dataclass(frozen=True, slots=True)
class StudyResult:
    """Where the results of a study are, and what they say.

    Attributes:
        folder: the results folder.
        summary: what ``summary.json`` holds.
        manifest: what ``manifest.json`` holds.
    """

    folder: Path
    summary: Mapping[str, Any]
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StudyOutput:
    """What the work of a study came to.

    Attributes:
        summary: for ``summary.json``, ready for JSON.
        manifest: from `study_manifest`.
        tables: name -> table, each a Parquet file.
        texts: file name -> content.
    """

    summary: dict[str, Any]
    manifest: dict[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def with_numbers(
    study: AnyStudy, limits: Mapping[str, tuple[int, int, str]], **given: int | None
) -> AnyStudy:
    """Return a study with other numbers than its file has, as options of a verb give them.

    Args:
        study: as its file has it.
        limits: field -> least, most and what is counted; a seed has its own.
        given: field -> number; None leaves the study's.

    Raises:
        InputError: a number is out of its range.
    """
    changes = {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        if name == "seed":
            check_seed(value)
            continue
        least, most, what = limits[name]
        if not least <= value <= most:
            raise InputError(f"--{name}: {value} {what}; it must be {least} to {most}")
    return study.model_copy(update=changes)


def study_manifest(
    study: Study,
    started: str | None,
    *,
    title: str,
    model_hash: str,
    parameters: Mapping[str, float],
    provenance: Mapping[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """Return what ``manifest.json`` of a study holds, but for the files of its folder.

    Args:
        study: as it was run.
        started: see `rascade.results.manifest.base_manifest`.
        title: of the study.
        model_hash: of its model.
        parameters: rows of the parameter table that it changes.
        provenance: what the results say of where they come from.
        facts: what is added, in order.
    """
    from rascade.evidence import evidence_hash
    from rascade.model import table_of

    own = drugs_for_manifest(study)
    manifest = base_manifest(
        study.kind,
        started,
        study=title,
        study_hash=study_hash(study),
        model_hash=model_hash,
        parameter_hash=table_of(drug["name"] for drug in own.get("drugs", ()))
        .with_values(parameters)
        .hash,
        evidence_hash=evidence_hash(),
        seed=study.seed,
        **own,
        **facts,
    )
    add_new(manifest, plain_json(provenance or {}))
    return manifest


def write_study(
    folder: Path,
    study: Study,
    output: StudyOutput,
    finish: Callable[[Path], object] | None = None,
) -> None:
    """Write what a study came to into the folder that it works in.

    Args:
        folder: of the work.
        study: as it was run.
        output: what is written.
        finish: called with the folder at the end, to add to it (the report).

    Raises:
        OutputError: it cannot be written.
    """
    write_text(folder / "study.yaml", dump(study))
    for name, table in output.tables.items():
        write_table(folder / f"{name}.parquet", table)
    for name, text in output.texts.items():
        write_text(folder / name, text)
    write_json(folder / "summary.json", output.summary)
    finish_results(folder, output.manifest, finish)


def run_into(
    out: str | Path,
    study: Study,
    work: Callable[[], StudyOutput],
    finish: Callable[[Path], object] | None = None,
) -> StudyResult:
    """Do the work of a study and write its results folder, whole or not at all.

    Args:
        out: the results folder, looked at before the work starts; results that Rascade wrote there
            before are replaced at the end.
        study: as it is run.
        work: does it.
        finish: called with the folder before it gets its name, to add to it (the report); if it
            fails, nothing is left.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
    """
    with noted_results(out) as folder:
        output = work()
        write_study(folder, study, output, finish)
    return StudyResult(Path(out), output.summary, output.manifest)
