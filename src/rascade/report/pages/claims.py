"""The page of the claims: ``claims.html`` from the folder of ``rascade claims``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rascade.analyses.claims.tables import CheckRecord, ClaimRecord
from rascade.errors import InputError
from rascade.report.figures.studied.claims import effect_figure
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain
from rascade.report.tables.claims import expectation
from rascade.trial.results.records.codec import from_json

__all__ = ["write_claims_report"]

#: Section of a record -> heading, in the order of the review.
OUTLINE = {
    "abstract": "Abstract",
    "1 introduction": "1 Introduction",
    "2.1.1": "2.1.1 KRAS as a driver of pancreatic cancer",
    "2.1.2": "2.1.2 Ways to inhibit KRAS",
    "2.1.2 autophagy": "2.1.2 Ways to inhibit KRAS: autophagy",
    "2.1.2 RNA interference": "2.1.2 Ways to inhibit KRAS: RNA interference",
    "2.1.2 immune": "2.1.2 Ways to inhibit KRAS: immunotherapy",
    "ref 11": "2.1.2 Ways to inhibit KRAS: immunotherapy",
    "2.2": "2.2 Checkpoint inhibitors in pancreatic cancer",
    "2.2 / 3": "2.2 Checkpoint inhibitors in pancreatic cancer",
    "3 mechanism": "3 Synergy: mechanism",
    "3 microenvironment": "3 Synergy: microenvironment",
    "3": "3 Synergy: microenvironment",
    "summary": "Summary",
    "references": "References",
}
VERDICTS = (
    "supported", "uncertain", "typical value outside", "contradicted", "not testable here",
)  # fmt: skip
STANDINGS = ("real test", "fitted", "follows by construction", "too weak")
_RIGHT = ("correct", "plausible")


def write_claims_report(folder: Path) -> Path:
    """Write ``claims.html`` into a folder with ``claims.json`` and ``manifest.json``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.runs.files import read_json, write_page
    from rascade.report.tables.provenance import provenance_table

    folder = Path(folder)
    records = _read(folder / "claims.json")
    manifest = read_json(folder / "manifest.json")
    page = render(
        "claims.html.j2",
        title="Claims of the review, tested",
        lead=_lead(records),
        answers=_answers(records),
        counts=_counts(records),
        sections=_sections(records),
        limits=_limits(manifest),
        provenance=provenance_table({**manifest, "claims": f"{len(records)} claims"}),
    )
    return write_page(folder / "claims.html", page)


def _read(path: Path) -> list[ClaimRecord]:
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run rascade claims again") from error
    if not isinstance(records, list) or not all("verdict" in record for record in records):
        raise InputError(f"{path}: not a list of claims; run rascade claims again")
    return [from_json(ClaimRecord, record) for record in records]


def _lead(records: Sequence[ClaimRecord]) -> str:
    tested = sum(bool(record.checks) for record in records)
    errs = sum(record.scientific_status not in _RIGHT for record in records)
    told = f"{len(records)} claims of the review, {tested} of them tested by simulated experiment."
    if not errs:
        return f"{told} By the literature all of them are correct or plausible."
    return (
        f"{told} By the literature {errs} are not simply right; for them the correction stands "
        "beside the claim, and where the review errs outright its own sentence was tested as well."
    )


def _answers(records: Sequence[ClaimRecord]) -> list[str]:
    """Say how many claims the model bears out, and name those that it contradicts."""
    found = Counter(record.verdict for record in records)
    texts = [", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS) + "."]
    against = [
        plain(r.id)
        for r in records
        if r.verdict == "contradicted" and r.scientific_status in _RIGHT
    ]
    if against:
        texts.append(f"Contradicted although right by the literature: {', '.join(against)}.")
    return [*texts, _expectations(records)]


def _expectations(records: Sequence[ClaimRecord]) -> str:
    """Say how many expectations there are, how many differ, and what they are worth."""
    checks = [check for record in records for check in record.checks]
    distinct = {(c.experiment, c.observable, *c.expected): c.standing for c in checks}
    worth = Counter(distinct.values())
    return (
        f"{len(checks)} expectations, {len(distinct)} of them distinct (several claims may ask for "
        f"the same): {', '.join(f'{worth[name]} {name}' for name in STANDINGS)}."
    )


def _counts(records: Sequence[ClaimRecord]) -> Table:
    science = Counter((r.scientific_status, r.verdict) for r in records)
    statuses = sorted({r.scientific_status for r in records}, key=lambda s: (s not in _RIGHT, s))
    rows = [(s, *(str(science[s, verdict] or "–") for verdict in VERDICTS)) for s in statuses]
    rows.append(("all", *(str(sum(r.verdict == v for r in records)) for v in VERDICTS)))
    return Table(
        "What the literature says of the claim, against the verdict on our reading",
        ("Literature", *VERDICTS),
        rows,
        "The status by the literature was given by reading; verdicts are computed.",
        frozenset(range(1, len(VERDICTS) + 1)),
    )


def _sections(records: Sequence[ClaimRecord]) -> list[dict[str, Any]]:
    found: dict[str, list[ClaimRecord]] = {}
    for record in records:
        found.setdefault(OUTLINE.get(record.section, record.section), []).append(record)
    order = list(dict.fromkeys(OUTLINE.values()))
    headings = sorted(found, key=lambda h: order.index(h) if h in order else len(order))
    return [
        {"anchor": f"part-{k}", "heading": plain(h), "claims": [_claim(r) for r in found[h]]}
        for k, h in enumerate(headings)
    ]


def _claim(record: ClaimRecord) -> dict[str, Any]:
    status = plain(record.scientific_status)
    detail = plain(record.status_detail)
    texts = {
        key: plain(getattr(record, key))
        for key in ("id", "claim", "right_reading", "reason", "review_reason", "left_open")
    }
    return {
        **texts,
        "verdict": record.verdict,
        "review_verdict": record.review_verdict,
        "errs": record.scientific_status not in _RIGHT,
        "status": f"{status}: {detail}" if detail and detail != status else status,
        "references": plain(record.review_references).replace(";", ", "),
        "checks": [_check(check) for check in record.checks],
    }


def _check(check: CheckRecord) -> dict[str, Any]:
    low, high = (number(x) if x is not None else "not reached" for x in check.ci)
    span = "no interval" if check.ci == (None, None) else f"{low} to {high}"
    failed = f"; {check.failed} of {check.sets} not solved" if check.failed else ""
    return {
        "verdict": check.verdict,
        "own": check.reading == "review",
        "title": plain(check.title),
        "what": plain(check.what),
        "figure": effect_figure(check),
        "effect": number(check.effect),
        "range": span,
        "interval": plain(check.interval) + failed,
        "expected": expectation(check.expected),
        "source": plain(check.source),
        "tuned": ", ".join(plain(name) for name in check.tuned),
        "standing": plain(check.standing or "not told"),
    }


def _limits(manifest: dict[str, Any]) -> list[str]:
    return [
        "A verdict is one on the model: supported says that the mechanisms as they stand bring the "
        "claim about, contradicted that they do not. Where a claim that the literature has "
        "settled is contradicted, look for the fault in the model first.",
        "Experiments in dishes, mice and bodies: every parameter that nobody has verified is drawn "
        "log-uniformly over a third of its plausible range (from a third of the way to either "
        f"end), {manifest.get('draws', '?')} sets, independently of each other; the interval holds "
        "the middle 90 % of them and the typical set. Trials: 95 % confidence interval of a trial "
        "of that size with typical drugs and varied patients; all arms treat the same patients.",
        "Independent draws make some tumours that nobody has. Where an experiment has an untreated "
        "control, sets are left out whose control grows or holds CD8 T cells outside what was "
        "measured; the interval says how many.",
        "Typical value outside: the interval reaches into what is expected, the typical value "
        "does not.",
        "What an expectation is worth is told beside it. Fitted: parameters were set so that it "
        "comes out, as their own records say, so agreement is no evidence for the claim. Follows "
        "by construction: no parameter moves it. Too weak: a direction without a size, or limits "
        "ten-fold apart. Only a real test could have failed.",
        "The intervals leave out that the model itself may be wrong.",
    ]
