"""Runs: queued, simulated in a process of their own, cancelled, lost and gone on with, fetched."""

from __future__ import annotations

import copy
import io
import os
import signal
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from rascade.errors import InputError
from rascade.serve.app import create_app
from rascade.serve.jobs import Jobs
from rascade.serve.settings import ServeSettings

PLACE = "http://127.0.0.1:8302"


@pytest.fixture(scope="module")
def done(client: TestClient, study, wait) -> str:
    job = client.post("/api/jobs", json={"study": study}).json()["id"]
    found = wait(client, job)
    assert found["state"] == "done", found
    return job


def test_a_run_is_what_the_command_line_gives(client: TestClient, done: str, study) -> None:
    import rascade as rc
    from rascade.studies import loads

    summary = client.get(f"/api/jobs/{done}/files/summary.json").json()
    text = client.get(f"/api/jobs/{done}/files/study.yaml").text
    here = rc.Trial.from_study(loads(text)).run(progress=False, threads=1)
    assert summary == here.summary


def test_what_a_run_came_to_is_read_without_script(client: TestClient, done: str) -> None:
    page = client.get(f"/runs/{done}").text
    assert "drug against none" in page
    assert "Research use only" in page
    listed = client.get("/runs?search=two").text
    assert done in listed
    assert done not in client.get("/runs?search=nothing-like-it").text
    compared = client.get(f"/compare?run={done}&run={done}").text
    assert compared.count("drug against none") == 2


def test_the_report_runs_apart(client: TestClient, done: str) -> None:
    answer = client.get(f"/runs/{done}/report")
    assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in answer.headers["content-security-policy"]
    assert "<svg" in answer.text or "data:image" in answer.text


def test_everything_can_be_taken_along(client: TestClient, done: str) -> None:
    table = pd.read_csv(io.StringIO(client.get(f"/api/jobs/{done}/files/patients.csv").text))
    assert len(table) == 4
    for name in ("figures-svg.zip", "adam.zip"):
        content = client.get(f"/api/jobs/{done}/files/{name}").content
        assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) > 3
    curves = client.get(f"/api/jobs/{done}/curves").json()
    assert set(curves["arms"][0]["curves"]) >= {"pfs", "os"}
    refused = client.get(f"/api/jobs/{done}/files/manifest.yaml")
    assert "there are summary.json" in refused.json()["error"]["message"]


def test_too_many_patients_are_refused_before_they_wait(client: TestClient, study) -> None:
    large = copy.deepcopy(study)
    large["cohort"]["size"] = 15_000
    answer = client.post("/api/jobs", json={"study": large})
    assert answer.status_code == 422
    assert (
        "30,000 patients in all arms; this server takes 20,000" in answer.json()["error"]["message"]
    )


def test_a_run_that_waits_can_be_cancelled_and_go_on(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    job = jobs.add("one", "text", "a, b", 4)
    jobs.end(job.id, "cancelled")
    assert jobs.take() is None
    jobs.again(jobs.get(job.id))
    taken = jobs.take()
    assert taken is not None
    assert taken.state == "running"
    with pytest.raises(InputError, match="this run is running"):
        jobs.again(taken)
    with pytest.raises(InputError, match="cancel it before"):
        jobs.remove(taken)
    assert jobs.requeue() == 1
    jobs.tell(job.id, 0.5, "too late")
    assert jobs.get(job.id).share == 0.0
    jobs.end(job.id, "failed", "no luck")
    jobs.remove(jobs.get(job.id))
    with pytest.raises(InputError, match="no run is called"):
        jobs.get(job.id)


def test_a_server_that_was_killed_goes_on_with_its_queue(tmp_path: Path, study, wait) -> None:
    """What a lost server leaves behind is a run that says it is running; nobody runs it."""
    from rascade.studies import dump
    from rascade.studies.files.load import check_plain

    jobs = Jobs(tmp_path)
    text = dump(check_plain(study, "study"))
    job = jobs.add("lost", text, "drug, none", 4)
    assert jobs.take() is not None
    with TestClient(create_app(ServeSettings(tmp_path, warm=False)), base_url=PLACE) as client:
        assert wait(client, job.id)["state"] == "done"


def test_a_run_whose_process_is_killed_says_so_and_can_go_on(client, study, wait) -> None:
    longer = copy.deepcopy(study)
    longer["follow_up_months"], longer["cohort"]["size"] = 24, 30
    job = client.post("/api/jobs", json={"study": longer}).json()["id"]
    for _ in range(300):
        if client.get(f"/api/jobs/{job}").json()["state"] == "running" and _workers(job):
            break
        time.sleep(0.05)
    for process in _workers(job):
        os.kill(process, signal.SIGKILL)
    found = wait(client, job)
    assert (found["state"], found["message"]) == ("failed", "the process ended with code -9")
    page = client.get(f"/runs/{job}").text
    assert "Go on where it stopped" in page
    assert client.post(f"/api/jobs/{job}/again", json={}).json()["state"] in {"queued", "running"}
    assert client.post(f"/api/jobs/{job}/cancel", json={}).json()["state"] == "cancelled"
    assert (
        client.delete(f"/api/jobs/{job}", headers={"Content-Type": "application/json"}).status_code
        == 204
    )


def _workers(job: str) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"rascade.serve.worker" in words and job.encode() in words:
            found.append(int(place.parent.name))
    return found
