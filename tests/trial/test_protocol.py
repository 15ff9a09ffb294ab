"""Rules of protocols: what can be written, what is refused, what the labels say."""

import itertools

import pytest

from rascade.errors import InputError
from rascade.model import known_drugs
from rascade.trial.assessment.conduct_table import load_conduct
from rascade.trial.assessment.ctcae import VERSIONS, load_terms, modelled_terms
from rascade.trial.design.phases import parse_until
from rascade.trial.design.protocol import (
    label_levels,
    label_rules,
    parse_action,
    parse_condition,
    rule,
)


def test_conditions_and_actions_are_read() -> None:
    rash = parse_condition("Grade >= 3  RASH")
    assert (rash.term, rash.limit.sign, rash.limit.value) == ("Rash", ">=", 3.0)
    assert parse_condition("grade >= 4").term is None
    assert parse_condition("grade >= 4 any").term is None
    low = parse_condition("neutrophils < 1.0e9/L")
    assert low.lab is not None
    assert low.lab.name == "Neutrophil count decreased"
    assert low.limit == parse_condition("Neutrophils < 1.0 10^9/L").limit
    assert low.limit.value == pytest.approx(1e9)
    assert parse_condition("glucose > 13.9 mmol/L").limit.value == pytest.approx(13.9e6)
    held = parse_action("hold until <= 1 then reduce one level")
    assert (held.kind, held.levels) == ("hold", 1)
    assert held.until == parse_condition("grade <= 1")
    assert parse_action("hold until neutrophils >= 1.5 10^9/L then resume").levels == 0
    assert parse_action("reduce two levels").levels == 2
    assert parse_action("STOP").kind == "stop"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grade >= 3 rush", r"'rush' is no adverse event.*did you mean 'rash'"),
        ("grade >= 9 rash", r"no condition"),
        ("neutrophil < 1.0 10^9/L", r"did you mean 'neutrophils'"),
        ("neutrophils < 1.0 mmol/kg/day", r"is no unit of neutrophils; use 10\^9/L"),
        ("often", r"write 'grade >= 3 rash'"),
    ],
)
def test_wrong_conditions_are_explained(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pause", r"'pause' is no action; write 'hold until"),
        ("hold until grade <= 1 then pray", r"'resume' or 'reduce one level', not 'pray'"),
        ("reduce six levels", r"is no action"),
    ],
)
def test_wrong_actions_are_explained(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_action(text)


def test_phases_end_by_time_event_or_condition() -> None:
    assert parse_until("6 weeks").days == 42.0
    assert parse_until("42 days") == parse_until("6 weeks")
    assert parse_until("Progression").kind == "progression"
    assert parse_until("grade >= 3 rash").condition == parse_condition("grade >= 3 rash")
    with pytest.raises(InputError, match="ends no phase"):
        parse_until("boredom")
    with pytest.raises(InputError, match="no time"):
        parse_until("0 days")


@pytest.mark.parametrize("drug", sorted(known_drugs()))
def test_every_drug_has_usual_rules_and_falling_levels(drug: str) -> None:
    assert label_rules(drug)
    levels = label_levels(drug)
    assert levels[0] == 1.0
    assert all(a > b > 0 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize(
    "drug", [n for n, one in known_drugs().items() if "marrow_toxicity" in one.mechanisms]
)
def test_what_harms_the_marrow_is_held_for_it_and_not_stopped_for_good(drug: str) -> None:
    rules = {rule.text.split(" ->")[0]: rule.action for rule in label_rules(drug)}
    counts = {on: action for on, action in rules.items() if on.startswith("neutrophils")}
    assert counts, drug
    assert "grade >= 4" not in rules, drug


def test_both_versions_grade_the_same_terms_and_differ_in_neutrophils() -> None:
    old, new = (load_terms(version) for version in VERSIONS)
    assert [term.name for term in old] == [term.name for term in new]
    differing = {a.name for a, b in zip(old, new, strict=True) if a.limits != b.limits}
    assert differing == {"Neutrophil count decreased"}
    with pytest.raises(InputError, match="use v5 or v6"):
        load_terms("v7")


def test_every_signal_is_in_a_model_and_rises_with_its_grade() -> None:
    from rascade.model import assemble
    from rascade.model.mechanisms import load_mechanisms

    whole = assemble(tuple(known_drugs()), include=tuple(load_mechanisms())).composition
    for term in load_terms():
        assert term.signal in whole.symbols or term.signal in whole.sums, term.name
        limits = [limit.value for limit in term.limits if limit is not None]
        assert limits == sorted(limits, reverse=term.limits[2].sign.startswith("<"))


def test_an_arm_has_only_events_that_its_drugs_cause() -> None:
    from rascade.model import assemble

    names = {term.name for term in modelled_terms(assemble(["gemcitabine"]))}
    assert "Neutrophil count decreased" in names
    assert not names & {"Colitis", "Hypertension", "Peripheral sensory neuropathy"}
    assert modelled_terms(assemble([])) == ()


def test_a_rule_takes_its_longest_hold_from_the_data() -> None:
    made = rule("grade >= 3", "hold until grade <= 1 then resume")
    assert made.max_hold_days == load_conduct()["max_hold"].value
    assert made.text == "grade >= 3 -> hold until grade <= 1 then resume"
