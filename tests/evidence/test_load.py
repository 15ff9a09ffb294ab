"""Loading: types, messages, look-ups, speed and hash."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from rascade.errors import EvidenceError
from rascade.evidence import Evidence, evidence_hash, load
from rascade.evidence.records import Fact
from rascade.evidence.schema import SCHEMAS


@pytest.mark.parametrize(
    ("file", "row", "field", "bad", "parts"),
    [
        ("drug_facts.csv", "sotorasib.tmax", "value", "one", ("value: 'one' is not a number",)),
        ("drug_facts.csv", "sotorasib.tmax", "low", "1,0", ("low:", "give a number or an empty")),
        ("drug_facts.csv", "sotorasib.tmax", "low", "nan", ("low:", "give a number")),
        ("drug_facts.csv", "sotorasib.tmax", "kind", "numerical", ("kind:", "mean 'numeric'")),
        ("drug_facts.csv", "sotorasib.tmax", "confidence", "sure", ("confidence:", "use one of")),
        ("drug_facts.csv", "sotorasib.tmax", "id", "", ("id: is empty",)),
        ("trials.csv", "mpact.gemcitabine", "n", "430.5", ("n:", "whole number")),
        ("contrasts.csv", "contrast.polo.pfs", "hazard_ratio", "", ("hazard_ratio: is empty",)),
        ("claims.csv", "K11", "status", "overstatd", ("status:", "mean 'overstated'")),
    ],
)
def test_a_wrong_cell_is_named(
    file: str, row: str, field: str, bad: str, parts: tuple[str, ...], edit, folder: Path
) -> None:
    line = edit(file, row, field, bad)
    with pytest.raises(EvidenceError) as caught:
        load(folder)
    message = str(caught.value)
    assert message.startswith(f"{file}:{line}: ")
    for part in parts:
        assert part in message
    assert caught.value.exit_code == 2


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "claims.csv").unlink()
    with pytest.raises(EvidenceError, match=r"claims\.csv: the evidence file is missing"):
        load(folder)
    with pytest.raises(EvidenceError, match=r"claims\.csv"):
        evidence_hash(folder)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("id,subject,quantity", "id,subject,quantitty", "did you mean 'quantity'"),
        ("context,note", "context", "column 'note' is missing"),
        ("id,subject", "subject,id", "out of order"),
    ],
)
def test_a_wrong_header_is_named(before: str, after: str, message: str, folder: Path) -> None:
    path = folder / "biology.csv"
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(EvidenceError, match=message) as caught:
        load(folder)
    assert str(caught.value).startswith("biology.csv:1: ")


def test_a_row_of_wrong_length_is_named(folder: Path) -> None:
    path = folder / "contrasts.csv"
    path.write_text(path.read_text("utf-8") + "a,b,c\n", "utf-8")
    lines = len(path.read_text("utf-8").splitlines())
    with pytest.raises(EvidenceError, match=rf"contrasts\.csv:{lines}: 3 cells") as caught:
        load(folder)
    assert "quotation marks" in str(caught.value)


def test_a_file_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "drugs.csv").write_bytes(b"name,\xff\n")
    with pytest.raises(EvidenceError, match=r"drugs\.csv: cannot be read as UTF-8"):
        load(folder)


def test_everything_of_the_source_tables_is_there(evidence: Evidence) -> None:
    # 573, and what capecitabine, liposomal irinotecan and folinic acid brought, and the drugs of
    # published arms: 6 of second members of classes, 17 of inhibitors
    # of EGFR, 25 of RAF/MEK clamp, FAK, PARP and docetaxel.
    assert len(evidence.drug_facts) == 573 + 17 + 6 + 17 + 25
    assert len(evidence.trials) == 115 + 6
    assert len(evidence.adverse_events) == 181
    assert len(evidence.claims) == 105
    assert len(evidence.ras_kinetics) == 57
    assert len(evidence.io_parameters) == 281
    assert len(evidence.cell_rows) == 652 + 19
    # One row more for each allele of a 4-part count, and four found since for MEK inhibitors.
    assert len(evidence.biology) == 176 + 4 + 4
    assert len(evidence.calibration_targets) == 20 + 11  # targets of several numbers are parted


def test_records_know_where_they_stand(evidence: Evidence, folder: Path) -> None:
    fact = evidence.fact("daraxonrasib.half_life")
    line = (folder / fact.file).read_text("utf-8").splitlines()[fact.line - 1]
    assert line.startswith("daraxonrasib.half_life,")
    with pytest.raises(dataclasses.FrozenInstanceError):
        fact.unit = "day"  # type: ignore[misc]


def test_values_are_typed(evidence: Evidence) -> None:
    assert evidence.fact("daraxonrasib.half_life").number == 9.2
    text = evidence.fact("sotorasib.MTD")
    assert isinstance(text.value, str)
    with pytest.raises(EvidenceError, match="is a text"):
        _ = text.number
    formula = evidence.fact("daraxonrasib.blood_plasma_binding")
    assert formula.kind == "formula"
    assert formula.unit == "ratio"


@pytest.mark.parametrize("name", ["daraxonrasib", "RMC-6236", "rmc6236", "Rmc 6236"])
def test_a_drug_answers_to_its_names(name: str, evidence: Evidence) -> None:
    assert evidence.drug(name).name == "daraxonrasib"


def test_wrong_names_offer_near_ones(evidence: Evidence) -> None:
    with pytest.raises(EvidenceError, match="did you mean 'sotorasib'"):
        evidence.drug("sotorasip")
    with pytest.raises(EvidenceError, match="did you mean 'half_life'"):
        evidence.drug("sotorasib").fact("halflife")
    with pytest.raises(EvidenceError, match=r"did you mean 'mpact\.gemcitabine'"):
        evidence.trial("mpact.gemcitabin")
    with pytest.raises(EvidenceError, match="no citation"):
        evidence.citation("PMID:0")
    with pytest.raises(EvidenceError, match="no claim 'Z9'"):
        evidence.claim("Z9")
    with pytest.raises(EvidenceError, match="no evidence item"):
        evidence.record("qqqqqqqq")
    with pytest.raises(EvidenceError, match="no fact"):
        evidence.fact("mpact.gemcitabine")


def test_a_citation_answers_to_each_identifier(evidence: Evidence) -> None:
    paper = evidence.citation("PMID:42223072")
    assert evidence.citation("doi:10.1056/NEJMoa2605555") is paper
    assert evidence.citation("10.1056/nejmoa2605555") is paper
    assert evidence.record("42223072") is paper


def test_cells_carry_their_own_confidence(evidence: Evidence) -> None:
    arm = evidence.trial("napoli-3.nalirifox")
    assert arm.confidence == "verified"
    assert arm.cells["os_median_months"] == "verified"
    assert arm.cells["dcr_pct"] == "recalled"


def test_loading_is_quick_and_kept() -> None:
    """Processor time in a process of its own, so that neither coverage nor neighbours count."""
    assert load() is load()
    code = (
        "import time; from rascade.evidence.load import DATA, load\n"
        "taken = []\n"
        "for _ in range(5):\n"
        "    start = time.process_time(); load(DATA); taken.append(time.process_time() - start)\n"
        "print(min(taken))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 0.15


def test_loading_needs_no_pandas_and_no_pint() -> None:
    code = (
        "import sys; from rascade.evidence import load; load();"
        "print([m for m in ('pandas', 'numpy', 'pint', 'rich') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_hash_changes_with_every_file(folder: Path) -> None:
    before = evidence_hash(folder)
    assert before == evidence_hash()
    assert len(before) == 64
    for name in SCHEMAS:
        path = folder / name
        kept = path.read_bytes()
        path.write_bytes(kept + b"\n")
        assert evidence_hash(folder) != before
        path.write_bytes(kept)
    assert evidence_hash(folder) == before


def test_every_fact_is_of_its_drug(evidence: Evidence) -> None:
    placed = [fact for drug in evidence.registry for fact in drug.facts]
    assert len(placed) == len(evidence.drug_facts)
    assert all(isinstance(fact, Fact) for fact in placed)
