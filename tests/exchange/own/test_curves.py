"""Curves and patients of the user's own: read as they are written, or one clear line."""

from __future__ import annotations

import pytest

from rascade.errors import InputError
from rascade.exchange.own.curves import curve_csv, read_curve, read_subjects
from rascade.exchange.own.results import check_own_results, read_own_results
from rascade.exchange.own.sizes import read_sizes

CURVE = "month,survival\n0,1\n3,0.8\n6,0.48\n9,0.3\n12,0.2\n"
RISK = "month,at_risk\n0,100\n6,48\n12,15\n"
SUBJECTS = "patient,month,event\na,1,1\nb,2,0\nc,3,1\nd,4,1\n"
SIZES = "patient,week,size_mm\na,0,50\na,8,40\nb,0,60\nb,8,72\n"


@pytest.fixture
def write(tmp_path):
    def one(text, name="own.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return one


def test_a_curve_with_numbers_at_risk(write):
    curve = read_curve(write(CURVE), write(RISK, "risk.csv"))
    assert curve.months.size == 100
    assert (curve.months >= 6).sum() == pytest.approx(48, abs=2)
    assert set(curve.files) == {"own.csv", "risk.csv"}
    again = read_subjects(write(curve_csv(curve), "again.csv"))
    assert again.event.sum() == curve.event.sum()


def test_units_and_percentages_give_the_same_patients(write):
    first = read_curve(write(CURVE), patients=80)
    text = "year;survival_pct\n0;100\n0.25;80\n0.5;48\n0.75;30\n1;20\n"
    second = read_curve(write(text, "b.csv"), patients=80)
    assert second.months == pytest.approx(first.months)
    assert (second.event == first.event).all()


def test_an_adtte_of_two_arms(write):
    path = write(
        "USUBJID,TRT01P,PARAMCD,AVAL,AVALU,CNSR\n"
        "1,A,OS,30.4375,DAYS,0\n2,A,OS,60.875,DAYS,1\n1,A,PFS,20,DAYS,0\n3,B,OS,90,DAYS,0\n"
    )
    found = read_subjects(path, parameter="OS", arm="A")
    assert found.months == pytest.approx([1, 2])
    assert found.event.tolist() == [True, False]
    with pytest.raises(InputError, match="say which: parameter"):
        read_subjects(path)


def test_sizes_become_changes(write):
    found = read_sizes(write(SIZES))
    assert found["change_pct"] == [0, -20, 0, 20]


WRONG_CURVES = [
    ("", "empty"),
    (b"month,survival\n0,1\n1,\xff\n", "own.csv:3: not UTF-8"),
    ("month,survival\n", "no rows"),
    ("0,1\n1,0.9\n2,0.8\n", "write a header"),
    ("month,survival\n0,1\n1,0.9\n2,0.95\n", "own.csv:4: survival: 0.95 after 0.9"),
    ("time,survival\n0,1\n1,0.9\n2,0.8\n", "own.csv:1: time: has no unit"),
    ("month,survival\n0,1\n1,90\n2,80\n", "percentages belong in survival_pct"),
    ("month,survival_pct\n0,1\n1,0.9\n2,0.8\n", "fractions belong in a column survival"),
    ("month,survival\n0,1\n2,0.9\n1,0.8\n", "own.csv:4: time: earlier"),
    ("month,survival\n0,1\n-1,0.9\n1,0.8\n", "own.csv:3: month: -1 is before the start"),
    ("month,survival\n0,1\n1,0.9,3\n2,0.8\n", "own.csv:3: 3 cells"),
    ("month,survival\n0,1\n1,x\n2,0.8\n", "own.csv:3: survival: 'x' is not a number"),
    ("month;survival\n0;1\n1;0,9\n2;0.8\n", "write a point, not a comma"),
    ("month,survival\n0,1\n1,\n2,0.8\n", "own.csv:3: survival: empty"),
    ("month,month,survival\n0,0,1\n", "two columns are called so"),
    ("month,surviva\n0,1\n1,0.9\n", "no column says the survival"),
    ("month,survival\n0,1\n9000,0.9\n", "more than 50 years"),
    ("month,survival\n0,1\n", "own.csv: 1 points"),
]


@pytest.mark.parametrize(("text", "said"), WRONG_CURVES)
def test_wrong_curves_get_one_clear_line(write, text, said):
    with pytest.raises(InputError) as caught:
        read_curve(write(text), patients=50)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("month,at_risk\n0,100\n6,120\n", "risk.csv:3: at_risk: 120 after 100: nobody comes back"),
        ("month,at_risk\n3,100\n6,50\n", "the first row must be time 0"),
        ("month,at_risk\n0,100\n6,50.5\n", "50.5 is no number of patients"),
        ("month,at_risk\n0,1\n", "it must be 2 to 100000"),
    ],
)
def test_wrong_numbers_at_risk(write, text, said):
    with pytest.raises(InputError) as caught:
        read_curve(write(CURVE), write(text, "risk.csv"))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient,month,event\na,1,1\na,2,0\n", "own.csv:3: patient: 'a' stands in row 2 already"),
        ("patient,month,event\na,1,2\nb,2,0\n", "own.csv:2: event: '2' must be 0 or 1"),
        ("patient,AVAL,CNSR\na,1,0\nb,2,0\n", "aval: has no unit"),
        ("patient,AVAL,AVALU,CNSR\na,1,MOON,0\nb,2,DAYS,0\n", "'MOON' is no unit"),
        ("patient,month,event\na,1,1\n", "1 patient; give 2"),
    ],
)
def test_wrong_patients(write, text, said):
    with pytest.raises(InputError) as caught:
        read_subjects(write(text))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"orr": 130}, "orr.value: 130 is not from 0 to 100"),
        ({"pfs": {"median": 5, "low": 6}}, "pfs: 5 is not between its limits"),
        ({"psf": 5}, "did you mean 'pfs'"),
        ({"os": {"rates": {6: 30, 12: 40}}}, "os.rates.12: 40 after 30"),
        ({"hazard_ratios": {"os": -1}}, "hazard_ratios.os.value: -1"),
        ({"source": "me"}, "give a result"),
        ({"os": {"curve": "none.csv", "n": 10}}, "no such file"),
        ({"os": {"months": [1, 2], "events": [1]}}, "2 months, 1 events"),
    ],
)
def test_wrong_results(tmp_path, given, said):
    with pytest.raises(InputError) as caught:
        read_own_results(given, tmp_path)
    assert said in str(caught.value)


def test_results_hold_what_their_files_said(tmp_path, write):
    write(CURVE, "os.csv")
    write(SIZES, "sizes.csv")
    given = {"n": 100, "orr": 30, "os": {"curve": "os.csv"}, "sizes": "sizes.csv"}
    found = read_own_results(given, tmp_path)
    assert found["os"]["median"] == 6
    assert len(found["os"]["months"]) == 100
    assert check_own_results(found) == found
    write(CURVE.replace("0.3", "0.35"), "os.csv")
    assert read_own_results(given, tmp_path) != found
