"""Who is let in, and what a page may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rascade.errors import InputError
from rascade.serve.app import create_app
from rascade.serve.settings import MAX_BODY, ServeSettings, is_loopback

PLACE = "http://127.0.0.1:8302"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:9999", "127.0.0.1.evil.example:8302", ""]
)
def test_another_host_gets_nothing(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "127.0.0.1:8302" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/", "/runs", "/model", "/trust", "/nothing", "/api/health", "/static/build.js"]
)
def test_every_answer_says_what_a_page_may_do(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_pages_hold_no_script_and_no_style_of_their_own(client: TestClient) -> None:
    for path in ("/", "/runs", "/model", "/trust", "/nothing"):
        text = client.get(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert "onclick" not in text


def test_figures_are_pictures_with_a_policy_of_their_own(client: TestClient) -> None:
    for place in ("/figures/validation.svg", "/figures/mechanism.svg?drugs=trametinib"):
        answer = client.get(place)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "<svg" in answer.text
        assert "<script" not in answer.text
    for place in ("/figures/mechanism.svg?part=9", "/model?drugs=nobodysorasib"):
        assert client.get(place).status_code in (422, 501)


def test_another_origin_cannot_act(client: TestClient, study) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999"):
        answer = client.post("/api/jobs", json={"study": study}, headers={"Origin": origin})
        assert answer.status_code == 403
    assert client.get("/api/jobs").json() == {"jobs": []}


def test_a_form_of_another_page_cannot_act(client: TestClient) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        answer = client.post("/api/jobs", content="{}", headers={"Content-Type": kind})
        assert answer.status_code == 415


def test_a_large_request_is_refused_unread(client: TestClient) -> None:
    answer = client.post(
        "/api/check", content=b"x" * (MAX_BODY + 1), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_other_hosts_need_a_token(tmp_path: Path) -> None:
    settings = ServeSettings.checked(tmp_path, "0.0.0.0", 8302, None, 1)
    assert settings.token is not None
    client = TestClient(
        create_app(settings), base_url="http://lab.example:8302", follow_redirects=False
    )
    assert client.get("/").status_code == 401
    assert client.get("/static/build.js").status_code == 401
    assert client.get("/?token=wrong-token-wrong").status_code == 401
    entered = client.get(f"/?token={settings.token}")
    assert entered.status_code == 303
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert "SameSite=strict" in entered.headers["set-cookie"]
    client.cookies.set("rascade_token", settings.token)
    assert client.get("/runs").status_code == 200
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {settings.token}"}
    assert client.get("/api/jobs", headers=bearer).status_code == 200


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--port: 0; give a number from 1 to 65535"):
        ServeSettings(tmp_path, port=0)
    with pytest.raises(InputError, match="--token: give at least 12 characters"):
        ServeSettings(tmp_path, token="short")
    assert ServeSettings.checked(tmp_path, "127.0.0.1", 8302, None, 1).token is None
    assert is_loopback("::1")
    assert not is_loopback("192.168.0.7")
