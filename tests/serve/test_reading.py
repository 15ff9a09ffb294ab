"""What a request may bring: no name of a file, no depth, own drugs that never mix."""

from __future__ import annotations

import copy
import threading
from pathlib import Path

import pytest

from rascade.own_drugs import own_drugs
from rascade.serve.own import OwnDrugs

SECRET = "word,of,nobody\n1,2,3\n"
ROUTES = ("/api/check", "/api/live", "/api/jobs")


def drug(clearance: float, name: str = "mysorasib") -> dict:
    number = {"value": clearance, "unit": "L/h", "source": "assumed: for a test"}
    return {"name": name, "like": "sotorasib", "numbers": {"CL": number}}


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda s, f: s.update(drugs=[f]),
        lambda s, f: s["cohort"].update(patients=f),
        lambda s, f: s["arms"][0].update(published={"sizes": f}),
        lambda s, f: s["arms"][0].update(published={"source": "x", "os": {"curve": f, "n": 3}}),
    ],
)
def test_no_file_that_a_request_names_is_opened(client, study, tmp_path, change, as_text) -> None:
    import json

    secret = tmp_path / "secret.csv"
    secret.write_text(SECRET)
    wrong = copy.deepcopy(study)
    change(wrong, str(secret))
    body = {"text": json.dumps(wrong)} if as_text else {"study": wrong}
    for route in ROUTES:
        answer = client.post(route, json=body)
        assert answer.status_code == 422
        assert "names no file; upload" in answer.json()["error"]["message"]
        assert "nobody" not in answer.text
        assert "secret" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"study": ' + b'{"a": ' * 300 + b"1" + b"}" * 301,
        b'{"study": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"study": {"seed": ' + b"9" * 5000 + b"}}",
        b'{"study": {"kind": "trial", "seed": NaN, "arms": Infinity}}',
        b'{"study": {"kind": "trial", "follow_up_months": 1e999}}',
        b'{"study": {"kind": "trial", "drugs": [{"name": NaN, "numbers": {"CL": 1e999}}]}}',
        b'{"study": {"kind": "trial", "cohort": {"patients": [{"age_years": NaN}, 3]}}}',
        b'{"study": {"\\ud800": "\\u0000"}}',
        b'{"text": "\\ud800"}',
        b'{"text": "' + b"[" * 5000 + b'"}',
        b"\xff\xfe",
    ],
)
def test_numbers_and_depths_that_no_study_has_are_told(client, body) -> None:
    for route in (*ROUTES, "/api/drugs", "/api/patients", "/api/curve", "/api/orders"):
        answer = client.post(route, content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500, (route, answer.text[:300])
        assert answer.json()["error"]["message"]


def test_own_drugs_of_one_name_do_not_mix(client, study) -> None:
    def asked(clearance: float) -> dict:
        own = copy.deepcopy(study)
        own["arms"] = [{"name": "mine", "regimen": "mysorasib 960 mg PO QD"}]
        own["drugs"] = [drug(clearance)]
        return {"study": own, "patients": 4}

    alone = {c: client.post("/api/live", json=asked(c)).json()["arms"] for c in (5.0, 80.0)}
    assert alone[5.0] != alone[80.0]
    found: list[tuple[float, object]] = []

    def many(clearance: float) -> None:
        text = client.post("/api/check", json={"study": asked(clearance)["study"]}).json()
        value = text["study"]["drugs"][0]["numbers"]["CL"]["value"]
        found.append((clearance, value == clearance))
        arms = client.post("/api/live", json=asked(clearance)).json()["arms"]
        found.append((clearance, arms == alone[clearance]))

    threads = [threading.Thread(target=many, args=(c,)) for c in (5.0, 80.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(right for _, right in found), found
    plain = copy.deepcopy(study)
    plain["arms"][0]["regimen"] = "mysorasib 960 mg PO QD"
    answer = client.post("/api/check", json={"study": plain})
    assert "mysorasib" in answer.json()["error"]["message"]  # gone with the request


def test_requests_with_the_same_drugs_need_not_wait() -> None:
    drugs, inside, told = OwnDrugs(), threading.Barrier(2, timeout=20), []

    def one() -> None:
        with drugs.only([drug(5.0)]):
            inside.wait()
            told.append(next(iter(own_drugs()["mysorasib"].numbers)).value)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [5.0, 5.0]
    with drugs.only():
        assert "mysorasib" not in own_drugs()


def test_files_are_checked_as_on_the_command_line(client, study) -> None:
    number = '{ value = 10, unit = "L/h", source = "assumed: x" }'
    text = f'name = "mysorasib"\nlike = "sotorasib"\n[numbers]\nCL = {number}\n'
    one = client.post("/api/drugs", json={"text": text}).json()["drug"]
    own = copy.deepcopy(study)
    own["drugs"], own["arms"][0]["regimen"] = [one], "mysorasib 960 mg PO QD"
    checked = client.post("/api/check", json={"study": own}).json()
    assert checked["study"]["drugs"][0]["name"] == "mysorasib"
    orders = {"text": "mysorasib 960 mg PO QD", "drugs": [one]}
    assert client.post("/api/orders", json=orders).json()["ok"]
    wrong = client.post("/api/drugs", json={"text": text.replace("sotorasib", "sotorasip")})
    assert "drug.toml" in wrong.json()["error"]["message"]
    assert "did you mean 'sotorasib'" in wrong.json()["error"]["message"]

    table = "id,age_years,ecog\nA,61,1\nB,70,0\n"
    rows = client.post("/api/patients", json={"text": table}).json()["patients"]
    assert rows == [
        {"id": "A", "age_years": 61.0, "ecog": 1},
        {"id": "B", "age_years": 70.0, "ecog": 0},
    ]
    own["cohort"]["patients"] = rows
    assert client.post("/api/check", json={"study": own}).status_code == 200
    wrong = client.post("/api/patients", json={"text": table.replace("61", "old")})
    assert wrong.json()["error"]["message"].startswith("patients.csv:2: age_years: 'old'")
    curve = client.post("/api/curve", json={"text": "month,event\n3,1\n2,0\n"}).json()["times"]
    assert curve["months"] == [2.0, 3.0]
    assert curve["events"] == [0, 1]


def test_a_locked_queue_is_told_and_stops_nothing(tmp_path: Path, monkeypatch) -> None:
    import sqlite3

    from rascade.errors import ResultsError
    from rascade.serve import jobs as queue
    from rascade.serve.settings import ServeSettings
    from rascade.serve.supervisor import Supervisor

    monkeypatch.setattr(queue, "_WAIT_SECONDS", 0.05)
    jobs = queue.Jobs(tmp_path)
    jobs.add("one", "text", "a", 1)
    other = sqlite3.connect(tmp_path / "queue.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ResultsError, match="the queue cannot be used"):
        jobs.add("two", "text", "a", 1)
    assert [job.name for job in jobs.all()] == ["one"]  # reading goes on
    supervisor = Supervisor(ServeSettings(tmp_path), jobs)
    supervisor._thread.start()
    supervisor._awake.set()
    supervisor._thread.join(timeout=0.5)
    assert supervisor._thread.is_alive()
    supervisor.stop()
    other.close()
