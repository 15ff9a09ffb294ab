"""Drugs that are known, or modelled, or neither: what a user is told of each."""

import pytest

from rascade.errors import EvidenceError, RegimenError, UnsupportedFeature
from rascade.evidence import load
from rascade.evidence.names import near_spelling
from rascade.model import known_drugs
from rascade.model.compose import find_drugs
from rascade.regimen import parse
from rascade.regimen.names import drug_names

NAMES = [name for drug in load().registry for name in (drug.name, *drug.aliases)]


@pytest.mark.parametrize(
    ("drug", "says"),
    [
        ("cisplatin", "cisplatin is not modelled; nearest by mechanism: oxaliplatin"),
        ("S-1", "nearest by mechanism: capecitabine, fluorouracil|fluorouracil"),
        ("paclitaxel", "nearest by mechanism: nab-paclitaxel"),
        ("cemiplimab", "nearest by mechanism: .*pembrolizumab"),
        ("topotecan", "nearest by mechanism: irinotecan"),
        ("chloroquine", "nearest by mechanism: hydroxychloroquine"),
        ("HRS-4642", r"KRAS G12D\) is not modelled; nearest .* MRTX1133 \(KRAS G12D, GDP-bound"),
        ("vopimetostat", "nor is any other PRMT5 inhibitor"),
        ("azacitidine", "nor is any other DNA methyltransferase inhibitor"),
        ("radiotherapy", "nor is any other ionising radiation"),
    ],
)
def test_a_known_drug_that_is_not_modelled_is_told_so(drug: str, says: str) -> None:
    (order,) = parse(f"{drug} 100 mg IV QW")
    with pytest.raises(UnsupportedFeature, match=says):
        find_drugs([order.drug])


def test_what_is_nearest_has_the_same_mechanism_and_is_modelled() -> None:
    evidence = load()
    for drug in evidence.registry:
        for near in evidence.nearest_by_mechanism(drug.name, known_drugs()):
            assert evidence.drug(near).group == drug.group and near in known_drugs()


def test_every_name_of_a_modelled_drug_leads_to_it() -> None:
    """A drug under one name in the evidence and another in the model could never be ordered."""
    for name in known_drugs():
        record = load().drug(name)
        for alias in (record.name, *record.aliases):
            assert find_drugs([load().drug(alias).name])[0].name == name


@pytest.mark.parametrize(
    "name", ["gemcitabin", "Gemcitabien", "daraxonrasb", "sotorasip", "RMC6236x"]
)
def test_a_slip_is_offered_its_name(name: str) -> None:
    assert near_spelling(name, NAMES) in {"gemcitabine", "daraxonrasib", "sotorasib", "RMC-6236"}


#: Names of other compounds, alike by their stems, that the evidence does not hold.
_WORDS = """
troxacitabine sapacitabine fiacitabine emtricitabine lamivudine pralatrexate satraplatin nedaplatin
picoplatin larotaxel tesetaxel ixabepilone exatecan rubitecan lurtotecan gimatecan dovitinib
selinexor momelotinib binimetanol pazufloxacin nivatrotamab pidilizumab adebrelimab genolimzumab
urelumab varlilumab ragifilimab sotatercept adagolisib oxaliplane
RMC-6237 RMC-7978 BI-3407 MRTX1134 AMG-511 LY3009121 MK-2207
"""
OTHERS = _WORDS.split()


@pytest.mark.parametrize("name", OTHERS)
def test_another_compound_is_not_taken_for_a_slip(name: str) -> None:
    assert near_spelling(name, NAMES) is None
    with pytest.raises(RegimenError, match=r"see: rascade drugs list") as caught:
        parse(f"{name} 100 mg PO QD")
    assert "did you mean" not in str(caught.value)
    with pytest.raises(EvidenceError, match="lists all"):
        load().drug(name)


def test_a_known_drug_is_never_taken_for_a_slip_of_another() -> None:
    """Where only some drugs may stand, one that is known is told apart from a slip."""
    with pytest.raises(RegimenError, match="'capecitabine' is not among the drugs"):
        parse("capecitabine 1000 mg/m2 PO BID", ["gemcitabine", "capecitabin"])
    for name in NAMES:
        assert "did you mean" not in drug_names(["zzz", f"{name}x"]).unknown(name)


def test_gray_is_no_dose_of_a_drug() -> None:
    with pytest.raises(RegimenError, match="radiotherapy is not modelled"):
        parse("radiotherapy 1.8 Gy IV QD")
