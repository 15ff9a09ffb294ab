"""Other programs behind one interface: start a patient, add a bolus, set a rate, go to a time.

All are optional; a missing one raises ImportError when it is made, one that cannot be built here
`CannotRunError`. Reading and compiling a model is not timed, nor is setting a patient's parameters:
only doses and integration are.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from problems import INFUSED, Leg, Problem
from problems import problem as make_problem

from rascade.engine import Simulation
from rascade.engine.symbolic.expression import Op


class CannotRunError(Exception):
    """Why a program that is installed cannot take part."""


class Peer:
    """Base: walks through the legs and keeps the time.

    Attributes:
        package: distribution, for its version.
        seconds: processor time of doses and integration so far.
    """

    package = ""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.states = problem.system.states
        self.names = problem.system.parameters
        self.seconds = 0.0

    @classmethod
    def version(cls) -> str:
        """Version of the installed distribution."""
        return metadata.version(cls.package)

    def tolerance(self, rtol: float) -> None:
        """Set relative and absolute tolerances."""
        raise NotImplementedError

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        """Begin a patient."""
        raise NotImplementedError

    def add(self, target: str, amount: float) -> None:
        """Give a bolus."""
        raise NotImplementedError

    def rate(self, target: str, value: float) -> None:
        """Set the inflow of an infused species."""
        raise NotImplementedError

    def go(self, leg: Leg) -> np.ndarray:
        """Integrate; returns states at the leg's output times."""
        raise NotImplementedError

    def run(self, rtol: float, patients: int) -> np.ndarray:
        """All patients through all legs; (patients, T, states)."""
        problem = self.problem
        self.tolerance(rtol)
        some = {name: v[:patients] for name, v in problem.parameters.items()}
        at = Simulation(problem.system, patients=patients, parameters=some)
        y0 = np.stack([at.value(n) for n in problem.outputs], axis=1)
        p0 = np.stack([at.value(n) for n in self.names], axis=1)
        rows = []
        for i in range(patients):
            self.start(y0[i], p0[i])
            mine, last = [], dict.fromkeys(problem.infused, 0.0)
            for leg in problem.legs:
                begin = time.process_time()
                for dose in leg.boluses:
                    self.add(dose.target, dose.amount)
                for target, value in leg.rates.items():
                    if value != last[target]:
                        self.rate(target, value)
                last = leg.rates
                mine.append(self.go(leg))
                self.seconds += time.process_time() - begin
            rows.append(np.concatenate(mine))
        return np.stack(rows)


class RoadRunner(Peer):
    """libRoadRunner: CVODE with LLVM. The scalar tolerance is the faster choice here."""

    package = "libroadrunner"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        import roadrunner

        self.runner = roadrunner.RoadRunner(problem.sbml)
        self.runner.timeCourseSelections = list(self.states)  # a bare species: its amount

    def tolerance(self, rtol: float) -> None:
        self.runner.integrator.relative_tolerance = rtol
        least = float(self.problem.tolerance(rtol).min())
        self.runner.integrator.absolute_tolerance = least

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        self.runner.resetAll()
        for name, value in (*zip(self.names, p, strict=True), *zip(self.states, y, strict=True)):
            self.runner[name] = value

    def add(self, target: str, amount: float) -> None:
        self.runner[target] = self.runner[target] + amount

    def rate(self, target: str, value: float) -> None:
        self.runner[INFUSED + target] = value

    def go(self, leg: Leg) -> np.ndarray:
        times = [leg.begin, *leg.times, leg.end]
        return np.asarray(self.runner.simulate(times=times))[1:-1]


class Bngsim(Peer):
    """bngsim: CVODE with KLU, rates and Jacobian compiled by the C compiler."""

    package = "bngsim"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        import bngsim

        if shutil.which("cc") is None:
            raise CannotRunError("no C compiler")
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "model.xml"
        path.write_text(problem.sbml, encoding="utf-8")
        self.model = bngsim.Model.from_sbml(path)
        self.simulator = bngsim.Simulator(self.model, method="ode", codegen=True)
        self.places = [self.model.species_names.index(s) for s in self.states]
        own = set(self.model.param_names)
        self.settable = [(i, n) for i, n in enumerate(self.names) if n in own]

    def tolerance(self, rtol: float) -> None:
        least = self.problem.tolerance(rtol)
        self.absolute = np.full(self.model.n_species, least.min())
        self.absolute[self.places] = least
        self.relative = rtol

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        self.model.reset()
        for i, name in self.settable:
            if name in self.problem.parameters:
                self.model.set_param(name, float(p[i]))
        for target in self.problem.infused:
            self.model.set_param(INFUSED + target, 0.0)
        for name, value in zip(self.states, y, strict=True):
            self.model.set_concentration(name, float(value))

    def add(self, target: str, amount: float) -> None:
        self.model.set_concentration(target, self.model.get_concentration(target) + amount)

    def rate(self, target: str, value: float) -> None:
        self.model.set_param(INFUSED + target, value)

    def go(self, leg: Leg) -> np.ndarray:
        times = [leg.begin, *leg.times, leg.end]
        made = self.simulator.run(sample_times=times, rtol=self.relative, atol=self.absolute)
        values = np.asarray(made.species)
        self.model.set_state(values[-1])
        return values[1:-1, self.places]


class Copasi(Peer):
    """COPASI: LSODA on interpreted expressions."""

    package = "copasi-basico"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        import basico

        self.basico = basico
        self.model = basico.load_model_from_string(problem.sbml)
        inner = self.model.getModel()
        for i in range(inner.getNumMetabs()):  # start values are given, not derived
            inner.getMetabolite(i).setInitialExpression("")
        for i in range(inner.getNumModelValues()):
            inner.getModelValue(i).setInitialExpression("")
        inner.compileIfNecessary()
        self.quantities = {inner.getModelValue(i).getObjectName(): inner.getModelValue(i)
                           for i in range(inner.getNumModelValues())}  # fmt: skip
        self.species = {inner.getMetabolite(i).getObjectName(): inner.getMetabolite(i)
                        for i in range(inner.getNumMetabs())}  # fmt: skip

    def _set(self, name: str, value: float) -> None:
        """Set a value at the start of the next leg; all volumes are one."""
        thing = self.species.get(name)
        if thing is not None:
            thing.setInitialConcentration(float(value))
            self.changed.append(thing.getInitialConcentrationReference())
        elif name in self.quantities:
            self.quantities[name].setInitialValue(float(value))
            self.changed.append(self.quantities[name].getInitialValueReference())

    def _apply(self) -> None:
        import COPASI

        changes = COPASI.ObjectStdVector()
        for reference in self.changed:
            changes.append(reference)
        self.model.getModel().updateInitialValues(changes)
        self.changed = []

    def tolerance(self, rtol: float) -> None:
        self.options = {"r_tol": rtol, "a_tol": float(self.problem.tolerance(rtol).min())}

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        self.changed: list[Any] = []
        self.now = dict(zip(self.states, y.tolist(), strict=True))
        self.rates = dict.fromkeys(self.problem.infused, 0.0)
        for name, value in zip(self.names, p, strict=True):
            if name in self.problem.parameters:
                self._set(name, value)
        self._apply()

    def add(self, target: str, amount: float) -> None:
        self.now[target] += amount

    def rate(self, target: str, value: float) -> None:
        self._set(INFUSED + target, value)

    def go(self, leg: Leg) -> np.ndarray:
        for name, value in self.now.items():
            self._set(name, value)
        self._apply()
        times = [t - leg.begin for t in (leg.begin, *leg.times, leg.end)]
        frame = self.basico.run_time_course(
            values=times, duration=times[-1], start_time=0.0, use_initial_values=True,
            update_model=False, use_sbml_id=True, model=self.model, **self.options,
        )  # fmt: skip
        columns = {c.removeprefix("Values[").removesuffix("]"): c for c in frame.columns}
        values = frame[[columns[s] for s in self.states]].to_numpy()
        self.now = dict(zip(self.states, values[-1].tolist(), strict=True))
        return values[1:-1]


class Amici(Peer):
    """AMICI: C++ compiled for the model, CVODES with KLU."""

    package = "amici"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        import amici
        from amici.importers.sbml import SbmlImporter
        from amici.sim.sundials import run_simulation

        for tool in ("c++", "swig", "cmake"):
            if shutil.which(tool) is None:
                raise CannotRunError(f"no {tool}")
        self.simulate = run_simulation
        self.folder = tempfile.TemporaryDirectory()
        name = f"benchmark_{problem.name}"
        source = Path(self.folder.name) / "model.xml"
        source.write_text(problem.sbml, encoding="utf-8")
        SbmlImporter(str(source)).sbml2amici(
            name, str(Path(self.folder.name) / name), generate_sensitivity_code=False,
            compute_conservation_laws=False, simplify=None,  # simplifying takes minutes
        )  # fmt: skip
        module = amici.import_model_module(name, str(Path(self.folder.name) / name))
        self.model = module.get_model()
        self.solver = self.model.create_solver()
        ids = list(self.model.get_state_ids())
        self.places = [ids.index(s) for s in self.states]
        self.inner = [(self.names.index(n) if n in self.names else -1, n)
                      for n in self.model.get_free_parameter_ids()]  # fmt: skip
        self.count = len(ids)

    def tolerance(self, rtol: float) -> None:
        self.solver.set_relative_tolerance(rtol)
        self.solver.set_absolute_tolerance(float(self.problem.tolerance(rtol).min()))

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        self.now = np.zeros(self.count)
        self.now[self.places] = y
        for i, name in self.inner:
            self.model.set_free_parameter_by_id(name, float(p[i]) if i >= 0 else 0.0)

    def add(self, target: str, amount: float) -> None:
        self.now[self.places[self.states.index(target)]] += amount

    def rate(self, target: str, value: float) -> None:
        self.model.set_free_parameter_by_id(INFUSED + target, value)

    def go(self, leg: Leg) -> np.ndarray:
        self.model.set_t0(leg.begin)
        self.model.set_initial_state(self.now)
        self.model.set_timepoints([*leg.times, leg.end])
        made = self.simulate(self.model, self.solver)
        values = np.asarray(made["x"])
        self.now = values[-1].copy()
        return values[:-1, self.places]


class Diffsol(Peer):
    """diffsol: BDF in Rust with sparse LU, equations compiled by LLVM."""

    package = "pydiffsol"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        import pydiffsol

        self.ode = pydiffsol.Ode(
            _diffsl(problem), pydiffsol.default_enabled_jit_backend(),
            scalar_type=pydiffsol.f64, matrix_type=pydiffsol.faer_sparse,
            ode_solver=pydiffsol.bdf,
            linear_solver=pydiffsol.lu,  # its KLU stops with an illegal instruction here (0.6.2)
        )  # fmt: skip

    def tolerance(self, rtol: float) -> None:
        self.ode.rtol, self.ode.atol = rtol, float(self.problem.tolerance(rtol).min())

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        self.now, self.p = y.copy(), p
        self.rates = np.zeros(len(self.states))

    def add(self, target: str, amount: float) -> None:
        self.now[self.states.index(target)] += amount

    def rate(self, target: str, value: float) -> None:
        self.rates[self.states.index(target)] = value

    def go(self, leg: Leg) -> np.ndarray:
        given = np.concatenate([self.p, self.now, self.rates, [leg.begin]])
        times = np.array([*leg.times, leg.end]) - leg.begin
        values = np.asarray(self.ode.solve_dense(given, times).ys).T
        self.now = values[-1].copy()
        return values[:-1]


def _diffsl(problem: Problem) -> str:
    """The equations in DiffSL; start values, inflows and time of start are inputs."""
    system = problem.system
    graph, n = system.graph, len(system.states)
    inputs = [f"p{i} = 1.0" for i in range(len(system.parameters))]
    inputs += [f"z{i} = 1.0" for i in range(n)] + [f"r{i} = 0.0" for i in range(n)] + ["t0 = 0.0"]
    lines, text = [], {}
    for node in graph.reachable(system.rates):
        op, args = graph.ops[node], [text[a] for a in graph.args[node]]
        if op is Op.CONSTANT:
            text[node] = f"({graph.values[node]!r})"
        elif op in (Op.STATE, Op.PARAMETER):
            text[node] = f"{'x' if op is Op.STATE else 'p'}{graph.index(node)}"
        elif op is Op.TIME:
            text[node] = "(t + t0)"
        elif op in _DIFFSL:
            lines.append(f"v{node} {{ {_DIFFSL[op].format(*args)} }}")
            text[node] = f"v{node}"
        else:
            raise CannotRunError(f"no {op.name} in the translation to DiffSL")
    start = ", ".join(f"x{i} = z{i}" for i in range(n))
    rates = ", ".join(f"{text[node]} + r{i}" for i, node in enumerate(system.rates))
    return "\n".join([f"in_i {{ {', '.join(inputs)} }}", f"u_i {{ {start} }}", *lines,
                      f"F_i {{ {rates} }}"])  # fmt: skip


_DIFFSL = {
    Op.ADD: "{} + {}", Op.SUB: "{} - {}", Op.MUL: "{} * {}", Op.DIV: "{} / {}", Op.NEG: "-{}",
    Op.POW: "pow({}, {})", Op.EXP: "exp({})", Op.LN: "log({})", Op.SQRT: "sqrt({})",
    Op.ABS: "abs({})", Op.MIN: "min({}, {})", Op.MAX: "max({}, {})",
}  # fmt: skip


class Lsoda(Peer):
    """SciPy's LSODA; the rates are a Python function generated from the same graph."""

    package = "scipy"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        from rascade.engine.symbolic.scalar import scalar_function

        self.rates: Callable[..., np.ndarray] = scalar_function(
            problem.system.graph, problem.system.rates
        )

    def tolerance(self, rtol: float) -> None:
        self.options = {"rtol": rtol, "atol": self.problem.tolerance(rtol)}

    def start(self, y: np.ndarray, p: np.ndarray) -> None:
        self.now, self.p, self.inflow = y.copy(), p, np.zeros(len(y))

    def add(self, target: str, amount: float) -> None:
        self.now[self.states.index(target)] += amount

    def rate(self, target: str, value: float) -> None:
        self.inflow[self.states.index(target)] = value

    def go(self, leg: Leg) -> np.ndarray:
        from scipy.integrate import LSODA

        def slope(t: float, y: np.ndarray) -> np.ndarray:
            return np.asarray(self.rates(t, y, self.p)) + self.inflow

        solver = LSODA(slope, leg.begin, self.now, leg.end, **self.options)
        rows, waiting = [], list(leg.times)
        while solver.status == "running":
            solver.step()
            while waiting and waiting[0] <= solver.t:
                rows.append(solver.dense_output()(waiting.pop(0)))
        self.now = solver.y
        return np.array(rows).reshape(-1, len(self.now))


PEERS: dict[str, tuple[type[Peer], int]] = {  # and patients, fewer for slow ones
    "libRoadRunner": (RoadRunner, 4),
    "AMICI": (Amici, 2),
    "bngsim": (Bngsim, 4),
    "diffsol": (Diffsol, 4),
    "COPASI": (Copasi, 1),
    "SciPy LSODA": (Lsoda, 1),
}


class Child:
    """A program in a process of its own: several bring an LLVM, and some crash.

    Attributes:
        name: of the program.
        version: of the program, or why it does not take part.
        ready: whether it does.
    """

    def __init__(self, name: str, problem: Problem, days: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.pipe, other = context.Pipe()
        arguments = (other, name, problem.name, days, problem.patients)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        other.close()
        self.ready, self.version = self._receive() or (False, "skipped: crashed while loading")

    def _receive(self) -> Any:
        try:
            return self.pipe.recv()
        except EOFError:
            return None

    def run(self, rtol: float, patients: int) -> tuple[float, np.ndarray] | str:
        """Seconds and values (patients, T, states); or what went wrong."""
        self.pipe.send((rtol, patients))
        answer = self._receive()
        if answer is None:
            self.ready = False
            return "crashed"
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.join(10)


def _serve(pipe: Any, name: str, which: str, days: int, patients: int) -> None:
    """What the process does: make the program, then answer."""
    kind, _ = PEERS[name]
    try:
        peer = kind(make_problem(which, days, patients))
    except ImportError:
        pipe.send((False, "not installed"))
        return
    except Exception as error:
        reason = str(error) if isinstance(error, CannotRunError) else repr(error)[:100]
        pipe.send((False, f"skipped: {reason}"))
        return
    pipe.send((True, kind.version()))
    while True:
        try:
            rtol, count = pipe.recv()
        except EOFError:
            return
        peer.seconds = 0.0
        try:
            values = peer.run(rtol, count)
            pipe.send((peer.seconds, values))
        except Exception as error:
            pipe.send(f"failed: {error!r}"[:100])
