"""What a model conserves: linear combinations of states whose rates cancel exactly.

Every rate is a sum of terms with constant coefficients (a reaction's flux enters the rates of its
species with its stoichiometry). Written as a matrix, states by terms, the vectors that its left
null space holds are the conservation laws of the reaction network (C. Reder, Journal of Theoretical
Biology 135, 175 (1988)). The null space is found in exact rational arithmetic, so that a law holds
or does not; nothing is a matter of tolerance.

Linear implicit methods keep linear laws up to rounding, so that a drift is the sign of a fault.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

from rascade.engine.symbolic.expression import Op

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rascade.engine.symbolic.expression import Graph

__all__ = ["ConservationLaw", "conservation_laws"]

_Row = dict[int, Fraction]
_MOST_TIDIED = 100  # laws; a basis of more is left as it is found


@dataclass(frozen=True)
class ConservationLaw:
    """A combination of states that no reaction changes.

    Attributes:
        coefficients: state -> coefficient, whole numbers without a common factor.
    """

    coefficients: Mapping[str, int]

    def __str__(self) -> str:
        """The law as a sum, ``E + ES`` or ``2 A - B``."""
        text = ""
        for name, number in self.coefficients.items():
            sign = " - " if number < 0 else " + "
            text += sign + (f"{abs(number)} " if abs(number) != 1 else "") + name
        return text[3:] if text.startswith(" + ") else f"-{text[3:]}"


def conservation_laws(
    graph: Graph, states: Sequence[str], rates: Sequence[int]
) -> tuple[ConservationLaw, ...]:
    """Return a basis of all laws over states that change at all.

    States whose rate is zero by structure are constant by themselves and left out. Doses and
    events may change what reactions conserve; a law whose coefficients would depend on parameters
    (a conversion factor) is not found.

    Args:
        graph: the graph.
        states: names of the states.
        rates: a node a state.
    """
    forms = _linear_forms(graph, rates)
    rows = [(forms[rate], {i: Fraction(1)}) for i, rate in enumerate(rates) if forms[rate]]
    return tuple(
        ConservationLaw({states[i]: number for i, number in sorted(_whole(law).items())})
        for law in _readable(_null_space(rows))
    )


def _linear_forms(graph: Graph, roots: Sequence[int]) -> dict[int, _Row]:
    """Return every root as term -> coefficient; a term is a node that is no sum."""
    found: dict[int, _Row] = {}
    zero = graph.constant(0)
    for node in graph.reachable(roots):
        op, args = graph.ops[node], graph.args[node]
        if node == zero:
            found[node] = {}
        elif op in (Op.ADD, Op.SUB):
            found[node] = _sum(found[args[0]], found[args[1]], Fraction(1 if op is Op.ADD else -1))
        elif op is Op.NEG:
            found[node] = _sum({}, found[args[0]], Fraction(-1))
        else:
            found[node] = _scaled(graph, node, found) or {node: Fraction(1)}
    return found


def _scaled(graph: Graph, node: int, found: dict[int, _Row]) -> _Row | None:
    """Return the form of a product with a number, or of a quotient by one."""
    op, args = graph.ops[node], graph.args[node]
    if op not in (Op.MUL, Op.DIV):
        return None
    pairs = [args, args[::-1]] if op is Op.MUL else [args]
    for other, factor in pairs:
        value = graph.constant_value(factor)
        if value is not None and math.isfinite(value) and value != 0:
            exact = Fraction(value) if op is Op.MUL else 1 / Fraction(value)
            return _sum({}, found[other], exact)
    return None


def _sum(one: _Row, other: _Row, factor: Fraction) -> _Row:
    """Return one + factor * other, without zeros."""
    out = dict(one)
    for term, number in other.items():
        total = out.get(term, Fraction(0)) + factor * number
        if total:
            out[term] = total
        else:
            out.pop(term, None)
    return out


def _null_space(rows: Sequence[tuple[_Row, _Row]]) -> list[_Row]:
    """Return a basis of the combinations of rows that vanish.

    Args:
        rows: (row, combination of rows that it is), sparse.
    """
    pivots: dict[int, tuple[_Row, _Row]] = {}
    laws: list[_Row] = []
    for row, combination in rows:
        while row:
            lead = min(row)
            if lead not in pivots:
                pivots[lead] = (row, combination)
                break
            other, other_combination = pivots[lead]
            factor = -row[lead] / other[lead]
            row = _sum(row, other, factor)
            combination = _sum(combination, other_combination, factor)
        else:
            laws.append(combination)
    return laws


def _readable(laws: list[_Row]) -> list[_Row]:
    """Return the same space by laws as people would write them: few signs, few states.

    Each is replaced by its combination with another as long as that is simpler; no search for the
    simplest, which would be a search through all extreme rays.
    """
    if len(laws) > _MOST_TIDIED:
        return laws
    better = True
    while better:
        better = False
        for i, j in permutations(range(len(laws)), 2):
            for state in sorted(laws[i].keys() & laws[j].keys()):
                other = _sum(laws[i], laws[j], -laws[i][state] / laws[j][state])
                if _burden(other) < _burden(laws[i]):
                    laws[i], better = other, True
                    break
    return sorted(laws, key=min)


def _burden(law: _Row) -> tuple[int, int, int]:
    numbers = list(_whole(law).values())
    return sum(n < 0 for n in numbers), len(numbers), sum(map(abs, numbers))


def _whole(law: _Row) -> dict[int, int]:
    """Return a law in whole numbers without a common factor, most of them above zero."""
    common = math.lcm(*(number.denominator for number in law.values()))
    numbers = {i: int(number * common) for i, number in law.items()}
    divisor = math.gcd(*numbers.values())
    below = sum(n < 0 for n in numbers.values())
    if 2 * below > len(numbers) or (2 * below == len(numbers) and numbers[min(numbers)] < 0):
        divisor = -divisor
    return {i: number // divisor for i, number in numbers.items()}
