"""``rascade trial``: what a user can do wrong, and what a user gets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import ROOT, TINY, inside, rascade


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(TINY)
    return path


WRONG = [
    (
        "daraxonrasib 300",
        "daraxonrasb 300",
        "study.yaml:6: arms[0].regimen: no drug",
        "'daraxonrasib'",
    ),
    (
        "300 mg PO",
        "300 mgs/m3 PO",
        "study.yaml:6: arms[0].regimen: 'mgs/m3' is not a unit",
        "'mg/m2'",
    ),
    (
        "300 mg PO",
        "-300 mg PO",
        "study.yaml:6: arms[0].regimen: daraxonrasib: a dose of -300",
        "zero",
    ),
    ("Q28D", "Q7D", "study.yaml:7: arms[1].regimen: gemcitabine: day 15 does not exist", "7-day"),
    ("PO QD", "PO QDD", "study.yaml:6: arms[0].regimen: 'QDD' is not known", "'QD'"),
    ("kras_allele != 'WT'", "kras_allele != 'G12Z'", "study.yaml:3: cohort.eligibility[0]", "G12D"),
    ("kras_allele", "kras_alele", "study.yaml:3: cohort.eligibility[0]", "kras_allele"),
    ("seed: 3", "sede: 3", "study.yaml:4: sede: unknown key", "'seed'"),
    ("seed: 3", "seed: 3\nparameters: {KRAS_shar: 1}", "study.yaml:5: parameters", "KRAS_share"),
    ("size: 4", "size: -4", "study.yaml:3: cohort.size: -4", "at least 1"),
]


@pytest.mark.parametrize(("old", "new", "says", "mend"), WRONG)
def test_a_wrong_study(study: Path, old: str, new: str, says: str, mend: str) -> None:
    study.write_text(TINY.replace(old, new, 1))
    out = study.parent / "out"
    done = inside("trial", study, "--out", out)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert mend in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("metastatic", "locally advanced", "cohort.stage: 'locally advanced' is not modelled yet"),
        ("PDAC, stage: metastatic", "PDAC, stage: resectable", "cohort.stage: 'resectable' is not"),
    ],
)
def test_a_stage_that_is_not_modelled(study: Path, old: str, new: str, says: str) -> None:
    study.write_text(TINY.replace(old, new, 1))
    done = inside("trial", study, "--out", study.parent / "out")
    assert done.returncode == 3, done.stderr
    assert f"study.yaml:3: {says}" in done.stderr
    assert not (study.parent / "out").exists()


def test_wrong_files_numbers_and_places(study: Path) -> None:
    out = study.parent / "out"
    cases: list[tuple[tuple[object, ...], str]] = [
        ((study.parent / "studi.yaml", "--out", out), "studi.yaml: no such file; did you mean"),
        ((study.parent, "--out", out), "is a folder"),
        ((study, "--out", out, "--size", "-5"), "--size: -5 patients in each arm"),
        ((study, "--out", out, "--size", "0"), "--size: 0 patients"),
        ((study, "--out", out, "--seed", "-1"), "--seed: -1"),
        ((study, "--out", out, "--threads", "0"), "--threads: 0"),
        ((study, "--out", out, "--chunk", "0"), "--chunk: 0 patients in a chunk"),
        (
            (study, "--out", out, "--executor", "dusk"),
            "'dusk' is not one of local, processes, dask",
        ),
        ((study, "--out", out, "--scheduler", "nowhere"), "--scheduler: nowhere cannot be reached"),
        ((study, "--out", out, "--resume", "--restart"), "give one of them"),
        ((study, "--out", study), "is a file; --out must name a folder"),
        ((study, "--out", study / "below"), "is a file, so no folder can be below it"),
        ((study, "--out", study.parent), "'study.yaml', which Rascade did not write"),
        ((study, "--out", "/proc/rascade"), "cannot be written"),
    ]
    for arguments, says in cases:
        done = inside("trial", *map(str, arguments))
        assert done.returncode == 2, (arguments, done.stderr)
        assert says in done.stderr
        assert "Traceback" not in done.stderr
        assert [path.name for path in study.parent.iterdir()] == ["study.yaml"]


def test_what_is_not_modelled_is_code_3(study: Path) -> None:
    out = study.parent / "out"
    for old, new, says in (
        (
            "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D",
            "sunitinib 8 mg/kg IV Q4W",
            "sunitinib is not",
        ),
        ("stage: metastatic", "stage: resectable", "stage"),
    ):
        study.write_text(TINY.replace(old, new))
        done = inside("trial", study, "--out", out)
        assert done.returncode == 3, done.stderr
        assert says in done.stderr
        assert not out.exists()


def test_a_trial_from_file_to_report(study: Path) -> None:
    out = study.parent / "out"
    done = rascade("trial", study, "--out", out, "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"report: {out / 'report.html'}"
    assert "daraxonrasib against gemcitabine: PFS HR" in done.stdout
    assert "left" in done.stderr
    names = {
        "study.yaml",
        "manifest.json",
        "patients.parquet",
        "visits.parquet",
        "lesions.parquet",
        "adverse_events.parquet",
        "decisions.parquet",
        "summary.json",
        "report.html",
    }
    assert {path.name for path in out.iterdir()} == names | {"chunks", "runs.jsonl"}
    summary = json.loads((out / "summary.json").read_text())
    assert {"study", "seed", "model_hash", "arms", "contrasts"} <= summary.keys()
    arm_keys = {
        "name", "n", "orr_pct", "orr_ci", "dcr_pct", "pfs_median_months", "pfs_ci",
        "os_median_months", "os_ci", "grade3plus_trae_pct",
    }  # fmt: skip
    assert arm_keys <= summary["arms"][0].keys()
    contrast_keys = {
        "arm", "reference", "pfs_hr", "pfs_hr_ci", "os_hr", "os_hr_ci", "pfs_logrank_p",
        "os_logrank_p",
    }  # fmt: skip
    assert contrast_keys <= summary["contrasts"][0].keys()
    # Again, over the first results, with other threads: the same bytes; and JSON only on stdout.
    before = {name: (out / name).read_bytes() for name in names}
    again = inside("trial", study, "--out", out, "--threads", "2", "--chunk", "3", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == summary
    assert {name: (out / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_ctrl_c_in_the_middle(study: Path, number: signal.Signals) -> None:
    """The signal comes while arms are simulated; earlier results stay, and the run can go on."""
    out = study.parent / "out"
    first = inside("trial", study, "--out", out)
    assert first.returncode == 0, first.stderr
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    command = [
        sys.executable,
        "-m",
        "rascade.cli.main",
        "trial",
        study,
        "--out",
        out,
        "--size",
        "100",
        "--chunk",
        "1",
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=dict(os.environ),
    ) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if ": 0%" not in line)
        assert line.startswith("trial: daraxonrasib: "), line
        assert process.poll() is None, "the run ended before it could be interrupted"
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert stdout == ""
    assert "Traceback" not in stderr
    last = stderr.splitlines()[-1]
    how = "interrupted" if number == signal.SIGINT else "interrupted by SIGTERM"
    kept = rf"\d+ of 200 chunks are kept in {out}; go on with --resume"
    assert re.fullmatch(f"rascade: {how}; {kept}", last), last
    after = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert after == before
    assert sorted(path.name for path in study.parent.iterdir()) == ["out", "study.yaml"]
    if number == signal.SIGTERM:
        return
    refused = rascade("trial", study, "--out", out)
    assert refused.returncode == 2
    assert "holds a trial that was not finished; give --resume to go on" in refused.stderr
    other = inside("trial", study, "--out", out, "--resume", "--seed", "4")
    assert other.returncode == 2
    assert "seed: 3 there, 4 now" in other.stderr


def test_a_study_is_checked_and_nothing_is_run(study: Path) -> None:
    done = inside("trial", study, "--check", "--size", "1100")
    assert done.returncode == 0, done.stderr
    for says in (
        "Tiny: the study is right, nothing was run",
        "daraxonrasib: 1100 patients in 3 chunks",
        "daraxonrasib 300 mg PO QD",
        "in all 2200 patients in 6 chunks",
    ):
        assert says in done.stdout
    assert [path.name for path in study.parent.iterdir()] == ["study.yaml"]
    found = json.loads(inside("trial", study, "--check", "--json").stdout)
    assert (found["patients"], found["scans"], found["seed"]) == (8, 2, 3)
    study.write_text(TINY.replace("PO QD", "PO QDD"))
    wrong = inside("trial", study, "--check")
    assert wrong.returncode == 2 and "study.yaml:6: arms[0].regimen" in wrong.stderr
