"""What people wrote: links resolve, words are explained, quoted numbers are those of a real run."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def texts() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


@pytest.fixture(scope="module")
def builder() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(DOCS))
    try:
        yield {name: importlib.import_module(name) for name in ("build", "builder.results")}
    finally:
        sys.path.remove(str(DOCS))


def prose(path: Path) -> str:
    """Return a text without its blocks of code."""
    return re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    kept = ("".join(c for c in h.lower() if c.isalnum() or c in " -_") for h in headings)
    return {text.replace(" ", "-") for text in kept}


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(path: Path) -> None:
    broken = []
    for found in LINK.finditer(prose(path)):
        target, _, place = (found.group(1) or found.group(2)).partition("#")
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (place and place not in anchors(file)):
            broken.append(found.group())
    assert not broken


def test_every_page_can_be_reached_from_the_index_or_readme() -> None:
    seen, wanted = set(), [DOCS / "index.md", ROOT / "README.md"]
    while wanted:
        path = wanted.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        for found in LINK.finditer(prose(path)):
            target = (found.group(1) or found.group(2)).partition("#")[0]
            if target and not target.startswith("http"):
                wanted.append((path.parent / target).resolve())
    lost = {path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md")} - {
        path.relative_to(ROOT).as_posix() for path in seen
    }
    assert not lost, f"no link leads to {lost}"


def test_the_glossary_explains_the_words_of_the_product() -> None:
    words = {
        line.split("|")[1].strip()
        for line in (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    }
    explained = {part.strip().removesuffix(" p") for word in words for part in word.split(",")}
    asked = """arm oral subject claim cohort cycle mechanism model order regimen protocol visit
        study source
        ORR DCR PFS OS HR CI CR PR SD PD NE RECIST SLD ECOG CTCAE pERK pAKT pMEK RAS-GTP MDSC CD8
        MHC-I PD-1 PD-L1 PDAC DUSP SPRY RTK tri-complex SBML INN BSA KD PO IV QD BID KM NCT
        verified derived recalled assumed fitted"""
    missing = [word for word in asked.split() if word not in explained]
    phrases = ("steady state", "virtual patient", "parameter table", "evidence item")
    missing += [phrase for phrase in phrases if phrase not in words]
    assert not missing


def test_the_glossary_explains_every_confidence_word() -> None:
    from rascade.model import load_table

    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    section = text.split("## Confidence", 1)[1].split("\n## ", 1)[0]
    for word in {row.confidence for row in load_table().values()}:
        assert f"| {word} |" in section


def test_tables_and_numbers_of_the_texts_are_those_of_the_kept_results(
    builder: dict[str, Any],
) -> None:
    build = builder["build"]
    for name in build.TEXTS:
        text = (DOCS / name).read_text(encoding="utf-8")
        assert build.fill(text) == text, f"run make docs: {name}"
        assert "<!-- table:" in text


def test_a_number_in_a_sentence_is_filled_in(
    builder: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    build = builder["build"]
    monkeypatch.setitem(build.VALUES, "ratio", lambda: "0.5")
    stale = "The ratio is <!-- value: ratio -->0.7<!-- end -->, and 0.7 elsewhere."
    assert build.fill(stale) == stale.replace("->0.7", "->0.5")
    for name, make in build.VALUES.items():
        assert any(character.isdigit() for character in make()), name


def test_the_kept_results_are_of_the_model_as_it_is(
    builder: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RASCADE_ENSEMBLE", raising=False)  # the package's own population
    results = builder["builder.results"]
    for name in results.STUDIES:
        kept = results.read_result(name)["model_hash"]
        assert kept == results.current_model_hash(name), (
            f"{name}: the model has changed since the texts were written; "
            "run docs/build.py --run, look at the picture, and read README and calibration again"
        )


def cells(table: str) -> list[list[str]]:
    """Return the rows of a table that is made, without its head."""
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_the_tables_of_facts_say_what_misses_its_limits(builder: dict[str, Any]) -> None:
    tables = builder["build"].TABLES
    kept = json.loads((DOCS / "results" / "facts.json").read_text(encoding="utf-8"))
    failing = [(r["id"], c["what"]) for r in kept for c in r["checks"] if not c["holds"]]
    told = [(row[0][1:].partition("]")[0], row[1]) for row in cells(tables["facts-missed"]())]
    assert told == failing
    # Bold in the table of dishes is what misses its limits, and nothing else.
    dish = {r["id"] for r in kept if r["subject"] == "signalling"}
    missed = sum(name in dish for name, _ in failing)
    assert tables["facts-dish"]().count("**") == 2 * missed


def test_a_table_without_a_miss_says_so(
    builder: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = importlib.import_module("builder.facts_page")
    monkeypatch.setattr(page, "kept_facts", list)
    assert page.missed_table() == "All of them hold."


def test_potencies_that_were_set_are_those_that_the_table_of_parameters_calls_fitted(
    builder: dict[str, Any],
) -> None:
    from rascade.model import load_table

    fitted = {
        row.name.partition(".")[0]
        for row in load_table().values()
        if row.fitted == "published cellular potency"
    }
    rows = cells(builder["build"].TABLES["facts-potency"]())
    assert len(rows) == 11
    for drug, _, published, model, set_to_it in rows:
        assert (set_to_it == "yes") == (drug in fitted), drug
        assert 1 / 3 <= float(model) / float(published) <= 3


def test_the_picture_is_there_and_small() -> None:
    picture = DOCS / "images" / "rasolute-302.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert 30_000 < picture.stat().st_size < 300_000


def test_the_citation_file_is_valid_and_of_this_version() -> None:
    import yaml

    from rascade import __version__

    facts = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= facts.keys()
    assert facts["cff-version"] == "1.2.0"
    assert str(facts["version"]) == __version__
    assert facts["license"] == "Apache-2.0"


def test_the_changelog_has_its_headings() -> None:
    from rascade import __version__

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "### Results that change" in text
    assert f"## [{__version__}]" in text


@pytest.mark.slow
def test_the_kept_results_come_out_again(
    builder: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rascade.studies import load
    from rascade.studies.running.trial import run_trial

    monkeypatch.delenv("RASCADE_ENSEMBLE", raising=False)  # the pages are of the package's own
    result = run_trial(load(ROOT / "studies" / "rasolute-302.yaml"), tmp_path / "out", threads=2)
    kept = builder["builder.results"].read_result("rasolute-302")
    now = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert result.summary["arms"] == now["arms"]
    for arm, before in zip(now["arms"], kept["arms"], strict=True):
        for name in ("orr_pct", "pfs_median_months", "os_median_months"):
            # Another processor may round a step otherwise, and move a patient or two.
            assert arm[name] == pytest.approx(before[name], rel=0.03)
