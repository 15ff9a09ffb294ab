"""All evidence in one place, with the look-ups that the rest of Rascade needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rascade.errors import EvidenceError
from rascade.evidence.names import compact, did_you_mean, near_spelling
from rascade.evidence.records import (
    AdverseEvent,
    Citation,
    Claim,
    Conduct,
    Conflict,
    Contrast,
    Drug,
    Fact,
    Landmark,
    Lookup,
    Record,
    TrialArm,
)
from rascade.evidence.search import Hit, SearchIndex

__all__ = ["TABLES", "Evidence"]

TABLES = {
    "drugs": "registry",
    "drug-facts": "drug_facts",
    "trials": "trials",
    "landmarks": "landmarks",
    "trial-conduct": "conduct",
    "contrasts": "contrasts",
    "adverse-events": "adverse_events",
    "biology": "biology",
    "ras-kinetics": "ras_kinetics",
    "io-parameters": "io_parameters",
    "published-parameters": "published_parameters",
    "calibration-targets": "calibration_targets",
    "clinical": "clinical",
    "claims": "claims",
    "citations": "citation_rows",
    "conflicts": "conflicts",
    "checks": "lookups",
}
"""Name of every table, as users write it, and the attribute of `Evidence` that holds it."""


_WHERE_IDS = "; ids are found with 'rascade evidence search WORDS' or 'rascade evidence list TABLE'"


@dataclass(frozen=True)
class Evidence:
    """Everything that is known, by table; build it with `rascade.evidence.load`.

    Attributes:
        folder: where it was read.
        registry: drugs in file order; `drugs` maps their names.
        citation_rows: citations in file order; `citations` maps their ids.
        cell_rows: line, arm, field and confidence of every row of trial_cells.csv.
    """

    folder: Path
    registry: tuple[Drug, ...] = field(repr=False)
    drug_facts: tuple[Fact, ...] = field(repr=False)
    biology: tuple[Fact, ...] = field(repr=False)
    ras_kinetics: tuple[Fact, ...] = field(repr=False)
    io_parameters: tuple[Fact, ...] = field(repr=False)
    published_parameters: tuple[Fact, ...] = field(repr=False)
    calibration_targets: tuple[Fact, ...] = field(repr=False)
    trials: tuple[TrialArm, ...] = field(repr=False)
    clinical: tuple[Fact, ...] = field(repr=False)
    landmarks: tuple[Landmark, ...] = field(repr=False)
    conduct: tuple[Conduct, ...] = field(repr=False)
    contrasts: tuple[Contrast, ...] = field(repr=False)
    adverse_events: tuple[AdverseEvent, ...] = field(repr=False)
    claims: tuple[Claim, ...] = field(repr=False)
    citation_rows: tuple[Citation, ...] = field(repr=False)
    conflicts: tuple[Conflict, ...] = field(repr=False)
    lookups: tuple[Lookup, ...] = field(repr=False)
    cell_rows: tuple[tuple[int, str, str, str], ...] = field(repr=False)

    @cached_property
    def drugs(self) -> Mapping[str, Drug]:
        """Drugs by their nonproprietary (or code) name."""
        return {drug.name: drug for drug in self.registry}

    @cached_property
    def citations(self) -> Mapping[str, Citation]:
        """Citations by id."""
        return {citation.id: citation for citation in self.citation_rows}

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Every fact of every table."""
        return (
            *self.drug_facts,
            *self.biology,
            *self.ras_kinetics,
            *self.io_parameters,
            *self.published_parameters,
            *self.calibration_targets,
            *self.clinical,
        )

    @cached_property
    def _aliases(self) -> dict[str, Drug]:
        found: dict[str, Drug] = {}
        for drug in self.registry:
            for name in (drug.name, *drug.aliases):
                found.setdefault(compact(name), drug)
        return found

    @cached_property
    def _by_id(self) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for record in self.records():
            found.setdefault(record.id, record)
        return found

    def records(self) -> Iterator[Record]:
        """Yield every record of every table."""
        for attribute in TABLES.values():
            yield from getattr(self, attribute)

    def drug(self, name: str) -> Drug:
        """Return a drug by name or alias, whatever the case and the dashes.

        Raises:
            EvidenceError: no such drug; the message offers near names.
        """
        drug = self.find_drug(name)
        if drug is None:
            known = [alias for d in self.registry for alias in (d.name, *d.aliases)]
            near = near_spelling(name, known)
            hint = f"; did you mean {near!r}?" if near else "; 'rascade drugs list' lists all"
            raise EvidenceError(f"no drug named {name!r}{hint}")
        return drug

    def find_drug(self, name: str) -> Drug | None:
        """Return a drug by name or alias, whatever the case and the dashes, or None."""
        return self._aliases.get(compact(name))

    def nearest_by_mechanism(self, name: str, among: Iterable[str]) -> tuple[str, ...]:
        """Return the names among these whose drug acts as another one does.

        Args:
            name: of the drug, or an alias.
            among: names to choose from, such as the drugs that the model has.
        """
        drug = self.find_drug(name)
        if drug is None or not drug.group:
            return ()
        found = ((other, self.find_drug(other)) for other in among)
        return tuple(
            other
            for other, known in found
            if known is not None and known is not drug and known.group == drug.group
        )

    def citation(self, citation_id: str) -> Citation:
        """Return a citation by id, or by one of the other identifiers it carries.

        Raises:
            EvidenceError: no such citation.
        """
        citation = self.citations.get(citation_id) or self._other_identifiers.get(
            citation_id.casefold()
        )
        if citation is None:
            raise EvidenceError(
                f"no citation {citation_id!r}{did_you_mean(citation_id, self.citations)}"
            )
        return citation

    @cached_property
    def _other_identifiers(self) -> dict[str, Citation]:
        found: dict[str, Citation] = {}
        for item in self.citation_rows:
            for prefix, value in (("pmid", item.pmid), ("doi", item.doi), ("pmc", item.pmc)):
                if value:
                    found.setdefault(f"{prefix}:{value}".casefold(), item)
                    found.setdefault(value.casefold(), item)
        return found

    def record(self, record_id: str) -> Record:
        """Return any record by id; a drug also by alias, a citation by any identifier.

        Raises:
            EvidenceError: no such record; the message offers near ids.
        """
        found = (
            self._by_id.get(record_id)
            or self._aliases.get(compact(record_id))
            or self._other_identifiers.get(record_id.casefold())
        )
        if found is None:
            # A drug is offered for a slip in its name only: names that are alike mean little.
            drugs = {alias for d in self.registry for alias in (d.name, *d.aliases)}
            slip = near_spelling(record_id, drugs)
            near = f"; did you mean {slip!r}?" if slip else ""
            hint = near or did_you_mean(record_id, sorted(set(self._by_id) - drugs)) or _WHERE_IDS
            raise EvidenceError(f"no evidence item {record_id!r}{hint}")
        return found

    def trial(self, arm_id: str) -> TrialArm:
        """Return a trial arm by id.

        Raises:
            EvidenceError: no such arm.
        """
        for arm in self.trials:
            if arm.id == arm_id:
                return arm
        raise EvidenceError(
            f"no trial arm {arm_id!r}{did_you_mean(arm_id, (arm.id for arm in self.trials))}"
        )

    def landmarks_of(self, arm_id: str) -> tuple[Landmark, ...]:
        """Return the published landmark rates of an arm, PFS before OS, by month.

        Raises:
            EvidenceError: no such arm.
        """
        arm = self.trial(arm_id)
        found = (one for one in self.landmarks if one.arm_id == arm.id)
        return tuple(sorted(found, key=lambda one: (one.endpoint != "PFS", one.month)))

    def conduct_of(self, arm_id: str) -> tuple[Conduct, ...]:
        """Return how an arm was followed and what else was measured in it.

        Raises:
            EvidenceError: no such arm.
        """
        arm = self.trial(arm_id)
        return tuple(one for one in self.conduct if one.arm_id == arm.id)

    def contrasts_of(self, arm_id: str) -> tuple[Contrast, ...]:
        """Return the hazard ratios that an arm has a part in.

        Raises:
            EvidenceError: no such arm.
        """
        arm = self.trial(arm_id)
        return tuple(one for one in self.contrasts if arm.id in (one.arm_id, one.reference_id))

    def fact(self, fact_id: str) -> Fact:
        """Return a fact of any table by id.

        Raises:
            EvidenceError: no such fact.
        """
        found = self._by_id.get(fact_id)
        if isinstance(found, Fact):
            return found
        raise EvidenceError(
            f"no fact {fact_id!r}{did_you_mean(fact_id, (fact.id for fact in self.facts))}"
        )

    def claim(self, claim_id: str) -> Claim:
        """Return a claim of the review by id.

        Raises:
            EvidenceError: no such claim.
        """
        for claim in self.claims:
            if claim.id == claim_id:
                return claim
        raise EvidenceError(
            f"no claim {claim_id!r}{did_you_mean(claim_id, (claim.id for claim in self.claims))}"
        )

    def conflicts_of(self, record_id: str) -> tuple[Conflict, ...]:
        """Return the recorded conflicts that concern a record."""
        return tuple(c for c in self.conflicts if record_id in c.records or record_id == c.used)

    def lookups_of(self, record_id: str) -> tuple[Lookup, ...]:
        """Return the recorded checks of a record or citation."""
        return tuple(item for item in self.lookups if item.record == record_id)

    def search(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the records that best match the words; see `rascade.evidence.search`."""
        return self._index.search(text, limit)

    @cached_property
    def _index(self) -> SearchIndex:
        tables = {table: getattr(self, attribute) for table, attribute in TABLES.items()}
        return SearchIndex(tables, self.registry, self.citation_rows)
