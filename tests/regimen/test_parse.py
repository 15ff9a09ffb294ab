"""Orders as they are written: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.errors import RascadeError, RegimenError
from rascade.regimen import Amount, Loading, Order, Regimen, Schedule, Window, format_regimen, parse

sys.path.insert(0, str(Path(__file__).parent))
from regimen_strategies import DRUGS, regimens

KNOWN = {
    name: name
    for name in (
        *DRUGS,
        "gemcitabine",
        "pembrolizumab",
        "trametinib",
        "sotorasib",
        "galunisertib",
        "cetuximab",
        "KRAS G12D TCR-T",
    )
} | {"RMC-6236": "daraxonrasib", "5-FU": "5-fluorouracil"}


def one(text: str) -> Order:
    (order,) = parse(text, KNOWN).orders
    return order


MG300 = Amount(300.0, "mg")

MEANINGS = {
    "daraxonrasib 300 mg PO QD": Order("daraxonrasib", MG300, "PO", Schedule(24)),
    "DARAXONRASIB 300MG po qd": Order("daraxonrasib", MG300, "PO", Schedule(24)),
    "rmc-6236 300 mg orally once daily": Order("daraxonrasib", MG300, "PO", Schedule(24)),
    "RMC-6236 0.3 g PO every 24 h": Order("daraxonrasib", Amount(0.3, "g"), "PO", Schedule(24)),
    "XYZ 6236 300 mg PO BID": Order("XYZ 6236", MG300, "PO", Schedule(12)),
    "sotorasib 300 mg PO TID": Order("sotorasib", MG300, "PO", Schedule(8)),
    "sotorasib 300 mg PO QID": Order("sotorasib", MG300, "PO", Schedule(6)),
    "sotorasib 300 mg PO QOD": Order("sotorasib", MG300, "PO", Schedule(48)),
    "sotorasib 300 mg PO Q12H": Order("sotorasib", MG300, "PO", Schedule(12)),
    "sotorasib 300 mg PO twice daily": Order("sotorasib", MG300, "PO", Schedule(12)),
    "sotorasib 300 mg PO every other day": Order("sotorasib", MG300, "PO", Schedule(48)),
    "sotorasib 300 mg PO once": Order("sotorasib", MG300, "PO", Schedule()),
    "sotorasib 300 mg PO QW": Order("sotorasib", MG300, "PO", Schedule(168)),
    "sotorasib 300 mg PO Q2W": Order("sotorasib", MG300, "PO", Schedule(336)),
    "sotorasib 300 mg PO every 3 weeks": Order("sotorasib", MG300, "PO", Schedule(504)),
    "sotorasib 300 mg PO Q28D": Order("sotorasib", MG300, "PO", Schedule(672)),
    "gemcitabine 1,000 mg/m² IV D1,8,15 Q28D": Order(
        "gemcitabine", Amount(1000.0, "mg/m2"), "IV", Schedule(None, (1, 8, 15), 28)
    ),
    "gemcitabine 1000 mg / m^2 IV over 30 min q4w d1, d8, d15": Order(
        "gemcitabine", Amount(1000.0, "mg/m2"), "IV", Schedule(None, (1, 8, 15), 28), 0.5
    ),
    "5-FU 2400 mg/m2 IV over 46 h D1 Q14D": Order(
        "5-fluorouracil", Amount(2400.0, "mg/m2"), "IV", Schedule(None, (1,), 14), 46.0
    ),
    "5-fluorouracil 400 mg/m2 IV bolus D1 Q14D": Order(
        "5-fluorouracil", Amount(400.0, "mg/m2"), "IV", Schedule(None, (1,), 14), 0.0
    ),
    "sotorasib 300 mg PO BID days 1-5 of 28": Order(
        "sotorasib", MG300, "PO", Schedule(12, (1, 2, 3, 4, 5), 28)
    ),
    "sotorasib 300 mg PO QD days 1-3 of 7": Order(
        "sotorasib", MG300, "PO", Schedule(None, (1, 2, 3), 7)
    ),
    "sotorasib 300 mg PO D1,2 weekly": Order("sotorasib", MG300, "PO", Schedule(None, (1, 2), 7)),
    "KRAS G12D TCR-T 1.62e10 cells IV once from day 3": Order(
        "KRAS G12D TCR-T", Amount(1.62e10, "cells"), "IV", Schedule(), start_day=3
    ),
    "autogene cevumeran 25 µg IV QW x9": Order(
        "autogene cevumeran", Amount(25.0, "ug"), "IV", Schedule(168), max_doses=9
    ),
    "pembrolizumab 2 mg/kg IV D1,4,10 once": Order(
        "pembrolizumab", Amount(2.0, "mg/kg"), "IV", Schedule(None, (1, 4, 10), None)
    ),
    "trametinib 2 mg PO QD 4 weeks on 3 weeks off from day 43": Order(
        "trametinib", Amount(2.0, "mg"), "PO", Schedule(24), start_day=43, window=Window(28, 21)
    ),
    "trametinib 2 mg PO QD 5 days on / 2 days off until day 90": Order(
        "trametinib", Amount(2.0, "mg"), "PO", Schedule(24), stop_day=90, window=Window(5, 2)
    ),
    "trametinib 2 mg PO QD from day 8 for 2 weeks": Order(
        "trametinib", Amount(2.0, "mg"), "PO", Schedule(24), start_day=8, stop_day=21
    ),
    "gemcitabine 1 mg IV D1 Q21D for 6 cycles": Order(
        "gemcitabine", Amount(1.0, "mg"), "IV", Schedule(None, (1,), 21), stop_day=126
    ),
    "pembrolizumab 200 mg IV Q3W for 4 cycles": Order(
        "pembrolizumab", Amount(200.0, "mg"), "IV", Schedule(504), stop_day=84
    ),
    "galunisertib 150 mg PO BID 14 days on 14 days off for 4 cycles": Order(
        "galunisertib", Amount(150.0, "mg"), "PO", Schedule(12), stop_day=112, window=Window(14, 14)
    ),
    "trametinib 2 mg PO QD for 2 cycles of 28 days": Order(
        "trametinib", Amount(2.0, "mg"), "PO", Schedule(24), stop_day=56
    ),
    "gemcitabine 1 mg IV D1 Q7D 3 weeks on 1 week off for 5 cycles": Order(
        "gemcitabine",
        Amount(1.0, "mg"),
        "IV",
        Schedule(None, (1,), 7),
        stop_day=42,
        window=Window(21, 7),
    ),
    "cetuximab 250 mg/m2 IV over 1 h QW loading dose 400 mg/m2 over 2 h": Order(
        "cetuximab",
        Amount(250.0, "mg/m2"),
        "IV",
        Schedule(168),
        1.0,
        Loading(Amount(400.0, "mg/m2"), 2.0),
    ),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_an_order_means(text: str) -> None:
    assert one(text) == MEANINGS[text]


@pytest.mark.parametrize("separator", [" + ", ";", "\n", " and ", " AND ", "\n + ", " ;\n "])
def test_orders_are_joined_by(separator: str) -> None:
    first, second = "daraxonrasib 300 mg PO QD", "gemcitabine 1000 mg/m2 IV QW"
    both = parse(f" {first}{separator}{second};\n", KNOWN)
    assert both.orders == (one(first), one(second))
    assert both.drugs == ("daraxonrasib", "gemcitabine")


def test_none_is_no_treatment() -> None:
    assert parse(" None ", KNOWN) == Regimen(())
    assert str(Regimen(())) == "none"


def test_canonical_text() -> None:
    text = (
        "gemcitabine 1000 mg/m2 iv over 30 min d1,d8,15 q4w and "
        "trametinib 2 mg po every day days 1-21 of 28 from day 43 for 8 weeks"
    )
    assert str(parse(text, KNOWN)) == (
        "gemcitabine 1000 mg/m2 IV over 30 min D1,8,15 Q28D + "
        "trametinib 2 mg PO D1-21 Q28D from day 43 until day 98"
    )


@given(regimens)
def test_canonical_text_reads_back(regimen: Regimen) -> None:
    assert parse(format_regimen(regimen), KNOWN) == regimen


# text with a mark before the character that the error must point at, and what it must say
ERRORS = [
    ("^daraxonrasb 300 mg PO QD", "no drug is called 'daraxonrasb'; did you mean 'daraxonrasib'?"),
    ("^aspirin 300 mg PO QD", "see: rascade drugs list"),
    ("daraxonrasib 300 ^mgg PO QD", "not a unit of dose.*did you mean 'mg'"),
    ("gemcitabine 300 ^mg/m3 IV QW", "did you mean 'mg/m2'"),
    ("daraxonrasib 300 ^ml PO QD", "not a unit of dose"),
    ("daraxonrasib 300 ^mg/day PO", "dose of one administration"),
    ("daraxonrasib 300 mg ^PI QD", "not a route.*did you mean 'P"),
    ("daraxonrasib 300 mg ^QD", "expected a route.*found 'QD'"),
    ("daraxonrasib 300^", "expected a unit of dose"),
    ("daraxonrasib 300 ^PO QD", "unit of the dose is missing"),
    ("daraxonrasib 300 ^PO", "unit of the dose is missing"),
    ("daraxonrasib 300 ^orally twice daily", "unit of the dose is missing"),
    ("daraxonrasib 300 ^once daily", "unit of the dose is missing"),
    ("daraxonrasib 300 ^QD", "unit of the dose is missing"),
    ("daraxonrasib 300 ^Q3W", "unit of the dose is missing"),
    ("gemcitabine 1000 ^IV D1,8,15 Q28D", "unit of the dose is missing"),
    ("gemcitabine 1,000 ^D1,8,15 Q28D", "unit of the dose is missing"),
    ("daraxonrasib 300 ^mh QD", "'mh' is not a unit of dose"),
    ("daraxonrasib 300 mg ^QD", "expected a route"),
    ("daraxonrasib ^PO QD", "expected the dose of daraxonrasib"),
    ("daraxonrasib ^and gemcitabine 1000 mg/m2 IV QW", "expected the dose of daraxonrasib"),
    ("daraxonrasib^", "expected the dose of daraxonrasib"),
    ("^300 mg PO QD", "expected a drug"),
    ("daraxonrasib ^160-300 mg PO QD", "a range is not one dose"),
    ("daraxonrasib ^2,5 mg PO QD", "decimal point"),
    ("daraxonrasib 300 mg PO^", "expected how often"),
    ("daraxonrasib 300 mg PO ^BDI", "did you mean 'BID'"),
    ("daraxonrasib 300 mg PO ^weeekly", "did you mean 'weekly'"),
    ("daraxonrasib 300 mg PO ^Q3Z", "not a frequency.*did you mean 'Q3W'"),
    ("daraxonrasib 300 mg PO ^Q0D", "nothing is given 'Q0D'"),
    ("daraxonrasib 300 mg PO ^Q99999999999D", "nothing is given"),
    ("daraxonrasib 300 mg PO ^twice weekly", "D1,4 Q7D"),
    ("daraxonrasib 300 mg PO QD ^BID", "how often twice"),
    ("daraxonrasib 300 mg PO QD ^once", "contradict"),
    ("daraxonrasib 300 mg PO QD ^Q3W", "two frequencies"),
    ("daraxonrasib 300 mg PO QD + ^+ gemcitabine 1000 mg/m2 IV QW", "expected a drug"),
    ("daraxonrasib 300 mg PO QD +^", "expected a drug"),
    ("daraxonrasib 300 mg PO QD until ^progression", "expected a number"),
    ("daraxonrasib 300 mg PO QD from day ^0", "whole number from 1"),
    ("daraxonrasib 300 mg PO QD from day ^1.5", "whole number from 1"),
    ("daraxonrasib 300 mg PO QD from day 20 ^until day 10", "ends on day 10, before its first"),
    ("daraxonrasib 300 mg PO QD until day 10 ^for 2 weeks", "twice when it ends"),
    ("daraxonrasib 300 mg PO QD for 3 ^cylces", "did you mean 'cycles'"),
    ("daraxonrasib 300 mg PO QD ^for 3 cycles", "how long is a cycle"),
    ("daraxonrasib 300 mg PO QD 4 ^wks2 on 3 weeks off", "expected"),
    ("daraxonrasib 300 mg PO QD 4 weeks ^onn 3 weeks off", "expected 'on'"),
    ("daraxonrasib ^-300 mg PO QD", "less than nothing"),
    ("daraxonrasib ^0 mg PO QD", "would be nothing"),
    ("gemcitabine ^0 mg/m2 IV QW", "would be nothing"),
    ("gemcitabine ^1000 g/m2 IV QW", "over 50 g at once; check the unit"),
    ("gemcitabine ^1e400 mg/m2 IV QW", "too large"),
    ("gemcitabine 1000 mg/m2 IV ^D8 Q7D", "day 8 does not exist in a 7-day cycle"),
    ("gemcitabine 1000 mg/m2 IV ^D0 Q7D", "no day 0"),
    ("gemcitabine 1000 mg/m2 IV D1,8,15^", "length of the cycle"),
    ("gemcitabine 1000 mg/m2 IV ^D1,8,8 Q28D", "day 8 is listed twice"),
    ("gemcitabine 1000 mg/m2 IV D^9-2 Q28D", "no days 9 to 2"),
    ("gemcitabine 1000 mg/m2 IV D1-^999999999 Q28D", "no days"),
    ("gemcitabine 1000 mg/m2 IV D1 of ^21 Q28D", "another length"),
    ("gemcitabine 1000 mg/m2 IV Q16H ^D1 Q28D", "do not fit into the listed days"),
    ("trametinib 2 mg PO QD 4 weeks on 3 weeks off ^2 weeks on 1 week off", "twice"),
    ("pembrolizumab 200 mg IV Q3W ^1 week on 1 week off", "overlap"),
    ("gemcitabine 1000 mg/m2 IV D1,8 Q21D ^4 weeks on 1 week off", "whole cycles"),
    ("trametinib 2 mg PO once ^4 weeks on 1 week off", "not repeated"),
    ("trametinib 2 mg PO QD ^over 30 min", "not infused"),
    ("gemcitabine 1000 mg/m2 IV ^over 46 h QD", "still running"),
    ("gemcitabine 1000 mg/m2 IV over 30 ^mins2 QW", "not a unit of time|expected"),
    ("gemcitabine 1000 mg/m2 IV over ^0 min QW", "bolus"),
    ("cetuximab 250 mg/m2 IV QW loading dose ^0 mg/m2", "would be nothing"),
    ("cetuximab 250 mg/m2 IV QW loading dose ^5 cells", "different things"),
    ("daraxonrasib 300 mg PO QD x^0", "cannot have 0 doses"),
    ("daraxonrasib 300 mg PO QD; ^daraxonrasib 300 mg PO QD", "written twice"),
    ("gemcitabine 1000 mg/m2 IV QW\n^daraxonrasb 300 mg PO QD", "did you mean"),
]


@pytest.mark.parametrize(("marked", "says"), ERRORS)
def test_an_error_points_at_the_character(marked: str, says: str) -> None:
    text = marked.replace("^", "", 1)
    with pytest.raises(RegimenError, match=says) as caught:
        parse(text, KNOWN)
    before = marked.index("^")
    column = before - (text.rfind("\n", 0, before) + 1)
    # A quantity such as "x0" is pointed at as a whole, so the mark may be one or two further.
    assert column - 2 <= caught.value.position <= column
    *_, shown, pointer = str(caught.value).split("\n")
    assert pointer.rstrip() == " " * (caught.value.position + 2) + "^"
    assert shown[2:] == caught.value.text


def test_hostile_text_is_refused_cheaply() -> None:
    with pytest.raises(RegimenError, match="at most 4000"):
        parse("a" * 5000, KNOWN)
    many = ";".join(f"sotorasib {mg} mg PO QD" for mg in range(1, 61))
    with pytest.raises(RegimenError, match="60 orders"):
        parse(many, KNOWN)
    with pytest.raises(RegimenError, match="empty"):
        parse("  \n ", KNOWN)


FRAGMENTS = (
    "daraxonrasib",
    "300",
    "mg",
    "PO",
    "QD",
    "D1,8",
    "Q28D",
    "+",
    ";",
    "over",
    "30",
    "min",
    "for",
    "6",
    "cycles",
    "x4",
    "-1",
    "(",
    "é",
    "loading dose",
    "weeks",
    "on",
    "off",
    "of",
    "from day",
)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(FRAGMENTS) | st.text(max_size=4),
        max_size=14,
    ).map(" ".join)
)
def test_any_text_is_read_or_refused_on_purpose(text: str) -> None:
    try:
        regimen = parse(text, KNOWN)
    except RascadeError:
        return
    assert parse(str(regimen), KNOWN) == regimen


def test_names_come_from_the_evidence() -> None:
    from rascade import evidence

    assert parse("RMC-6236 300 mg PO QD").drugs == ("daraxonrasib",)
    for name in evidence.load().drugs:
        assert parse(f"{name} 1 mg IV once").drugs == (name,)


PUBLISHED = {
    # Regimens of the evidence's trials in this notation, and the number of doses in twelve weeks.
    "RMC-4630 200 mg PO D1,2 QW": 24,
    "trametinib 0.5 mg PO QD + GSK2256098 250 mg PO BID": 84 + 168,
    "selumetinib 100 mg PO QD + MK-2206 135 mg PO QW": 84 + 12,
    "nivolumab 3 mg/kg IV Q2W + ipilimumab 1 mg/kg IV Q6W + "
    "cobimetinib 60 mg PO QD 21 days on 7 days off": 6 + 2 + 63,
    "durvalumab 1500 mg IV Q4W + tremelimumab 75 mg IV Q4W x4": 3 + 3,
    "oxaliplatin 85 mg/m2 IV D1 Q14D + irinotecan 180 mg/m2 IV D1 Q14D + LV 400 mg/m2 IV D1 Q14D + "
    "5-FU 400 mg/m2 IV bolus D1 Q14D + 5-FU 2400 mg/m2 IV over 46 h D1 Q14D": 30,
    "nal-IRI 50 mg/m2 IV D1,15 Q28D + oxaliplatin 60 mg/m2 IV D1,15 Q28D": 12,
    "5-FU 2000 mg/m2 IV over 24 h QW 4 weeks on 2 weeks off": 8,
    "gemcitabine 1000 mg/m2 IV QW for 7 doses + "
    "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D from day 57": 7 + 3,
    "galunisertib 150 mg PO BID days 1-14 of 28": 84,
    "motixafortide 1.25 mg/kg SC D1-5 once + motixafortide 1.25 mg/kg SC D1,3,5 QW from day 8": 38,
    "PEGPH20 3 ug/kg IV D1,4 QW for 4 weeks + PEGPH20 3 ug/kg IV QW from day 29": 8 + 8,
    "sotorasib 960 mg PO QD + pembrolizumab 200 mg IV Q3W from day 29": 84 + 3,
    "autogene cevumeran 25 ug IV D1,8,15,22,29,36,43,64,85 once": 8,
    "bevacizumab 10 mg/kg IV Q2W; tocilizumab 8 mg/kg IV Q4W": 6 + 3,
}


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_regimens_can_be_written(text: str) -> None:
    regimen = parse(text)
    assert len(regimen.doses(84, 70.0, 1.8)) == PUBLISHED[text]
    assert parse(str(regimen)) == regimen
