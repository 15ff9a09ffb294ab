"""Names in any script stay apart in every format; studies of alike names share no subject."""

from __future__ import annotations

from xml.etree import ElementTree

import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.exchange.adam import build_datasets, check_datasets, check_folder, read_datasets
from rascade.exchange.adam.files import write_datasets
from rascade.exchange.adam.names import fits, plain_text, study_identifier, unique_labels

HARD = [
    "試験群",
    "対照群",
    "плацебо",
    "étude α",
    "etude alpha",
    "e\u0301tude α",
    "Arm 1",
    "x" * 200,
    "x" * 200 + "y",
    "a\tb",
    "a b",
    "?",
    "  padded ",
    "padded",
    "😀",
]


def test_texts_become_ascii_readably_and_short_enough() -> None:
    assert plain_text("étude – “α”\n 2") == 'etude - "alpha" 2'
    assert plain_text("10 µg × 2 ≥ Ω") == "10 ug x 2 >= Omega"
    assert plain_text("x" * 300) == "x" * 200


@pytest.mark.parametrize("length", [20, 100])
def test_every_name_has_a_label_of_its_own(length) -> None:
    labels = unique_labels(HARD, "arm", length)
    assert list(labels) == HARD
    assert len(set(labels.values())) == len(HARD)
    assert all(fits(label, length) for label in labels.values()), labels
    assert labels["Arm 1"] == "Arm 1", "a name that fits is its own label"
    assert not any("??" in label for label in labels.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8, unique=True), st.sampled_from([20, 100]))
def test_no_two_names_share_a_label(names, length) -> None:
    labels = unique_labels(names, "site", length)
    assert len(set(labels.values())) == len(names)
    assert all(fits(label, length) or not name for name, label in labels.items())


def test_studies_of_alike_names_are_apart() -> None:
    names = [
        "RASolute 302, second-line crossover",
        "RASolute 302, second-line cut-off",
        "試験一",
        "試験二",
        "étude",
        "etude",
        "",
    ]
    found = {study_identifier(name) for name in names}
    assert len(found) == len(names)
    assert all(fits(one, 30) for one in found)
    assert study_identifier("a", "arm", "1 x") != study_identifier("a", "arm", "2 x")
    assert study_identifier("a", "arm") == study_identifier("a", "arm"), "the same again"


def test_trials_that_differ_in_seed_alone_share_no_subject(source) -> None:
    one, other = (build_datasets(source(identity=f"{seed} model")) for seed in (1, 2))
    assert not set(one["ADSL"]["USUBJID"]) & set(other["ADSL"]["USUBJID"])


@pytest.fixture(scope="module")
def written(rich, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rich")
    write_datasets(folder, rich)
    return folder


def test_arms_that_are_not_latin_stay_apart_in_every_format(rich, written) -> None:
    names = {"試験群 α", "対照群 α"}
    table = pd.read_csv(written / "adsl.csv", dtype=str)
    assert set(table["TRT01P"]) == names == set(pd.read_parquet(written / "adsl.parquet")["ARM"])
    plain, _ = pyreadstat.read_xport(str(written / "adsl.xpt"))
    for variable, different in (("TRT01P", 2), ("ARM", 2), ("SITEID", 2), ("ARMCD", 2)):
        assert plain[variable].nunique() == different
        assert not plain[variable].str.contains("?", regex=False).any()
        assert plain[variable].map(str.isascii).all()
    assert set(plain["SITEID"]) == {"Koln", "Site 2"}
    assert len(set(plain["TRT02A"]) - {""}) == 2
    assert len(plain[["TRT01P", "TRT01PN"]].drop_duplicates()) == 2
    again = read_datasets(written, "xpt")
    assert set(again["ADSL"]["TRT01P"]) == names, "names.csv leads back"
    pd.testing.assert_series_equal(again["ADRS"]["TRTA"], rich["ADRS"]["TRTA"])
    assert check_folder(written)[1] == []


def test_names_csv_and_define_xml_decode_the_labels(written) -> None:
    names = pd.read_csv(written / "names.csv", dtype=str).set_index("name")
    label = names.loc["試験群 α", "label"]
    assert names.loc["試験群 α", "kind"] == "arm" and label == "alpha [Arm 1]"
    root = ElementTree.parse(written / "define.xml").getroot()
    odm = "{http://www.cdisc.org/ns/odm/v1.3}"
    lists = {one.get("OID"): one for one in root.iter(f"{odm}CodeList")}
    decoded = {
        item.get("CodedValue"): next(item.iter(f"{odm}TranslatedText")).text
        for item in lists["CL.ARM"].iter(f"{odm}CodeListItem")
    }
    assert decoded[label] == "試験群 α"


def test_labels_that_are_swapped_in_a_transport_file_are_found(written, tmp_path) -> None:
    for path in written.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    names = (tmp_path / "names.csv").read_text()
    (tmp_path / "names.csv").write_text(names.replace("対照群 α", "試験群 α"))
    assert any("TRT01P: .parquet and .xpt differ" in str(f) for f in check_folder(tmp_path)[1])


def test_arms_that_collapsed_fail_the_check(rich) -> None:
    spoilt = {name: table.copy() for name, table in rich.items()}
    for table in spoilt.values():
        for variable in {"ARM", "TRT01P", "TRT01A", "TRTP", "TRTA"} & set(table):
            table[variable] = "???"
    said = [str(fault) for fault in check_datasets(spoilt)]
    assert any("ADSL TRT01P, TRT01PN: " in one and "one to one" in one for one in said)


def test_define_xml_is_valid_and_describes_every_variable(rich, written) -> None:
    from odmlib.odm_parser import ODMSchemaValidator

    path = written / "define.xml"
    ODMSchemaValidator(standard="define", version="2.1").validate_file(str(path))
    root = ElementTree.parse(path).getroot()
    odm = "{http://www.cdisc.org/ns/odm/v1.3}"
    items = {one.get("OID"): one for one in root.iter(f"{odm}ItemDef")}
    for name, table in rich.items():
        assert {f"IT.{name}.{variable}" for variable in table} <= set(items)
        leaf = next(g for g in root.iter(f"{odm}ItemGroupDef") if g.get("Name") == name)
        references = [r.get("ItemOID") for r in leaf.iter(f"{odm}ItemRef")]
        assert references == [f"IT.{name}.{variable}" for variable in table]
    defined = {
        one.get("OID") for kind in ("CodeList", "MethodDef") for one in root.iter(odm + kind)
    }
    used = {one.get("CodeListOID") for one in root.iter(f"{odm}CodeListRef")}
    used |= {one.get("MethodOID") for one in root.iter(f"{odm}ItemRef")} - {None}
    assert used <= defined
