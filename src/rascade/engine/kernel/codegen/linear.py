"""The unrolled sparse linear algebra of a model: LU factors, the two solves, the residual."""

from __future__ import annotations

from collections.abc import Sequence

from rascade.engine.kernel.codegen.ir import PTR, Function, Module, Value
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.codegen.nodes import Code
from rascade.engine.kernel.codegen.plan import Plan

__all__ = ["write_factor", "write_residual", "write_solve"]

WORK_PER_PART = 300  # multiply-adds a function


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
        if self.cost <= WORK_PER_PART:
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


def _entry(plan: Plan, code: Code, i: int, j: int) -> Value:
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


def write_factor(plan: Plan, module: Module, lanes: int) -> None:
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

    _NEAR = 100  # multiply-adds after which an element is read again instead of kept

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


def write_solve(plan: Plan, module: Module, lanes: int) -> None:
    """Forward with L, backward with U: ``W x = right`` into the array given as second argument."""
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


def write_residual(plan: Plan, module: Module, lanes: int) -> None:
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
