"""One small trial for all tests of the data sets, as it is and with everything a trial can have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rascade.exchange.adam import AdamSource, build_datasets
from rascade.regimen import parse
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec
from rascade.trial.running.run import run

EVENTS = pd.DataFrame(
    {
        "patient": [0, 0, 3],
        "arm": ["drug", "drug", "untreated"],
        "term": ["Rash", "Diarrhea", "Fatigue – at night"],
        "soc": ["Skin", "Gastrointestinal", "General"],
        "grade": [2, 3, 1],
        "start_day": [3.2, 10.0, 0.0],
        "end_day": [9.0, np.nan, 4.7],
        "serious": [False, True, False],
        "related": [True, True, False],
        "action": ["none", "dose held", "none"],
    }
)
NAMES = {"drug": "試験群 α", "untreated": "対照群 α"}


@pytest.fixture(scope="session")
def outcome():
    arms = (
        ArmSpec("drug", parse("daraxonrasib 300 mg PO QD")),
        ArmSpec("untreated", parse("none")),
    )
    cohort = CohortSpec("PDAC", "metastatic", 2, 20, ("kras_allele != 'WT'",))
    return run(TrialSpec("a study – of α", 8, cohort, arms, 8.0, 12.0))


@pytest.fixture(scope="session")
def source(outcome):
    def make(events=EVENTS, version="v5", patients=None, **more) -> AdamSource:
        people = outcome.patients if patients is None else patients
        kept = {"study": "a study – of α", "arms": ["drug", "untreated"], "identity": "5"} | more
        tables = {"visits": outcome.visits, "lesions": outcome.lesions}
        tables |= {name: kept.pop(name) for name in tuple(tables) if name in kept}
        return AdamSource(
            patients=people, adverse_events=events, ctcae_version=version, **tables, **kept
        )

    return make


@pytest.fixture(scope="session")
def datasets(source):
    return build_datasets(source())


@pytest.fixture(scope="session")
def rich_source(outcome, source):
    """The trial with strata, centres, a data cut, crossover, rescue, dropout and a failure."""
    people = outcome.patients.copy()
    events = EVENTS.copy()
    failed = int(people.loc[people["os_event"], "patient"].iloc[-1])
    made = {"people": _conducted(people, failed)}
    tables = {}
    for name in ("visits", "lesions"):
        table = getattr(outcome, name).copy()
        tables[name] = table[(table["patient"] != failed) | (table["day"] == 0)]
    for table in (made["people"], events, *tables.values()):
        table["arm"] = table["arm"].map(NAMES)
    names = list(NAMES.values())
    return source(events, patients=made["people"], arms=names, study="試験一", **tables)


@pytest.fixture(scope="session")
def rich(rich_source):
    return build_datasets(rich_source)


def _conducted(people: pd.DataFrame, failed: int) -> pd.DataFrame:
    """Return patients with the columns that a trial with all its rules has."""
    n, event = len(people), people["pfs_event"].to_numpy(bool)
    people["entry_day"] = 1.3 * np.arange(n)
    people["centre"] = np.where(np.arange(n) % 2, "Köln", "東京")
    people["albumin_g_l"] = 30.0 + np.arange(n) % 12
    people["nlr"] = 1.5 + np.arange(n) % 5
    people["liver_metastases"] = np.arange(n) % 3 > 0
    people["stratum_ecog"] = people["ecog"].astype(int).astype(str)
    people["stratum_sex"] = people["sex"].astype(str)
    people["stratum"] = "ecog " + people["stratum_ecog"] + ", sex " + people["stratum_sex"]
    people["data_cut_day"] = 430.5 - people["entry_day"]
    dead = people["os_event"].to_numpy(bool)
    people["study_end_reason"] = np.where(dead, "death", "")
    people["study_end_day"] = np.where(dead, people["os_months"] * 30.4375, np.nan)
    people["os_censor_reason"] = np.where(dead, "", "alive at the data cut")
    people["pfs_censor_reason"] = np.where(event, "", "no event by the data cut")
    stopped = people["treatment_end_reason"].astype(str) == "progression"
    crossed = stopped & (people["arm"] == "untreated")
    rescued = stopped & (people["arm"] == "drug")
    began = people["treatment_end_day"].where(crossed | rescued)
    people["other_treatment_day"] = began
    people["other_treatment_kind"] = np.select([crossed, rescued], ["crossover", "rescue"], "")
    people["other_treatment_regimen"] = np.where(rescued, "gemcitabine 1 g/m²", "")
    people["crossover_day"] = began.where(crossed)
    people["crossover_arm"] = np.where(crossed, NAMES["drug"], "")
    for rule in ("ema", "fda"):
        people[f"pfs_{rule}_months"] = people["pfs_months"]
        people[f"pfs_{rule}_event"] = people["pfs_event"]
        people[f"pfs_{rule}_censor_reason"] = people["pfs_censor_reason"]
    missed = np.flatnonzero(event & people["pfs_reason"].str.startswith("progression"))[0]
    people.loc[missed, "pfs_fda_months"] = people.loc[missed, "pfs_after_months"]
    people.loc[missed, "pfs_fda_event"] = False
    people.loc[missed, "pfs_fda_censor_reason"] = "two or more missed assessments"
    left = np.flatnonzero(~dead & ~event)[0]
    gone = float(people.loc[left, "os_months"]) * 30.4375
    people.loc[left, "treatment_end_reason"] = "dropout"
    people.loc[left, ["treatment_end_day", "dropout_day", "study_end_day"]] = gone
    people.loc[left, ["study_end_reason", "os_censor_reason"]] = "lost to follow-up"
    people.loc[left, "pfs_censor_reason"] = "dropout"
    lost = people["patient"] == failed
    times = [c for c in people if str(c).endswith("_months")]
    people.loc[lost, times] = np.nan
    people.loc[lost, ["os_event", "pfs_event", "pfs_ema_event", "pfs_fda_event"]] = False
    people.loc[lost, ["best_response", "confirmed_response", "best_immune_response"]] = "NE"
    people.loc[lost, ["study_end_reason", "other_treatment_kind", "crossover_arm"]] = ""
    people.loc[lost, ["study_end_day", "other_treatment_day", "crossover_day"]] = np.nan
    return people
