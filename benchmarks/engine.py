"""This engine beside the field's: same models, doses, tolerances and outputs, in one run.

Every program integrates the same patients with the same relative tolerance and per-state absolute
tolerance (the smallest one where a program takes a single number) and reports all states at the
same times. Runs are interleaved: one of this engine, one of each other program, and again; the
ratio is the median of the ratios of neighbours, so that a busy machine slows both sides. Beside
each time stands the error achieved, because a faster answer that is further from the truth is not
faster; the last column compares at equal achieved error. The truth is this engine at 1e-11,
and the table says how far libRoadRunner at 1e-10 is from it.

    python benchmarks/engine.py [--days 28] [--patients 128] [--repeats 5] [--peers FOLDER] [--long]

Other programs are optional. ``--peers`` names another environment of the same Python that holds
them (``python -m venv X; X/bin/pip install copasi-basico bngsim pydiffsol amici libroadrunner``;
``make bench PEERS=X``). bngsim needs a C compiler; AMICI a C++ compiler, CMake, SWIG and a BLAS
(Debian: ``g++ cmake swig libopenblas-dev``). A program that is not there has a row that says so.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # one core each; before NumPy is imported

import numpy as np  # noqa: E402
import scaling  # noqa: E402
from page import markdown  # noqa: E402
from peers import PEERS, Child  # noqa: E402
from problems import Problem, problem, rascade  # noqa: E402

OURS = "rascade"
LADDER = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # this engine's work against its error


def error(values: np.ndarray, truth: np.ndarray, size: np.ndarray) -> tuple[float, float]:
    """Root mean square and largest relative error; below a thousandth of its size a state is 0."""
    exact = truth[: len(values)]
    relative = np.abs(values[: len(exact)] - exact) / (np.abs(exact) + 1e-3 * size)
    return float(np.sqrt(np.mean(relative**2))), float(relative.max())


def own(given: Problem, rtol: float, patients: int) -> tuple[float, np.ndarray]:
    """Processor seconds and values of this engine."""
    begin = time.process_time()
    values = rascade(given, rtol, patients)
    return time.process_time() - begin, values


def ladder(given: Problem, truth: np.ndarray, repeats: int) -> list[tuple[float, float]]:
    """This engine's (root mean square error, seconds a patient) from loose to tight."""
    rows = []
    for rtol in LADDER:
        runs = [own(given, rtol, given.patients) for _ in range(max(2, repeats // 2))]
        seconds = float(np.median([s for s, _ in runs])) / given.patients
        rows.append((error(runs[0][1][: len(truth)], truth, given.size)[0], seconds))
    return rows


def at_error(rows: list[tuple[float, float]], wanted: float) -> float:
    """Seconds a patient at an achieved error, on a straight line between logarithms."""
    errors, seconds = np.log([r[0] for r in rows])[::-1], np.log([r[1] for r in rows])[::-1]
    return float(np.exp(np.interp(np.log(wanted), errors, seconds)))


def compare(
    given: Problem, children: list[Child], truth: np.ndarray, rtol: float, repeats: int
) -> Iterator[dict[str, Any]]:
    """Rows of one model at one tolerance."""
    times: dict[str, list[float]] = {OURS: []}
    last: dict[str, Any] = {}
    own(given, rtol, given.patients)
    for round_ in range(repeats + 1):
        spent, last[OURS] = own(given, rtol, given.patients)
        if round_:
            times[OURS].append(spent / given.patients)
        for child in children:
            if not child.ready or isinstance(last.get(child.name), str):
                continue
            count = min(PEERS[child.name][1], given.patients)
            answer = child.run(rtol, count)
            if isinstance(answer, str):
                last[child.name] = answer
                continue
            last[child.name] = answer[1]
            if round_:  # the first is to warm up
                times.setdefault(child.name, []).append(answer[0] / count)
    for name, spent_by_name in times.items():
        if isinstance(last[name], str):
            continue
        rms, largest = error(last[name], truth, given.size)
        ratios = np.array(spent_by_name) / np.array(times[OURS])
        yield {
            "model": given.name, "program": name, "rtol": rtol, "rms_error": rms,
            "max_error": largest, "ms_per_patient": float(np.median(spent_by_name)) * 1e3,
            "ratio": float(np.median(ratios)), "ratio_low": float(ratios.min()),
            "ratio_high": float(ratios.max()),
        }  # fmt: skip
    for name, value in last.items():
        if isinstance(value, str):
            yield {"model": given.name, "program": name, "rtol": rtol, "note": value}


def run_model(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Everything about one model."""
    given = problem(name, options.days, options.patients)
    truth = rascade(given, 1e-11, min(4, options.patients))
    children = [Child(peer, given, options.days) for peer in options.only or PEERS]
    rows = [
        row
        for rtol in options.rtol or [1e-4, 1e-6]
        for row in compare(given, children, truth, rtol, options.repeats)
    ]
    steps = ladder(given, truth, options.repeats)
    for row in rows:
        if "rms_error" in row:
            mine = at_error(steps, row["rms_error"]) * 1e3
            row["ratio_at_equal_error"] = row["ms_per_patient"] / mine
    check = None
    for child in children:
        if child.name == "libRoadRunner" and child.ready:
            answer = child.run(1e-10, 1)
            if not isinstance(answer, str):
                check = error(answer[1], truth, given.size)[1]
        child.close()
    return {
        "name": name, "title": given.title, "states": len(given.system.states),
        "parameters": len(given.system.parameters), "patients": given.patients, "rows": rows,
        "truth_check": check, "programs": {c.name: c.version for c in children},
    }  # fmt: skip


def grow(options: argparse.Namespace) -> dict[str, Any]:
    """Scaling of this engine on the disease model."""
    given = problem("disease", options.days, options.patients)
    rascade(given, 1e-4, 1, outputs=given.outputs[: scaling.FEW])
    counts = [1, 10, 100, 1000, 10_000] + ([100_000] if options.long else [])
    return {
        "patients": scaling.patients(given, 1e-4, counts),
        "threads": scaling.threads(given, 1e-4, 1000, 5),
        "start": scaling.start(3),
        "memory": scaling.memory([500, 2000, 8000] if not options.quick else [500, 1000]),
    }


def machine() -> dict[str, Any]:
    """Where and when."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        cpu = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), cpu)
    return {
        "processor": cpu, "cores": os.cpu_count(), "system": platform.platform(),
        "python": platform.python_version(), "date": datetime.date.today().isoformat(),
        "load": scaling.load(),
        "versions": {n: metadata.version(n) for n in ("rascade", "llvmlite", "numpy", "scipy")},
    }  # fmt: skip


def use_peers(folder: Path) -> None:
    """Make another environment's packages importable after our own, also for child processes."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    if not packages.is_dir():
        raise SystemExit(f"--peers: {packages} is not a folder; give an environment of {version}")
    sys.path.append(str(packages))
    os.environ["PYTHONPATH"] = str(packages)  # AMICI builds with a Python of its own
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--patients", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rtol", type=float, action="append")
    parser.add_argument("--model", choices=["disease", "public"], action="append")
    parser.add_argument("--only", choices=list(PEERS), action="append", help="these programs")
    parser.add_argument("--peers", type=Path, help="environment that holds other programs")
    parser.add_argument("--long", action="store_true", help="scaling up to 100,000 patients")
    parser.add_argument("--quick", action="store_true", help="less memory scaling")
    parser.add_argument("--no-scaling", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "docs")
    options = parser.parse_args()
    if options.peers:
        use_peers(options.peers)
    result: dict[str, Any] = {"machine": machine(), "options": vars(options)}
    result["models"] = [run_model(m, options) for m in options.model or ["disease", "public"]]
    if not options.no_scaling:
        result["scaling"] = grow(options)
    result["machine"]["load_at_end"] = scaling.load()
    text = markdown(result)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("benchmarks.md", text),
        ("benchmarks.json", json.dumps(result, indent=1, default=str) + "\n"),
    ):
        new = options.out / f".{name}.new"
        new.write_text(content, encoding="utf-8")
        new.replace(options.out / name)
    print(text)


if __name__ == "__main__":
    main()
