"""An analysis in parts: each is kept when it is done, and an interrupted run goes on from there."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rascade.files import write_bytes
from rascade.results.chunks import CHUNKS
from rascade.results.index import remember
from rascade.results.manifest import base_manifest
from rascade.results.store import finish_results, json_text, write_text
from rascade.results.unfinished import Start, Work, unfinished_results

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.studies.files.schema import TrialStudy
    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]
    Arrays = Mapping[str, Floats]

__all__ = ["AnalysisResult", "Parts", "analysis_manifest", "write_in_parts"]

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """What an analysis came to.

    Attributes:
        folder: the results folder; None if nothing was written.
        record: what its JSON file holds.
    """

    folder: Path | None
    record: dict[str, Any]

    @property
    def json(self) -> str:
        """The record as JSON text; equal records give equal bytes."""
        return json_text(self.record, indent=1)


class Parts:
    """Parts of an analysis in a folder, or in memory only.

    Args:
        folder: where they are kept; nothing is kept if None.
        inputs: everything that they depend on; parts of other inputs are not taken.
    """

    def __init__(self, folder: Path | None, inputs: Mapping[str, Any]) -> None:
        text = json.dumps(inputs, sort_keys=True, default=str)
        self.folder = folder
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.stored = 0

    def __call__(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """Return a part: the kept one, or one made now.

        Raises:
            OutputError: it cannot be kept.
        """
        if self.folder is None:
            return make()
        place = self.folder / f"{self.digest}-{key}.npz"
        found: Arrays | None = _read(place)
        if found is None:
            found = make()
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **dict(found))
            place.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(place, buffer.getvalue())
        self.stored += 1
        return found


def _read(place: Path) -> dict[str, Floats] | None:
    """Return a kept part; None where there is none, or a damaged one, to be made again."""
    try:
        with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except Exception:  # whatever a damaged archive raises: zlib, zipfile, NumPy
        return None


def write_in_parts(
    out: str | Path | None,
    inputs: Mapping[str, Any],
    planned: int,
    work: Callable[[Parts], Found],
    files: Callable[[Found], Mapping[str, str]],
    manifest: Callable[[Found], dict[str, Any]],
    *,
    finish: Callable[[Path], object] | None = None,
    start: Start = "new",
) -> tuple[Path | None, Found]:
    """Do an analysis and write what it came to, whole or not at all.

    Args:
        out: the results folder; nothing is written without one.
        inputs: everything that the parts depend on.
        planned: number of parts.
        work: does it; what it simulates goes through the parts.
        files: name of a file -> its text.
        manifest: of the folder, called when the work is done.
        finish: called with the folder before it gets its name, to add the page.
        start: ``resume`` goes on with an unfinished run, ``restart`` throws it away.

    Returns:
        The folder, or None, and what was found.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
        ResultsError: `out` holds an unfinished run, and nothing says what to do with it.
    """
    if out is None:
        return None, work(Parts(None, inputs))
    try:
        with unfinished_results(out, start) as place:
            parts = Parts(place.folder / CHUNKS, inputs)
            place.chunks = lambda: (parts.stored, planned)
            found = work(parts)
            for name, text in files(found).items():
                write_text(place.folder / name, text)
            _forget(place)
            finish_results(place.folder, manifest(found), finish)
    finally:
        remember(out)
    return Path(out), found


def _forget(place: Work) -> None:
    """Remove the parts: what they came to is in the files."""
    import shutil

    shutil.rmtree(place.folder / CHUNKS, ignore_errors=True)


def analysis_manifest(
    kind: str, study: TrialStudy, plan: TrialSpec, started: str, **facts: Any
) -> dict[str, Any]:
    """Return the manifest of an analysis of a study.

    Args:
        kind: of the analysis.
        study: that was analysed.
        plan: of its trial.
        started: see `rascade.results.manifest.now`.
        facts: what is added, in order.
    """
    from rascade.evidence import evidence_hash
    from rascade.model import load_table
    from rascade.studies.files.load import study_hash

    return base_manifest(
        kind,
        started,
        study=study.name,
        study_hash=study_hash(study),
        ensemble=plan.population,
        parameter_hash=load_table().with_values(study.parameters).hash,
        evidence_hash=evidence_hash(),
        seed=plan.seed,
        **facts,
    )
