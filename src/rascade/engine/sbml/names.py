"""Every name of an SBML model, and what it stands for as an expression.

Every species not given by an assignment rule is a state held as an amount, whatever its name
stands for in the mathematics; so are parameters, compartments and stoichiometries that a rate rule
or an event changes, as their own value. Everything else that is constant is a parameter.
"""

from __future__ import annotations

import graphlib
import math
from typing import TYPE_CHECKING, Any

from rascade.engine.sbml.formulas import MathReader, names_in
from rascade.engine.symbolic.expression import Graph
from rascade.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Names", "circle", "each", "references", "stoichiometry_of", "value_of"]


class Names:
    """The names of one model.

    Args:
        model: a libsbml ``Model``; its document must stay alive.
        name: what to call the file in messages.
        nodes: the most nodes that the model may expand to.

    Attributes:
        states: names of the states, with their places.
        parameters: names of the parameters, with their values in the file (NaN where none).
        places: the parameters' places.
        symbols: every name -> the node that it stands for in the mathematics.
        amounts: species -> the node of its amount.
        assigned, rated, initial: what rules and initial assignments set -> their mathematics.
        jumping: what events set.
        notes: what was assumed, for people.

    Raises:
        ModelFileError: the model contradicts itself.
    """

    def __init__(self, model: Any, name: str, nodes: int | None = None) -> None:
        self.model, self.file = model, name
        self.graph = Graph(nodes)
        self._taken: set[str] = set()
        functions = self._named(each(model.getListOfFunctionDefinitions()))
        bodies = {k: f.getMath() for k, f in functions.items() if f.getMath() is not None}
        self.math = MathReader(self.graph, bodies)
        self.compartments = self._named(each(model.getListOfCompartments()))
        self.species = self._named(each(model.getListOfSpecies()))
        self.globals = self._named(each(model.getListOfParameters()))
        self.reactions = self._named(each(model.getListOfReactions()))
        self.references = self._named(
            reference
            for reaction in self.reactions.values()
            for reference, _ in references(reaction)
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
        self._note_constants()
        self._declare()
        self._define()

    # -- what there is ----------------------------------------------------------------------

    def _named(self, elements: Iterable[Any]) -> dict[str, Any]:
        """Return elements by identifier; all of a model share one set of identifiers."""
        out = {}
        for element in elements:
            name = element.getId()
            if name in self._taken:
                raise self.error(element, f"the identifier {name!r} is used twice")
            self._taken.add(name)
            out[name] = element
        return out

    def _collect(self) -> None:
        """Sort the rules and initial assignments by what they set."""
        for rule in each(self.model.getListOfRules()):
            target = self.assigned if rule.isAssignment() else self.rated
            self._keep(target, rule.getVariable(), rule)
        for item in each(self.model.getListOfInitialAssignments()):
            self._keep(self.initial, item.getSymbol(), item)
        for event in each(self.model.getListOfEvents()):
            for item in each(event.getListOfEventAssignments()):
                self._keep({}, item.getVariable(), item)
                self.jumping.add(item.getVariable())

    def _keep(self, target: dict[str, Any], name: str, element: Any) -> None:
        known = (self.compartments, self.species, self.globals, self.references)
        if not any(name in group for group in known):
            raise self.error(element, f"sets {name!r}, which the model does not have")
        others = [self.assigned, target, *([self.rated] if target is self.assigned else [])]
        if any(name in other for other in others):
            raise self.error(element, f"{name!r} is set twice")
        if element.getMath() is None:
            self.notes.append(f"{self.where(element)}: no mathematics for {name!r}, left out")
        else:
            target[name] = element.getMath()

    def _note_constants(self) -> None:
        """Say what is declared constant and yet changed by something: invalid, but common."""
        changed = {
            reference.getSpecies()
            for reaction in self.reactions.values()
            for reference, _ in references(reaction)
        }
        for name, element in self.species.items():
            if name in changed and element.getConstant() and not element.getBoundaryCondition():
                self.notes.append(
                    f"species {name!r} is constant and yet in a reaction (SBML rule 20611); "
                    "it is held constant"
                )
        for how, names in (
            ("an assignment rule sets it", self.assigned),
            ("a rate rule changes it", self.rated),
            ("an event sets it", self.jumping),
        ):
            for group in (self.compartments, self.species, self.globals, self.references):
                for name in sorted(name for name in names if name in group):
                    if group[name].getConstant():
                        self.notes.append(f"{name!r} is constant and yet {how}; so it changes")

    def _declare(self) -> None:
        """Decide what is a state and what is a parameter, and give each its leaf."""
        for name in self.species:
            if name not in self.assigned:
                self._state(name)
        for group, value in (
            (self.compartments, self.size),
            (self.globals, value_of),
            (self.references, stoichiometry_of),
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
        for name, reaction in self.reactions.items():
            for local in locals_of(reaction.getKineticLaw()):
                full = f"{name}.{local.getId()}"
                if full in self._taken:  # SimBiology's identifiers have dots
                    raise self.error(local, f"a local parameter and something else are {full!r}")
                self._parameter(full, value_of(local))

    def _state(self, name: str) -> int:
        return self.graph.state(self.states.setdefault(name, len(self.states)))

    def _parameter(self, name: str, value: float) -> int:
        if name in self.parameters:
            raise ModelFileError(f"{self.file}: two constants are called {name!r}")
        self.places[name] = len(self.parameters)
        self.parameters[name] = value
        return self.graph.parameter(self.places[name])

    def size(self, compartment: Any) -> float:
        """Return the size of a compartment in the file; 1 where it has none."""
        if compartment.isSetSize():
            return float(compartment.getSize())
        name = compartment.getId()
        if name not in self.initial and not self.is_point(name):
            self.notes.append(f"compartment {name!r} has no size; taken as 1")
        return 1.0

    def is_point(self, compartment: str) -> bool:
        """Tell whether nothing has a concentration in a compartment.

        So it is in a Level 2 compartment without dimensions, which has no size either (Level 2
        Version 4, section 4.7.5). In Level 3 the dimensions say what a size means, and change no
        formula.
        """
        element = self.compartments[compartment]
        return bool(element.getLevel() < 3 and element.getSpatialDimensions() == 0)

    def is_amount(self, species: str) -> bool:
        """Tell whether a species' name stands for its amount."""
        element = self.species[species]
        return bool(element.getHasOnlySubstanceUnits()) or self.is_point(self.home(species))

    def home(self, species: str) -> str:
        """Return the compartment of a species."""
        element = self.species[species]
        home = str(element.getCompartment())
        if home not in self.compartments:
            raise self.error(element, f"species {species!r} is in no compartment of the model")
        return home

    # -- what names stand for ---------------------------------------------------------------

    def _define(self) -> None:
        """Give every name its node, each after those it needs."""
        needs: dict[str, set[str]] = {}
        build: dict[str, Callable[[str], None]] = {}
        for name in self.species:
            needs[name] = {self.home(name)}
            build[name] = self._define_species
        for name in self.assigned:
            needs[name] = needs.get(name, set()) | names_in(self.assigned[name])
            build.setdefault(name, self._define_assigned)
        for name, reaction in self.reactions.items():
            law = reaction.getKineticLaw()
            local = {p.getId() for p in locals_of(law)}
            needs[name] = names_in(law.getMath()) - local if law is not None else set()
            build[name] = self._define_reaction
        # Sorted, because the order decides the numbers of nodes, and must not differ by process.
        known = {name: sorted(wanted & needs.keys()) for name, wanted in needs.items()}
        try:
            order = list(graphlib.TopologicalSorter(known).static_order())
        except graphlib.CycleError as error:
            raise ModelFileError(f"{self.file}: {circle(error)}") from error
        for name in order:
            build[name](name)

    def _define_species(self, name: str) -> None:
        graph, home = self.graph, self.symbols[self.home(name)]
        if name in self.assigned:
            value = self.read(self.assigned[name], f"rule for {name!r}")
            self.symbols[name] = value
            self.amounts[name] = value if self.is_amount(name) else graph.mul(value, home)
        else:
            amount = graph.state(self.states[name])
            self.amounts[name] = amount
            self.symbols[name] = amount if self.is_amount(name) else graph.div(amount, home)

    def _define_assigned(self, name: str) -> None:
        self.symbols[name] = self.read(self.assigned[name], f"rule for {name!r}")

    def _define_reaction(self, name: str) -> None:
        law = self.reactions[name].getKineticLaw()
        if law is None or law.getMath() is None:
            self.notes.append(f"reaction {name!r} has no kinetic law; taken as 0")
            self.symbols[name] = self.graph.constant(0)
            return
        scope = dict(self.symbols)
        for local in locals_of(law):
            place = self.places[f"{name}.{local.getId()}"]
            scope[local.getId()] = self.graph.parameter(place)
        where = f"{self.file}: kinetic law of {name!r}"
        self.symbols[name] = self.math.number(law.getMath(), scope, where)

    def read(self, ast: Any, what: str) -> int:
        """Return the node of a number; `what` says in messages what it is."""
        return self.math.number(ast, self.symbols, f"{self.file}: {what}")

    # -- messages ---------------------------------------------------------------------------

    def where(self, element: Any) -> str:
        """Return file and line of an element."""
        return f"{self.file}:{element.getLine()}"

    def error(self, element: Any, message: str) -> ModelFileError:
        """Return an error that says where."""
        return ModelFileError(f"{self.where(element)}: {message}")


def each(items: Any) -> list[Any]:
    """Return the members of a libsbml list."""
    return [items.get(k) for k in range(items.size())]


def references(reaction: Any) -> Iterator[tuple[Any, int]]:
    """Yield reactants with -1 and products with +1."""
    for reference in each(reaction.getListOfReactants()):
        yield reference, -1
    for reference in each(reaction.getListOfProducts()):
        yield reference, 1


def locals_of(law: Any) -> list[Any]:
    """Return the local parameters of a kinetic law, if any."""
    if law is None:
        return []
    return each(law.getListOfLocalParameters() if law.getLevel() > 2 else law.getListOfParameters())


def value_of(parameter: Any) -> float:
    """Return the value of a parameter in the file, NaN where it has none."""
    return float(parameter.getValue()) if parameter.isSetValue() else math.nan


def stoichiometry_of(reference: Any) -> float:
    """Return a stoichiometry in the file: 1 where Level 2 gives none, NaN where Level 3 does."""
    set_or_default = reference.getLevel() < 3 or reference.isSetStoichiometry()
    return float(reference.getStoichiometry()) if set_or_default else math.nan


def circle(error: graphlib.CycleError) -> str:
    """Return a message that prints what depends on what."""
    return "these depend on each other in a circle: " + " -> ".join(reversed(error.args[1]))
