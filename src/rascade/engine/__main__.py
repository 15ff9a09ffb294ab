"""One model, one trajectory, from the command line: the contract for comparisons from outside.

::

    python -m rascade.engine MODEL.xml --start 0 --end 5 --steps 50 --select S1,S2 \
        --amount S1 --concentration S2 --rtol 1e-9 --atol 1e-12 --backend compiled --out result.csv

The file has the column ``time`` and then the selection, in its order, steps + 1 rows. Exit codes:
0 done, 1 the solver gave up, 2 wrong use or input, 3 a feature out of scope (its name is printed),
130 interrupted. Amounts may be negative here, as SBML allows.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.backend import Settings, Status
from rascade.engine.sbml import read_sbml
from rascade.engine.simulation import Simulation
from rascade.errors import InputError, OutputError, RascadeError, SimulationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rascade.engine.system import System

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    Args:
        arguments: the words after the program's name; None for those of the process.
    """
    options = _parser().parse_args(arguments)
    try:
        system = read_sbml(options.model)
        names = options.select or list(system.observables)
        times, values = _run(system, names, options)
        _write(Path(options.out), names, np.column_stack((times, values)))
    except RascadeError as error:
        sys.stderr.write(f"rascade.engine: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("rascade.engine: interrupted\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    def names(text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    parser = argparse.ArgumentParser(
        prog="python -m rascade.engine", description="Simulate one SBML model, write one table."
    )
    parser.add_argument("model", metavar="MODEL.xml")
    parser.add_argument("--start", type=float, default=0.0, help="first time (0)")
    parser.add_argument("--end", type=float, required=True, help="last time")
    parser.add_argument("--steps", type=int, default=100, help="intervals between outputs (100)")
    parser.add_argument("--select", type=names, help="columns, with commas; all if not given")
    parser.add_argument("--amount", type=names, default=[], help="of these species the amount")
    parser.add_argument(
        "--concentration", type=names, default=[], help="of these species the concentration"
    )
    parser.add_argument("--rtol", type=float, default=1e-9, help="relative tolerance (1e-9)")
    parser.add_argument("--atol", type=float, default=1e-12, help="absolute tolerance (1e-12)")
    parser.add_argument("--backend", choices=["compiled", "reference"], default="compiled")
    parser.add_argument("--out", required=True, help="the CSV file to write")
    return parser


def _run(
    system: System, names: Sequence[str], options: argparse.Namespace
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (T,) and values (T, k)."""
    if options.steps < 1 or not options.start <= options.end:
        raise InputError("--steps must be at least 1 and --end not before --start")
    times = np.linspace(options.start, options.end, options.steps + 1)
    simulation = Simulation(
        system,
        start=options.start,
        settings=Settings(rtol=options.rtol, atol=options.atol, nonnegative=False),
        backend=options.backend,
    )
    outputs = [_form(system, name, options) for name in names]
    segment = simulation.advance(float(times[-1]), times, outputs)
    for failure in simulation.failures():
        species = f" in {failure.species}" if failure.species else ""
        status = Status(failure.status).name.lower().replace("_", " ")
        raise SimulationError(f"gave up at time {failure.time:g}: {status}{species}")
    return segment.times, segment.values[0]


def _form(system: System, name: str, options: argparse.Namespace) -> str:
    """Return the output that a column is; only species have an amount and a concentration."""
    if name in options.amount and f"amount({name})" in system.forms:
        return f"amount({name})"
    if name in options.concentration and f"[{name}]" in system.forms:
        return f"[{name}]"
    return name


def _write(path: Path, names: Sequence[str], table: NDArray[np.float64]) -> None:
    """Write the table under a temporary name, then rename: whole or not at all."""
    header = ",".join(f'"{name}"' if "," in name else name for name in ("time", *names))
    rows = "".join(",".join(map(repr, row)) + "\n" for row in table.tolist())
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(f"{header}\n{rows}")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise OutputError(f"cannot write {str(path)!r}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
