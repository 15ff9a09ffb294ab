"""The job files for clusters: they parse, hang together, and use words the verbs know."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "how-to" / "cluster"


def documents() -> list[dict]:
    return [d for d in yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()) if d]


def pod(document: dict) -> dict:
    return document["spec"]["template"]["spec"]


def containers() -> list[dict]:
    return [c for d in documents() if "template" in d["spec"] for c in pod(d)["containers"]]


def commands() -> list[list[str]]:
    """Return every command that the two files start, as words."""
    found = [
        c["args"] for d in documents() if "template" in d["spec"] for c in pod(d)["containers"]
    ]
    for line in (FOLDER / "slurm.sh").read_text().splitlines():
        at = re.search(r"\b(rascade|dask) \w+ ", line)
        if at and not line.startswith("#"):
            found.append(shlex.split(line[at.start() :].rstrip("& ")))
    return found


@cache
def known(*words: str) -> set[str]:
    """Return the options of a command, as its help tells them."""
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"], capture_output=True, text=True, check=True,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    return set(re.findall(r"--[a-z][a-z-]+", done.stdout))


def test_both_files_start_the_scheduler_the_workers_and_the_trial() -> None:
    starts = [tuple(words[:2]) for words in commands()]
    assert sorted(starts) == sorted(
        2 * [("dask", "scheduler"), ("dask", "worker"), ("rascade", "trial")]
    )


@pytest.mark.parametrize("words", commands(), ids=lambda w: " ".join(w[:3]))
def test_every_option_is_one_of_the_command(words: list[str]) -> None:
    program, verb = words[:2]
    if program == "dask":
        pytest.importorskip("distributed")
        options = known(f"distributed.cli.dask_{verb}")
    else:
        options = known("rascade", verb)
    asked = {word for word in words if word.startswith("--")}
    # Dask's help shows a pair as --dashboard / --no-dashboard.
    assert asked <= options, asked - options


def test_names_in_the_kubernetes_file_refer_to_each_other() -> None:
    by = {(d["kind"], d["metadata"]["name"]): d for d in documents()}
    service = by["Service", "rascade-scheduler"]
    labels = [
        d["spec"]["template"]["metadata"]["labels"] for d in by.values() if "template" in d["spec"]
    ]
    assert any(service["spec"]["selector"].items() <= one.items() for one in labels)
    for document in by.values():
        if document["kind"] == "Deployment":
            chosen = document["spec"]["selector"]["matchLabels"]
            assert chosen.items() <= document["spec"]["template"]["metadata"]["labels"].items()
    allowed = by["NetworkPolicy", "rascade-scheduler"]["spec"]["ingress"][0]["from"][0]
    assert all(allowed["podSelector"]["matchLabels"].items() <= one.items() for one in labels)
    job = pod(by["Job", "rascade-trial"])
    (container,) = job["containers"]
    assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in job["volumes"]}
    claim = next(v for v in job["volumes"] if v["name"] == "results")["persistentVolumeClaim"]
    assert ("PersistentVolumeClaim", claim["claimName"]) in by
    # The study and the results lie where the job mounts them; the address is the service's.
    mounts = tuple(m["mountPath"] for m in container["volumeMounts"])
    words = container["args"]
    assert words[2].startswith(mounts[0]) and words[words.index("--out") + 1].startswith(mounts[1])
    address = f"tcp://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert words[words.index("--scheduler") + 1] == address
    assert address in pod(by["Deployment", "rascade-worker"])["containers"][0]["args"]
    images = {c["image"] for c in containers()}
    assert len(images) == 1


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_slurm_script_is_one() -> None:
    subprocess.run(["bash", "-n", str(FOLDER / "slurm.sh")], check=True)
    done = subprocess.run(["bash", str(FOLDER / "slurm.sh")], capture_output=True, text=True)
    assert done.returncode and "the study file" in done.stderr
