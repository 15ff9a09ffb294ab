"""One model, one trajectory, from the command line: the contract for comparisons from outside.

See docs/engine.md, "From the command line", and ``python -m rascade.engine --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.population.backend import Settings, Status
from rascade.engine.sbml.document import read_sbml
from rascade.engine.simulation import Simulation
from rascade.errors import (
    InputError,
    OutputError,
    RascadeError,
    SimulationError,
    UnsupportedFeature,
)
from rascade.files import new_file, temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from numpy.typing import NDArray

    from rascade.engine.symbolic.system import System

__all__ = ["main"]

_MOST_STEPS = 10_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    Args:
        arguments: the words after the program's name; None for those of the process.
    """
    options = _parser().parse_args(arguments)
    try:
        _check_request(options)
        system = read_sbml(Path(options.model))
        names = options.select or list(system.observables)
        for name in (*names, *options.amount, *options.concentration):
            system.observable(name)
        for note in system.notes:
            _say(f"note: {note}")
        times, values = _run(system, names, options)
        _write(Path(options.out), _header(names), np.column_stack((times, values)))
    except UnsupportedFeature as error:
        # The name of the feature in any case, whatever the message makes of it.
        named = error.feature if error.feature not in str(error) else ""
        _say(f"{error}{named and f' [{named}]'}")
        return error.exit_code
    except RascadeError as error:
        _say(str(error))
        return error.exit_code
    except _Terminated:
        _say("interrupted by SIGTERM")
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    return 0


class _Terminated(KeyboardInterrupt):
    """SIGTERM: ends the run as Ctrl-C does, nothing half-written."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


def _say(message: str) -> None:
    """Write to standard error if there is one; the exit code tells in any case.

    Names come from the file: what would move the cursor or turn the text is written as a code.
    """
    shown = (c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in message)
    message = "".join(shown)
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"rascade.engine: {message}\n")


_HELP = """
Columns: time, then the selection in the order given; one row more than there are steps. Without
--select every species, rule, reaction, parameter and compartment is a column.

A species is written in the meaning that its name has in the model: a concentration, unless it
hasOnlySubstanceUnits. --amount and --concentration force one or the other. Amounts may become
negative, as SBML allows. A column of the model that is called time is headed "time (model)".

Absolute tolerances are a thousandth of --rtol times the typical size of each state. A number given
with --atol is in the species' own meaning: a concentration means that times the compartment's size.

Exit codes: 0 done; 1 the solver gave up; 2 wrong use, or a file that cannot be read or written;
3 the model uses a feature that is not supported, whose name is on standard error; 130 interrupted,
143 ended by SIGTERM.
The table is written whole or not at all.

Example:
  python -m rascade.engine model.xml --end 24 --steps 48 --select A,B --amount A --out result.csv
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rascade.engine",
        description="Simulate one SBML model (Level 2 or 3) and write one table.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("model", metavar="MODEL.xml", help="the SBML file")
    add("--start", type=float, default=0.0, metavar="T", help="first time (0)")
    add("--end", type=float, required=True, metavar="T", help="last time")
    add("--steps", type=int, default=100, metavar="N", help="intervals between outputs (100)")
    add("--select", type=_names, metavar="A,B", help="columns, separated by commas (all)")
    add("--amount", type=_names, default=[], metavar="A,B", help="species wanted as amounts")
    add("--concentration", type=_names, default=[], metavar="A,B", help="as concentrations")
    add("--rtol", type=float, default=1e-9, metavar="X", help="relative tolerance (1e-9)")
    add("--atol", type=float, metavar="X", help="absolute tolerance (by the size of each state)")
    add("--max-step", type=float, metavar="X", help="longest step, in the model's time (none)")
    add("--backend", choices=["compiled", "reference"], default="compiled",
        help="generated machine code, or the slow and obvious check of it (compiled)")  # fmt: skip
    add("--out", required=True, metavar="FILE.csv", help="the table to write")
    return parser


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _check_request(options: argparse.Namespace) -> None:
    """Refuse what can be known to fail before anything is read or solved."""
    if options.steps < 1:
        raise InputError(f"--steps must be at least 1, not {options.steps}")
    if options.steps > _MOST_STEPS:
        raise InputError(f"--steps must be at most {_MOST_STEPS}, not {options.steps}")
    for word in ("start", "end"):
        if not math.isfinite(getattr(options, word)):
            raise InputError(f"--{word} must be a finite number, not {getattr(options, word)}")
    if options.end < options.start:
        raise InputError(f"--end ({options.end:g}) must not be before --start ({options.start:g})")
    both = sorted(set(options.amount) & set(options.concentration))
    if both:
        raise InputError(f"both --amount and --concentration name {both[0]!r}; choose one")
    out = Path(options.out)
    if out.is_dir():
        raise OutputError(f"cannot write {str(out)!r}: it is a folder")
    if not out.parent.is_dir():
        raise OutputError(f"cannot write {str(out)!r}: there is no folder {str(out.parent)!r}")
    _try_to_write(out)


def _try_to_write(path: Path) -> None:
    """Find out whether a file can be made where the table will be, before anything is solved."""
    with _as_output_error(path):
        temporary = temporary_name(path)
        temporary.touch(exist_ok=False)
        temporary.unlink()


@contextlib.contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {error.strerror}") from error


def _run(
    system: System, names: Sequence[str], options: argparse.Namespace
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (T,) and values (T, k)."""
    outputs = [_form(system, name, options) for name in names]
    times = np.linspace(options.start, options.end, options.steps + 1)
    simulation = Simulation(
        system,
        start=options.start,
        settings=Settings(
            rtol=options.rtol, atol=options.atol, max_step=options.max_step, nonnegative=False
        ),
        backend=options.backend,
    )
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


def _header(names: Sequence[str]) -> list[str]:
    """Return the names of all columns; only the first is called time."""
    return ["time", *("time (model)" if name == "time" else name for name in names)]


def _write(path: Path, columns: Sequence[str], table: NDArray[np.float64]) -> None:
    """Write the table under a temporary name, then rename: whole or not at all."""
    header = ",".join(f'"{name}"' if "," in name else name for name in columns)
    rows = "".join(",".join(map(repr, row)) + "\n" for row in table.tolist())
    with _as_output_error(path), new_file(path) as temporary:
        temporary.write_text(f"{header}\n{rows}", encoding="utf-8")


if __name__ == "__main__":
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
