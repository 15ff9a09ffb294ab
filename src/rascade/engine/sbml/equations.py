"""An SBML model turned into equations: rates, starting values, what can be set, events."""

from __future__ import annotations

import dataclasses
import graphlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.population.backend import Batch
from rascade.engine.population.start import size_of_one, start_values
from rascade.engine.sbml.names import Names, circle, each, references, stoichiometry_of, value_of
from rascade.engine.symbolic.derivatives import jacobian, time_derivatives
from rascade.engine.symbolic.expression import Op, leaves
from rascade.engine.symbolic.system import Assignable, Event, System, build_system
from rascade.errors import ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Equations"]


class Equations:
    """The equations of one model; use `system` once.

    Args:
        names: the names of the model.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.graph = names.graph

    def system(self) -> System:
        """Return the equations."""
        names = self.names
        rates = self._rates()
        initial, derived = self._start()
        forms, assignable = self._forms()
        system = build_system(
            name=names.model.getId() or names.model.getName() or names.file,
            graph=self.graph,
            states=list(names.states),
            rates=rates,
            parameters=list(names.parameters),
            defaults=list(names.parameters.values()),
            observables=self._observables(),
            initial=initial,
            derived=derived,
            forms=forms,
            assignable=assignable,
            dose_targets={s: k for s, k in names.states.items() if s in names.species},
            nonnegative=[s in names.species and s not in names.rated for s in names.states],
            notes=names.notes,
            events=self._events(assignable),
        )
        return dataclasses.replace(system, scale=_scale(system))

    # -- how states change ------------------------------------------------------------------

    def _rates(self) -> list[int]:
        names, graph = self.names, self.graph
        rates = [graph.constant(0)] * len(names.states)
        for name, flow in self._flows():
            rates[names.states[name]] = graph.add(rates[names.states[name]], flow)
        late = []
        for name, ast in names.rated.items():
            rate = names.read(ast, f"rate rule for {name!r}")
            if name in names.species and not names.is_amount(name):
                late.append((name, rate))
            else:
                rates[names.states[name]] = rate
        unknown = {names.states[name] for name, _ in late}
        for name, rate in late:
            # The rule gives the rate of a concentration; the state is an amount = c V.
            home = names.symbols[names.home(name)]
            if leaves(graph, [home], Op.STATE) & unknown:
                raise UnsupportedFeature(
                    "rate rule for a concentration in a compartment whose size depends on it"
                )
            growth = self._total_derivative(home, rates)
            swelling = graph.mul(names.symbols[name], growth)
            rates[names.states[name]] = graph.add(graph.mul(rate, home), swelling)
        return rates

    def _flows(self) -> Iterator[tuple[str, int]]:
        """Yield what each reaction adds to each species, as an amount a time."""
        names, graph = self.names, self.graph
        for reaction_name, reaction in names.reactions.items():
            for reference, sign in references(reaction):
                name = reference.getSpecies()
                element = names.species.get(name)
                if element is None:
                    raise names.error(reference, f"{name!r} is not a species of the model")
                fixed = element.getBoundaryCondition() or element.getConstant()
                if fixed or name in names.rated or name in names.assigned:
                    continue
                factor = self._coefficient(reference, reaction_name)
                flow = graph.mul(names.symbols[reaction_name], factor, self._conversion(element))
                yield name, graph.neg(flow) if sign < 0 else flow

    def _coefficient(self, reference: Any, reaction: str) -> int:
        names = self.names
        if reference.isSetId() and reference.getId() in names.symbols:
            node = names.symbols[reference.getId()]
        elif reference.isSetStoichiometryMath() and reference.getStoichiometryMath().isSetMath():
            node = names.read(
                reference.getStoichiometryMath().getMath(), f"stoichiometry in {reaction!r}"
            )
        else:
            node = self.graph.constant(stoichiometry_of(reference))
        value = self.graph.constant_value(node)
        if value is not None and math.isnan(value):
            species = reference.getSpecies()
            raise names.error(reference, f"no stoichiometry for {species!r} in {reaction!r}")
        return node

    def _conversion(self, species: Any) -> int:
        names = self.names
        for element in (species, names.model):
            if element.isSetConversionFactor():
                name = element.getConversionFactor()
                if name not in names.symbols:
                    raise names.error(element, f"the conversion factor {name!r} does not exist")
                return names.symbols[name]
        return self.graph.constant(1)

    def _total_derivative(self, node: int, rates: list[int]) -> int:
        graph = self.graph
        terms = [time_derivatives(graph, [node])[0]]
        for _, column, partial in jacobian(graph, [node], len(rates)):
            terms.append(graph.mul(partial, rates[column]))
        return graph.add(*terms)

    # -- where it starts, what can be seen and set ------------------------------------------

    def _start(self) -> tuple[list[int], dict[int, int]]:
        names, graph = self.names, self.graph
        initial = [graph.constant(0)] * len(names.states)
        derived = {}
        for name, place in names.states.items():
            initial[place] = self._initial(name)
        for name, place in names.places.items():
            if name in names.initial:
                derived[place] = names.read(names.initial[name], f"initial assignment of {name!r}")
        for name in names.initial:
            if name not in names.states and name not in names.places:
                raise ModelFileError(
                    f"{names.file}: {name!r} has both a rule and an initial assignment"
                )
        self._check_circle(initial, derived)
        return initial, derived

    def _initial(self, name: str) -> int:
        names, graph = self.names, self.graph
        if name not in names.species:
            if name in names.initial:
                return names.read(names.initial[name], f"initial assignment of {name!r}")
            if name in names.compartments:
                return graph.constant(names.size(names.compartments[name]))
            element = names.globals.get(name)
            reference = names.references.get(name)
            return graph.constant(
                stoichiometry_of(reference) if element is None else value_of(element)
            )
        element, home = names.species[name], names.symbols[names.home(name)]
        if name in names.initial:
            value = names.read(names.initial[name], f"initial assignment of {name!r}")
            return value if names.is_amount(name) else graph.mul(value, home)
        if element.isSetInitialAmount():
            return graph.constant(element.getInitialAmount())
        if element.isSetInitialConcentration():
            return graph.mul(graph.constant(element.getInitialConcentration()), home)
        names.notes.append(f"species {name!r} has no initial value; taken as 0")
        return graph.constant(0)

    def _check_circle(self, initial: list[int], derived: dict[int, int]) -> None:
        """Refuse initial values that depend on each other, and print the circle."""
        names = self.names
        states, parameters = list(names.states), list(names.parameters)
        nodes = {states[k]: node for k, node in enumerate(initial)}
        nodes |= {parameters[k]: node for k, node in derived.items()}
        needs = {
            name: {states[k] for k in leaves(self.graph, [node], Op.STATE)}
            | {parameters[k] for k in leaves(self.graph, [node], Op.PARAMETER) if k in derived}
            for name, node in nodes.items()
        }
        try:
            graphlib.TopologicalSorter(needs).prepare()
        except graphlib.CycleError as error:
            raise ModelFileError(f"{names.file}: initial assignments: {circle(error)}") from error

    def _observables(self) -> dict[str, int]:
        names = self.names
        groups = (names.species, names.assigned, names.states, names.reactions, names.parameters)
        out = {name: None for group in (*groups, names.references) for name in group}
        local = {name: self.graph.parameter(place) for name, place in names.places.items()}
        return {name: names.symbols[name] if name in names.symbols else local[name] for name in out}

    def _forms(self) -> tuple[dict[str, int], dict[str, Assignable]]:
        names, graph, one = self.names, self.graph, self.graph.constant(1)
        forms: dict[str, int] = {}
        assignable = {
            name: Assignable(place, one)
            for name, place in names.states.items()
            if name not in names.species
        }
        for name, amount in names.amounts.items():
            home = names.symbols[names.home(name)]
            point = names.is_point(names.home(name))
            forms[f"amount({name})"] = amount
            if not point:
                forms[f"[{name}]"] = (
                    graph.div(amount, home) if (names.is_amount(name)) else names.symbols[name]
                )
            if name in names.states:
                place = names.states[name]
                assignable[name] = Assignable(place, one if names.is_amount(name) else home)
                assignable[f"amount({name})"] = Assignable(place, one)
                if not point:
                    assignable[f"[{name}]"] = Assignable(place, home)
        return forms, assignable

    def _events(self, assignable: dict[str, Assignable]) -> list[Event]:
        names = self.names
        events = []
        for k, element in enumerate(each(names.model.getListOfEvents())):
            name = element.getId() or f"event {k + 1}"
            trigger = element.getTrigger()
            if trigger is None or trigger.getMath() is None:
                names.notes.append(f"{name!r} has no trigger; it never happens")
                continue
            where = f"{names.file}: trigger of {name!r}"
            holds = names.math.read(trigger.getMath(), names.symbols, where)
            assignments = [
                (assignable[item.getVariable()], names.read(item.getMath(), f"event {name!r}"))
                for item in each(element.getListOfEventAssignments())
                if item.getMath() is not None
            ]
            events.append(
                Event(
                    name=name,
                    trigger=self.graph.as_boolean(holds),
                    initially=not trigger.isSetInitialValue() or trigger.getInitialValue(),
                    persistent=not trigger.isSetPersistent() or trigger.getPersistent(),
                    from_trigger_time=(
                        not element.isSetUseValuesFromTriggerTime()
                        or element.getUseValuesFromTriggerTime()
                    ),
                    assignments=tuple(assignments),
                )
            )
        return events


def _scale(system: System) -> NDArray[np.float64]:
    """Return typical sizes: initial values where there are any, else the smallest of those.

    The smallest is sought among values in the meaning of the names: amounts in a small compartment
    say nothing about those in a large one.
    """
    batch = Batch.empty(1, len(system.states), len(system.parameters))
    start_values(system, batch, {}, {})
    size, one = np.abs(batch.y[0]), size_of_one(system, batch)[0]
    usable = np.isfinite(size) & (size > 0)
    values = size[usable] / one[usable]
    smallest = max(values.min(), 1e-6 * np.median(values)) if len(values) else 1.0
    scale: NDArray[np.float64] = np.where(usable, size, smallest * one)
    scale.flags.writeable = False
    return scale
