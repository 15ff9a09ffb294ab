"""The functions of one model in LLVM assembly.

Each takes the memory of a group of lanes (layout.py) and works on all of them:

- ``prepare``: nodes that depend on parameters alone, once a patient;
- ``linearize``: rates, Jacobian and explicit time derivative at the present state, sharing all
  common sub-expressions;
- ``rates``: the right-hand side of a later stage;
- ``triggers``: the conditions of events;
- ``factor``: LU factors of ``I/(h*gamma) - J``, unrolled over the non-zeros;
- ``solve(memory, x)``: the two triangular solves;
- ``residual``: ``b - W k_1`` of the first stage;
- ``outputs``: the chosen outputs, in a small module of its own, because the choice changes more
  often than the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rascade.engine.expression import LEAF_OPS, Graph, Op
from rascade.engine.kernel.ir import PTR, Function, Module, Value
from rascade.engine.kernel.layout import Layout, Slot, make_layout
from rascade.engine.kernel.nodes import Code, Root, Slots, Sources, write_section
from rascade.engine.kernel.ordering import Factorization, factorize
from rascade.engine.system import System

__all__ = ["ModelCode", "write_model", "write_outputs"]

_ROWS_PER_PART = 1500  # multiply-adds a function of the factorisation or the solves


@dataclass(frozen=True)
class ModelCode:
    """The assembly of a model and what the control loop must know of it.

    Attributes:
        text: LLVM assembly.
        layout: memory of a group of lanes, without outputs.
        factorization: order of the states.
        jacobian: (first slot, count) of the moving entries.
        sloped: whether any rate depends on time explicitly.
        known: node to slot of everything computed once a patient.
        entries: (position of row, of column, slot or -1, sign or value) of the Jacobian.
    """

    text: str
    layout: Layout
    factorization: Factorization
    jacobian: tuple[int, int]
    sloped: bool
    known: dict[int, int]
    entries: tuple[tuple[int, int, int, float], ...]


@dataclass(frozen=True)
class _Entry:
    """One entry of the Jacobian: a slot times a sign, or a number."""

    slot: int | None
    sign: float
    value: float = 0.0


class _Plan:
    """What is shared between the functions of one model."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.graph: Graph = system.graph
        n = len(system.states)
        self.size = n
        self.factorization = factorize(n, ((i, j) for i, j, _ in system.jacobian))
        self.base = make_layout(n, len(system.parameters), len(system.events), 0)
        self.slots = Slots(self.base.model)
        self.fixed = _fixed_nodes(self.graph, self.roots)
        self.known: dict[int, int] = {}
        self.reciprocals: dict[int, int] = {}
        self._share_fixed()
        self.entries = self._jacobian_entries()
        self.lower = self.slots.take(sum(map(len, self.factorization.lower)))
        self.inverse = self.slots.take(n)
        self.upper: dict[tuple[int, int], tuple[int, float]] = {}
        self.lower_slot: dict[tuple[int, int], int] = {}
        at = self.lower
        for i, row in enumerate(self.factorization.lower):
            for j in row:
                self.lower_slot[i, j] = at
                at += 1

    @cached_property
    def roots(self) -> list[int]:
        """All nodes a step needs."""
        s = self.system
        return [
            *s.rates,
            *(node for _, _, node in s.jacobian),
            *s.time_derivative,
            *(event.trigger for event in s.events),
        ]

    def _share_fixed(self) -> None:
        """Give slots to parameter-only nodes that moving code uses, and to their reciprocals."""
        graph = self.graph
        wanted: set[int] = set(self.roots)
        divisors: set[int] = set()
        for node in graph.reachable(self.roots):
            if node in self.fixed or graph.ops[node] in LEAF_OPS:
                continue
            args = graph.args[node]
            if graph.ops[node] is Op.DIV and self._is_fixed(args[1]):
                divisors.add(args[1])
                wanted.add(args[0])
            else:
                wanted.update(args)
        for node in sorted(n for n in wanted if n in self.fixed):
            if graph.ops[node] is not Op.PARAMETER:
                self.known[node] = self.slots.take()
        for node in sorted(divisors):
            self.reciprocals[node] = self.slots.take()

    def _is_fixed(self, node: int) -> bool:
        return node in self.fixed

    def _jacobian_entries(self) -> dict[tuple[int, int], _Entry]:
        """Entries by position; equal nodes up to sign share a slot."""
        graph, position = self.graph, self.factorization.position
        slot_of: dict[int, int] = {}
        found: dict[tuple[int, int], _Entry] = {}
        stripped = []
        for row, column, node in self.system.jacobian:
            sign = 1.0
            while graph.ops[node] is Op.NEG:
                node, sign = graph.args[node][0], -sign
            stripped.append((position[row], position[column], node, sign))
        self.jacobian_first = self.slots.next
        for _, _, node, _ in stripped:
            if not (graph.ops[node] is Op.CONSTANT or node in self.fixed or node in slot_of):
                slot_of[node] = self.slots.take()
        self.jacobian_count = self.slots.next - self.jacobian_first
        self.jacobian_nodes = slot_of
        for i, j, node, sign in stripped:
            if graph.ops[node] is Op.CONSTANT:
                found[i, j] = _Entry(None, 1.0, sign * graph.values[node])
            elif graph.ops[node] is Op.PARAMETER:
                found[i, j] = _Entry(self.base.parameter + graph.index(node), sign)
            elif node in self.fixed:
                if node not in self.known:
                    self.known[node] = self.slots.take()
                found[i, j] = _Entry(self.known[node], sign)
            else:
                found[i, j] = _Entry(slot_of[node], sign)
        return found

    def sources(self, states: int, time: Slot) -> Sources:
        """Leaves at one of the state arrays."""
        return Sources(
            graph=self.graph,
            states=[states + p for p in self.factorization.position],
            time=int(time),
            parameters=self.base.parameter,
            known=self.known,
            reciprocals=self.reciprocals,
        )


def _fixed_nodes(graph: Graph, roots: Iterable[int]) -> set[int]:
    """Nodes that depend on parameters and nothing that moves."""
    fixed: set[int] = set()
    for node in graph.reachable(roots):
        op, args = graph.ops[node], graph.args[node]
        if op is Op.PARAMETER or (
            args and all(a in fixed or graph.ops[a] is Op.CONSTANT for a in args)
        ):
            fixed.add(node)
    return fixed


def write_model(system: System, lanes: int, *, fused: bool) -> ModelCode:
    """Write all functions of a model but its outputs.

    Args:
        system: the equations.
        lanes: lanes in a group.
        fused: whether the processor has a fused multiply-add.
    """
    plan = _Plan(system)
    module = Module(fused=fused)
    _write_prepare(plan, module, lanes)
    _write_linearize(plan, module, lanes)
    _write_rates(plan, module, lanes)
    _write_triggers(plan, module, lanes)
    _write_factor(plan, module, lanes)
    _write_solve(plan, module, lanes)
    _write_residual(plan, module, lanes)
    layout = make_layout(
        plan.size, len(system.parameters), len(system.events), plan.slots.next - plan.base.model
    )
    return ModelCode(
        text=module.text(),
        layout=layout,
        factorization=plan.factorization,
        jacobian=(plan.jacobian_first, plan.jacobian_count),
        sloped=_sloped(system),
        known=dict(plan.known),
        entries=tuple(
            (i, j, -1, e.value) if e.slot is None else (i, j, e.slot, e.sign)
            for (i, j), e in plan.entries.items()
        ),
    )


def _sloped(system: System) -> bool:
    graph = system.graph
    return any(graph.constant_value(n) != 0.0 for n in system.time_derivative)


def write_outputs(
    system: System, code: ModelCode, nodes: Sequence[int], lanes: int, *, fused: bool
) -> str:
    """Write ``outputs(memory)``: nodes at the stage states into the output slots."""
    layout = code.layout
    module = Module(fused=fused)
    sources = Sources(
        graph=system.graph,
        states=[layout.stage + p for p in code.factorization.position],
        time=int(Slot.STAGE_TIME),
        parameters=layout.parameter,
        known=code.known,
        reciprocals={},
    )
    roots = [Root(node, _store_at(layout.output + i)) for i, node in enumerate(nodes)]
    # Slots for values that cross from one part to the next come after the outputs.
    slots = Slots(layout.output + len(nodes))
    write_section(module, "outputs", lanes, sources, roots, slots)
    return f"; slots {slots.next}\n{module.text()}"


def _store_at(slot: int):  # type: ignore[no-untyped-def]
    def sink(code: Code, value: Value) -> None:
        kind = code.kind
        if value.kind != kind:
            value = value.select(code.number(1.0), code.number(0.0))
        code.store(slot, value)

    return sink


# ---- nodes ---------------------------------------------------------------------------------------
def _write_prepare(plan: _Plan, module: Module, lanes: int) -> None:
    sources = plan.sources(plan.base.state, Slot.TIME)
    sources.known = {}
    sources.reciprocals = {}
    roots = [Root(node, _store_at(slot)) for node, slot in plan.known.items()]

    def inverse(slot: int):  # type: ignore[no-untyped-def]
        return lambda code, value: code.store(slot, 1.0 / value)

    roots += [Root(node, inverse(slot)) for node, slot in plan.reciprocals.items()]
    write_section(module, "prepare", lanes, sources, roots, plan.slots)


def _write_linearize(plan: _Plan, module: Module, lanes: int) -> None:
    base, position = plan.base, plan.factorization.position
    sources = plan.sources(base.state, Slot.TIME)
    roots = [
        Root(node, _store_at(base.rate + position[i])) for i, node in enumerate(plan.system.rates)
    ]
    roots += [Root(node, _store_at(slot)) for node, slot in plan.jacobian_nodes.items()]
    if _sloped(plan.system):
        roots += [
            Root(node, _store_at(base.slope + position[i]))
            for i, node in enumerate(plan.system.time_derivative)
        ]
    write_section(module, "linearize", lanes, sources, roots, plan.slots)


def _write_rates(plan: _Plan, module: Module, lanes: int) -> None:
    """Rates at the stage, plus coupling/h, plus the stage's share of the time derivative."""
    base, position, graph = plan.base, plan.factorization.position, plan.graph

    def sink(i: int, slope: bool):  # type: ignore[no-untyped-def]
        def write(code: Code, value: Value) -> None:
            f = code.function
            total = f.fma(code.load(base.coupling + i), code.load(Slot.PER_STEP), value)
            if slope:
                total = f.fma(code.load(base.slope + i), code.load(Slot.SLOPE), total)
            code.store(base.right + i, total)

        return write

    roots = [
        Root(
            node,
            sink(position[i], graph.constant_value(plan.system.time_derivative[i]) != 0.0),
        )
        for i, node in enumerate(plan.system.rates)
    ]
    write_section(
        module, "rates", lanes, plan.sources(base.stage, Slot.STAGE_TIME), roots, plan.slots
    )


def _write_triggers(plan: _Plan, module: Module, lanes: int) -> None:
    base, events = plan.base, plan.system.events
    sources = plan.sources(base.stage, Slot.STAGE_TIME)
    sources.known = {}
    roots = [Root(e.trigger, _store_at(base.trigger + i)) for i, e in enumerate(events)]
    write_section(module, "triggers", lanes, sources, roots, plan.slots, exact=True)


# ---- linear algebra ------------------------------------------------------------------------------
class _Parts:
    """Functions of limited size, one after the other, under one name."""

    def __init__(self, module: Module, name: str, lanes: int, parameters: Sequence[str]) -> None:
        self.module, self.name, self.lanes = module, name, lanes
        self.parameters = list(parameters)
        self.count = 0
        self.code = self._open()
        self.cost = 0

    def _open(self) -> Code:
        self.count += 1
        function = Function(
            self.module,
            f"{self.name}_part{self.count - 1}",
            self.parameters,
            external=False,
            attributes="nounwind noinline",
        )
        return Code(function, self.lanes)

    def spend(self, cost: int) -> bool:
        """Account for work; starts a new function (and says so) when this one is full."""
        self.cost += cost
        if self.cost <= _ROWS_PER_PART:
            return False
        self.code.function.finish()
        self.code = self._open()
        self.cost = cost
        return True

    def finish(self) -> None:
        """Write the function that calls all parts."""
        self.code.function.finish()
        whole = Function(self.module, self.name, self.parameters)
        for i in range(self.count):
            whole.call(f"{self.name}_part{i}", "void", whole.arguments)
        whole.finish()


def _entry(plan: _Plan, code: Code, i: int, j: int) -> Value:
    """Entry (i, j) of W as it is before elimination."""
    entry = plan.entries.get((i, j))
    value: Value | None = None
    if entry is not None:
        if entry.slot is None:
            value = code.number(-entry.value)
        else:
            value = code.load(entry.slot)
            if i != j:
                value = -value if entry.sign > 0 else value
    if i != j:
        return value if value is not None else code.number(0.0)
    diagonal = code.load(Slot.DIAGONAL)
    if value is None:
        return diagonal
    if entry is not None and entry.slot is not None and entry.sign > 0:
        return diagonal - value
    return diagonal + value


def _write_factor(plan: _Plan, module: Module, lanes: int) -> None:
    """Row by row: row i minus L[i][k] times row k, for the earlier k in its pattern."""
    order = plan.factorization
    parts = _Parts(module, "factor", lanes, [PTR])
    for i in range(plan.size):
        lower, upper = order.lower[i], order.upper[i]
        parts.spend(3 + sum(2 + len(order.upper[k]) for k in lower))
        code = parts.code
        f = code.function
        row = {j: _entry(plan, code, i, j) for j in (*lower, i, *upper)}
        changed: set[int] = set()
        for k in lower:
            ratio = row[k] * code.load(plan.inverse + k)
            code.store(plan.lower_slot[i, k], ratio)
            for j in order.upper[k]:
                slot, sign = plan.upper[k, j]
                other = code.load(slot)
                if sign < 0:
                    row[j] = f.fma(ratio, other, row[j])
                else:
                    row[j] = f.negative_fma(ratio, other, row[j])
                changed.add(j)
        code.store(plan.inverse + i, 1.0 / row[i])
        for j in upper:
            entry = plan.entries.get((i, j))
            if j not in changed and entry is not None and entry.slot is not None:
                plan.upper[i, j] = (entry.slot, -entry.sign)  # still what the Jacobian holds
            else:
                slot = plan.slots.take()
                plan.upper[i, j] = (slot, 1.0)
                code.store(slot, row[j])
    parts.finish()


class _Vector:
    """A solution vector in memory whose recent elements are still in registers."""

    _NEAR = 24  # multiply-adds after which an element is read again instead of kept

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.recent: dict[int, tuple[int, Value]] = {}
        self.clock = 0

    def put(self, code: Code, i: int, value: Value) -> None:
        base = code.function.arguments[1]
        code.function.store(value, code.function.at(base, i * self.lanes), 8 * self.lanes)
        self.recent[i] = (self.clock, value)

    def get(self, code: Code, i: int) -> Value:
        self.clock += 1
        if i in self.recent and self.clock - self.recent[i][0] < self._NEAR:
            return self.recent[i][1]
        base = code.function.arguments[1]
        return code.function.load(code.kind, code.function.at(base, i * self.lanes), 8 * self.lanes)


def _write_solve(plan: _Plan, module: Module, lanes: int) -> None:
    order, base = plan.factorization, plan.base
    parts = _Parts(module, "solve", lanes, [PTR, PTR])
    x = _Vector(lanes)
    for i in range(plan.size):
        if parts.spend(2 + len(order.lower[i])):
            x = _Vector(lanes)
        code = parts.code
        value = code.load(base.right + i)
        for j in order.lower[i]:
            value = code.function.negative_fma(
                code.load(plan.lower_slot[i, j]), x.get(code, j), value
            )
        x.put(code, i, value)
    for i in reversed(range(plan.size)):
        if parts.spend(3 + len(order.upper[i])):
            x = _Vector(lanes)
        code = parts.code
        value = x.get(code, i)
        for j in reversed(order.upper[i]):
            slot, sign = plan.upper[i, j]
            multiply = code.function.negative_fma if sign > 0 else code.function.fma
            value = multiply(code.load(slot), x.get(code, j), value)
        x.put(code, i, value * code.load(plan.inverse + i))
    parts.finish()


def _write_residual(plan: _Plan, module: Module, lanes: int) -> None:
    """``b - W k`` for the first increment into the residual slots."""
    base = plan.base
    rows: list[list[int]] = [[] for _ in range(plan.size)]
    for i, j in sorted(plan.entries):
        rows[i].append(j)
    parts = _Parts(module, "residual", lanes, [PTR])
    for i in range(plan.size):
        parts.spend(3 + len(rows[i]))
        code = parts.code
        f = code.function
        value = f.negative_fma(
            code.load(base.increments + i), code.load(Slot.DIAGONAL), code.load(base.right + i)
        )
        for j in rows[i]:
            entry, k = plan.entries[i, j], code.load(base.increments + j)
            if entry.slot is None:
                value = f.fma(entry.value, k, value)
            elif entry.sign > 0:
                value = f.fma(code.load(entry.slot), k, value)
            else:
                value = f.negative_fma(code.load(entry.slot), k, value)
        code.store(base.residual + i, value)
    parts.finish()
