"""What the evidence says of side effects of whole arms, in order and size. Slow."""

from dataclasses import replace

import pytest

from rascade.regimen import parse
from rascade.trial.design.protocol import Protocol
from rascade.trial.design.spec import ArmSpec
from rascade.trial.running.run import run

from . import trial_specs as specs

pytestmark = pytest.mark.slow
SOTORASIB, PEMBROLIZUMAB = "sotorasib 960 mg PO QD", "pembrolizumab 200 mg IV Q3W"


def arm(text: str, size: int, **more):
    """Return events and summary of one arm; everybody is followed to the end of the year."""
    protocol = more.pop("protocol", Protocol(beyond_progression=True))
    spec = specs.spec(text, size=size, months=12.0, **more)
    outcome = run(replace(spec, arms=(ArmSpec("arm", parse(text), protocol=protocol),)), threads=2)
    return outcome.adverse_events, outcome.summary["arms"][0]


def severe_liver(text: str, after: float, size: int = 200) -> float:
    """Share of patients, percent, with ALT of grade 3 or higher that began after a day."""
    events, _ = arm(text, size, eligibility=("kras_allele == 'G12C'",), parameters={"k_death": 0.0})
    found = events[
        events["term"].str.startswith("Alanine")
        & (events["grade"] >= 3)
        & (events["start_day"] > after)
    ]
    return 100.0 * found["patient"].nunique() / size


def test_sotorasib_right_after_pd1_blockade_harms_the_liver_most() -> None:
    # Chour 2023: severe hepatotoxicity 33 against 11 %; alone 8 to 16 % on the label.
    alone = severe_liver(SOTORASIB, 0)
    right = severe_liver(f"{PEMBROLIZUMAB} for 4 doses + {SOTORASIB} from day 85", 84)
    gap = severe_liver(f"{PEMBROLIZUMAB} for 4 doses + {SOTORASIB} from day 185", 184)
    assert 4 < alone < 20
    assert 20 < right < 50
    assert gap < 22
    assert right > 1.6 * gap


def test_together_harms_more_than_a_lead_in() -> None:
    # CodeBreaK 100/101: grade 3 to 4 in 79 % together, 53 % with a lead-in of sotorasib.
    together = severe_liver(f"{SOTORASIB} + {PEMBROLIZUMAB}", 0)
    lead_in = severe_liver(f"{SOTORASIB} + {PEMBROLIZUMAB} from day 43", 0)
    assert together > 1.2 * lead_in > severe_liver(SOTORASIB, 0)


def test_mek_with_pi3k_or_akt_inhibition_is_worse_than_either_and_than_a_sequence() -> None:
    # Bedard 2015: grade 3 or higher in 65 % with buparlisib 60 mg and trametinib 1.5 mg.
    buparlisib, trametinib = "buparlisib 60 mg PO QD", "trametinib 1.5 mg PO QD"
    rate = {
        text: arm(text, 200)[1]["grade3plus_trae_pct"]
        for text in (f"{buparlisib} + {trametinib}", buparlisib, trametinib)
    }
    both = rate[f"{buparlisib} + {trametinib}"]
    assert both > 1.1 * max(rate[buparlisib], rate[trametinib])
    assert rate[buparlisib] + rate[trametinib] < both < 75  # 34.5: too low, side-effects.md says so
    akt, mek = "MK-2206 135 mg PO QW", "selumetinib 100 mg PO QD"
    combined = arm(f"{mek} + {akt}", 200)[1]["grade3plus_trae_pct"]
    alone = [arm(text, 200)[1]["grade3plus_trae_pct"] for text in (mek, akt)]
    assert combined > sum(alone)
    # One after the other, twelve weeks each, overlaps less.
    sequence = arm(f"{mek} until day 84 + {akt} from day 85", 200)[1]["grade3plus_trae_pct"]
    assert sequence < combined


def test_daraxonrasib_and_chemotherapy_have_their_published_events() -> None:
    _, dara = arm(specs.DARAXONRASIB, 300, protocol=Protocol())
    rates = {row["term"]: row["grade3plus_pct"] for row in dara["adverse_events"]}
    assert rates["Rash"] == pytest.approx(14, abs=5)
    assert rates["Mucositis oral"] == pytest.approx(12, abs=5)
    assert rates["Diarrhea"] < 8
    assert 28 < dara["grade3plus_trae_pct"] < 50
    assert dara["discontinued_for_ae_pct"] < 8
    _, chemotherapy = arm(specs.CHEMOTHERAPY, 300, protocol=Protocol())
    rates = {row["term"]: row["grade3plus_pct"] for row in chemotherapy["adverse_events"]}
    assert rates["Neutrophil count decreased"] == pytest.approx(38, abs=8)
    assert rates["Peripheral sensory neuropathy"] == pytest.approx(17, abs=6)
    assert rates["Platelet count decreased"] == pytest.approx(13, abs=5)
