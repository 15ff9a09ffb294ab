"""The protocol part of study files: what it may say, and one message for each mistake."""

from __future__ import annotations

import pytest

from rascade.errors import StudyFileError
from rascade.studies import Checks, dump, json_schema, loads
from rascade.studies.files.trial_plan import to_plan

CHECKS = Checks(drugs=["daraxonrasib", "gemcitabine"])
STUDY = """\
kind: trial
name: Small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 7}
seed: 5
protocol: PROTOCOL
arms:
  - {name: new, regimen: daraxonrasib 300 mg PO QD MORE}
  - {name: old, regimen: gemcitabine 1000 mg/m2 IV D1 Q28D OLD}
imaging_every_weeks: 8
follow_up_months: 24
"""
RULES = "{ctcae: v6, adherence: 0.9, rules: [{on: grade >= 3 rash, do: reduce one level}]}"


def study(protocol: str = "label", more: str = "", old: str = ""):
    text = STUDY.replace("PROTOCOL", protocol).replace(" MORE", more).replace(" OLD", old)
    return loads(text, "s.yaml", CHECKS)


def test_the_labels_are_the_usual_protocol() -> None:
    spec = to_plan(study())
    assert [arm.protocol.rules for arm in spec.arms] == [None, None]
    assert [arm.phases for arm in spec.arms] == [(), ()]


def test_none_switches_reactions_off_and_an_arm_may_differ() -> None:
    arms = to_plan(study("none", ", protocol: label")).arms
    assert [arm.protocol.rules for arm in arms] == [None, ()]


def test_rules_levels_and_conduct_reach_the_plan() -> None:
    arms = to_plan(study(RULES, ", dose_levels: {daraxonrasib: [300, 200, 150]}")).arms
    protocol = arms[0].protocol
    assert protocol.rules is not None
    assert protocol.rules[0].text == "grade >= 3 rash -> reduce one level"
    assert (protocol.ctcae, protocol.adherence) == ("v6", 0.9)
    assert protocol.levels["daraxonrasib"] == pytest.approx((1.0, 2 / 3, 0.5))


def test_phases_crossover_and_rescue_become_phases() -> None:
    more = ", until: 6 weeks, then: [{regimen: daraxonrasib 200 mg PO QD}]"
    arms = to_plan(study(more=more, old=", crossover: new")).arms
    assert [p.until.kind if p.until else None for p in arms[0].phases] == ["time", None]
    assert [p.until.kind if p.until else None for p in arms[1].phases] == ["progression", None]
    assert arms[1].drugs == ("gemcitabine", "daraxonrasib")
    rescue = to_plan(study(more=", rescue: gemcitabine 1000 mg/m2 IV D1 Q28D")).arms[0]
    assert rescue.drugs == ("daraxonrasib", "gemcitabine")


def test_what_is_written_is_read_again() -> None:
    first = study(RULES, ", until: progression, then: [{regimen: gemcitabine 1 g IV once}]")
    assert loads(dump(first), "again.yaml", CHECKS) == first
    assert {"Conduct", "ProtocolRule", "NextPhase"} <= set(json_schema()["$defs"])


@pytest.mark.parametrize(
    ("protocol", "more", "where", "message"),
    [
        ("lable", "", "protocol", "'lable' is no protocol; write 'label'"),
        (RULES.replace("rash", "rush"), "", "rules[0].on", "did you mean 'rash'"),
        (RULES.replace("reduce one level", "wait"), "", "rules[0].do", "is no action"),
        (RULES.replace("v6", "v7"), "", "ctcae", "v5"),
        (RULES.replace("0.9", "1.5"), "", "adherence", "1"),
        ("label", ", until: 6 weeks", "arms[0]", "leads nowhere"),
        ("label", ", then: [{regimen: none}]", "arms[0].then", "'until' must say"),
        (
            "label",
            ", until: soon, then: [{regimen: none}]",
            "arms[0].until",
            "write '42 days'",
        ),
        ("label", ", crossover: nw", "arms[0].crossover", "no other arm is called 'nw'"),
        ("label", ", crossover: old, rescue: none", "arms[0].rescue", "either"),
        (
            "label",
            ", dose_levels: {daraxonrasib: [200, 100]}",
            "arms[0]",
            "begin with the ordered 300 mg",
        ),
        ("label", ", dose_levels: {gemcitabine: [1000]}", "arms[0]", "not in the arm"),
        (
            "label",
            ", protocol: {rules: [{on: grade >= 3, do: stop, drugs: [gemcitabine]}]}",
            "arms[0]",
            "a rule names gemcitabine",
        ),
    ],
)
def test_every_mistake_says_where_and_what(protocol, more, where, message) -> None:
    with pytest.raises(StudyFileError) as caught:
        study(protocol, more)
    text = str(caught.value)
    assert where in text
    assert message in text
    assert text.startswith("s.yaml:")
