"""``rascade facts`` and ``rascade identifiability``: what a user gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import inside, rascade


def test_json_and_nothing_else_on_stdout() -> None:
    done = inside("facts", "off-state-escape", "--json", "--threads", "1")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    assert list(record) == [
        "id", "subject", "statement", "source", "kind", "role", "standing", "holds", "checks",
        "panels",
    ]  # fmt: skip
    assert record["holds"] is all(check["holds"] for check in record["checks"])
    assert "facts:" in done.stderr


def test_the_folder_of_facts_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 2)):
        done = rascade(
            "facts", "g12c-rebound", "potency-sotorasib", "--out", tmp_path / name,
            "--threads", threads,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "2 of 2 facts hold" in done.stdout and "page:" in done.stdout
    files = {path.name for path in (tmp_path / "a").iterdir()}
    assert files == {"facts.json", "facts.html", "manifest.json"}
    first, second = ((tmp_path / n / "facts.json").read_bytes() for n in "ab")
    assert first == second
    page = (tmp_path / "a" / "facts.html").read_text("utf-8")
    assert "Research use only" in page and "http://" not in page.replace("http://www.w3.org", "")
    assert page.index('id="fact-g12c-rebound"') < page.index('id="fact-potency-sotorasib"')
    assert page.count('src="data:image/svg') == 2 and page.count(">holds</span>") == 2
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))
    assert manifest["facts"] == ["g12c-rebound", "potency-sotorasib"]
    assert set(manifest["files"]) == {"facts.json", "facts.html"}


def test_the_folder_of_identifiability_is_whole(tmp_path: Path) -> None:
    done = inside(
        "identifiability", "potency-sotorasib", "--profiles", "1", "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert "known better from the data than from the prior" in done.stdout
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {"identifiability.json", "identifiability.html", "manifest.json"}
    page = (tmp_path / "out" / "identifiability.html").read_text("utf-8")
    assert page.count('src="data:image/svg') == 4
    assert "sotorasib.kinact_over_KI" in page and "Research use only" in page
    record = json.loads((tmp_path / "out" / "identifiability.json").read_text("utf-8"))
    assert record["facts"] == ["potency-sotorasib"] and len(record["profiles"]) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["facts", "g12c-rebond"], "did you mean 'g12c-rebound'"),
        (["facts", "g12c-rebound", "--threads", "0"], "--threads: 0"),
        (["identifiability", "potency-sotorasb"], "did you mean 'potency-sotorasib'"),
        (["identifiability", "potency-sotorasib", "--profiles", "-1"], "--profiles: -1"),
        (["identifiability", "potency-sotorasib", "--threads", "0"], "--threads: 0"),
        (["facts", "g12c-rebound", "--out", "/proc/nowhere"], "/proc"),
    ],
)
def test_wrong_use_gets_one_message(arguments: list[str], says: str) -> None:
    done = inside(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout
