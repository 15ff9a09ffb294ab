"""The functions of one model in LLVM assembly.

Each takes the memory of a group of lanes (layout.py) and works on all of them:

- ``prepare``: nodes that depend on parameters alone, once a patient;
- ``linearize``: rates, Jacobian and explicit time derivative at the present state, sharing all
  common sub-expressions;
- ``rates``: the right-hand side of a later stage;
- ``triggers``: the triggers of events and the comparisons in them;
- ``factor``: LU factors of ``I/(h*gamma) - J``, unrolled over the non-zeros;
- ``solve(memory, x)``: the two triangular solves;
- ``residual``: ``b - W k_1`` of the first stage;
- ``outputs``: the chosen outputs, in a small module of its own, because the choice changes more
  often than the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rascade.engine.kernel.codegen.ir import Module, Value
from rascade.engine.kernel.codegen.layout import Layout, Slot, make_layout
from rascade.engine.kernel.codegen.linear import write_factor, write_residual, write_solve
from rascade.engine.kernel.codegen.nodes import Code, Root, Slots, Sources, write_section
from rascade.engine.kernel.codegen.ordering import Factorization
from rascade.engine.kernel.codegen.plan import Plan
from rascade.engine.symbolic.expression import Op, leaves
from rascade.engine.symbolic.system import System

__all__ = ["ModelCode", "write_model", "write_outputs"]


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
        watched: positions of the states that triggers need.
    """

    text: str
    layout: Layout
    factorization: Factorization
    jacobian: tuple[int, int]
    sloped: bool
    known: dict[int, int]
    entries: tuple[tuple[int, int, int, float], ...]
    watched: tuple[int, ...]


def write_model(system: System, lanes: int, *, fused: bool) -> ModelCode:
    """Write all functions of a model but its outputs.

    Args:
        system: the equations.
        lanes: lanes in a group.
        fused: whether the processor has a fused multiply-add.
    """
    plan = Plan(system)
    module = Module(fused=fused)
    _write_prepare(plan, module, lanes)
    _write_linearize(plan, module, lanes)
    _write_rates(plan, module, lanes)
    _write_triggers(plan, module, lanes)
    write_factor(plan, module, lanes)
    write_solve(plan, module, lanes)
    write_residual(plan, module, lanes)
    layout = make_layout(
        plan.size,
        len(system.parameters),
        len(system.events),
        len(system.conditions),
        plan.slots.next - plan.base.model,
    )
    return ModelCode(
        text=module.text(),
        layout=layout,
        factorization=plan.factorization,
        jacobian=(plan.jacobian_first, plan.jacobian_count),
        sloped=plan.sloped,
        known=dict(plan.known),
        entries=tuple(
            (i, j, -1, e.value) if e.slot is None else (i, j, e.slot, e.sign)
            for (i, j), e in plan.entries.items()
        ),
        watched=_watched(plan),
    )


def _watched(plan: Plan) -> tuple[int, ...]:
    triggers = [event.trigger for event in plan.system.events]
    states = leaves(plan.graph, triggers, Op.STATE)
    return tuple(sorted(plan.factorization.position[k] for k in states))


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


def _store_at(slot: int) -> Callable[[Code, Value], None]:
    def sink(code: Code, value: Value) -> None:
        kind = code.kind
        if value.kind != kind:
            value = value.select(code.number(1.0), code.number(0.0))
        code.store(slot, value)

    return sink


def _write_prepare(plan: Plan, module: Module, lanes: int) -> None:
    sources = plan.sources(plan.base.state, Slot.TIME)
    sources.known = {}
    sources.reciprocals = {}
    roots = [Root(node, _store_at(slot)) for node, slot in plan.known.items()]

    def inverse(slot: int) -> Callable[[Code, Value], None]:
        return lambda code, value: code.store(slot, 1.0 / value)

    roots += [Root(node, inverse(slot)) for node, slot in plan.reciprocals.items()]
    write_section(module, "prepare", lanes, sources, roots, plan.slots)


def _write_linearize(plan: Plan, module: Module, lanes: int) -> None:
    base, position = plan.base, plan.factorization.position
    sources = plan.sources(base.state, Slot.RATE_TIME)
    roots = [
        Root(node, _store_at(base.rate + position[i])) for i, node in enumerate(plan.system.rates)
    ]
    roots += [Root(node, _store_at(slot)) for node, slot in plan.jacobian_nodes.items()]
    if plan.sloped:
        roots += [
            Root(node, _store_at(base.slope + position[i]))
            for i, node in enumerate(plan.system.time_derivative)
        ]
    write_section(module, "linearize", lanes, sources, roots, plan.slots)


def _write_rates(plan: Plan, module: Module, lanes: int) -> None:
    """Rates at the stage, plus coupling/h, plus the stage's share of the time derivative."""
    base, position, graph = plan.base, plan.factorization.position, plan.graph

    def sink(i: int, slope: bool) -> Callable[[Code, Value], None]:
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


def _write_triggers(plan: Plan, module: Module, lanes: int) -> None:
    base, events = plan.base, plan.system.events
    sources = plan.sources(base.stage, Slot.STAGE_TIME)
    sources.known = {}
    roots = [Root(e.trigger, _store_at(base.trigger + i)) for i, e in enumerate(events)]
    conditions = plan.system.conditions
    roots += [Root(node, _store_at(base.condition + i)) for i, node in enumerate(conditions)]
    write_section(module, "triggers", lanes, sources, roots, plan.slots, exact=True)
