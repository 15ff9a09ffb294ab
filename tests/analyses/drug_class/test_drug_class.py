"""A drug beside its class: what it holds of its target, and who its peers are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rascade.analyses.drug_class.records import (
    engagement_of,
    peers,
    regimen_of,
    usual_orders,
    usual_regimen,
)
from rascade.analyses.drug_class.run import drug_class
from rascade.cli.main import main
from rascade.errors import InputError, UnsupportedFeature
from rascade.evidence import load
from rascade.model import known_drugs
from rascade.model.own import parse_own_drug
from rascade.own_drugs import forget, own_drugs, use

WEAK = """\
name = "weakrasib"
like = "sotorasib"
[numbers]
kinact_over_KI = { value = 99, unit = "1/(M*s)", source = "assumed: a hundredth of sotorasib" }
"""


@pytest.fixture(scope="module", autouse=True)
def weak() -> Iterator[None]:
    use(parse_own_drug(WEAK, "weak.toml"))
    yield
    for name in list(own_drugs()):
        forget(name)


@pytest.fixture(scope="module")
def record() -> Iterator[dict[str, Any]]:
    """Two drugs of the class: each more makes the model larger, and the test longer."""
    import rascade.analyses.drug_class.run as made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "peers", lambda drug: ("sotorasib",))
        yield drug_class("weakrasib", patients=0)


def test_an_own_drug_stands_beside_its_class(record: dict[str, Any]) -> None:
    courses = {course["drug"]: course for course in record["courses"]}
    assert next(iter(courses)) == "weakrasib" and courses["weakrasib"]["own"]
    assert {"sotorasib", "adagrasib", "divarasib", "olomorasib"} == set(peers("weakrasib"))
    assert courses["weakrasib"]["orders"] == "weakrasib 960 mg PO QD"
    assert record["like"] == "sotorasib" and record["allele"] == "G12C"
    held, known = (min(courses[drug]["held_pct"]) for drug in ("weakrasib", "sotorasib"))
    assert 0 < held < 0.9 * known <= 90.0
    perk = [max(courses[drug]["perk_pct"]) for drug in ("weakrasib", "sotorasib")]
    assert perk[0] > perk[1]
    # The same kinetics: only the potency is another.
    assert courses["weakrasib"]["plasma_nM"] == courses["sotorasib"]["plasma_nM"]
    assert len(courses["weakrasib"]["hours"]) == 25


@pytest.mark.slow
def test_on_another_allele_nothing_is_held() -> None:
    found = drug_class("sotorasib", allele="G12D", patients=0)
    assert all(max(course["held_pct"]) < 1e-6 for course in found["courses"])


@pytest.mark.parametrize("drug", usual_orders())
def test_usual_orders_are_those_of_the_evidence(drug: str) -> None:
    order = usual_regimen(drug).orders[0]
    fact = load().drug(drug).fact("dose")
    assert (order.dose.value, order.dose.unit) == (fact.number, fact.unit)
    assert drug in known_drugs() and engagement_of(drug).held


def test_every_class_reads_symbols_that_the_model_has() -> None:
    from rascade.analyses.drug_class.courses import _Read
    from rascade.analyses.drug_class.records import _engagements
    from rascade.model import assemble

    first = {engagement_of(drug).mechanism: drug for drug in usual_orders()}
    assert set(first) >= set(_engagements()) - {
        "kras_g12d_noncovalent", "sos1_inhibitor", "akt_inhibitor", "anti_ctla4", "anti_lag3"
    }  # fmt: skip
    extra = {"MRTX1133", "BI-3406", "MK-2206", "ipilimumab", "relatlimab"}
    assembly = assemble(tuple({*first.values(), *extra}))
    for drug in {*first.values(), *extra}:
        assert all(s in assembly.composition.symbols for s in _Read(assembly, drug).symbols)


def test_who_holds_no_target_has_no_class() -> None:
    with pytest.raises(UnsupportedFeature, match="gemcitabine holds no target in the model"):
        peers("gemcitabine")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"allele": "G12X"}, "--allele: the model has no KRAS allele 'G12X'"),
        ({"patients": -1}, "--patients: -1"),
        ({"orders": "adagrasib 600 mg PO BID"}, "--regimen: must be orders of sotorasib alone"),
    ],
)
def test_what_is_wrong_is_told(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        drug_class("sotorasib", **keys)


def test_a_drug_without_a_usual_dose_asks_for_one() -> None:
    with pytest.raises(InputError, match="no usual dose of MRTX1133 is stored; write one"):
        regimen_of("MRTX1133", None)


def test_the_page_and_its_figure(
    record: dict[str, Any], tmp_path: Path, monkeypatch, capsys
) -> None:
    """The verb, without simulating again; responses as a trial would bring them."""
    import rascade.analyses.drug_class.run as made

    rows = [
        {"factor": f, "n": 10, "orr_pct": 10.0, "orr_ci": [0.3, 44.5], "best_change_pct": -5.0}
        for f in (0.125, 1.0, 8.0)
    ]
    monkeypatch.setattr(made, "drug_class", lambda *_, **__: {**record, "responses": rows})
    assert main(["drugs", "class", "weakrasib", "--out", str(tmp_path / "out")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "weakrasib (own)" in out and "potency x 8: 10 % of 10 respond" in out
    page = (tmp_path / "out" / "class.html").read_text()
    assert "weakrasib beside its class" in page and "Responses by potency" in page
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["drugs"][0]["name"] == "weakrasib" and manifest["research_use"]


@pytest.mark.slow
def test_responses_rise_with_potency() -> None:
    from rascade.analyses.drug_class.response import response_by_potency

    rows = response_by_potency("weakrasib", regimen_of("weakrasib", None), "G12C", patients=6)
    change = [row["best_change_pct"] for row in rows]
    assert change[-1] < change[0] and all(row["n"] == 6 for row in rows)
