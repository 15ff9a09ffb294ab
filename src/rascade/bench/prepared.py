"""Equations of the models that experiments on claims need, each made once.

The structure of a model follows from its text; its numbers are parameters. Experiments of the same
drugs, and one experiment under two parameter tables, share what is made of a text, so numbers must
be handed to a simulation and never be read off the system.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rascade.engine import System
    from rascade.model import Assembly

__all__ = ["prepared"]

_MOST: Final = 16
_made: OrderedDict[str, System] = OrderedDict()


def prepared(assembly: Assembly) -> System:
    """Return the equations of a model; they keep the machine code that solves them.

    Args:
        assembly: the model; only its text counts here.

    Returns:
        The system, whose default values are those of the first table it was made with.
    """
    text = assembly.composition.antimony
    if text not in _made:
        _made[text] = assembly.system
        while len(_made) > _MOST:
            _made.popitem(last=False)
    _made.move_to_end(text)
    return _made[text]
