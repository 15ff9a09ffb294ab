"""Pages and figures of facts and identifiability are made of their records and nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from rascade.errors import InputError
from rascade.report.figures.studied.facts import expected_text
from rascade.report.look.canvas import WIDTH, text_width
from rascade.report.pages.facts import check_rows, fact_figures, read_facts, write_facts_report
from rascade.report.pages.identifiability import (
    identifiability_figures,
    lead,
    parameter_rows,
    write_identifiability_report,
)
from rascade.trial.results.records.codec import to_json

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.fixture(scope="module")
def facts():
    return read_facts(RESULTS / "facts.json")


@pytest.fixture(scope="module")
def ident():
    return json.loads((RESULTS / "identifiability.json").read_text(encoding="utf-8"))


def test_every_fact_has_its_figure_and_the_same_one_each_time(facts) -> None:
    some = [r for r in facts if r.id in ("g12c-rebound", "raf-paradox", "muc4-xenograft")]
    first, second = fact_figures(some), fact_figures(some)
    assert set(first) == {r.id for r in some}
    for name, figure in first.items():
        assert figure.svg == second[name].svg and "<svg" in figure.svg
        assert "expected" in figure.alt


def test_a_caption_names_no_mark_that_is_not_drawn(facts) -> None:
    from rascade.report.figures.studied.facts import _caption

    record = next(r for r in facts if r.kind == "dish")
    bare = tuple(replace(c, ci=(None, None), published=None) for c in record.checks)
    assert _caption(replace(record, checks=bare)) == (
        "Green: what is expected; line or dot: the model with typical parameters."
    )
    record = replace(record, checks=(replace(bare[0], ci=(0.1, 0.2), published=0.2), *bare[1:]))
    assert "diamond: published value" in _caption(record)
    assert "bar: middle 90 % of drawn parameter sets" in _caption(record)
    assert "bar: 95 % confidence interval" in _caption(replace(record, kind="trial"))


def test_titles_are_not_cut(facts) -> None:
    for record in facts:
        assert text_width(record.statement, 9, "bold") < WIDTH - 0.12, record.id


def test_a_fact_without_panels_or_numbers_is_drawn_too(facts) -> None:
    empty = replace(facts[0].checks[0], effect=None, holds=False, expected=(None, 2.0))
    record = replace(facts[0], panels=(), checks=(empty, *facts[0].checks[1:]))
    figure = fact_figures([record])[record.id]
    assert "<svg" in figure.svg
    assert check_rows(record)[0][3:5] == ("", "no")


def test_expectations_in_words(facts) -> None:
    for limits, text in (
        ((None, 0.2), "at most 0.2"),
        ((1.001, None), "at least 1.001"),
        ((0.3, 0.8), "0.3 to 0.8"),
    ):
        assert expected_text(replace(facts[0].checks[0], expected=limits)) == text


def test_the_page_of_facts(facts, tmp_path: Path) -> None:
    record = to_json(facts[0])
    record["statement"] = "<script>alert(1)</script>"
    record["checks"][0]["holds"] = record["holds"] = False
    (tmp_path / "facts.json").write_text(json.dumps([record]), encoding="utf-8")
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": "facts"}), encoding="utf-8")
    page = write_facts_report(tmp_path).read_text(encoding="utf-8")
    assert (
        page.count("<script>") == 1
        and "<script>alert" not in page
        and "does not hold" in page
        and "0 of 1 facts hold" in page
    )
    (tmp_path / "facts.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not a list of facts"):
        write_facts_report(tmp_path)
    (tmp_path / "facts.json").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        write_facts_report(tmp_path)


def test_figures_of_identifiability(ident) -> None:
    first, second = identifiability_figures(ident), identifiability_figures(ident)
    assert [f.name for f in first] == ["parameters", "spectrum", "correlation", "profiles"]
    assert [f.svg for f in first] == [f.svg for f in second]
    few = {**ident, "profiles": [], "correlation": {"names": [], "values": []}}
    assert [f.name for f in identifiability_figures(few)] == ["parameters", "spectrum"]


def test_folds_are_those_of_the_standard_deviations(ident) -> None:
    rows = parameter_rows(ident)
    assert len(rows) == len(ident["parameters"])
    first = ident["parameters"][0]
    assert float(rows[0][1]) == pytest.approx(math.exp(1.96 * first["prior_sd"]), rel=0.01)
    assert f"{ident['identified']} directions" in lead(ident)
    assert rows[-1][6] == "nothing" or "%" in rows[-1][6]


def test_the_page_of_identifiability(ident, tmp_path: Path) -> None:
    (tmp_path / "identifiability.json").write_text(json.dumps(ident), encoding="utf-8")
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    page = write_identifiability_report(tmp_path).read_text(encoding="utf-8")
    for name in ident["groups"][0]:
        assert name in page
    (tmp_path / "identifiability.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no identifiability"):
        write_identifiability_report(tmp_path)
