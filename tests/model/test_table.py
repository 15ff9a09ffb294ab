import csv
from importlib.resources import files

import pytest

from rascade.errors import InputError, ParameterError
from rascade.model import assemble, known_drugs, load_alleles, load_table, parse_table
from rascade.model.mechanisms import SETTINGS, load_mechanisms
from rascade.model.model_units import to_model_units
from rascade.model.table import COLUMNS

HEAD = ",".join(COLUMNS)
GOOD = "k_x,2,1/h,1,3,fixed,,,PMID:1,verified,What it is"


def rows(*lines: str) -> str:
    return "\n".join([HEAD, *lines, ""])


def test_a_good_row_is_read() -> None:
    row = parse_table(rows(GOOD), "t.csv")["k_x"]
    assert (row.value, row.unit, row.low, row.high, row.varies) == (2.0, "1/h", 1.0, 3.0, False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("k_x,two,1/h,1,3,fixed,,,PMID:1,verified,What", r"t\.csv:2: k_x: value: 'two'"),
        ("k_x,2,1/h,1,3,fixed,,,,verified,What", r"t\.csv:2: k_x: source: empty"),
        ("k_x,2,,1,3,fixed,,,PMID:1,verified,What", r"k_x: unit: ''"),
        ("k_x,2,furlong/fortnigh,1,3,fixed,,,PMID:1,verified,What", r"unit: 'furlong"),
        ("k_x,9,1/h,1,3,fixed,,,PMID:1,verified,What", r"value: 9.0 is outside 1.0 to 3.0"),
        ("k_x,2,1/h,1,3,gamma,0.3,,PMID:1,verified,What", r"distribution: 'gamma'"),
        ("k_x,2,1/h,1,3,lognormal,,,PMID:1,verified,What", r"cv: must be > 0"),
        ("k_x,2,1/h,1,3,fixed,0.3,,PMID:1,verified,What", r"cv: must be > 0"),
        ("k_x,2,1/h,1,3,fixed,,,PMID:1,surely,What", r"confidence: 'surely'"),
        ("k_x,2,1/h,1,3,fixed,,,PMID:1,fitted,What", r"fitted: name the targets"),
        ("k_x,2,1/h,1,3,fixed,,CT01,PMID:1,verified,What", r"fitted: name the targets"),
        ("k_x,2,1/h,1,3,fixed,,,PMID:1,verified,", r"description: empty"),
    ],
)
def test_a_bad_row_is_named_with_line_and_field(line: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        parse_table(rows(line), "t.csv")


def test_a_row_that_stands_twice_and_wrong_columns_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"t\.csv:3: k_x: name: stands twice"):
        parse_table(rows(GOOD, GOOD), "t.csv")
    with pytest.raises(ParameterError, match=r"t\.csv:1: the columns must be"):
        parse_table("name,value\n", "t.csv")


def test_every_row_is_used_by_some_model() -> None:
    used = {
        row
        for setting in SETTINGS
        for row in assemble(
            tuple(known_drugs()), setting=setting, include=tuple(load_mechanisms())
        ).composition.parameters.values()
    }
    elsewhere = {n for n in load_table() if n.endswith((".molecular_weight", ".infusion"))}
    # What an altered gene of a cell line sets a parameter to may be a row of its own.
    genes = (files("rascade.bench") / "data" / "genes.csv").read_text(encoding="utf-8")
    elsewhere |= {row["value"] for row in csv.DictReader(genes.splitlines())}
    assert set(load_table()) - used - elsewhere == set()


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(ParameterError, match=r"did you mean .*daraxonrasib\.affinity"):
        load_table().with_values({"daraxonrasib.afinity": 0.0})
    with pytest.raises(ParameterError, match="not a finite number"):
        load_table().with_values({"daraxonrasib.affinity": -1.0})


@pytest.mark.parametrize(
    ("value", "unit", "weight", "expected"),
    [
        (1.0, "1/s", None, 3600.0),
        (2.0, "uM", None, 2000.0),
        (1e6, "1/(M*s)", None, 3.6),  # per nM and hour
        (5.0, "L/day", None, 5.0 / 24.0),
        (3.0, "mL", None, 0.003),
        (7.0, "cm", None, 70.0),
        (853.9, "ug/h", 853.9, 1000.0),  # nmol per hour
        (1.0, "mg/L", 500.0, 2000.0),  # nM
    ],
)
def test_conversion_into_model_units(value, unit, weight, expected) -> None:
    assert to_model_units(value, unit, weight) == pytest.approx(expected, rel=1e-12)


def test_a_mass_without_a_molecular_weight_is_refused() -> None:
    with pytest.raises(InputError, match="holds a mass"):
        to_model_units(1.0, "mg/L")


def test_alleles_follow_the_published_kinetics() -> None:
    alleles = load_alleles()
    assert alleles["WT"].values == {
        "hydrolysis_ratio": 1.0,
        "GAP_ratio": 1.0,
        "exchange_ratio": 1.0,
        "effector_affinity_loss": 1.0,
        "engages_PI3K": 1.0,
        "cysteine": 0.0,
        "aspartate": 0.0,
    }
    assert [name for name, a in alleles.items() if a.values["cysteine"]] == ["G12C"]
    assert [name for name, a in alleles.items() if a.values["aspartate"]] == ["G12D"]
    assert [name for name, a in alleles.items() if not a.values["engages_PI3K"]] == ["G12R"]
    # Hunter 2015: G12C keeps most of its own hydrolysis, Q61H next to none.
    assert alleles["G12C"].values["hydrolysis_ratio"] == pytest.approx(49 / 68, abs=1e-4)
    assert alleles["Q61H"].values["hydrolysis_ratio"] == pytest.approx(1.3 / 68, abs=1e-4)


def test_allele_rows_agree_with_the_evidence() -> None:
    from rascade.evidence import load

    facts = {(fact.subject, fact.quantity): fact.value for fact in load().ras_kinetics}
    columns = {
        "khyd_intrinsic": "hydrolysis_ratio",
        "khyd_p120GAP": "GAP_ratio",
        "Kd_RAF_RBD": "effector_affinity_loss",
    }
    compared = 0
    for name, allele in load_alleles().items():
        for quantity, column in columns.items():
            if (name, quantity) in facts:
                ratio = facts[name, quantity] / facts["WT", quantity]
                assert allele.values[column] == pytest.approx(ratio, abs=1e-4), (name, column)
                compared += 1
    assert compared >= 25
