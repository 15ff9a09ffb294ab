"""The table of the page on the evidence: what there is, and how many records."""

from __future__ import annotations

from builder.text import table

__all__ = ["evidence_table"]

_HOLDS = {
    "drugs": "drugs by nonproprietary name, with class, target, mechanism, group of the same "
    "mechanism and every other name",
    "drug-facts": "doses, pharmacokinetics, potencies and toxicities of drugs",
    "trials": "arms of clinical trials: size, response, survival, toxicity",
    "landmarks": "survival and progression-free survival of arms at 6, 12, 18 months and so on",
    "trial-conduct": "how arms were followed: data cut, scans, who judged progression, later "
    "treatment, duration of response",
    "contrasts": "hazard ratios between two of those arms",
    "adverse-events": "single adverse events by regimen",
    "biology": "pancreatic cancer: genes, growth, immune cells, signalling",
    "ras-kinetics": "rate and binding constants of RAS by allele",
    "io-parameters": "the published parameters of an immuno-oncology model of breast cancer",
    "published-parameters": "parameters of other published models, by quantity",
    "calibration-targets": "the results that a calibrated model must meet",
    "clinical": "response kinetics, markers, resistance, later lines and what bears on survival, "
    "each with what was seen of it",
    "claims": "statements of the review that Rascade examines, with our reading",
    "citations": "the works and other sources, each with all its identifiers",
    "conflicts": "rows that disagree, which of them is used and why",
    "checks": "look-ups against public sources, with what was found",
}


def evidence_table() -> str:
    """Return the tables of the evidence with their numbers of records."""
    from rascade.evidence import TABLES, load

    evidence = load()
    rows = [
        (name, str(len(getattr(evidence, attribute))), _HOLDS[name])
        for name, attribute in TABLES.items()
    ]
    return table(("table", "records", "what it holds"), rows, right=(1,))
