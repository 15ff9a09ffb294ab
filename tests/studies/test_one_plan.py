"""One plan, one orchestrator: every way of running a trial gives the same bytes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rascade.errors import InputError, ResultsError
from rascade.results.differences import differences
from rascade.studies import TrialStudy, loads
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.study_folder import write_study
from rascade.studies.running.trial import run_trial, trial_output
from rascade.trial.design.plan_text import felt_by_patients
from rascade.trial.running import executors
from rascade.trial.running.executors import FuturesExecutor, LocalExecutor
from rascade.trial.running.run import run

#: A small trial that uses everything that can be used together.
FULL = """\
kind: trial
name: Everything
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 4, eligibility: ["ecog < 2"]}
seed: 8
arms:
  - name: new
    regimen: daraxonrasib 300 mg PO QD
    set: {TMB: 12}
    dose_levels: {daraxonrasib: [300, 200]}
    until: 14 days
    then: [{regimen: daraxonrasib 200 mg PO QD}]
    rescue: gemcitabine 1000 mg/m2 IV D1 Q28D
    protocol:
      rules:
        - {on: grade >= 1 rash, do: hold until grade <= 1 then reduce one level}
      adherence: 0.9
      dropout_per_month: 0.95
      dropouts_followed_for_survival: 0.5
  - {name: old, regimen: none, crossover: new}
imaging_every_weeks: 4
follow_up_months: 3
accrual:
  centres:
    - {name: A, rate_per_month: 8, reading_error: 0.1, case_mix: {ecog: {'0': 0.5, '1': 0.5}}}
    - {name: B, rate_per_month: 8, ramp_months: 0.1}
randomization: {method: blocks, strata: [sex], block_size: 2}
cut_off: {events: 5, endpoint: pfs}
"""
#: Who is in every arm is not randomised.
PAIRED = FULL.replace("randomization: {method: blocks, strata: [sex], block_size: 2}\n", "") + (
    "pairing: same-patients\n"
)
STUDIES = {"randomised": FULL, "paired": PAIRED}


def study(text: str, old: str = "", new: str = "") -> TrialStudy:
    assert old in text
    return loads(text.replace(old, new) if old else text, "s.yaml")


def files(folder: Path) -> dict[str, bytes]:
    """Return the result files of a folder: all but chunks and log."""
    return {
        p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.suffix != ".jsonl"
    }


def last_run(folder: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((folder / "runs.jsonl").read_text().splitlines()[-1])
    return log


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[TrialStudy, Path]]:
    """Return the studies and the folders of their runs in one go."""
    made = {}
    for name, text in STUDIES.items():
        made[name] = study(text), tmp_path_factory.mktemp(name) / "out"
        run_trial(*made[name])
    return made


def _in_memory(wanted: TrialStudy, folder: Path, **how: Any) -> None:
    folder.mkdir()
    write_study(folder, wanted, trial_output(wanted, run(to_plan(wanted), **how)))


def _resumed(wanted: TrialStudy, folder: Path) -> None:
    real, done = executors.simulate, []

    def broken(job: Any, **more: Any) -> Any:
        if len(done) == 2:
            raise InputError("the power is gone")
        done.append(job)
        return real(job, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executors, "simulate", broken)
        with pytest.raises(InputError):
            run_trial(wanted, folder, chunk_size=2)
    run_trial(wanted, folder, start="resume", chunk_size=3)
    assert last_run(folder)["reused"] == 2


def _with_threads_of_python(wanted: TrialStudy, folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        run_trial(wanted, folder, chunk_size=2, executor=FuturesExecutor(pool))


def _in_memory_on_a_pool(wanted: TrialStudy, folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        _in_memory(wanted, folder, executor=FuturesExecutor(pool), chunk_size=3)


def _on_dask(wanted: TrialStudy, folder: Path) -> None:
    distributed = pytest.importorskip("distributed")
    from rascade.studies.running.dask_executor import DaskExecutor

    options = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=False, silence_logs=50, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        run_trial(wanted, folder, chunk_size=2, executor=DaskExecutor(client=client))
        # Dask's own executor of the standard interface serves as well.
        pool = FuturesExecutor(client.get_executor())
        _in_memory(wanted, folder.with_name("pool"), executor=pool, chunk_size=3)
    assert files(folder) == files(folder.with_name("pool"))


WAYS = {
    "in memory": _in_memory,
    "in memory, in chunks": lambda s, f: _in_memory(s, f, chunk_size=3),
    "in memory, on a pool": _in_memory_on_a_pool,
    "in chunks, on threads": lambda s, f: run_trial(
        s, f, chunk_size=3, executor=LocalExecutor(threads=2)
    ),
    "on an executor of Python": _with_threads_of_python,
    "resumed": _resumed,
    "Dask": _on_dask,
}


#: Paired patients take the same paths through all of this, so two ways are enough by default; Dask
#: has a test of its own among the faults.
QUICK = {"randomised": set(WAYS) - {"Dask"}, "paired": {"in memory", "resumed"}}
CASES = [
    pytest.param(name, way, marks=[] if way in QUICK[name] else pytest.mark.slow)
    for name in STUDIES
    for way in WAYS
]


@pytest.mark.parametrize(("name", "way"), CASES)
def test_every_way_gives_the_same_bytes(
    name: str, way: str, at_once: dict[str, tuple[TrialStudy, Path]], tmp_path: Path
) -> None:
    wanted, folder = at_once[name]
    WAYS[way](wanted, tmp_path / "out")  # type: ignore[no-untyped-call]
    assert files(tmp_path / "out") == files(folder)


@pytest.mark.parametrize("name", STUDIES)
def test_the_trial_uses_what_it_should(
    name: str, at_once: dict[str, tuple[TrialStudy, Path]]
) -> None:
    import pandas as pd

    folder = at_once[name][1]
    people = pd.read_parquet(folder / "patients.parquet")
    decisions = pd.read_parquet(folder / "decisions.parquet")
    assert len(people) and set(people["centre"]) == {"A", "B"}
    assert {"reduce", "hold"} & set(decisions["action"].astype(str))
    assert people["dropout_day"].notna().any()
    assert set(people["other_treatment_kind"]) - {""}
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["data_cut"]["events_seen"] >= 5


#: What only counts or shows: (text, other text).
COUNTS = {
    "name": ("name: Everything", "name: Something"),
    "rule of censoring": ("cut_off: {events", "pfs_censoring: fda\ncut_off: {events"),
    "reference": ("follow_up", "reference: new\nfollow_up"),
    "published values": (
        "regimen: daraxonrasib 300 mg PO QD",
        "regimen: daraxonrasib 300 mg PO QD\n    published: rasolute-302.daraxonrasib",
    ),
    "events waited for": ("events: 5", "events: 2"),
    "end point waited for": ("endpoint: pfs", "endpoint: os"),
}
#: What a patient goes through: (text, other text, what the refusal names).
FELT = {
    "dose": (
        "regimen: daraxonrasib 200",
        "regimen: daraxonrasib 100",
        r"phases\[1\].*100 mg",
    ),
    "seed": ("seed: 8", "seed: 10", "seed: 8 there, 10 now"),
    "scans": ("every_weeks: 4", "every_weeks: 5", "imaging_every_weeks: 4.0 there, 5.0 now"),
    "day of the cut": ("events: 5", "month: 2, events: 5", r"cut_off\.month: not given there"),
    "dose rule": ("grade >= 1 rash", "grade >= 2 rash", r"arms\[0\]\.protocol\.rules"),
}


@pytest.fixture
def stored(at_once: dict[str, tuple[TrialStudy, Path]], tmp_path: Path) -> Path:
    """Return a folder with a trial of one's own."""
    return Path(shutil.copytree(at_once["randomised"][1], tmp_path / "stored"))


def felt(text: str) -> dict[str, Any]:
    return {"study": felt_by_patients(to_plan(study(text)))}


@pytest.mark.parametrize("what", COUNTS)
def test_patients_do_not_feel_what_counts(what: str) -> None:
    old, new = COUNTS[what]
    assert to_plan(study(FULL, old, new)) != to_plan(study(FULL))
    assert felt(FULL.replace(old, new)) == felt(FULL)


@pytest.mark.parametrize("what", FELT)
def test_what_patients_feel_is_named(what: str) -> None:
    old, new, says = FELT[what]
    assert old in FULL
    assert re.search(says, "\n".join(differences(felt(FULL), felt(FULL.replace(old, new)))))


def test_what_counts_is_counted_anew_and_nothing_is_simulated(stored: Path) -> None:
    def chunks() -> dict[str, tuple[int, bytes]]:
        # A file's own number shows that it is the same file, not one like it.
        return {p.name: (p.stat().st_ino, p.read_bytes()) for p in stored.glob("chunks/*.parquet")}

    before, text = chunks(), FULL
    for old, new in COUNTS.values():
        text = text.replace(old, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executors, "simulate", lambda *_, **__: pytest.fail("simulated"))
        run_trial(study(text), stored, start="resume")
    assert chunks() == before
    assert last_run(stored)["simulated"] == 0
    expected = trial_output(study(text), run(to_plan(study(text)))).summary
    assert json.loads((stored / "summary.json").read_text()) == expected


def test_another_dose_is_simulated_anew(stored: Path) -> None:
    before, other = files(stored), study(FULL, *FELT["dose"][:2])
    with pytest.raises(ResultsError, match="holds patients of another run"):
        run_trial(other, stored, start="resume")
    run_trial(other, stored, start="restart")
    assert last_run(stored)["simulated"] == 2
    assert files(stored)["patients.parquet"] != before["patients.parquet"]


def test_the_code_that_simulates_is_all_in_the_digest() -> None:
    """A change of any module that a job loads must make stored patients another run's."""
    script = """
import json, sys
from rascade.regimen import parse
from rascade.trial.design.plan_text import plan_text
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec
from rascade.trial.running.jobs import Job, simulate
from rascade.trial.running.spans import Span
cohort = CohortSpec("PDAC", "metastatic", 2, 1)
plan = TrialSpec("t", 1, cohort, (ArmSpec("a", parse("none")),), follow_up_months=0.3)
simulate(Job(plan_text(plan), Span(0, 0, 1), (0,)))
print(json.dumps([name for name in sys.modules if name.startswith("rascade.")]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    from rascade.trial.running.inputs import _CODE

    # Loaded on the way, and decides nothing: messages, how files are read, progress, who does jobs,
    # what counts. What a file of the user says is part of the plan or of the table.
    aside = (
        "errors", "files", "own_files", "own_files.table", "own_files.text", "progress", "registry",
        "streams", "text", "versions", "trial.results", "trial.running",
    )  # fmt: skip
    # Evidence has a digest of its own.
    within = [*(part.removesuffix(".py").replace("/", ".") for part in _CODE), "evidence"]
    modules = [name.removeprefix("rascade.") for name in json.loads(done.stdout)]
    missed = [
        module
        for module in modules
        if not any(f"{module}.".startswith(f"{part}.") for part in within)
        and module not in ("trial", *aside)
    ]
    assert set(missed) <= {"trial.running.inputs", "trial.running.spans"}
