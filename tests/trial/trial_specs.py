"""Small trials for tests."""

from rascade.regimen import parse
from rascade.trial.design.protocol import Protocol
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec

DARAXONRASIB = "daraxonrasib 300 mg PO QD"
CHEMOTHERAPY = "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D"
SOTORASIB = "sotorasib 960 mg PO QD"


def spec(
    *regimens: str, size: int = 20, seed: int = 302, months: float = 24.0, **more
) -> TrialSpec:
    """Return a trial with one arm a regimen, named by its drugs."""
    protocol = more.pop("protocol", Protocol())
    eligibility = tuple(more.pop("eligibility", ("kras_allele != 'WT'",)))
    arms = tuple(
        ArmSpec(" + ".join(parse(text).drugs) or "untreated", parse(text), protocol=protocol)
        for text in regimens
    )
    cohort = CohortSpec("PDAC", "metastatic", 2, size, eligibility)
    return TrialSpec("test", seed, cohort, arms, follow_up_months=months, **more)
