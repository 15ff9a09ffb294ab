"""Folinic acid, capecitabine and liposomal irinotecan: published exposures, and what each does."""

import numpy as np
import pytest

from rascade.engine import Settings, Simulation
from rascade.evidence import load
from rascade.model import assemble, load_table

TABLE = {name: row.value for name, row in load_table().items()}
FLUOROURACIL, SN38 = 130.1, 392.4


def fact(name: str) -> float:
    return load().fact(name).number


def test_capecitabine_brings_the_fluorouracil_that_was_measured() -> None:
    dose = 1255 * 1.7 / TABLE["capecitabine.molecular_weight"]  # mmol
    auc = dose / TABLE["capecitabine.CL"] * FLUOROURACIL  # mg h/L
    assert auc == pytest.approx(fact("capecitabine.FU_AUC"), rel=1e-3)
    k, ka = TABLE["capecitabine.CL"] / TABLE["capecitabine.V"], TABLE["capecitabine.ka"]
    assert np.log(2) / k == pytest.approx(fact("capecitabine.FU_half_life"), rel=1e-3)
    # The peak follows, and was not put in.
    tmax = np.log(ka / k) / (ka - k)
    peak = auc * k * ka / (ka - k) * (np.exp(-k * tmax) - np.exp(-ka * tmax))
    assert peak == pytest.approx(fact("capecitabine.FU_Cmax"), rel=0.1)


def test_liposomal_irinotecan_brings_the_sn38_that_was_measured() -> None:
    of = {key: TABLE[f"liposomal irinotecan.{key}"] for key in ("CL", "CL_formation", "Vc")}
    k = TABLE["liposomal irinotecan.k_metabolite"]
    dose = 70 * 1.7  # mg of base
    auc = dose / of["CL"] / 24
    assert auc == pytest.approx(fact("liposomal-irinotecan.AUC_ss"), rel=0.01)
    assert dose / of["Vc"] == pytest.approx(fact("liposomal-irinotecan.Cmax"), rel=0.02)
    half_life = np.log(2) * of["Vc"] / of["CL"]
    assert half_life == pytest.approx(fact("liposomal-irinotecan.half_life"), rel=0.1)
    moles = dose / 586.7 * of["CL_formation"] / of["CL"] / (k * of["Vc"])  # mmol h/L
    assert moles * SN38 * 1000 / 24 == pytest.approx(
        fact("liposomal-irinotecan.SN38_AUC_ss"), rel=0.01
    )


def test_side_effects_of_liposomal_irinotecan_are_those_of_as_much_sn38() -> None:
    share = TABLE["irinotecan.CL_formation"] / (
        TABLE["irinotecan.k_metabolite"] * TABLE["irinotecan.Vc"]
    )  # SN-38 exposure relative to that of irinotecan
    for line in ("neutrophil", "platelet", "erythroid"):
        slopes = (TABLE[f"{drug}.slope_{line}"] for drug in ("liposomal irinotecan", "irinotecan"))
        assert next(slopes) * share == pytest.approx(next(slopes), rel=0.01)
    assert TABLE["liposomal irinotecan.C_gut"] == pytest.approx(
        TABLE["irinotecan.C_gut"] * share, rel=0.01
    )


def kill(medium: dict[str, list[float]]) -> np.ndarray:
    """Return the kill by all drugs in dishes with these concentrations in their medium, 1/h."""
    assembly = assemble(list(medium), setting="culture", clones=["sensitive"])
    n = len(next(iter(medium.values())))
    simulation = Simulation(
        assembly.system,
        patients=n,
        parameters={
            f"medium_{assembly.drug(drug).identifier}": np.array(values)
            for drug, values in medium.items()
        },
        settings=Settings(rtol=1e-6),
        backend="reference",
    )
    return np.asarray(simulation.value("cytotoxic_kill_sum"))


def test_folinic_acid_raises_the_potency_of_fluorouracil_and_kills_nothing_itself() -> None:
    low, more, alone, plain = kill(
        {
            "fluorouracil": [1.0, 1.0, 0.0, 1.7],
            "folinic acid": [0.0, 1e6, 1e6, 0.0],
        }
    )
    assert alone == 0.0
    # Far below saturation potency is the ratio of kills; 66 % more fluorouracil does as much.
    assert more / low == pytest.approx(TABLE["folate_gain"], rel=1e-2)
    assert more == pytest.approx(plain, rel=1e-2)


def test_folinic_acid_leaves_other_cytotoxics_alone() -> None:
    drugs = ("gemcitabine", "irinotecan", "liposomal irinotecan", "oxaliplatin")
    for drug in drugs:
        without, beside = kill({drug: [10.0, 10.0], "folinic acid": [0.0, 1e6]})
        assert without == beside > 0


def test_a_dish_makes_no_fluorouracil_of_capecitabine() -> None:
    assert kill({"capecitabine": [1e5]})[0] == 0.0


def test_the_kill_of_patients_is_that_with_folinic_acid() -> None:
    """What the table calls the kill of fluorouracil stays what it was for regimens with it."""
    text = assemble(["fluorouracil", "folinic acid"]).composition
    assert text.parameters["folate_reference"] == "folate_reference"
    assert list(text.sums["folate_sum"]) == ["folate_share_folinic_acid"]
    assert "folate_sum = 0" in assemble(["fluorouracil"]).composition.antimony
