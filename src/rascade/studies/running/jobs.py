"""A job is one chunk to simulate: small to send, the same wherever it is done."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import ResultsError
from rascade.results.chunks import Span
from rascade.studies.files.load import loads
from rascade.studies.files.schema import Checks, TrialStudy
from rascade.studies.running.inputs import inputs_hash, trial_inputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.conduct.run import ArmRun
    from rascade.trial.design.spec import TrialSpec

__all__ = ["Job", "decode_chunk", "plan_of", "read_arm", "simulate", "simulate_elsewhere"]

_META = b"rascade"


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk to simulate.

    Attributes:
        study: the study file's text, sizes and seed as they are run.
        span: which patients, by their places in the arm.
        patients: their numbers.
        inputs: `rascade.studies.running.inputs.inputs_hash` where the job was planned.
    """

    study: str
    span: Span
    patients: tuple[int, ...]
    inputs: str


@lru_cache(maxsize=4)
def plan_of(text: str) -> tuple[TrialStudy, TrialSpec]:
    """Return a study and its plan: all that the one who plans and those who simulate know of it.

    Nothing may be added to the plan on the way: what is not in the text does not reach the jobs.

    Args:
        text: of the study, sizes and seed as they are run.
    """
    from rascade.studies.running.trial import to_spec

    study = loads(text, "study", Checks(), TrialStudy)  # it was checked where it was planned
    return study, to_spec(study)


@lru_cache(maxsize=4)
def _inputs(text: str) -> str:
    return inputs_hash(trial_inputs(plan_of(text)[0]))


def simulate(
    job: Job, *, threads: int = 1, report: Callable[[float], None] | None = None
) -> dict[str, bytes]:
    """Simulate a chunk.

    Args:
        job: which.
        threads: of the solver.
        report: called with the share that is done.

    Returns:
        Name of a table -> its Parquet file; `decode_chunk` reads them.

    Raises:
        RascadeError: as `rascade.trial.conduct.run.run_arm`.
    """
    from rascade.engine import Settings
    from rascade.trial.conduct.run import run_arm
    from rascade.trial.results.storage import PATIENTS, pack

    spec = plan_of(job.study)[1]
    run = run_arm(
        spec,
        spec.arms[job.span.arm],
        np.array(job.patients, dtype=np.int64),
        settings=Settings(threads=threads),
        report=report,
        all_may_fail=True,
    )
    packed = pack(run)
    return {
        name: _parquet(columns, packed.layout if name == PATIENTS else None)
        for name, columns in packed.tables.items()
    }


def simulate_elsewhere(job: Job) -> dict[str, bytes]:
    """Simulate a chunk in a worker process, after a look at what the worker would simulate.

    Raises:
        ResultsError: the worker has another version, or other evidence.
    """
    if _inputs(job.study) != job.inputs:
        raise ResultsError(
            "a worker would simulate other patients: its Rascade, its libraries or its evidence "
            "are not those of this process; install the same versions on all machines"
        )
    return simulate(job)


def _parquet(columns: Mapping[str, NDArray[Any]], layout: Mapping[str, Any] | None) -> bytes:
    """Return a table as a Parquet file; further axes of an array become lists."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, shapes, empty = [], {}, {}
    for name, array in columns.items():
        column = pa.array(np.ascontiguousarray(array).reshape(-1))
        if array.ndim > 1:
            shapes[name] = list(array.shape[1:])
        if 0 in array.shape[1:]:  # an untreated arm has no drugs; Parquet has no lists of none
            empty[name] = array.dtype.str
            column = pa.nulls(len(array))
        elif array.ndim > 1:
            column = pa.FixedSizeListArray.from_arrays(column, int(np.prod(array.shape[1:])))
        arrays.append(column)
    meta = json.dumps({"layout": layout, "shapes": shapes, "empty": empty}).encode()
    table = pa.Table.from_arrays(arrays, names=list(columns)).replace_schema_metadata({_META: meta})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", version="2.6")
    return sink.getvalue()


def _columns(content: bytes) -> tuple[dict[str, NDArray[Any]], Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    meta = json.loads(table.schema.metadata[_META])
    columns = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if name in meta["empty"]:
            shape = (len(column), *meta["shapes"][name])
            columns[name] = np.empty(shape, dtype=meta["empty"][name])
            continue
        if name in meta["shapes"]:
            column = column.flatten()
        values = column.to_numpy(zero_copy_only=False)
        if pa.types.is_string(column.type) and not column.null_count:
            values = values.astype(np.str_)
        columns[name] = values.reshape(-1, *meta["shapes"].get(name, ()))
    return columns, meta["layout"]


def decode_chunk(contents: Mapping[str, bytes], spec: TrialSpec, arm: int) -> ArmRun:
    """Return the run of a chunk's patients from its files.

    Args:
        contents: what `simulate` returned.
        spec: the trial.
        arm: index of the arm.
    """
    from rascade.trial.results.storage import PATIENTS, Packed, unpack

    tables, layout = {}, None
    for name, content in contents.items():
        tables[name], found = _columns(content)
        layout = found if name == PATIENTS else layout
    assert layout is not None
    return unpack(Packed(layout, tables), spec, arm)


def read_arm(chunks: Sequence[Mapping[str, bytes]], spec: TrialSpec, arm: int) -> ArmRun:
    """Return the run of an arm from the files of all its chunks, in order."""
    from rascade.trial.results.storage import join

    return join([decode_chunk(contents, spec, arm) for contents in chunks])
