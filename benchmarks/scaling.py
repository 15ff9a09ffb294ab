"""How this engine's cost grows: with patients, threads, from nothing, and in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from problems import Problem, rascade

FEW = 3  # outputs where memory is not the question
START = """
import time
begin = time.perf_counter()  # processor time counts from the start of the interpreter
from rascade.model import assemble
from rascade.engine import Simulation
simulation = Simulation(assemble(drugs=["daraxonrasib", "pembrolizumab"]).system, patients={n})
simulation.advance(24.0)
print(time.perf_counter() - begin, time.process_time())
"""


def patients(given: Problem, rtol: float, counts: list[int]) -> list[dict[str, Any]]:
    """Wall time a patient, the median of up to three runs; set-up included, one thread."""
    rows = []
    for count in counts:
        spent = []
        for _ in range(3 if count <= 1000 else 1):
            begin = time.perf_counter()
            rascade(given, rtol, count, outputs=given.outputs[:FEW])
            spent.append(time.perf_counter() - begin)
        rows.append({"patients": count, "ms_per_patient": np.median(spent) / count * 1e3})
    return rows


def threads(given: Problem, rtol: float, count: int, pairs: int) -> dict[str, float]:
    """Speed-up of two threads: pairs one after the other; others may use the machine as well."""
    ratios, begun = [], load()
    for _ in range(pairs):
        spent = {}
        for number in (1, 2):
            begin = time.perf_counter()
            rascade(given, rtol, count, outputs=given.outputs[:FEW], threads=number)
            spent[number] = time.perf_counter() - begin
        ratios.append(spent[1] / spent[2])
    return {
        "best": max(ratios), "median": float(np.median(ratios)), "pairs": pairs, "load": begun,
        "cores": os.cpu_count() or 1,
    }  # fmt: skip


def load() -> float:
    """Processes that wanted a core, averaged over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def start(repeats: int) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds to the first result of one patient: no cache, then with it."""
    spent: dict[str, list[tuple[float, float]]] = {"nothing": [], "cache": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for state in spent:
                spent[state].append(_first_result(folder))
    return {
        state: (float(np.median([t[0] for t in times])), float(np.median([t[1] for t in times])))
        for state, times in spent.items()
    }


def _first_result(folder: str) -> tuple[float, float]:
    made = subprocess.run(
        [sys.executable, "-c", START.format(n=1)], env={**os.environ, "RASCADE_CACHE_DIR": folder},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall, processor = map(float, made.stdout.split())
    return wall, processor


def memory(counts: list[int], chunk: int = 500) -> list[dict[str, Any]]:
    """Peak resident memory of runs in chunks that stream all states to Parquet."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "states.parquet"
            made = subprocess.run(
                [sys.executable, __file__, str(count), str(chunk), str(path)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            rows.append({
                "patients": count, "chunk": chunk, "peak_mb": float(made.stdout),
                "parquet_mb": path.stat().st_size / 1e6,
            })  # fmt: skip
    return rows


def _stream(count: int, chunk: int, path: str) -> None:
    """Seven days of every patient, a row a patient-day, chunk by chunk; prints the peak in MB."""
    import resource

    import pyarrow as pa
    import pyarrow.parquet as pq
    from problems import disease

    given = disease(7, chunk)
    schema = pa.schema([("patient", pa.int64()), ("hour", pa.float64())]
                       + [(s, pa.float64()) for s in given.system.states])  # fmt: skip
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, count, chunk):
            n = min(chunk, count - first)
            values = rascade(given, 1e-4, n)
            who = np.repeat(np.arange(first, first + n), len(given.times))
            columns = [who, np.tile(given.times, n), *values.reshape(len(who), -1).T]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / 1024 if sys.platform != "darwin" else peak / 1024**2)


if __name__ == "__main__":
    _stream(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
