"""What the data say, against arithmetic and against each other."""

from __future__ import annotations

import math
import re

import pytest

from rascade.evidence import Evidence
from rascade.units import convert

WEIGHTS = {
    "H": 1.008,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "F": 18.998,
    "S": 32.06,
    "Cl": 35.45,
    "Pt": 195.084,
    "I": 126.904,
}


def test_molecular_weights_follow_from_their_formulas(evidence: Evidence) -> None:
    rows = [f for f in evidence.drug_facts if f.derivation.startswith("molecular formula ")]
    assert len(rows) == 23
    for row in rows:
        parts = re.findall(r"([A-Z][a-z]?)(\d*)", row.derivation.removeprefix("molecular formula "))
        weight = sum(WEIGHTS[element] * int(count or 1) for element, count in parts)
        assert row.number == pytest.approx(weight, abs=0.15), row.id


def test_unbound_fractions_follow_from_protein_binding(evidence: Evidence) -> None:
    tested = 0
    for drug in evidence.registry:
        if not (drug.has("fraction_unbound") and drug.has("protein_binding")):
            continue
        unbound = drug.fact("fraction_unbound")
        if unbound.derivation.startswith("1 - protein_binding"):
            expected = 1.0 - drug.fact("protein_binding").number / 100.0
            assert unbound.number == pytest.approx(expected, abs=6e-3), drug.name
            tested += 1
    assert tested >= 6


@pytest.mark.parametrize("name", ["sotorasib", "adagrasib", "daraxonrasib", "trametinib"])
def test_molar_peaks_follow_from_mass(name: str, evidence: Evidence) -> None:
    drug = evidence.drug(name)
    peak, weight = drug.fact("cmax_ss"), drug.fact("molecular_weight")
    grams_per_litre = convert(peak.number, peak.unit, "g/L")
    molar = grams_per_litre / convert(weight.number, weight.unit, "g/mol") * 1e6
    assert drug.fact("cmax_total_molar").number == pytest.approx(molar, rel=0.02)


def test_geometric_means_follow_from_arithmetic_ones(evidence: Evidence) -> None:
    drug = evidence.drug("sotorasib")
    cv = drug.fact("bsv_CL_cv").number / 100
    expected = drug.fact("clearance").number / math.sqrt(1 + cv * cv)
    assert drug.fact("clearance_geomean").number == pytest.approx(expected, rel=5e-3)


def test_hydrolysis_rates_agree_between_tables(evidence: Evidence) -> None:
    for allele in ("WT", "G12A", "G12C", "G12D", "G12R", "G12V", "G13D", "Q61L", "Q61H"):
        rate = evidence.fact(f"ras.khyd_intrinsic.{allele}")
        assert rate.unit == "1/s"
        assert evidence.fact(f"bio.khyd-{allele.lower()}").number == rate.number


def test_gap_folds_follow_from_the_rates(evidence: Evidence) -> None:
    for allele in ("WT", "G12A", "G12C", "G12D", "G12R", "G12V", "G13D", "Q61L", "Q61H"):
        fold = (
            evidence.fact(f"ras.khyd_p120GAP.{allele}").number
            / evidence.fact(f"ras.khyd_intrinsic.{allele}").number
        )
        given = evidence.fact(f"pub.gap-fold-{allele.lower()}").number
        assert given == pytest.approx(fold, rel=0.03)


def test_targets_agree_with_the_trials_they_come_from(evidence: Evidence) -> None:
    for target, arm, field in (
        ("CT01", "rasolute-302.chemotherapy", "pfs_median_months"),
        ("CT02", "rasolute-302.chemotherapy", "os_median_months"),
        ("CT03", "rasolute-302.chemotherapy", "orr_pct"),
        ("CT04", "rasolute-302.daraxonrasib", "pfs_median_months"),
        ("CT05", "rasolute-302.daraxonrasib", "os_median_months"),
        ("CT06", "rasolute-302.daraxonrasib", "orr_pct"),
        ("CT09", "codebreak-100-pdac.sotorasib", "orr_pct"),
        ("CT09.os", "codebreak-100-pdac.sotorasib", "os_median_months"),
        ("CT10", "krystal-1-pdac.adagrasib", "orr_pct"),
        ("CT10.pfs", "krystal-1-pdac.adagrasib", "pfs_median_months"),
        ("CT14", "checkmate-032-pdac.nivolumab-plus-ipilimumab-plus-cobimetinib", "orr_pct"),
    ):
        value = getattr(evidence.trial(arm), field)
        if target == "CT14":
            target = "CT13"
        assert evidence.fact(target).number == value, (target, arm, field)


def test_exact_intervals_of_small_arms(evidence: Evidence) -> None:
    """ORR intervals said to be exact binomial are recomputed (Clopper and Pearson 1934)."""
    from scipy.stats import binomtest

    for arm_id, responders, n in (
        ("krystal-1-pdac.adagrasib", 7, 21),
        ("beatty-2018.mrna-cartmeso", 0, 6),
        ("royal-2010.ipilimumab", 0, 27),
        ("brahmer-2012-pdac.bms-936559", 0, 14),
        ("thcq-retrospective-germany.trametinib-plus-hydroxychloroquine", 0, 13),
        ("golan-sig12d-loder.sig12d-loder-plus-chemo", 2, 12),
        ("karasic-2019.gemcitabine-plus-nab-paclitaxel-plus-hydroxychloroquine", 21, 55),
        ("keynote-028-pdac.pembrolizumab", 0, 24),
    ):
        arm = evidence.trial(arm_id)
        interval = binomtest(responders, n).proportion_ci(method="exact")
        assert arm.orr_ci_low_pct == pytest.approx(100 * interval.low, abs=0.06), arm_id
        assert arm.orr_ci_high_pct == pytest.approx(100 * interval.high, abs=0.06), arm_id


def test_known_conflicts_are_recorded(evidence: Evidence) -> None:
    for row in (
        "rasolute-302.daraxonrasib",
        "krystal-7.adagrasib-plus-pembrolizumab-pd-l1ge50pct",
        "bio.cd8-density",
        "bio.gemcitabine-tumour-plasma",
        "hydroxychloroquine.clearance_blood",
        "trametinib.clearance_apparent",
        "irinotecan.clearance",
        "alpelisib.half_life",
        "bio.volume-first-ct",
        "daraxonrasib.blood_plasma_binding",
        "sotorasib.hepatotox_recent_ICI",
    ):
        assert evidence.conflicts_of(row), row


def test_no_number_hides_in_a_text(evidence: Evidence) -> None:
    """A text that is a bare number says why it is not one (its unit was never printed)."""
    for fact in evidence.facts:
        if fact.kind == "text" and re.fullmatch(r"[-+\d.eE]+", str(fact.value)):
            assert "unit not printed" in fact.note, fact.id


def test_claims_judged_wrong_have_a_reading(evidence: Evidence) -> None:
    wrong = [claim for claim in evidence.claims if claim.status != "correct"]
    assert len(wrong) == 35
    assert all(claim.right_reading for claim in wrong)
