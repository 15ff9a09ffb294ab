"""This engine beside libRoadRunner and SciPy LSODA: one model, same doses, same tolerances.

The model is the assembled disease model with a daily oral dose. Every program integrates the same
patients from dose to dose with the same relative and per-state absolute tolerance and reports the
same states at the same times. Printed: milliseconds a patient (median of the repeats, one core),
the ratio to this engine, and beside it the error achieved, because a faster answer that is further
from the truth is not faster. The truth is this engine at 1e-11, checked against libRoadRunner.

    python benchmarks/engine.py [--days 28] [--patients 64] [--repeats 3] [--rtol 1e-4]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from rascade.engine import Doses, Settings, Simulation, System
from rascade.model import assemble

DRUG, TARGET, AMOUNT = "daraxonrasib", "gut_daraxonrasib", 370.0
SPREAD = 0.2  # standard deviation of the logarithm of every parameter
HOURS = 24.0


@dataclass(frozen=True)
class Problem:
    """What everybody solves."""

    system: System
    sbml: str
    days: int
    parameters: dict[str, np.ndarray]
    patients: int

    @property
    def times(self) -> np.ndarray:
        """Output times: between the doses, so that no program's rule about ties matters."""
        return np.arange(self.days) * HOURS + 12.0

    def tolerance(self, rtol: float) -> np.ndarray:
        """Absolute tolerance of each state."""
        return 1e-3 * rtol * self.size

    @property
    def size(self) -> np.ndarray:
        """Typical size of each state, or the dose into it."""
        size = np.maximum(self.system.scale, 1.0)
        size[self.system.dose_targets[TARGET]] = AMOUNT
        return size


@dataclass(frozen=True)
class Result:
    """How one program did."""

    name: str
    milliseconds: float
    values: np.ndarray  # (patients, T, states)


def make_problem(days: int, patients: int) -> Problem:
    """Assemble the model and draw the patients."""
    assembly = assemble(drugs=[DRUG])
    rng = np.random.default_rng(20)
    parameters = {
        name: value * np.exp(SPREAD * rng.standard_normal(patients))
        for name, value in assembly.system.defaults.items()
        if np.isfinite(value)
    }
    return Problem(assembly.system, assembly.sbml, days, parameters, patients)


def rascade(
    problem: Problem, rtol: float, patients: int, *, lanes: int | None = None
) -> np.ndarray:
    """This engine."""
    states = problem.system.states
    simulation = Simulation(
        problem.system,
        patients=patients,
        parameters={name: values[:patients] for name, values in problem.parameters.items()},
        doses=Doses(None, np.arange(problem.days) * HOURS, TARGET, AMOUNT),
        settings=Settings(
            rtol=rtol,
            atol=dict(zip(states, problem.tolerance(rtol).tolist(), strict=True)),
            lanes=lanes,
        ),
    )
    end = problem.days * HOURS
    return simulation.advance(end, problem.times, _amounts(problem.system)).values


def roadrunner(problem: Problem, rtol: float, patients: int) -> np.ndarray:
    """libRoadRunner: CVODE, from dose to dose."""
    runner = _runner(problem.sbml)
    runner.integrator.relative_tolerance = rtol
    states = problem.system.states
    runner.integrator.absolute_tolerance = float(np.min(problem.tolerance(rtol)))
    runner.timeCourseSelections = ["time", *states]  # a bare species is its amount there
    start = _start(problem, patients, _amounts(problem.system))
    out = np.empty((patients, problem.days, len(states)))
    for i in range(patients):
        runner.resetAll()
        for name, values in problem.parameters.items():
            runner[name] = values[i]
        for name, value in zip(states, start[i], strict=True):
            runner[name] = value
        for day in range(problem.days):
            runner[TARGET] = runner[TARGET] + AMOUNT
            begin = day * HOURS
            out[i, day] = runner.simulate(begin, begin + HOURS, 3)[1, 1:]
    return out


@cache
def _runner(sbml: str) -> Any:
    """The loaded model: reading and compiling it is not what is measured."""
    import roadrunner as rr

    return rr.RoadRunner(sbml)


def lsoda(problem: Problem, rtol: float, patients: int) -> np.ndarray:
    """SciPy's LSODA, the rates as a Python function generated from the same graph."""
    from scipy.integrate import LSODA

    system = problem.system
    rates = _python_rates(system)
    n, names = len(system.states), system.parameters
    start, p = _start(problem, patients, _amounts(system)), _start(problem, patients, names)
    dosed = system.dose_targets[TARGET]
    out = np.empty((patients, problem.days, n))
    for i in range(patients):
        y, mine = start[i].copy(), p[i]
        for day in range(problem.days):
            y[dosed] += AMOUNT
            begin = day * HOURS
            solver = LSODA(
                lambda t, u, mine=mine: rates(t, u, mine), begin, y, begin + HOURS, rtol=rtol,
                atol=problem.tolerance(rtol),
            )  # fmt: skip
            middle = begin + HOURS / 2
            while solver.status == "running":
                solver.step()
                if solver.t_old < middle <= solver.t:
                    out[i, day] = solver.dense_output()(middle)
            y = solver.y
    return out


@cache
def _python_rates(system: System) -> Callable[..., np.ndarray]:
    from rascade.engine.scalar import scalar_function

    return scalar_function(system.graph, system.rates)


def _start(problem: Problem, patients: int, names: Sequence[str]) -> np.ndarray:
    """Values at the start, (patients, names)."""
    simulation = Simulation(
        problem.system,
        patients=patients,
        parameters={name: values[:patients] for name, values in problem.parameters.items()},
    )
    return np.stack([simulation.value(name) for name in names], axis=1)


def _amounts(system: System) -> list[str]:
    """Names that give each state as it is held."""
    return [f"amount({s})" if f"amount({s})" in system.forms else s for s in system.states]


def timed(name: str, run: Callable[[], np.ndarray], patients: int, repeats: int) -> Result:
    """Median over repeats of processor time a patient, after one run that does not count."""
    values = run()
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        values = run()
        spent.append(time.process_time() - begin)
    return Result(name, float(np.median(spent)) / patients * 1e3, values)


def error(values: np.ndarray, truth: np.ndarray, size: np.ndarray) -> tuple[float, float]:
    """Root mean square and largest relative error; below a thousandth of its size a state is 0."""
    exact = truth[: len(values)]
    relative = np.abs(values[: len(exact)] - exact) / (np.abs(exact) + 1e-3 * size)
    return float(np.sqrt(np.mean(relative**2))), float(relative.max())


def compare(problem: Problem, rtol: float, repeats: int) -> list[Result]:
    """Run everybody at one tolerance; slow programs get fewer patients."""
    few = min(2, problem.patients)
    one = min(1, problem.patients)
    jobs: list[tuple[str, int, Callable[..., Any]]] = [
        ("rascade", problem.patients, rascade),
        ("rascade, one patient", one, rascade),
        ("libRoadRunner", few, roadrunner),
        ("SciPy LSODA", one, lsoda),
    ]
    results = []
    for name, patients, function in jobs:
        try:
            results.append(
                timed(
                    name,
                    lambda function=function, patients=patients: function(problem, rtol, patients),
                    patients,
                    repeats,
                )
            )
        except ImportError as missing:
            print(f"{name}: not installed ({missing})", file=sys.stderr)
    return results


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--patients", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rtol", type=float, action="append")
    options = parser.parse_args()
    problem = make_problem(options.days, options.patients)
    truth = rascade(problem, 1e-11, min(2, options.patients))
    print(
        f"{len(problem.system.states)} states, {len(problem.system.parameters)} parameters, "
        f"{options.days} daily doses, one core"
    )
    head = f"{'program':<24}{'rtol':>8}{'ms/patient':>12}{'ratio':>8}{'rms error':>12}{'max':>10}"
    print(head)
    for rtol in options.rtol or [1e-4, 1e-6]:
        results = compare(problem, rtol, options.repeats)
        ours = results[0].milliseconds
        for result in results:
            rms, largest = error(result.values, truth, problem.size)
            print(
                f"{result.name:<24}{rtol:>8.0e}{result.milliseconds:>12.2f}"
                f"{result.milliseconds / ours:>8.1f}{rms:>12.1e}{largest:>10.1e}"
            )


if __name__ == "__main__":
    main()
