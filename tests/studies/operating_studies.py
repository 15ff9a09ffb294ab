"""A stored trial with made-up patients, and studies of operating characteristics on it."""

import json

import numpy as np
import pandas as pd

STUDY = """\
kind: operating-characteristics
name: Designs
population: {results: trial}
endpoint: os
control: old
new: [new]
seed: 4
replicates: 150
accrual: {centres: [{name: A, rate_per_month: 10}, {name: B, rate_per_month: 10, start_month: 2}]}
designs:
  - {name: fixed, size: 120, events: 90}
  - name: looks
    size: 120
    events: 90
    looks: [0.5, 1]
    futility: {rule: conditional-power, conditional_power: 0.1}
    randomization: {strata: [ecog], block_size: 4}
    stratified_test: true
  - {name: marked, size: 120, events: 90, eligibility: ["ecog == 1"]}
curve: {sizes: [60, 120], designs: [fixed]}
sample_size: {power: 0.8, designs: [fixed]}
"""


def write_trial(folder, size=300, seed=2):
    """Write a results folder as rascade trial does: exponential survival, scans every 8 weeks."""
    rng = np.random.default_rng(seed)
    arm = np.repeat(["new", "old"], size)
    number = 2 * size
    death = rng.exponential(np.where(arm == "new", 14.0, 8.0))
    death[0] = np.nan  # a patient that the solver gave up on
    progressed = np.ceil(death / 3) * 1.84
    people = pd.DataFrame(
        {
            "patient": np.arange(number),
            "arm": arm,
            "ecog": rng.integers(0, 2, number),
            "kras_allele": rng.choice(["G12D", "G12V"], number),
            "os_months": np.minimum(death, 24.0),
            "os_event": death <= 24.0,
            "pfs_months": np.minimum(np.minimum(death, progressed), 24.0),
            "pfs_event": np.minimum(death, progressed) <= 24.0,
            "p:KRAS_share": 0.5,
        }
    )
    visits = [
        (i, day, "SD")
        for i, end in enumerate(people["pfs_months"] * 30.4375)
        for day in np.arange(56.0, end if np.isfinite(end) else 0, 56.0)
    ]
    folder.mkdir(parents=True)
    people.to_parquet(folder / "patients.parquet", index=False)
    pd.DataFrame(visits, columns=["patient", "day", "response"]).to_parquet(
        folder / "visits.parquet", index=False
    )
    manifest = {"kind": "trial", "study": "Made up", "study_hash": "ab", "seed": 1,
                "model_hash": "8c1f" * 16, "rascade_version": "0.1.0"}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def write_study(folder, text=STUDY):
    """Write the stored trial and the study beside it; return the study file."""
    write_trial(folder / "trial")
    path = folder / "study.yaml"
    path.write_text(text)
    return path
