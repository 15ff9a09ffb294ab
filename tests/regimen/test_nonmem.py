"""NONMEM records: round trip, and the table of what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.errors import OutputError, RascadeError, RegimenError, UnsupportedFeature
from rascade.regimen import (
    DoseRecord,
    DoseTable,
    Regimen,
    from_nonmem,
    parse,
    read_nonmem,
    to_nonmem,
    write_nonmem,
)

sys.path.insert(0, str(Path(__file__).parent))
from regimen_strategies import DRUGS, regimens

KNOWN = [*DRUGS, "gemcitabine", "nab-paclitaxel", "trametinib"]
GOOD = DoseRecord(ID=1, TIME=0.0, AMT=100.0, RATE=0.0, II=0.0, ADDL=0, CMT="gemcitabine")


def assert_same(left: DoseTable, right: DoseTable) -> None:
    """Doses of one hour may change places; infusion times may differ in the last bits."""
    tables = []
    for table in (left, right):
        keys = [table.duration_h.round(9), table.amount, table.unit, table.route, table.drug]
        tables.append(table.take(np.lexsort([*keys, table.time_h])))
    for name in ("drug", "time_h", "amount", "unit", "route"):
        assert np.array_equal(getattr(tables[0], name), getattr(tables[1], name)), name
    np.testing.assert_allclose(tables[0].duration_h, tables[1].duration_h, rtol=1e-12)


def test_records_are_folded() -> None:
    text = (
        "gemcitabine 1000 mg/m2 IV over 30 min D1,8,15 Q28D + "
        "trametinib 2 mg PO QD 2 days on 1 day off"
    )
    table = parse(text, KNOWN).doses(56, 70, 2.0)
    records = to_nonmem(table)
    assert [(r.TIME, r.AMT, r.RATE, r.II, r.ADDL) for r in records if r.CMT == "gemcitabine"] == [
        (0, 2000, 4000, 168, 2),
        (672, 2000, 4000, 168, 2),
    ]
    # Two days on, one off: D1,2 4,5 7,8 ... runs of two.
    oral = [(r.TIME, r.II, r.ADDL) for r in records if r.CMT == "trametinib"]
    assert oral[:3] == [(0, 24, 1), (72, 24, 1), (144, 24, 1)]
    assert_same(from_nonmem(records, KNOWN)[1], table)


@given(st.lists(regimens, min_size=1, max_size=3), st.integers(1, 90))
def test_doses_survive_the_round_trip(plans: list[Regimen], until: int) -> None:
    tables = {
        patient: plan.doses(until, 50.0 + patient, 1.7, {"nab-paclitaxel": 0.5})
        for patient, plan in enumerate(plans, start=1)
    }
    back = from_nonmem(to_nonmem(tables), KNOWN)
    for patient, table in tables.items():
        if len(table):
            assert_same(back[patient], table)
        else:
            assert patient not in back


@settings(max_examples=25)
@given(regimens, st.integers(1, 60))
def test_doses_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, plan: Regimen, until: int
) -> None:
    path = tmp_path_factory.mktemp("nonmem") / "doses.csv"
    records = to_nonmem(plan.doses(until, 71.3, 1.83))
    write_nonmem(path, records)
    assert [replace(record, where="") for record in read_nonmem(path)] == records
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["doses.csv"]


REFUSED = [
    ({"EVID": 4}, UnsupportedFeature, "EVID 4"),
    ({"SS": 1}, UnsupportedFeature, "SS 1"),
    ({"RATE": -2.0}, UnsupportedFeature, "modelled RATE"),
    ({"RATE": -5.0}, RegimenError, "RATE is -5"),
    ({"RATE": float("nan")}, RegimenError, "RATE"),
    ({"AMT": 0.0}, RegimenError, "AMT is 0"),
    ({"AMT": -1.0}, RegimenError, "AMT is -1"),
    ({"AMT": float("inf")}, RegimenError, "AMT is inf"),
    ({"TIME": -1.0}, RegimenError, "TIME is -1"),
    ({"TIME": float("nan")}, RegimenError, "TIME is nan"),
    ({"ADDL": -1}, RegimenError, "ADDL is -1"),
    ({"ADDL": 3}, RegimenError, "II is 0"),
    ({"ADDL": 10**9, "II": 1.0}, RegimenError, "more than"),
    ({"II": -24.0}, RegimenError, "II is -24"),
    ({"ADDL": 1, "II": 24.0, "RATE": 1.0}, RegimenError, "the next one starts"),
    ({"RATE": 10.0, "ROUTE": "PO"}, RegimenError, "not infused"),
    ({"ID": 0}, RegimenError, "counted from 1"),
    ({"CMT": "gemcitabin"}, RegimenError, "did you mean 'gemcitabine'"),
    ({"ROUTE": "VI"}, RegimenError, "did you mean 'IV'"),
    ({"UNIT": "cell"}, RegimenError, "did you mean 'cells'"),
]


@pytest.mark.parametrize(("change", "kind", "says"), REFUSED)
def test_wrong_records_are_refused(
    change: dict[str, object], kind: type[RascadeError], says: str
) -> None:
    with pytest.raises(kind, match=rf"record 2: .*{says}"):
        from_nonmem([GOOD, replace(GOOD, **change)], KNOWN)


def test_time_must_rise_within_a_patient_only() -> None:
    later = replace(GOOD, TIME=24.0)
    with pytest.raises(RegimenError, match="sort the records"):
        from_nonmem([later, GOOD], KNOWN)
    assert sorted(from_nonmem([later, replace(GOOD, ID=2)], KNOWN)) == [1, 2]


HEADER = "ID,TIME,AMT,CMT,EVID"
FILES = [
    ("", "expected a header"),
    ("ID,TIME,AMT,CMT", "column EVID is missing"),
    ("ID,ID,TIME,AMT,CMT,EVID", "column ID is there twice"),
    (f"{HEADER},ADLD\n1,0,1,gemcitabine,1,3", "'ADLD' is not known; did you mean 'ADDL'"),
    (f"{HEADER}\n1,0,1,gemcitabine", r":2: 4 cells, but the header has 5"),
    (f"{HEADER}\n1,0,x,gemcitabine,1", ":2: AMT: 'x' is not a number"),
    (f"{HEADER}\n1,1_0,1,gemcitabine,1", ":2: TIME: '1_0' is not a number"),
    (f"{HEADER}\n1.5,0,1,gemcitabine,1", ":2: ID: '1.5' is not a whole number"),
    (f"{HEADER}\ninf,0,1,gemcitabine,1", "not a whole number"),
    (f"{HEADER}\n1,.,1,gemcitabine,1", "TIME is missing"),
    (f"{HEADER}\n1,0,1,.,1", "CMT: expected the name"),
    (f'{HEADER}\n1,0,1,"gem,1', "not CSV"),
    (f"{HEADER}\n1,0,1,gem\0,1", "NUL"),
]


@pytest.mark.parametrize(("text", "says"), FILES)
def test_wrong_files_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(text)
    with pytest.raises(RegimenError, match=says) as caught:
        read_nonmem(path)
    assert str(caught.value).startswith(str(path))


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(RegimenError, match=r"no\.csv: no such file"):
        read_nonmem(tmp_path / "no.csv")
    with pytest.raises(RegimenError, match="is a folder"):
        read_nonmem(tmp_path)
    (tmp_path / "latin.csv").write_bytes(b"ID,TIME\n\xff\xfe")
    with pytest.raises(RegimenError, match="not UTF-8"):
        read_nonmem(tmp_path / "latin.csv")
    with pytest.raises(OutputError, match="cannot be written"):
        write_nonmem(tmp_path / "latin.csv" / "below.csv", [])


def test_a_data_set_of_others_is_read(tmp_path: Path) -> None:
    """Lower case, observations, covariates, missing values, a byte-order mark, empty lines."""
    path = tmp_path / "theirs.csv"
    path.write_text(
        "\ufeffid,time,dv,amt,evid,cmt,rate,wt\n"
        "1,0,.,100,1,Gemcitabine,200,71\n\n"
        "1,1.5,3.4,.,0,2,.,71\n"
    )
    table = from_nonmem(read_nonmem(path), KNOWN)[1]
    assert table.drug.tolist() == ["gemcitabine"]
    assert table.duration_h.tolist() == [0.5]
    assert table.route.tolist() == ["IV"]


CASES = Path(__file__).parents[1] / "cases" / "regimens"


def test_an_amount_on_an_observation_is_refused() -> None:
    with pytest.raises(RegimenError, match=r"evid0_with_amt\.csv:2: AMT is 100, but EVID 0"):
        from_nonmem(read_nonmem(CASES / "evid0_with_amt.csv"), KNOWN)


def test_codes_written_as_floats_are_whole() -> None:
    table = from_nonmem(read_nonmem(CASES / "evid_float.csv"), KNOWN)[1]
    assert table.amount.tolist() == [100.0]


def test_the_length_of_an_infusion_is_honoured() -> None:
    table = from_nonmem(read_nonmem(CASES / "dur_column.csv"), KNOWN)[1]
    assert table.duration_h.tolist() == [2.0]


@pytest.mark.parametrize("item", ["RATE", "II", "ADDL", "SS", "AMT"])
def test_an_observation_holds_no_dose(item: str) -> None:
    with pytest.raises((RegimenError, UnsupportedFeature), match=f"record 1: {item}"):
        from_nonmem([replace(GOOD, EVID=0, **({"AMT": 0.0} | {item: 1}))], KNOWN)


def test_whole_items_given_as_floats_from_python() -> None:
    """A data frame makes every number a float."""
    record = replace(GOOD, ID=1.0, EVID=1.0, ADDL=2.0, II=24.0, SS=0.0)  # type: ignore[arg-type]
    assert from_nonmem([record], KNOWN)[1].time_h.tolist() == [0.0, 24.0, 48.0]
    for item in ("ID", "EVID", "ADDL", "SS"):
        with pytest.raises(RegimenError, match=rf"record 1: {item}: 1\.5 is not a whole"):
            from_nonmem([replace(GOOD, **{item: 1.5})], KNOWN)
        with pytest.raises(RegimenError, match="not a whole"):
            from_nonmem([replace(GOOD, **{item: float("nan")})], KNOWN)


def test_an_id_that_comes_back_is_a_new_individual() -> None:
    later = replace(GOOD, TIME=24.0, AMT=50.0)
    other = replace(GOOD, ID=2)
    again = replace(GOOD, TIME=1.0, AMT=7.0)
    tables = from_nonmem([later, other, again, replace(GOOD, ID=3)], KNOWN)
    assert {patient: table.amount.tolist() for patient, table in tables.items()} == {
        1: [50.0],
        2: [100.0],
        4: [7.0],
        3: [100.0],
    }


def test_an_observation_of_another_also_ends_an_individual() -> None:
    seen = replace(GOOD, ID=2, EVID=0, AMT=0.0)
    assert len(from_nonmem([GOOD, seen, GOOD], KNOWN)) == 2


DOSING_COLUMNS = [
    ("F1", "0.5", "F1: '0.5' would change the dose; scale AMT"),
    ("BIO", "0", "BIO: '0' would change"),
    ("ALAG1", "2", "ALAG1: '2' would change the dose; add it to TIME"),
    ("TLAG", "2", "TLAG"),
    ("D1", "2", "D1: '2' would change the dose; write the length of an infusion in DUR"),
    ("NDOSES", "4", "NDOSES"),
    ("TAU", "24", "TAU"),
    ("FREQ", "QD", "FREQ: 'QD' would change"),
    ("ADM", "2", "ADM"),
    ("CONT", "1", "CONT"),
    ("DATE", "2024-01-01", "DATE: '2024-01-01' would change the dose; write TIME in hours"),
    ("C", "C", "C: 'C' would change the dose; leave out the records"),
    ("EXCL", "1", "EXCL"),
    ("MDV", "0", "MDV 0 makes this an observation"),
    ("MDV", "101", "MDV 101 is not supported"),
    ("DOSE", "50", "DOSE is 50, but AMT is 100"),
    ("DUR", "-2", "DUR is -2 h"),
    ("TINF", "x", "TINF: 'x' is not a number"),
    ("SS", "1", "SS 1 is not supported"),
    ("II", "24", "II is 24 h but ADDL is 0"),
    ("EVID2", "1", "column 'EVID2' is not known"),
    ("AMTPERKG", "2", "column 'AMTPERKG' is not known"),
    ("BOOST", "2", r"column 'BOOST' is not known; .*ignore=\['BOOST'\]"),
]


@pytest.mark.parametrize(("column", "value", "says"), DOSING_COLUMNS)
def test_no_column_that_changes_a_dose_is_dropped(
    tmp_path: Path, column: str, value: str, says: str
) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(f"{HEADER},{column}\n1,0,100,gemcitabine,1,{value}\n")
    with pytest.raises((RegimenError, UnsupportedFeature), match=says):
        from_nonmem(read_nonmem(path), KNOWN)


@pytest.mark.parametrize("event", [2, 3, 4, 5, 101])
def test_other_events_are_refused_by_name(tmp_path: Path, event: int) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(f"{HEADER}\n1,0,100,gemcitabine,{event}.0\n")
    with pytest.raises(UnsupportedFeature, match=rf":2: EVID {event} "):
        from_nonmem(read_nonmem(path), KNOWN)


def test_columns_that_say_nothing_are_read(tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(
        f"{HEADER},F1,ALAG1,MDV,DOSE,TINF,C,WT,BOOST\n"
        "1,0,100,gemcitabine,1,1,0,1,100,0.5,.,71,3\n1,5,.,.,0,.,.,0,100,.,,71,3\n"
    )
    records = read_nonmem(path, ignore=["boost"])
    assert records.ignored == ("WT", "BOOST")
    assert from_nonmem(records, KNOWN)[1].duration_h.tolist() == [0.5]


@pytest.mark.parametrize(("rate", "ok"), [("50", True), ("33.3", False), ("-2", False)])
def test_rate_and_length_must_agree(tmp_path: Path, rate: str, ok: bool) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(f"{HEADER},RATE,DUR\n1,0,100,gemcitabine,1,{rate},2\n")
    if ok:
        assert from_nonmem(read_nonmem(path), KNOWN)[1].duration_h.tolist() == [2.0]
    else:
        with pytest.raises(RegimenError, match="do not agree"):
            read_nonmem(path)
