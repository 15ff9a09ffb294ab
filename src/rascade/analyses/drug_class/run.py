"""A drug beside its class, from its name to records that are ready for JSON."""

from __future__ import annotations

from typing import Any

from rascade.analyses.drug_class.courses import BUILT_UP_DAYS, day_of_each
from rascade.analyses.drug_class.records import engagement_of, peers, regimen_of, usual_regimen
from rascade.analyses.drug_class.response import response_by_potency
from rascade.errors import InputError
from rascade.model import known_alleles, load_table
from rascade.own_drugs import like, own_drugs
from rascade.progress import Progress, silent
from rascade.text import did_you_mean

__all__ = ["MAX_PATIENTS", "drug_class"]

MAX_PATIENTS = 2000


def drug_class(
    drug: str,
    *,
    orders: str | None = None,
    allele: str | None = None,
    patients: int = 60,
    seed: int = 1,
    threads: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return a drug beside its class: target, pERK, and responses by potency.

    Args:
        drug: which, known or the user's own.
        orders: what is given of it; as usual, or as of the drug that it is like, if None.
        allele: of KRAS; that on which the class acts if None.
        patients: at each potency; 0 leaves the responses out.
        seed: of the patients.
        threads: of the solver; the result does not depend on it.
        progress: told the share done and the step.

    Raises:
        InputError: orders, allele or a number are wrong.
        UnsupportedFeature: no such drug, or one that holds no target.
        SimulationError: the solver gave up.
    """
    report = progress or silent
    if not 0 <= patients <= MAX_PATIENTS:
        raise InputError(f"--patients: {patients} at each potency; it must be 0 to {MAX_PATIENTS}")
    way = engagement_of(drug)
    allele = allele or way.allele
    if allele not in known_alleles():
        hint = did_you_mean(allele, known_alleles())
        raise InputError(f"--allele: the model has no KRAS allele {allele!r}{hint}")
    regimens = {drug: regimen_of(drug, orders)}
    for name in peers(drug):
        usual = usual_regimen(name)
        if usual is not None:
            regimens[name] = usual
    report(0.0, "a day with each drug of the class")
    courses = day_of_each(regimens, allele, threads=threads)
    share = 0.2 if patients else 1.0
    report(share, "done" if not patients else "responses by potency")
    responses = []
    if patients:
        responses = response_by_potency(
            drug, regimens[drug], allele, patients=patients, seed=seed, threads=threads,
            progress=lambda done, step: report(share + (1 - share) * done, step),
        )  # fmt: skip
        report(1.0, "done")
    return {
        "drug": drug,
        "like": like(drug) if drug in own_drugs() else None,
        "mechanism": way.mechanism,
        "target": way.title,
        "allele": allele,
        "day": BUILT_UP_DAYS + 1,
        "courses": [{**course, **_numbers(course["drug"])} for course in courses],
        "responses": responses,
    }


def _numbers(drug: str) -> dict[str, Any]:
    """Return whose a drug is, and how well its potency is known."""
    from rascade.model.own_rows import potency_symbols

    table, start = load_table(), f"{drug}."
    symbols = potency_symbols(n.removeprefix(start) for n in table if n.startswith(start))
    rows = [table[start + symbol] for symbol in symbols]
    return {
        "own": drug in own_drugs(),
        "potency": [
            {"name": s, "value": r.value, "unit": r.unit, "confidence": r.confidence}
            for s, r in zip(symbols, rows, strict=True)
        ],
    }
