"""An SBML model, element by element, turned into equations.

Every species not given by an assignment rule is a state held as an amount, whatever its name
stands for in the mathematics; so are parameters, compartments and stoichiometries under a rate
rule, as their own value. Everything else that is constant is a parameter.
"""

from __future__ import annotations

import dataclasses
import graphlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.backend import Batch
from rascade.engine.derivatives import jacobian, time_derivatives
from rascade.engine.expression import Graph, Op, leaves
from rascade.engine.sbml_math import MathReader, names_in
from rascade.engine.start import start_values
from rascade.engine.system import Assignable, Event, System, build_system
from rascade.errors import ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["ModelReader"]


class ModelReader:
    """Reads one model; use `system` once.

    Args:
        model: a libsbml ``Model``; its document must stay alive.
        name: what to call the file in messages.
    """

    def __init__(self, model: Any, name: str) -> None:
        self.model, self.file = model, name
        self.graph = Graph()
        self._taken: set[str] = set()
        functions = self._named(_each(model.getListOfFunctionDefinitions()))
        bodies = {k: f.getMath() for k, f in functions.items() if f.getMath() is not None}
        self.math = MathReader(self.graph, bodies)
        self.compartments = self._named(_each(model.getListOfCompartments()))
        self.species = self._named(_each(model.getListOfSpecies()))
        self.globals = self._named(_each(model.getListOfParameters()))
        self.reactions = self._named(_each(model.getListOfReactions()))
        self.references = self._named(
            reference
            for reaction in self.reactions.values()
            for reference, _ in _references(reaction)
            if reference.isSetId()
        )
        self.notes: list[str] = []
        self.states: dict[str, int] = {}
        self.parameters: dict[str, float] = {}
        self.places: dict[str, int] = {}
        self.symbols: dict[str, int] = {}
        self.amounts: dict[str, int] = {}
        self.assigned: dict[str, Any] = {}
        self.rated: dict[str, Any] = {}
        self.initial: dict[str, Any] = {}
        self.jumping: set[str] = set()
        self._collect()

    def system(self) -> System:
        """Return the equations."""
        self._declare()
        self._define()
        rates = self._rates()
        initial, derived = self._start()
        forms, assignable = self._forms()
        system = build_system(
            name=self.model.getId() or self.model.getName() or self.file,
            graph=self.graph,
            states=list(self.states),
            rates=rates,
            parameters=list(self.parameters),
            defaults=list(self.parameters.values()),
            observables=self._observables(),
            initial=initial,
            derived=derived,
            forms=forms,
            assignable=assignable,
            dose_targets={s: k for s, k in self.states.items() if s in self.species},
            nonnegative=[s in self.species and s not in self.rated for s in self.states],
            notes=self.notes,
            events=self._events(assignable),
        )
        return dataclasses.replace(system, scale=_scale(system))

    # -- what there is ----------------------------------------------------------------------

    def _named(self, elements: Iterable[Any]) -> dict[str, Any]:
        """Return elements by identifier; all of a model share one set of identifiers."""
        out = {}
        for element in elements:
            name = element.getId()
            if name in self._taken:
                raise self._error(element, f"the identifier {name!r} is used twice")
            self._taken.add(name)
            out[name] = element
        return out

    def _collect(self) -> None:
        """Sort the rules and initial assignments by what they set."""
        for rule in _each(self.model.getListOfRules()):
            target = self.assigned if rule.isAssignment() else self.rated
            self._keep(target, rule.getVariable(), rule)
        for item in _each(self.model.getListOfInitialAssignments()):
            self._keep(self.initial, item.getSymbol(), item)
        for event in _each(self.model.getListOfEvents()):
            for item in _each(event.getListOfEventAssignments()):
                self._keep({}, item.getVariable(), item)
                self.jumping.add(item.getVariable())

    def _keep(self, target: dict[str, Any], name: str, element: Any) -> None:
        known = (self.compartments, self.species, self.globals, self.references)
        if not any(name in group for group in known):
            raise self._error(element, f"sets {name!r}, which the model does not have")
        if name in self.assigned or name in target:
            raise self._error(element, f"{name!r} is set twice")
        if element.getMath() is None:
            self.notes.append(f"{self._where(element)}: no mathematics for {name!r}, left out")
        else:
            target[name] = element.getMath()

    def _declare(self) -> None:
        """Decide what is a state and what is a parameter, and give each its leaf."""
        for name in self.species:
            if name not in self.assigned:
                self._state(name)
        for group, value in (
            (self.compartments, self._size),
            (self.globals, _value),
            (self.references, _stoichiometry),
        ):
            for name, element in group.items():
                if name in self.rated or name in self.jumping:
                    self.symbols[name] = self._state(name)
                elif name not in self.assigned:
                    fixed = group is self.references and name not in self.initial
                    number = value(element)
                    self.symbols[name] = (
                        self.graph.constant(number) if fixed else self._parameter(name, number)
                    )

    def _state(self, name: str) -> int:
        return self.graph.state(self.states.setdefault(name, len(self.states)))

    def _parameter(self, name: str, value: float) -> int:
        if name in self.parameters:
            raise ModelFileError(f"{self.file}: two constants are called {name!r}")
        self.places[name] = len(self.parameters)
        self.parameters[name] = value
        return self.graph.parameter(self.places[name])

    def _size(self, compartment: Any) -> float:
        if compartment.isSetSize():
            return float(compartment.getSize())
        name = compartment.getId()
        if name not in self.initial and not self._is_point(name):
            self.notes.append(f"compartment {name!r} has no size; taken as 1")
        return 1.0

    def _is_point(self, compartment: str) -> bool:
        element = self.compartments[compartment]
        return bool(element.isSetSpatialDimensions()) and element.getSpatialDimensions() == 0

    def _is_amount(self, species: str) -> bool:
        """Tell whether a species' name stands for its amount."""
        element = self.species[species]
        return bool(element.getHasOnlySubstanceUnits()) or self._is_point(self._home(species))

    def _home(self, species: str) -> str:
        element = self.species[species]
        home = str(element.getCompartment())
        if home not in self.compartments:
            raise self._error(element, f"species {species!r} is in no compartment of the model")
        return home

    # -- what names stand for ---------------------------------------------------------------

    def _define(self) -> None:
        """Give every name its node, each after those it needs."""
        needs: dict[str, set[str]] = {}
        build: dict[str, Callable[[str], None]] = {}
        for name in self.species:
            needs[name] = {self._home(name)}
            build[name] = self._define_species
        for name in self.assigned:
            needs[name] = needs.get(name, set()) | names_in(self.assigned[name])
            build.setdefault(name, self._define_assigned)
        for name, reaction in self.reactions.items():
            law = reaction.getKineticLaw()
            local = {p.getId() for p in _locals(law)}
            needs[name] = names_in(law.getMath()) - local if law is not None else set()
            build[name] = self._define_reaction
        known = {name: {n for n in wanted if n in needs} for name, wanted in needs.items()}
        try:
            order = list(graphlib.TopologicalSorter(known).static_order())
        except graphlib.CycleError as error:
            raise ModelFileError(f"{self.file}: {_cycle(error)}") from error
        for name in order:
            build[name](name)

    def _define_species(self, name: str) -> None:
        graph, home = self.graph, self.symbols[self._home(name)]
        if name in self.assigned:
            value = self._math(self.assigned[name], f"rule for {name!r}")
            self.symbols[name] = value
            self.amounts[name] = value if self._is_amount(name) else graph.mul(value, home)
        else:
            amount = graph.state(self.states[name])
            self.amounts[name] = amount
            self.symbols[name] = amount if self._is_amount(name) else graph.div(amount, home)

    def _define_assigned(self, name: str) -> None:
        self.symbols[name] = self._math(self.assigned[name], f"rule for {name!r}")

    def _define_reaction(self, name: str) -> None:
        law = self.reactions[name].getKineticLaw()
        if law is None or law.getMath() is None:
            self.notes.append(f"reaction {name!r} has no kinetic law; taken as 0")
            self.symbols[name] = self.graph.constant(0)
            return
        scope = dict(self.symbols)
        for local in _locals(law):
            scope[local.getId()] = self._parameter(f"{name}.{local.getId()}", _value(local))
        where = f"{self.file}: kinetic law of {name!r}"
        self.symbols[name] = self.math.number(law.getMath(), scope, where)

    def _math(self, ast: Any, what: str) -> int:
        return self.math.number(ast, self.symbols, f"{self.file}: {what}")

    # -- how states change ------------------------------------------------------------------

    def _rates(self) -> list[int]:
        graph = self.graph
        rates = [graph.constant(0)] * len(self.states)
        for name, flow in self._flows():
            rates[self.states[name]] = graph.add(rates[self.states[name]], flow)
        late = []
        for name, ast in self.rated.items():
            rate = self._math(ast, f"rate rule for {name!r}")
            if name in self.species and not self._is_amount(name):
                late.append((name, rate))
            else:
                rates[self.states[name]] = rate
        unknown = {self.states[name] for name, _ in late}
        for name, rate in late:
            # The rule gives the rate of a concentration; the state is an amount = c V.
            home = self.symbols[self._home(name)]
            if leaves(graph, [home], Op.STATE) & unknown:
                raise UnsupportedFeature(
                    "rate rule for a concentration in a compartment whose size depends on it"
                )
            growth = self._total_derivative(home, rates)
            swelling = graph.mul(self.symbols[name], growth)
            rates[self.states[name]] = graph.add(graph.mul(rate, home), swelling)
        return rates

    def _flows(self) -> Iterator[tuple[str, int]]:
        """Yield what each reaction adds to each species, as an amount a time."""
        graph = self.graph
        for reaction_name, reaction in self.reactions.items():
            for reference, sign in _references(reaction):
                name = reference.getSpecies()
                element = self.species.get(name)
                if element is None:
                    raise self._error(reference, f"{name!r} is not a species of the model")
                fixed = element.getBoundaryCondition() or element.getConstant()
                if fixed or name in self.rated or name in self.assigned:
                    continue
                factor = self._coefficient(reference, reaction_name)
                flow = graph.mul(self.symbols[reaction_name], factor, self._conversion(element))
                yield name, graph.neg(flow) if sign < 0 else flow

    def _coefficient(self, reference: Any, reaction: str) -> int:
        if reference.isSetId() and reference.getId() in self.symbols:
            node = self.symbols[reference.getId()]
        elif reference.isSetStoichiometryMath() and reference.getStoichiometryMath().isSetMath():
            node = self._math(
                reference.getStoichiometryMath().getMath(), f"stoichiometry in {reaction!r}"
            )
        else:
            node = self.graph.constant(_stoichiometry(reference))
        value = self.graph.constant_value(node)
        if value is not None and math.isnan(value):
            species = reference.getSpecies()
            raise self._error(reference, f"no stoichiometry for {species!r} in {reaction!r}")
        return node

    def _conversion(self, species: Any) -> int:
        for element in (species, self.model):
            if element.isSetConversionFactor():
                name = element.getConversionFactor()
                if name not in self.symbols:
                    raise self._error(element, f"the conversion factor {name!r} does not exist")
                return self.symbols[name]
        return self.graph.constant(1)

    def _total_derivative(self, node: int, rates: list[int]) -> int:
        graph = self.graph
        terms = [time_derivatives(graph, [node])[0]]
        for _, column, partial in jacobian(graph, [node], len(rates)):
            terms.append(graph.mul(partial, rates[column]))
        return graph.add(*terms)

    # -- where it starts, what can be seen and set ------------------------------------------

    def _start(self) -> tuple[list[int], dict[int, int]]:
        graph = self.graph
        initial = [graph.constant(0)] * len(self.states)
        derived = {}
        for name, place in self.states.items():
            initial[place] = self._initial(name)
        for name, place in self.places.items():
            if name in self.initial:
                derived[place] = self._math(self.initial[name], f"initial assignment of {name!r}")
        for name in self.initial:
            if name not in self.states and name not in self.places:
                raise ModelFileError(
                    f"{self.file}: {name!r} has both a rule and an initial assignment"
                )
        self._check_circle(initial, derived)
        return initial, derived

    def _initial(self, name: str) -> int:
        graph = self.graph
        if name not in self.species:
            if name in self.initial:
                return self._math(self.initial[name], f"initial assignment of {name!r}")
            if name in self.compartments:
                return graph.constant(self._size(self.compartments[name]))
            element = self.globals.get(name)
            reference = self.references.get(name)
            return graph.constant(_stoichiometry(reference) if element is None else _value(element))
        element, home = self.species[name], self.symbols[self._home(name)]
        if name in self.initial:
            value = self._math(self.initial[name], f"initial assignment of {name!r}")
            return value if self._is_amount(name) else graph.mul(value, home)
        if element.isSetInitialAmount():
            return graph.constant(element.getInitialAmount())
        if element.isSetInitialConcentration():
            return graph.mul(graph.constant(element.getInitialConcentration()), home)
        self.notes.append(f"species {name!r} has no initial value; taken as 0")
        return graph.constant(0)

    def _check_circle(self, initial: list[int], derived: dict[int, int]) -> None:
        """Refuse initial values that depend on each other, and print the circle."""
        states, parameters = list(self.states), list(self.parameters)
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
            raise ModelFileError(f"{self.file}: initial assignments: {_cycle(error)}") from error

    def _observables(self) -> dict[str, int]:
        groups = (self.species, self.assigned, self.states, self.reactions, self.places)
        names = dict.fromkeys(name for group in groups for name in group)
        names |= dict.fromkeys(self.references)
        out = {name: self.symbols[name] for name in names if name in self.symbols}
        local = {name: self.graph.parameter(k) for name, k in self.places.items()}
        return {**out, **{name: node for name, node in local.items() if name not in out}}

    def _forms(self) -> tuple[dict[str, int], dict[str, Assignable]]:
        graph, one = self.graph, self.graph.constant(1)
        forms: dict[str, int] = {}
        assignable = {
            name: Assignable(place, one)
            for name, place in self.states.items()
            if name not in self.species
        }
        for name, amount in self.amounts.items():
            home = self.symbols[self._home(name)]
            point = self._is_point(self._home(name))
            forms[f"amount({name})"] = amount
            if not point:
                forms[f"[{name}]"] = (
                    graph.div(amount, home) if (self._is_amount(name)) else self.symbols[name]
                )
            if name in self.states:
                place = self.states[name]
                assignable[name] = Assignable(place, one if self._is_amount(name) else home)
                assignable[f"amount({name})"] = Assignable(place, one)
                if not point:
                    assignable[f"[{name}]"] = Assignable(place, home)
        return forms, assignable

    def _events(self, assignable: dict[str, Assignable]) -> list[Event]:
        events = []
        for k, element in enumerate(_each(self.model.getListOfEvents())):
            name = element.getId() or f"event {k + 1}"
            trigger = element.getTrigger()
            if trigger is None or trigger.getMath() is None:
                self.notes.append(f"{name!r} has no trigger; it never happens")
                continue
            where = f"{self.file}: trigger of {name!r}"
            holds = self.math.read(trigger.getMath(), self.symbols, where)
            assignments = [
                (assignable[item.getVariable()], self._math(item.getMath(), f"event {name!r}"))
                for item in _each(element.getListOfEventAssignments())
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

    # -- messages ---------------------------------------------------------------------------

    def _where(self, element: Any) -> str:
        return f"{self.file}:{element.getLine()}"

    def _error(self, element: Any, message: str) -> ModelFileError:
        return ModelFileError(f"{self._where(element)}: {message}")


def _each(items: Any) -> list[Any]:
    return [items.get(k) for k in range(items.size())]


def _references(reaction: Any) -> Iterator[tuple[Any, int]]:
    """Yield reactants with -1 and products with +1."""
    for reference in _each(reaction.getListOfReactants()):
        yield reference, -1
    for reference in _each(reaction.getListOfProducts()):
        yield reference, 1


def _locals(law: Any) -> list[Any]:
    if law is None:
        return []
    return _each(
        law.getListOfLocalParameters() if law.getLevel() > 2 else law.getListOfParameters()
    )


def _value(parameter: Any) -> float:
    return float(parameter.getValue()) if parameter.isSetValue() else math.nan


def _stoichiometry(reference: Any) -> float:
    set_or_default = reference.getLevel() < 3 or reference.isSetStoichiometry()
    return float(reference.getStoichiometry()) if set_or_default else math.nan


def _cycle(error: graphlib.CycleError) -> str:
    return "these depend on each other in a circle: " + " -> ".join(reversed(error.args[1]))


def _scale(system: System) -> NDArray[np.float64]:
    """Return typical sizes: initial values where there are any, else the smallest of those."""
    batch = Batch.empty(1, len(system.states), len(system.parameters))
    start_values(system, batch, {}, {})
    size = np.abs(batch.y[0])
    usable = np.isfinite(size) & (size > 0)
    if not usable.any():
        return np.ones(len(size))
    smallest = max(float(size[usable].min()), 1e-6 * float(np.median(size[usable])))
    scale = np.where(usable, size, smallest)
    scale.flags.writeable = False
    return scale
