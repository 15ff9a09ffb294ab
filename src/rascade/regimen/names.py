"""Names of drugs as orders write them: any case, with or without dashes, brand or code."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rascade.own_drugs import kept, own_drugs

__all__ = ["DrugNames", "KnownDrugs", "drug_names"]

#: Every accepted name -> the name to use; a plain collection maps each to itself.
KnownDrugs = Mapping[str, str] | Collection[str]


@dataclass(frozen=True, slots=True)
class DrugNames:
    """Accepted names.

    Attributes:
        by_key: accepted name without case, blanks, dashes, dots and commas -> name to use.
        spelled: accepted names as they are written, for suggestions.
    """

    by_key: Mapping[str, str]
    spelled: tuple[str, ...]

    def find(self, name: str) -> str | None:
        """Return the name to use for a name as written, or None."""
        return self.by_key.get(_key(name))

    def unknown(self, name: str) -> str:
        """Say that no drug is called so; offer what it is a slip of, if it is one."""
        from rascade.evidence import load
        from rascade.evidence.names import near_spelling

        if load().find_drug(name) is not None:
            return f"{name!r} is not among the drugs that may stand here"
        near = near_spelling(name, self.spelled)
        hint = f"did you mean {near!r}?" if near else "see: rascade drugs list"
        return f"no drug is called {name!r}; {hint}"

    def leading(self, text: str) -> str | None:
        """Return the longest run of words at the start of a text that is an accepted name."""
        words = re.findall(r"\S+\s*", text)
        for count in range(min(len(words), 6), 0, -1):
            run = "".join(words[:count])
            if self.find(run.strip()):
                return run
        return None


def _key(name: str) -> str:
    # The same letters as rascade.evidence compares, so that both find the same drug.
    return re.sub(r"[\s\-_.,/]+", "", name).casefold()


def drug_names(known_drugs: KnownDrugs | None) -> DrugNames:
    """Return the accepted names; None takes the drugs and aliases of the evidence."""
    if known_drugs is None:
        return _evidence_names()
    if not isinstance(known_drugs, Mapping):
        known_drugs = {name: name for name in known_drugs}
    return _build({name: name for name in known_drugs.values()} | dict(known_drugs))


def _build(pairs: Mapping[str, str]) -> DrugNames:
    return DrugNames({_key(name): drug for name, drug in pairs.items()}, tuple(pairs))


@kept
def _evidence_names() -> DrugNames:
    from rascade.evidence import load

    pairs: dict[str, str] = {}
    for drug in load().drugs.values():
        for name in (drug.name, *drug.aliases):
            pairs.setdefault(name, drug.name)
    pairs |= {name: name for name in own_drugs()}
    return _build(pairs)
