import pytest

from rascade.errors import ParameterError
from rascade.evidence import load
from rascade.model import load_table, parse_table
from rascade.model.sources import PREFIXES, check_confidence, check_sources, parse_source
from rascade.model.table import COLUMNS


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("PMID:26037647", ("PMID:26037647",)),
        (
            "doi:10.1126/science.1144642; PMID:9585556",
            ("DOI:10.1126/science.1144642", "PMID:9585556"),
        ),
        ("DOI:10.1016/S0140-6736(15)00986-1", ("DOI:10.1016/S0140-6736(15)00986-1",)),
        ("pub.raf-k2; REF:mitra-2019 (type I; 20 per uM)", ("pub.raf-k2", "REF:mitra-2019")),
        ("PMID:1 (a; b); PMID:2 (c; d)", ("PMID:1", "PMID:2")),
        ("MK-2206.biochemical_IC50", ("MK-2206.biochemical_IC50",)),
        ("S11 (1.3 to 3 fold); CT17", ("S11", "CT17")),
    ],
)
def test_cited_sources_are_taken_apart(text: str, ids: tuple[str, ...]) -> None:
    found = parse_source(text)
    assert (found.kind, found.ids) == ("cited", ids)


def test_worded_sources_keep_their_words() -> None:
    assert parse_source("assumed: PDAC is poorly infiltrated", "assumed").text == (
        "PDAC is poorly infiltrated"
    )
    assert parse_source("definition: wild type", "definition").kind == "definition"
    assert parse_source("definition: a unit; range of pub.target-mdsc (x), doi:10.1/a").ids == (
        "pub.target-mdsc",
        "DOI:10.1/a",
    )
    assert parse_source("calibration: CT01; CT03 (and the spread)", "fitted").ids == (
        "CT01",
        "CT03",
    )


@pytest.mark.parametrize(
    ("text", "confidence", "says"),
    [
        ("", "", "empty"),
        ("   ", "", "empty"),
        ("reasoned: minutes", "assumed", r"'reasoned: minutes' is not an identifier.*assumed:"),
        ("Fujioka 2006", "recalled", "not an identifier"),
        ("label:LUMAKRAS", "verified", "not an identifier"),
        ("PMID:1 about as much", "verified", "not an identifier"),
        ("PMID:1; ", "verified", "not an identifier"),
        ("evidence", "derived", "not an identifier"),
        ("assumed: ", "assumed", "says nothing"),
        ("assumed: hours", "verified", "does not go with confidence 'verified'"),
        ("prior: hours", "derived", "does not go with confidence 'derived'"),
        ("calibration: by hand", "fitted", "not an identifier|not a calibration target"),
        ("calibration: PMID:1", "fitted", "'PMID:1' is not a calibration target"),
        ("calibration: CT01", "assumed", "does not go with confidence"),
        ("definition: wild type", "assumed", "'definition' does not go with confidence 'assumed'"),
        ("definition: wild type", "verified", "'definition' does not go with"),
        ("PMID:26037647", "definition", "a definition is words"),
        ("prior: hours", "secondary", "does not go with confidence 'secondary'"),
    ],
)
def test_loose_sources_are_refused(text: str, confidence: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        parse_source(text, confidence)


def test_a_bad_source_is_named_with_line_and_field() -> None:
    line = "k_x,2,1/h,1,3,fixed,,,reasoned: hours,assumed,What"
    with pytest.raises(ParameterError, match=r"t\.csv:2: k_x: source: 'reasoned: hours' is not"):
        parse_table("\n".join([",".join(COLUMNS), line, ""]), "t.csv")


def test_the_evidence_is_asked_for_every_identifier() -> None:
    rows = [
        ("t.csv", 2, "good", "doi:10.1126/science.1144642; pub.raf-k2; S11; CT17"),
        ("t.csv", 3, "none", "assumed: hours"),
        ("t.csv", 4, "bad", "PMID:26037647; PMID:99999999"),
        ("t.csv", 5, "worse", "by hand"),
    ]
    found = check_sources(rows, load())
    assert [(problem.line, problem.field) for problem in found] == [(4, "source"), (5, "source")]
    assert "bad: no evidence item 'PMID:99999999'" in str(found[0])


def test_prefixes_and_confidence_of_the_table_agree() -> None:
    for row in load_table().values():
        kind = parse_source(row.source, row.confidence).kind
        assert kind in {*PREFIXES, "cited"}
        if row.confidence in {"verified", "secondary", "recalled"}:
            assert kind in {"cited", "prior"}, row.name
        if row.confidence == "definition":
            assert kind == "definition", row.name
        if kind == "definition":
            assert row.confidence in {"definition", "derived", "fitted"}, row.name


@pytest.mark.parametrize(
    ("source", "confidence", "best"),
    [
        ("pub.macrophage-death", "verified", "secondary"),
        # A citation beside a record does not make it better.
        ("pub.protein-decay-dusp; REF:marm2; REF:mcb-2005-25-854", "verified", "secondary"),
        ("cobimetinib.biochemical_IC50; REF:hoeflich-2012", "derived", "recalled"),
        ("cobimetinib.biochemical_IC50", "secondary", "recalled"),
        ("daraxonrasib.ka", "secondary", "derived"),
        # The best of several counts.
        ("pub.macrophage-death; daraxonrasib.dose", "verified", None),
        ("pub.macrophage-death", "secondary", None),
        ("pub.macrophage-death", "derived", None),
        ("daraxonrasib.ka", "derived", None),
        ("cobimetinib.biochemical_IC50", "recalled", None),
        ("cobimetinib.biochemical_IC50", "fitted", None),
        ("cobimetinib.biochemical_IC50", "assumed", None),
        ("PMID:26037647", "verified", None),
        ("definition: a unit; range of pub.target-mdsc", "definition", None),
    ],
)
def test_a_number_is_no_more_certain_than_its_best_source(
    source: str, confidence: str, best: str | None
) -> None:
    found = check_confidence([("t.csv", 7, "x", source, confidence)], load())
    told = [(problem.line, problem.field, str(problem).rpartition(" ")[2]) for problem in found]
    assert told == ([] if best is None else [(7, "confidence", repr(best))])


def test_the_check_of_the_model_enforces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from rascade.trial.results.published import numbers

    assert numbers.check_numbers(load())[1] == []
    rows = numbers._rows

    def claimed(package: str, file: str):
        for line, row in rows(package, file):
            named = row.get("name") == "k_macrophage_death"
            yield line, row | ({"confidence": "verified"} if named else {})

    monkeypatch.setattr(numbers, "_rows", claimed)
    (problem,) = numbers.check_numbers(load())[1]
    assert "k_macrophage_death: 'verified', but the best of its sources is 'secondary'" in str(
        problem
    )
