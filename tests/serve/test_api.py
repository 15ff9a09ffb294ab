"""The JSON routes: studies, orders, live answers, errors of one shape."""

from __future__ import annotations

import copy

import pytest
from starlette.testclient import TestClient


def test_a_right_study_comes_back_in_both_forms(client: TestClient, study) -> None:
    found = client.post("/api/check", json={"study": study}).json()
    assert found["check"]["patients"] == 4
    again = client.post("/api/check", json={"text": found["text"]}).json()
    assert again["study"] == found["study"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda s: s["arms"][0].update(regimen="trametinb 2 mg PO QD"),
            "did you mean 'trametinib'",
        ),
        (lambda s: s["cohort"].update(size=0), "size"),
        (lambda s: s.update(arms=[]), "arms"),
        (lambda s: s.update(unknown=1), "unknown"),
        (lambda s: s["cohort"].update(eligibility=["kras_alele == 'G12D'"]), "kras_allele"),
    ],
)
def test_a_wrong_study_is_told_in_the_words_of_the_command_line(
    client, study, change, told
) -> None:
    wrong = copy.deepcopy(study)
    change(wrong)
    for route in ("/api/check", "/api/live", "/api/jobs"):
        answer = client.post(route, json={"study": wrong})
        assert answer.status_code == 422
        assert told in answer.json()["error"]["message"]


def test_an_order_says_where_it_is_wrong(client: TestClient) -> None:
    right = client.post("/api/orders", json={"text": "daraxonrasib 300 mg PO QD"}).json()
    assert right["orders"] == [{"drug": "daraxonrasib", "dose": 300.0, "unit": "mg"}]
    wrong = client.post("/api/orders", json={"text": "daraxonrasib 300 mgg PO QD"}).json()
    assert not wrong["ok"]
    assert wrong["position"] == 17
    assert "'mgg' is not a unit" in wrong["message"]


def test_conditions_are_counted(client: TestClient) -> None:
    found = client.post(
        "/api/eligibility", json={"conditions": ["age_years >= 64", "sex == 'female'"]}
    ).json()
    assert found["all"] <= min(found["each"])
    assert 300 < found["each"][0] < 700


def test_names_are_completed(client: TestClient) -> None:
    assert client.get("/api/complete?text=sotor").json()["drugs"] == ["sotorasib"]
    arms = client.get("/api/complete?text=rasolute-302.chemo").json()["arms"]
    arm = client.get(f"/api/arms/{arms[0]}").json()
    assert "gemcitabine" in arm["regimen"]
    assert client.get("/api/arms/nobody.knows").status_code == 422
    rows = client.get("/api/parameters?text=k_death").json()["rows"]
    assert rows[0]["source"]


def test_the_live_answer_simulates_only_what_has_changed(client: TestClient, study) -> None:
    ask = {"study": study, "patients": 3, "mode": "averaged"}
    first = client.post("/api/live", json=ask).json()
    assert first["simulated"] == 2
    assert [arm["name"] for arm in first["arms"]] == ["drug", "none"]
    assert first["contrasts"][0]["reference"] == "none"
    assert first["arms"][0]["curves"]["os"]["survival"][0] == 1.0
    again = client.post("/api/live", json=ask).json()
    assert again["simulated"] == 0
    assert again["arms"] == first["arms"]
    moved = copy.deepcopy(ask)
    moved["study"]["arms"][0]["regimen"] = "trametinib 1 mg PO QD"
    third = client.post("/api/live", json=moved).json()
    assert third["simulated"] == 1
    assert third["arms"][1] == first["arms"][1]
    exact = client.post("/api/live", json={**ask, "mode": "exact"}).json()
    assert exact["simulated"] == 2


def test_an_old_turn_is_not_answered(client: TestClient, study) -> None:
    ask = {"study": study, "patients": 2, "client": "somebody"}
    assert client.post("/api/live", json={**ask, "turn": 7}).status_code == 200
    assert client.post("/api/live", json={**ask, "turn": 6}).status_code == 409
    assert client.post("/api/live", json={**ask, "turn": 6, "client": "other"}).status_code == 200


def test_live_answers_have_limits(client: TestClient, study) -> None:
    for more, told in (
        ({"patients": 201}, "patients"),
        ({"members": 17}, "members"),
        ({"mode": "fast"}, "mode"),
    ):
        answer = client.post("/api/live", json={"study": study, **more})
        assert answer.status_code == 422
        assert told in answer.json()["error"]["message"]
    many = copy.deepcopy(study)
    many["arms"] = [{"name": f"a{k}", "regimen": "none"} for k in range(7)]
    assert (
        "queue a run" in client.post("/api/live", json={"study": many}).json()["error"]["message"]
    )


_ODD = [
    "",
    "x" * 5000,
    "../../etc/passwd",
    "%2e%2e%2f",
    "\x00",
    "{}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "ünï",
    "-1",
]


def test_no_route_falls_over(client: TestClient) -> None:
    """Every route of the description, with odd words in its path and odd bodies: never a 500."""
    paths = client.get("/api/openapi.json").json()["paths"]
    assert len(paths) > 12
    for path, methods in paths.items():
        for method in methods:
            for odd in _ODD:
                from urllib.parse import quote

                place = path
                for name in ("job_id", "name", "arm_id"):
                    place = place.replace(f"{{{name}}}", quote(odd, safe=""))
                bodies = (
                    [None]
                    if method in {"get", "delete"}
                    else [
                        odd.encode(),
                        b'{"text": 3}',
                        b"[]",
                        b'{"study": {"kind": []}}',
                        b'{"text": "a: &a [*a]"}',
                        b"null",
                    ]
                )
                for body in bodies:
                    answer = client.request(
                        method, place, content=body, headers={"Content-Type": "application/json"}
                    )
                    assert answer.status_code < 500, (method, place[:80], body, answer.text[:300])
                    if answer.status_code >= 400 and answer.url.path.startswith("/api/"):
                        assert answer.json()["error"]["message"]


@pytest.mark.parametrize("odd", _ODD)
def test_no_page_falls_over_or_runs_what_it_is_given(client: TestClient, odd: str) -> None:
    from urllib.parse import quote

    word = quote(odd, safe="")
    for place in (
        f"/runs/{word}",
        f"/runs/{word}/report",
        f"/runs?search={word}",
        f"/compare?run={word}&run={word}",
        f"/model?search={word}",
        f"/static/{word}",
        f"/{word}",
    ):
        answer = client.get(place)
        assert answer.status_code < 500, (place, answer.text[:300])
        assert "<script>alert" not in answer.text
        assert "root:" not in answer.text
