"""Reading orders: text to `Regimen`, every refusal pointing at the character."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from rascade.errors import RegimenError
from rascade.regimen.clauses import read_clause
from rascade.regimen.complaints import at, explain
from rascade.regimen.draft import Draft, children
from rascade.regimen.names import DrugNames, KnownDrugs, drug_names
from rascade.regimen.order import Order
from rascade.regimen.regimen import Regimen
from rascade.regimen.rules import DRUG_PATTERN, find_fault

if TYPE_CHECKING:
    from lark import Lark, Tree
    from lark.lexer import Token

__all__ = ["MAX_CHARACTERS", "MAX_ORDERS", "parse"]

#: A regimen longer than this is not one; the caps keep hostile text cheap.
MAX_CHARACTERS = 4000
MAX_ORDERS = 50


def parse(text: str, known_drugs: KnownDrugs | None = None) -> Regimen:
    """Read orders as clinicians write them.

    >>> regimen = parse("gemcitabine 1000 mg/m2 iv d1,8,15 q4w", known_drugs=["gemcitabine"])
    >>> str(regimen)
    'gemcitabine 1000 mg/m2 IV D1,8,15 Q28D'

    Args:
        text: orders joined by ``+``, ``;``, ``and`` or new lines; ``none`` is no treatment.
        known_drugs: accepted names of drugs, or a mapping of accepted names to the names to use;
            None takes the drugs and aliases of the evidence.

    Returns:
        The regimen, its drugs under their non-proprietary names.

    Raises:
        RegimenError: the text cannot be read or a dose cannot be given; the message points at the
            character and says what was expected.
    """
    from lark.exceptions import UnexpectedInput

    if len(text) > MAX_CHARACTERS:
        raise RegimenError(f"a regimen of {len(text)} characters; at most {MAX_CHARACTERS}")
    text = text.strip().rstrip("; \n")
    if not text:
        raise RegimenError("the regimen is empty; write an order, or 'none' for no treatment")
    if text.casefold() == "none":
        return Regimen()
    drugs = drug_names(known_drugs)
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        raise explain(error, text, drugs) from None
    nodes = [node for node in tree.children if not isinstance(node, str)]
    if len(nodes) > MAX_ORDERS:
        raise RegimenError(f"{len(nodes)} orders in one regimen; at most {MAX_ORDERS}")
    orders: list[Order] = []
    for node in nodes:
        order = _order(node, text, drugs)
        if order in orders:
            message = f"{order.drug}: the same order is written twice; write it once"
            raise at(message, text, node.meta.start_pos)
        orders.append(order)
    return Regimen(tuple(orders))


@cache
def _grammar() -> Lark:
    from lark import Lark

    grammar = resources.files("rascade.regimen").joinpath("orders.lark").read_text("utf-8")
    # The pattern of a drug's name is shared with the rule that keeps names readable.
    pattern = DRUG_PATTERN.replace("/", r"\/")
    return Lark(f"{grammar}\nDRUG: /{pattern}/\n", parser="lalr", propagate_positions=True)


def _order(node: Tree[Token], text: str, drugs: DrugNames) -> Order:
    """Build one order from its tree, pointing at the words of whatever cannot be."""
    draft = Draft(text)
    name, amount, route, *clauses = children(node)
    draft.put("drug", _drug(str(name), text, int(name.start_pos or 0), drugs), name)
    draft.put("dose", draft.amount(amount), amount)
    draft.put("route", draft.route(route), route)
    for clause in clauses:
        read_clause(draft, clause)
    end = node.meta.end_pos
    parts = draft.finish(end)
    fault = find_fault(parts)
    if fault is not None:
        raise at(f"{parts['drug']}: {fault.message}", text, draft.places.get(fault.field, end))
    return Order(**parts)


def _drug(name: str, text: str, position: int, drugs: DrugNames) -> str:
    known = drugs.find(name)
    if known is not None:
        return known
    first = re.split(r"\s+and\s+", name, maxsplit=1, flags=re.IGNORECASE)[0]
    if first != name and drugs.find(first):
        message = f"expected the dose of {first} and its unit, as in '300 mg'"
        raise at(message, text, position + len(first) + 1)
    raise at(drugs.unknown(name), text, position)
