"""The user's own drugs of each request: two browsers may call different drugs by one name.

The whole process knows one drug by a name (`rascade.own_drugs`). So a request that brings other
drugs waits until those under way, which need what is known now, are over.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rascade.own_drugs import forget, own_drugs, use

__all__ = ["OwnDrugs"]


class OwnDrugs:
    """Lets requests with the same own drugs run side by side, and others one set after another."""

    def __init__(self) -> None:
        self._kept = dict(own_drugs())
        self._given: list[Mapping[str, Any]] = []
        self._busy = 0
        self._turns = threading.Condition()
        self._next = self._serving = 0

    @contextlib.contextmanager
    def only(self, given: Sequence[Mapping[str, Any]] = ()) -> Iterator[None]:
        """Know the drugs that are kept on this machine, and these, while a request is answered.

        Args:
            given: own drugs as a study holds them. One that is wrong is left out here; whoever
                reads the study says what is wrong with it.
        """
        with self._turns:
            mine, self._next = self._next, self._next + 1
            self._turns.wait_for(lambda: self._serving == mine)
            try:
                self._change(given)
                self._busy += 1
            finally:
                self._serving += 1
                self._turns.notify_all()
        try:
            yield
        finally:
            with self._turns:
                self._busy -= 1
                self._turns.notify_all()

    def _change(self, given: Sequence[Mapping[str, Any]]) -> None:
        """Know other drugs as soon as nobody needs those that are known now."""
        from rascade.errors import RascadeError
        from rascade.model.own import check_own_drug

        wanted = [*given]
        if wanted == self._given:
            return
        self._turns.wait_for(lambda: self._busy == 0)
        for name in [*own_drugs()]:
            if name not in self._kept:
                forget(name)
        for drug in self._kept.values():
            use(drug)
        with contextlib.suppress(RascadeError):
            for one in wanted:
                use(check_own_drug(one, "study"))
        self._given = wanted
