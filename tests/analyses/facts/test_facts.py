"""Facts: checked records, experiments that share simulations, results that are computed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rascade.analyses.facts.groups import groups
from rascade.analyses.facts.panels import mark, readings
from rascade.analyses.facts.records import HELD_OUT, find_facts, load_facts, parse_facts
from rascade.analyses.facts.run import _Runner, run_facts
from rascade.analyses.facts.tables import describe, records
from rascade.errors import EvidenceError
from rascade.evidence import load
from rascade.model import load_table
from rascade.model.sources import parse_source

GOOD = """
[[fact]]
id = "x"
statement = "Something is so."
source = "K10"
kind = "dish"
hours = [1, 4]
[fact.conditions]
a = { allele = "G12D", drugs = { trametinib = 10 } }
b = { allele = "G12D", drugs = { trametinib = { low = 0.1, high = 100, per_decade = 2 } } }
m = { allele = "G12D", matrix = true, drugs = { trametinib = [0, 1, 10], alpelisib = [0, 100] } }
[[fact.checks]]
what = "x"
effect = "rel(pERK, a, 4)"
high = 1.0
[[fact.checks]]
what = "y"
effect = "ic50(pERK, b, 4)"
published = "trametinib.cell_pERK_IC50"
fold = 3
[[fact.panels]]
readout = "pERK"
conditions = ["a"]
"""


def test_a_fact_is_read() -> None:
    (fact,) = parse_facts(GOOD, "x.toml")
    assert (fact.id, fact.subject) == ("x", "x")
    a, b, m = fact.experiment.conditions
    assert a.members == 1 and b.members == 7 and m.members == 6
    assert b.drugs["trametinib"] == pytest.approx(np.geomspace(0.1, 100, 7))
    assert m.drugs == {"trametinib": (0, 0, 1, 1, 10, 10), "alpelisib": (0, 100) * 3}
    potency = fact.checks[1]
    assert (potency.low, potency.high, potency.value) == (pytest.approx(1 / 3), 3.0, 1.0)


def test_every_problem_of_a_fact_is_told_with_its_line() -> None:
    wrong = GOOD.replace('"dish"', '"bowl"').replace("fold = 3", "fold = 3\nfoold = 3")
    with pytest.raises(EvidenceError) as caught:
        parse_facts(wrong, "x.toml")
    assert [line.split("; ")[0] for line in str(caught.value).splitlines()] == [
        "x.toml:6: x: kind: 'bowl'",
        "x.toml:21: x: checks[1].foold: unknown key",
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('source = "K10"', 'source = "K99"', "source: no evidence item 'K99'"),
        ('source = "K10"', 'source = "I heard it"', "source: 'I heard it' is not an identifier"),
        ('statement = "Something is so."', "", "statement: missing"),
        ('kind = "dish"', 'kind = "bowl"', "kind: 'bowl'"),
        ("high = 1.0", "", "expects nothing"),
        (
            'kind = "dish"',
            'kind = "dish"\ndraws = 1.5',
            "draws: expected a whole number, found 1.5",
        ),
        ("high = 1.0", 'high = 1.0\nverdict = "holds"', "verdict: unknown key"),
        ('conditions = ["a"]', 'conditions = ["z"]', "no condition 'z'"),
        ('conditions = ["a"]', 'conditions = ["a", "b"]', "dose series, or none of them"),
        ('conditions = ["a"]', 'conditions = ["a"]\nhour = 4', "hour: a dose series needs one"),
        ('conditions = ["a"]', 'conditions = ["b"]\nhour = 5', "hour 5 is not among"),
        ('conditions = ["a"]', 'condition = ["a"]', "condition: unknown key"),
        ("trametinib.cell_pERK_IC50", "trametinib.cell_IC50", "published: no evidence item"),
        ("trametinib.cell_pERK_IC50", "bio.feedback-reactivation", "published: .* not a number"),
        ("fold = 3", "fold = 1", "fold: must be above 1"),
        ("fold = 3", "fold = 3\nlow = 1", "instead of low and high"),
        ('published = "trametinib.cell_pERK_IC50"', "", "fold: of what"),
        ("fold = 3", "fold = 3\nvalue = 2", "value: stands in the record"),
        ('kind = "dish"', 'kind = "dish"\nrole = "hidden"', "role: 'hidden'; use"),
        ('kind = "dish"', 'kind = "dish"\nrole = "held out"', "figure: missing"),
        ('kind = "dish"', 'kind = "dish"\nseen = "I think"', "seen: 'I'; begin with"),
        ("low = 0.1, high", "low = 0, high", "0 < low < high"),
        ("[0, 1, 10]", "[1, 10]", "matrix: needs two drugs"),
        ("per_decade = 2", "per_decade = 1e9", r"x\.toml:10: x: .*1 to 1000 steps"),
        ("hours = [1, 4]", "hours = 4", r"x\.toml:7: x: hours: expected a list"),
        ("hours = [1, 4]", 'hours = ["1", 4]', r"hours\[0\]: '1' is not a number"),
        ("high = 1.0", 'high = "1"', r"x\.toml:15: x: checks\[0\]\.high: '1' is not a number"),
        ("fold = 3", "fold = true", r"x\.toml:20: x: checks\[1\]\.fold: True is not a number"),
        ('readout = "pERK"', 'readout = ""', r"panels\[0\]\.readout: missing"),
        ("[[fact.panels]]", "[fact.panels]", r"x\.toml:21: x: panels: expected a list"),
        ("[[fact]]", "note = 1\n[[fact]]", r"x\.toml: note: unknown; only \[\[fact\]\]"),
        ("hours = [1, 4]", "hours = [1, 4]\nsize = 0", "size: 0 must be at least 1"),
    ],
)
def test_a_wrong_fact_is_refused(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(EvidenceError, match=says):
        parse_facts(GOOD.replace(old, new), "x.toml")


def test_every_source_is_in_the_evidence_and_no_verdict_is_typed() -> None:
    for fact in load_facts().values():
        source = parse_source(fact.source)
        assert source.kind == "cited" and source.ids, fact.id
        for item in source.ids:
            load().record(item)
        assert fact.id == fact.id.lower() and fact.statement.endswith("."), fact.id
        crossed = any(c.matrix for c in fact.experiment.conditions)
        assert fact.panels or crossed or fact.experiment.kind in ("trial", "cohort"), fact.id


def test_facts_are_found_by_id_and_subject() -> None:
    assert [f.id for f in find_facts(["Potency-Trametinib", "g12c-rebound"])] == [
        "g12c-rebound",
        "potency-trametinib",
    ]
    assert {f.subject for f in find_facts(["signalling"])} == {"signalling"}
    assert len(find_facts([])) == sum(f.role != HELD_OUT for f in load_facts().values())
    with pytest.raises(EvidenceError, match="no fact 'g12c-rebond'; did you mean 'g12c-rebound'"):
        find_facts(["g12c-rebond"])


def test_what_shares_a_model_is_simulated_together_and_once() -> None:
    facts = find_facts(["g12c-rebound", "off-state-escape", "potency-sotorasib", "raf-paradox"])
    first, second = groups(facts)
    assert [f.id for f in first.facts] == ["g12c-rebound", "off-state-escape", "potency-sotorasib"]
    assert [f.id for f in second.facts] == ["raf-paradox"]
    # The dish of the rebound and the untouched dish of the escape are one and the same.
    names = first.names
    assert names["g12c-rebound"]["off"] == names["off-state-escape"]["normal"]
    assert len(first.experiment.conditions) == 4


def test_a_fact_does_not_depend_on_what_is_computed_beside_it_or_on_threads() -> None:
    (alone,) = records(run_facts(["off-state-escape"]))
    beside = records(run_facts(["potency-sotorasib", "off-state-escape"], threads=2))
    assert alone == beside[0]


def test_curves_and_checks_tell_the_same() -> None:
    found = run_facts(["g12c-rebound", "potency-sotorasib"])
    course, potency = records(found)
    (panel,) = course.panels
    (curve,) = panel.curves
    assert curve.x[0] == 0 and curve.y[0] == 1 and panel.axis == "hour"
    inside = [y for x, y in zip(curve.x, curve.y, strict=True) if 2 <= x <= 6]
    assert course.checks[0].effect == min(inside)
    assert [m.hours for m in panel.marks] == [(2, 6), (48, 72), (48, 72)]
    (doses,) = potency.panels[0].curves
    half = potency.checks[0].effect
    assert np.interp(np.log(half), np.log(doses.x), doses.y) == pytest.approx(0.5, abs=1e-3)
    (own,) = potency.panels[0].marks
    assert own.of == "dose" and own.published == 30 and own.limits == (10, 90)
    assert potency.checks[0].record == "sotorasib.cell_pERK_IC50"


def test_a_matrix_is_read_as_one() -> None:
    (fact,) = parse_facts(
        GOOD.replace("rel(pERK, a, 4)", "combination(pERK, m, 4) - combination(pERK, m, 4)")
        .replace("ic50(pERK, b, 4)", "bliss(pERK, m, 4)")
        .replace('published = "trametinib.cell_pERK_IC50"\nfold = 3', "low = -1"),
        "x.toml",
    )
    (group,) = groups([fact])
    (result,) = _Runner(load_table(), 1, 1).run(group)
    assert -1 < result.outcomes[1].effect < 1
    wrong = dataclasses.replace(
        fact.experiment,
        checks=(dataclasses.replace(fact.checks[0], effect="bliss(pERK, b, 4)"),),
    )
    (group,) = groups([dataclasses.replace(fact, experiment=wrong)])
    with pytest.raises(EvidenceError, match="'b' is no dose matrix"):
        _Runner(load_table(), 1, 1).run(group)


def test_quantiles_of_a_cohort_are_those_of_its_untreated_patients() -> None:
    from rascade.bench.questions.patients import Trials, cohort_effect

    text = """
[[fact]]
id = "cells"
statement = "Patients differ."
source = "bio.cd8-share"
kind = "cohort"
size = 24
[[fact.checks]]
what = "median of M2 cells"
effect = "quantile(0.5, M2)"
low = 0
"""
    (fact,) = parse_facts(text, "x.toml")
    trials = Trials(load_table(), seed=3)
    m2 = trials.baseline(fact.experiment, "M2")
    assert m2.shape == (24,) and m2.std() > 0
    found = cohort_effect("quantile(0.5, M2)", fact.experiment, trials)
    assert found.value == pytest.approx(np.median(m2))
    assert m2.min() < found.low < found.value < found.high < m2.max()
    both = cohort_effect("quantile(0.5, M2, M2)", fact.experiment, trials)
    assert both.value == pytest.approx(2 * np.median(m2))
    with pytest.raises(EvidenceError, match="no read-out 'M3' before treatment"):
        cohort_effect("quantile(0.5, M3)", fact.experiment, trials)


def test_a_fact_that_draws_has_intervals_and_the_same_value() -> None:
    (plain,) = run_facts_of(GOOD)
    (drawn,) = run_facts_of(GOOD.replace('kind = "dish"', 'kind = "dish"\ndraws = 5'))
    for without, with_draws in zip(plain.outcomes, drawn.outcomes, strict=True):
        assert np.isnan(without.low) and np.isnan(without.high)
        assert with_draws.effect == pytest.approx(without.effect, rel=1e-2)
        assert with_draws.low <= with_draws.effect <= with_draws.high
        assert with_draws.low < with_draws.high


def run_facts_of(text: str):
    """Return the results of facts given as text."""
    (group,) = groups(parse_facts(text, "x.toml"))
    return _Runner(load_table(), 1, 1).run(group)


def test_a_dose_is_found_where_a_value_is_half_of_another_condition() -> None:
    text = GOOD.replace("rel(pERK, a, 4)", "half(pERK, b, untreated, 4)").replace(
        "[[fact.checks]]", 'untreated = { allele = "G12D" }\n[[fact.checks]]', 1
    )
    (result,) = run_facts_of(text.replace("high = 1.0", "low = 0"))
    half, ic50 = (outcome.effect for outcome in result.outcomes)
    # Untreated cells stay at rest, so half of them is half of what was before.
    assert half == pytest.approx(ic50, rel=0.02) and 0.1 < half < 100


def test_a_fact_on_a_cohort_is_computed_too() -> None:
    text = """
[[fact]]
id = "pik3ca"
statement = "Few are mutant."
source = "bio.pik3ca-mutated"
kind = "cohort"
size = 400
eligibility = ["kras_allele != 'WT'"]
[[fact.checks]]
what = "share with mutant PIK3CA, %"
effect = "share(pik3ca)"
low = 0
high = 20
"""
    (fact,) = parse_facts(text, "x.toml")
    (result,) = _Runner(load_table(), 1, 1).run(fact)
    (outcome,) = result.outcomes
    assert outcome.low <= outcome.effect <= outcome.high and result.holds
    (record,) = records([result])
    assert record.panels == () and record.checks[0].ci[0] is not None


@pytest.mark.slow
def test_a_fact_on_a_trial_is_computed_and_drawn() -> None:
    from rascade.report.pages.facts import fact_figures

    text = """
[[fact]]
id = "drug-against-none"
statement = "A drug shrinks tumours."
source = "bio.ras-on-pfs-hr"
kind = "trial"
size = 16
months = 4
[fact.arms]
drug = "daraxonrasib 300 mg PO QD"
low = "daraxonrasib 10 mg PO QD"
[[fact.checks]]
what = "objective response rate, %"
effect = "orr(drug)"
low = 0
[[fact.checks]]
what = "hazard ratio of PFS"
effect = "pfs_hr(drug, low)"
high = 1.0
"""
    (fact,) = parse_facts(text, "x.toml")
    (result,) = _Runner(load_table(), 1, 1).run(fact)
    orr, ratio = result.outcomes
    assert orr.low <= orr.effect <= orr.high and ratio.effect < 1 and result.holds
    (record,) = records([result])
    (panel,) = record.panels
    assert (panel.axis, panel.label) == ("month", "progression-free survival")
    for curve in panel.curves:
        assert curve.y[0] == 1 and list(curve.y) == sorted(curve.y, reverse=True)
    assert "<svg" in fact_figures([record])["drug-against-none"].svg


def test_limits_are_drawn_only_where_a_check_reads_one_curve() -> None:
    facts = load_facts()
    assert mark(facts["off-state-escape"].checks[0]) is None
    assert [r.condition for r in readings(facts["off-state-escape"].checks[0].effect)] == [
        "more_receptor",
        "normal",
    ]
    assert mark(facts["raf-paradox"].checks[0]).low == 1.3


def test_conditions_in_words() -> None:
    conditions = parse_facts(GOOD, "x.toml")[0].experiment.conditions
    assert describe(conditions[0]) == "G12D, trametinib 10 nM"
    more = dataclasses.replace(conditions[0], set={"RTK_level": 5.0}, wash=2.0)
    assert describe(more) == "G12D, trametinib 10 nM, RTK_level 5, washed out at 2 h"


def test_what_nobody_may_tune_on_comes_only_when_it_is_asked_for() -> None:
    held, known = find_facts((), HELD_OUT), find_facts()
    assert {f.role for f in held} == {HELD_OUT} and not {f.role for f in known} & {HELD_OUT}
    assert {f.id for f in (*held, *known)} == {*load_facts()}
    assert find_facts([held[0].id]) == (held[0],)
    assert find_facts(["held_out"]) == held and not find_facts(["signalling"], HELD_OUT)
    with pytest.raises(EvidenceError, match="no role 'hidden'"):
        find_facts((), "hidden")


def test_a_third_of_the_facts_is_held_out_and_most_of_it_is_no_dish() -> None:
    held = find_facts((), HELD_OUT)
    assert len(held) >= 36 and 3 * len(held) >= len(load_facts())
    assert sum(f.experiment.kind != "dish" for f in held) >= 24


def test_a_published_number_may_stand_in_the_check_itself() -> None:
    (fact,) = parse_facts(
        GOOD.replace('published = "trametinib.cell_pERK_IC50"', "value = 2.0"), "x.toml"
    )
    own = fact.checks[1]
    assert (own.low, own.high, own.value) == (pytest.approx(2 / 3), 6.0, 2.0)


@pytest.mark.slow
def test_every_fact_that_is_held_out_gives_a_number() -> None:
    # How many hold is told by `rascade facts --role "held out"`; none is asked to.
    for result in run_facts(role=HELD_OUT, threads=2):
        assert all(np.isfinite(outcome.effect) for outcome in result.outcomes), result.fact.id


@pytest.mark.slow
def test_severe_events_are_counted_by_patient() -> None:
    text = """
[[fact]]
id = "anaemia"
statement = "Chemotherapy brings anaemia."
source = "PMID:24131140"
kind = "trial"
size = 12
months = 3
[fact.arms]
chemo = "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D"
[[fact.checks]]
what = "patients with severe neutropenia, %"
effect = "severe(chemo, 'Neutrophil count decreased')"
low = 0
"""
    (fact,) = parse_facts(text, "x.toml")
    runner = _Runner(load_table(), 1, 1)
    (result,) = runner.run(fact)
    (arm,) = fact.experiment.arms
    events = runner.trials.adverse_events(fact.experiment, arm)
    own = events[(events["term"] == "Neutrophil count decreased") & (events["grade"] >= 3)]
    (outcome,) = result.outcomes
    assert outcome.effect == pytest.approx(100 * own.patient.nunique() / 12, abs=0.01)
    assert outcome.low < outcome.effect < outcome.high
