"""Writing nodes of an expression graph as straight-line LLVM code for a group of lanes.

A section computes some root nodes from the memory of the lanes and hands each to a sink (usually a
store). Sections are cut into functions of limited size, because register allocation and
scheduling take more than linear time on one long block; a value that crosses a cut goes through a
slot of its own.

In one module since every operator writes into the same section, with its slots and cuts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rascade.engine.kernel.codegen import vector_math
from rascade.engine.kernel.codegen.ir import BOOL, F64, PTR, Function, Module, Value, like, vector
from rascade.engine.symbolic.expression import BOOLEAN_OPS, Graph, Op

__all__ = ["Code", "Root", "Slots", "Sources", "write_section"]

CHUNK = 300  # nodes a function
_WHOLE = 32  # largest whole exponent done by multiplication

Sink = Callable[["Code", Value], None]


@dataclass(frozen=True)
class Root:
    """A node to compute and what to do with its value."""

    node: int
    sink: Sink


class Slots:
    """Gives out the model's own slots."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.next = first

    def take(self, count: int = 1) -> int:
        """Reserve slots; returns the first."""
        at = self.next
        self.next += count
        return at


@dataclass
class Code:
    """One function over the memory of a group of lanes.

    Attributes:
        function: the function being written; its first argument is the memory.
        lanes: lanes in the group.
    """

    function: Function
    lanes: int
    found: dict[int, Value] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Type of a slot."""
        return vector(F64, self.lanes)

    def address(self, slot: int) -> Value:
        """Address of a slot."""
        return self.function.at(self.function.arguments[0], slot * self.lanes)

    def load(self, slot: int) -> Value:
        """Read a slot."""
        return self.function.load(self.kind, self.address(slot), 8 * self.lanes)

    def store(self, slot: int, value: Value) -> None:
        """Write a slot."""
        self.function.store(value, self.address(slot), 8 * self.lanes)

    def number(self, value: float) -> Value:
        """A constant in every lane."""
        return self.function.constant(self.kind, value)


@dataclass
class Sources:
    """Where a section finds its leaves.

    Attributes:
        graph: the graph.
        states: slot of each state.
        time: slot of the time.
        parameters: first slot of the parameters.
        known: node to slot, for nodes computed beforehand (parameter-only ones, shared ones).
        reciprocals: node to slot holding one over it.
    """

    graph: Graph
    states: Sequence[int]
    time: int
    parameters: int
    known: dict[int, int]
    reciprocals: dict[int, int]


def schedule(graph: Graph, roots: Sequence[int], done: set[int]) -> list[int]:
    """Nodes in the order of computation, each as late as its first use allows.

    Args:
        graph: the graph.
        roots: what is wanted, in this order.
        done: nodes that exist already; the scheduled ones are added.
    """
    order: list[int] = []
    stack: list[int] = []
    for root in roots:
        stack.append(root)
        while stack:
            node = stack[-1]
            waiting = [a for a in graph.args[node] if a not in done]
            if node in done:
                stack.pop()
            elif waiting and graph.ops[node] not in _CHEAP:
                stack.extend(reversed(waiting))
            else:
                done.add(node)
                stack.pop()
                if graph.ops[node] not in _CHEAP:
                    order.append(node)
    return order


def write_section(
    module: Module,
    name: str,
    lanes: int,
    sources: Sources,
    roots: Sequence[Root],
    slots: Slots,
    *,
    exact: bool = False,
) -> None:
    """Write function ``name(memory)`` that computes all roots and runs their sinks.

    Args:
        module: where it goes.
        name: its symbol.
        lanes: lanes in a group.
        sources: where the leaves are.
        roots: what to compute.
        slots: gives out slots for values that cross from one function to the next.
        exact: round every operation by itself, as NumPy does: no fused products, no division by
            way of the reciprocal. For conditions that the front evaluates too.
    """
    section = _Section(module, name, lanes, sources, slots, exact=exact)
    section.plan(roots)
    section.write()


@dataclass(frozen=True)
class _Item:
    """One thing to write: a node to compute, or a root to hand on."""

    part: int
    node: int
    root: Root | None


class _Section:
    """State while one section is written."""

    def __init__(
        self,
        module: Module,
        name: str,
        lanes: int,
        sources: Sources,
        slots: Slots,
        *,
        exact: bool,
    ) -> None:
        self.module = module
        self.name = name
        self.lanes = lanes
        self.sources = sources
        self.graph = sources.graph
        self.slots = slots
        self.exact = exact
        self.items: list[_Item] = []
        self.uses: Counter[int] = Counter()
        self.divisors: Counter[int] = Counter()
        self.powers: dict[tuple[int, ...], int] = {}  # (base, exponent) -> node
        self.lowered: dict[int, int] = {}  # x**(n - 1) -> x**n
        self.crossing: dict[int, int] = {}

    # ---- plan ----------------------------------------------------------------------------------
    def plan(self, roots: Sequence[Root]) -> None:
        """Cut into functions, count uses, give slots to values that are needed across a cut."""
        graph = self.graph
        done = set(self.sources.known)
        part, size = 0, 0
        home: dict[int, int] = {}
        for root in roots:
            for node in (*schedule(graph, [root.node], done), None):
                if size >= CHUNK:
                    part, size = part + 1, 0
                size += 1
                if node is None:
                    self._plan_use(root.node, part, home)
                    self.items.append(_Item(part, root.node, root))
                else:
                    home[node] = part
                    for argument in graph.args[node]:
                        self._plan_use(argument, part, home)
                    if graph.ops[node] is Op.DIV:
                        self.divisors[graph.args[node][1]] += 1
                    if graph.ops[node] is Op.POW and not self.exact:
                        self._plan_power(node, part, home)
                    self.items.append(_Item(part, node, None))

    def _plan_use(self, node: int, part: int, home: dict[int, int]) -> None:
        self.uses[node] += 1
        if node not in self.crossing and home.get(node, part) != part:
            self.crossing[node] = self.slots.take()

    def _plan_power(self, node: int, part: int, home: dict[int, int]) -> None:
        """Note where a derivative's x**(n - 1) can be had from x**n of this section."""
        graph = self.graph
        base, exponent = graph.args[node]
        self.powers[base, exponent] = node
        if graph.ops[exponent] is Op.SUB:
            whole, less = graph.args[exponent]
            higher = self.powers.get((base, whole))
            if higher is not None and graph.constant_value(less) == 1.0:
                self.lowered[node] = higher
                self._plan_use(higher, part, home)

    # ---- write ---------------------------------------------------------------------------------
    def write(self) -> None:
        """Write all functions, and one that calls them in turn."""
        whole = Function(self.module, self.name, [PTR])
        code: Code | None = None
        last = -1
        for item in self.items:
            if item.part != last or code is None:
                if code is not None:
                    code.function.finish()
                code, last = self._open(item.part), item.part
                whole.call(code.function.name, "void", [whole.arguments[0]])
            if item.root is not None:
                item.root.sink(code, self._value(code, item.node))
                continue
            value = code.found[item.node] = self._compute(code, item.node)
            if item.node in self.crossing:
                code.store(self.crossing[item.node], self._as_number(code, value))
        if code is not None:
            code.function.finish()
        whole.finish()

    def _open(self, part: int) -> Code:
        function = Function(
            self.module,
            f"{self.name}_part{part}",
            [PTR],
            external=False,
            attributes="nounwind noinline",
        )
        return Code(function, self.lanes)

    def _slot(self, node: int) -> int | None:
        """Where a value that was computed elsewhere lies."""
        slot = self.sources.known.get(node)
        return self.crossing.get(node) if slot is None else slot

    # ---- values --------------------------------------------------------------------------------
    def _value(self, code: Code, node: int) -> Value:
        """Value of a node: computed here, or loaded."""
        if node in code.found:
            return code.found[node]
        op, graph, sources = self.graph.ops[node], self.graph, self.sources
        if op is Op.CONSTANT:
            return code.number(graph.values[node])
        slot = self._slot(node)
        if slot is not None:
            value = code.load(slot)
            return value.differs(0.0) if op in BOOLEAN_OPS else value
        if op is Op.STATE:
            return code.load(sources.states[graph.index(node)])
        if op is Op.PARAMETER:
            return code.load(sources.parameters + graph.index(node))
        if op is Op.TIME:
            return code.load(sources.time)
        raise AssertionError(f"node {node} ({op}) was not computed in time")

    def _as_number(self, code: Code, value: Value) -> Value:
        if value.kind == like(code.kind, BOOL):
            return value.select(code.number(1.0), code.number(0.0))
        return value

    def _compute(self, code: Code, node: int) -> Value:
        graph, f = self.graph, code.function
        op, args = graph.ops[node], graph.args[node]
        if op is Op.DIV:
            return self._divide(code, *args)
        if op is Op.POW:
            return self._power(code, node, *args)
        if op in (Op.ADD, Op.SUB):
            return self._sum(code, op, *args)
        values = [self._value(code, a) for a in args]
        if op in BOOLEAN_OPS or op is Op.SELECT:
            return _logic(op, values)
        return _FUNCTIONS[op](f, *values)

    def _sum(self, code: Code, op: Op, a: int, b: int) -> Value:
        """Sum or difference; a product used only here is fused into it."""
        f = code.function
        for product, other in ((b, a), (a, b)):
            if self._fusible(code, product):
                x, y = (self._value(code, n) for n in self.graph.args[product])
                rest = self._value(code, other)
                if op is Op.ADD:
                    return f.fma(x, y, rest)
                return f.negative_fma(x, y, rest) if product == b else f.fma(x, y, -rest)
        x, y = self._value(code, a), self._value(code, b)
        return x + y if op is Op.ADD else x - y

    def _fusible(self, code: Code, node: int) -> bool:
        """Whether a node is a product whose only use is here; it is then written again, fused.

        The plain product is left unused and LLVM drops it.
        """
        return (
            not self.exact
            and self.graph.ops[node] is Op.MUL
            and self.uses[node] == 1
            and node in code.found
            and node not in self.crossing
        )

    def _divide(self, code: Code, a: int, b: int) -> Value:
        graph = self.graph
        slot = self.sources.reciprocals.get(b)
        one = graph.ops[a] is Op.CONSTANT and graph.values[a] == 1.0
        if slot is not None and not self.exact:
            over = code.load(slot)
        elif self.divisors[b] > 1 and not self.exact and graph.ops[b] is not Op.CONSTANT:
            key = -1 - b  # the reciprocal of b, shared by all quotients of this section
            if key not in code.found:
                code.found[key] = 1.0 / self._value(code, b)
            over = code.found[key]
        else:
            return self._value(code, a) / self._value(code, b)
        return over if one else self._value(code, a) * over

    def _power(self, code: Code, node: int, a: int, b: int) -> Value:
        graph, f = self.graph, code.function
        x = self._value(code, a)
        if graph.ops[b] is Op.CONSTANT:
            n = graph.values[b]
            if n == int(n) and abs(n) <= _WHOLE:
                return vector_math.whole_power(f, x, int(n))
            if 2 * n == int(2 * n) and 0 < n <= _WHOLE:
                return f.intrinsic("sqrt", x) * vector_math.whole_power(f, x, int(n - 0.5))
        y = self._value(code, b)
        if node in self.lowered:
            return vector_math.lowered_power(f, x, y, self._value(code, self.lowered[node]))
        return vector_math.power(f, x, y)


# Nodes that are loaded or spelled where they are used, not computed.
_CHEAP = frozenset({Op.CONSTANT, Op.STATE, Op.PARAMETER, Op.TIME})


def _logic(op: Op, v: list[Value]) -> Value:
    if op is Op.SELECT:
        return v[0].select(v[1], v[2])
    if op is Op.NOT:
        return ~v[0]
    if op is Op.AND:
        return v[0] & v[1]
    if op is Op.OR:
        return v[0] | v[1]
    return _COMPARE[op](v[0], v[1])


_COMPARE: dict[Op, Callable[[Value, Value], Value]] = {
    Op.LT: Value.__lt__,
    Op.LE: Value.__le__,
    Op.GT: Value.__gt__,
    Op.GE: Value.__ge__,
    Op.EQ: Value.equals,
    Op.NE: Value.differs,
}


def _minimum(f: Function, a: Value, b: Value) -> Value:
    """The smaller; NaN if either is, as in NumPy."""
    return ((a <= b) | a.differs(a)).select(a, b)


def _maximum(f: Function, a: Value, b: Value) -> Value:
    return ((a >= b) | a.differs(a)).select(a, b)


def _factorial(f: Function, x: Value) -> Value:
    value = vector_math.lane_by_lane(f, "tgamma", x + 1.0)
    return (x < 0.0).select(f.constant(x.kind, float("nan")), value)


def _library(name: str) -> Callable[..., Value]:
    return lambda f, x: vector_math.lane_by_lane(f, name, x)


_FUNCTIONS: dict[Op, Callable[..., Value]] = {
    Op.MUL: lambda f, a, b: a * b,
    Op.NEG: lambda f, a: -a,
    Op.EXP: vector_math.exponential,
    Op.LN: vector_math.logarithm,
    Op.SQRT: lambda f, a: f.intrinsic("sqrt", a),
    Op.ABS: lambda f, a: f.intrinsic("fabs", a),
    Op.FLOOR: lambda f, a: f.intrinsic("floor", a),
    Op.CEIL: lambda f, a: f.intrinsic("ceil", a),
    Op.MIN: _minimum,
    Op.MAX: _maximum,
    Op.FACTORIAL: _factorial,
    **{
        op: _library(op.value)
        for op in (
            Op.SIN,
            Op.COS,
            Op.TAN,
            Op.ASIN,
            Op.ACOS,
            Op.ATAN,
            Op.SINH,
            Op.COSH,
            Op.TANH,
            Op.ASINH,
            Op.ACOSH,
            Op.ATANH,
        )
    },
}
