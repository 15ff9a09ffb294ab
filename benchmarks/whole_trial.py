"""Where the processor time of a whole trial goes: two arms, screened, treated, scanned, reported.

python benchmarks/whole_trial.py --patients 1000 --months 24

Prints processor seconds by part, of one warm run on one thread, and the engine's own counters.
Parts are timed where they are entered and left, with the clock of the process, so that other
programs on the machine count little. A profiler would make small functions look dear.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STUDY = """kind: trial
name: Two arms
cohort: {{disease: PDAC, stage: metastatic, line: 2, size: {patients}}}
seed: 302
arms:
  - {{name: new, regimen: daraxonrasib 300 mg PO QD}}
  - name: old
    regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D
imaging_every_weeks: 8
follow_up_months: {months}
"""
# Part -> module, class (or nothing) and function at which it is entered. Time is counted for the
# innermost part, so that their sum and the rest make the whole.
PARTS = {
    "solver": ("rascade.engine.kernel.call", "Call", "run"),
    "around the solver, in the engine": ("rascade.engine.simulation", "Simulation", "advance"),
    "assembly": ("rascade.trial.conduct.run", "", "arm_assembly"),
    "screening and steady state": ("rascade.trial.conduct.run", "", "settled_cohort"),
    "steady state of the members": ("rascade.trial.prediction.courses", "", "settled_stack"),
    "doses": ("rascade.trial.conduct.treatment", "Treatment", "doses"),
    "scans": ("rascade.trial.assessment.imaging", "Imaging", "read"),
    "side effects": ("rascade.trial.conduct.treatment", "Treatment", "read"),
    "dose rules": ("rascade.trial.conduct.treatment", "Treatment", "visit"),
    "visits, the rest": ("rascade.trial.conduct.run", "_Arm", "go_to"),
    "report": ("rascade.report", "", "write_report"),
}


class Parts:
    """A stack of parts that are under way; the time of the innermost one is counted."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._under_way = ["the rest"]
        self._since = time.process_time()

    def _turn(self) -> None:
        now = time.process_time()
        self.seconds[self._under_way[-1]] += now - self._since
        self._since = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time within for a part."""
        self._turn()
        self._under_way.append(name)
        self.calls[name] += 1
        try:
            yield
        finally:
            self._turn()
            self._under_way.pop()

    def watch(self, name: str, module: str, owner: str, function: str) -> None:
        """Count every call of a function for a part."""
        place: Any = importlib.import_module(module)
        place = getattr(place, owner) if owner else place
        inner: Callable[..., Any] = getattr(place, function)

        @functools.wraps(inner)
        def outer(*args: Any, **options: Any) -> Any:
            with self.part(name):
                return inner(*args, **options)

        setattr(place, function, outer)


def _watch_counters(total: Counter[str]) -> None:
    """Sum the work that every call of the engine adds to the counters of its patients."""
    from rascade.engine.population.backend import COUNTERS
    from rascade.engine.simulation import Simulation

    inner = Simulation.advance

    def outer(self: Simulation, *args: Any, **options: Any) -> Any:
        before = self._batch.counters.sum(axis=0)
        found = inner(self, *args, **options)
        for name, more in zip(COUNTERS, self._batch.counters.sum(axis=0) - before, strict=True):
            total[name] += int(more)
        return found

    Simulation.advance = outer  # type: ignore[method-assign]


def main() -> None:
    """Run the trial twice, the first time to compile, and print the parts of the second."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--months", type=float, default=24)
    parser.add_argument("--members", type=int, help="of the ensemble, for the prediction")
    options = parser.parse_args()
    from rascade import report
    from rascade.studies import load
    from rascade.studies.running.trial import run_trial
    from rascade.trial.running.executors import LocalExecutor

    work: Counter[str] = Counter()
    _watch_counters(work)
    parts = Parts()
    for name, place in PARTS.items():
        parts.watch(name, *place)
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study.yaml"
        for size in (8, options.patients):
            study.write_text(STUDY.format(patients=size, months=options.months), encoding="utf-8")
            parts.seconds.clear()
            parts.calls.clear()
            work.clear()
            began = time.process_time()
            run_trial(
                load(study),
                Path(folder) / str(size),
                members=options.members,
                executor=LocalExecutor(1),
                finish=report.write_report,
            )
            parts._turn()
            whole = time.process_time() - began
    _print(parts, work, whole, 2 * options.patients * options.months / 12)


def _print(parts: Parts, work: Counter[str], whole: float, years: float) -> None:
    for name, seconds in parts.seconds.most_common():
        print(f"{name:34} {seconds:7.2f} s {100 * seconds / whole:5.1f} % {parts.calls[name]:6}")
    print(f"{'whole':34} {whole:7.2f} s; {1000 * whole / years:.2f} ms a patient-year planned")
    print({name: count for name, count in work.items() if count})


if __name__ == "__main__":
    main()
