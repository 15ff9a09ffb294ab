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
    asked = """arm claim cohort cycle mechanism model order regimen protocol visit study source
        ORR DCR PFS OS HR CI CR PR SD PD NE RECIST SLD ECOG CTCAE pERK pAKT pMEK RAS-GTP MDSC CD8
        MHC-I PD-1 PD-L1 PDAC DUSP SPRY RTK tri-complex SBML INN BSA KD PO IV QD BID KM NCT
        verified derived recalled assumed fitted"""
    missing = [word for word in asked.split() if word not in explained]
    missing += [
        w for w in ("virtual patient", "parameter table", "evidence item") if w not in words
    ]
    assert not missing


def test_the_glossary_explains_every_confidence_word() -> None:
    from rascade.model import load_table

    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    section = text.split("## Confidence", 1)[1].split("\n## ", 1)[0]
    for word in {row.confidence for row in load_table().values()}:
        assert f"| {word} |" in section


def test_the_tables_of_the_texts_are_those_of_the_kept_results(builder: dict[str, Any]) -> None:
    build = builder["build"]
    for name in build.TEXTS:
        text = (DOCS / name).read_text(encoding="utf-8")
        assert build.fill(text) == text, f"run make docs: {name}"
        assert "<!-- table:" in text


def test_the_kept_results_are_of_the_model_as_it_is(builder: dict[str, Any]) -> None:
    results = builder["builder.results"]
    for name in results.STUDIES:
        kept = results.read_result(name)["model_hash"]
        assert kept == results.current_model_hash(name), (
            f"{name}: the model has changed since the texts were written; "
            "run docs/build.py --run, look at the picture, and read README and calibration again"
        )


def test_what_the_readme_says_of_its_table_is_so(builder: dict[str, Any]) -> None:
    result = builder["builder.results"].read_result("rasolute-302")
    # "The survival benefit is too small ... 0.40 was published, below the simulated interval"
    ratio, low = result["contrasts"][0]["os_hr"], result["contrasts"][0]["os_hr_ci"][0]
    assert 0.40 < low < ratio < 1
    for path in (ROOT / "README.md", DOCS / "explanation" / "calibration.md"):
        text = " ".join(prose(path).split())
        assert re.search(rf"hazard ratio for death(\*\*)? is {ratio:.2f}\b", text), path
    # "Medians of PFS fall on scans"
    for arm in result["arms"]:
        weeks = arm["pfs_median_months"] * 30.4375 / 7
        assert weeks == pytest.approx(8 * round(weeks / 8), abs=1e-3)
    roles = {(row["arm"], row["endpoint"]): row["use"] for row in result["published"]}
    assert sorted(key for key, use in roles.items() if use != "calibrate") == [
        ("daraxonrasib", "os")
    ]


def test_what_the_texts_say_of_g12c_is_so(builder: dict[str, Any]) -> None:
    table = builder["build"].TABLES["kras-g12c"]()
    # "six results ... lie inside the published intervals; sotorasib's were targets"
    assert (table.count("| yes |"), table.count("**no**")) == (6, 0)
    assert table.count("not fitted") == 3
    read = builder["builder.results"].read_result
    alone, pair = read("codebreak-100-pdac"), read("krystal-1-pdac")
    published = {(p["arm"], p["endpoint"]): p for r in (alone, pair) for p in r["published"]}
    arms = {arm["name"]: arm for arm in (pair["arms"][1], alone["arms"][0], pair["arms"][0])}
    for drug in ("sotorasib", "adagrasib"):  # "Responses are rarer than the published values"
        assert arms[drug]["orr_pct"] < published[drug, "orr"]["value"]
    text = " ".join(prose(DOCS / "explanation/calibration.md").split())
    contrast = pair["contrasts"][0]
    low, high = contrast["pfs_hr_ci"]
    for quoted in (
        f"there {pair['arms'][1]['orr_pct']:.1f} % respond to sotorasib",
        f"against {alone['arms'][0]['orr_pct']:.0f} % in its own study",
        f"adagrasib {contrast['pfs_hr']:.2f}, {low:.2f} to {high:.2f}",
    ):
        assert quoted in text


def test_the_shares_and_counts_that_the_readme_names_are_so() -> None:
    from rascade.model import assemble, known_drugs, load_table

    text = prose(ROOT / "README.md")
    table = load_table()
    assumed = sum(row.confidence == "assumed" for row in table.values()) / len(table)
    assert "more than half are assumptions" in text and 0.5 < assumed < 0.7
    assert f"[{len(known_drugs())} simulated]" in text
    assert f"has {len(assemble(['daraxonrasib']).system.states)} states" in text
    # "for N of them human pharmacokinetics are a prior", which the model's page names
    prior = [
        name
        for name in known_drugs()
        if all(
            table[row].confidence in ("assumed", "definition")
            for key in ("CL", "V", "Vc", "ka", "Vp", "Q", "Vmax_elimination", "fraction_unbound")
            if (row := f"{name}.{key}") in table
        )
    ]
    page = prose(DOCS / "explanation/model.md")
    named = page.split("**Priors.**", 1)[1].split("For dabrafenib", 1)[0]
    assert f"For {len(prior)} of them" in text
    assert [name for name in prior if name not in named] == []
    assert [name for name in known_drugs() if name in named and name not in prior] == []


def test_what_the_model_page_says_of_fitted_potencies_is_so() -> None:
    from rascade.model import load_table

    page = (DOCS / "explanation/model.md").read_text(encoding="utf-8")
    rows = page.split("| set to it? |", 1)[1].split("<!-- end -->", 1)[0].splitlines()[2:]
    fitted = {
        row.name.partition(".")[0]
        for row in load_table().values()
        if row.fitted == "published cellular potency"
    }
    assert len(rows) == 11
    for row in rows:
        drug, _, published, model, set_to_it = (cell.strip() for cell in row.strip("|").split("|"))
        assert (set_to_it == "yes") == (drug in fitted), drug
        assert 1 / 3 <= float(model) / float(published) <= 3


def test_what_the_model_page_calls_not_holding_does_not(builder: dict[str, Any]) -> None:
    kept = json.loads((DOCS / "results" / "facts.json").read_text(encoding="utf-8"))
    page = (DOCS / "explanation/model.md").read_text(encoding="utf-8")
    said = page.split("## What holds of the immune system", 1)[1].split("\n## ", 1)[0]
    missed = {record["id"] for record in kept if not record["holds"]}
    assert missed == set(re.findall(r"\]\(\.\./reference/facts\.md#([\w-]+)\)", said)) - {"immune"}
    # Bold in the table is what misses its limits, and nothing else.
    dish = [r for r in kept if r["subject"] == "signalling"]
    failing = [c for r in dish for c in r["checks"] if not c["holds"]]
    assert builder["build"].TABLES["facts-dish"]().count("**") == 2 * len(failing)


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


def test_what_the_model_page_says_of_cytotoxics_in_a_dish_is_so() -> None:
    kept = json.loads((DOCS / "results" / "facts.json").read_text(encoding="utf-8"))
    (fact,) = (record for record in kept if record["id"] == "cytotoxics-kill")
    (half,) = (c["effect"] for c in fact["checks"] if c["what"].startswith("gemcitabine"))
    page = " ".join(prose(DOCS / "explanation" / "model.md").split())
    assert f"gemcitabine halves G12D cells at {half:.0f} nM in 72 hours" in page


@pytest.mark.slow
def test_the_kept_results_come_out_again(builder: dict[str, Any], tmp_path: Path) -> None:
    from rascade.studies import load
    from rascade.studies.trial import run_trial

    result = run_trial(load(ROOT / "studies" / "rasolute-302.yaml"), tmp_path / "out", threads=2)
    kept = builder["builder.results"].read_result("rasolute-302")
    now = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert result.summary["arms"] == now["arms"]
    for arm, before in zip(now["arms"], kept["arms"], strict=True):
        for name in ("orr_pct", "pfs_median_months", "os_median_months"):
            # Another processor may round a step otherwise, and move a patient or two.
            assert arm[name] == pytest.approx(before[name], rel=0.03)
