"""Chunks as files: the columns of a part of an arm as Parquet, and an arm from its chunks."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.results.storage import PATIENTS, Packed, join, pack, unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun

__all__ = ["decode_chunk", "encode_chunk", "read_arm"]

_META = b"rascade"


def encode_chunk(run: ArmRun) -> dict[str, bytes]:
    """Return the files of a chunk: name of a table -> its Parquet file."""
    packed = pack(run)
    return {
        name: _parquet(columns, packed.layout if name == PATIENTS else None)
        for name, columns in packed.tables.items()
    }


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
        contents: from `encode_chunk`.
        spec: the trial.
        arm: index of the arm.
    """
    tables, layout = {}, None
    for name, content in contents.items():
        tables[name], found = _columns(content)
        layout = found if name == PATIENTS else layout
    assert layout is not None
    return unpack(Packed(layout, tables), spec, arm)


def read_arm(chunks: Sequence[Mapping[str, bytes]], spec: TrialSpec, arm: int) -> ArmRun:
    """Return the run of an arm from the files of all its chunks, in order."""
    return join([decode_chunk(contents, spec, arm) for contents in chunks])
