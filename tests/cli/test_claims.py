"""``rascade claims``: what a user gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import inside, rascade

KEYS = ["id", "verdict", "scientific_status", "effect", "ci", "experiment"]


def test_json_and_nothing_else_on_stdout() -> None:
    done = inside("claims", "S2", "K9", "--json", "--draws", "5", "--threads", "1")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [list(record)[:6] for record in found] == [KEYS, KEYS]
    assert found[0]["verdict"] == "not testable here" and found[0]["experiment"] is None
    assert found[1]["verdict"] == "supported" and found[1]["experiment"] == "alleles"
    assert "claims:" in done.stderr


def test_the_folder_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 2)):
        done = rascade(
            "claims",
            "S5",
            "K9",
            "R8",
            "--out",
            tmp_path / name,
            "--draws",
            "5",
            "--threads",
            threads,
        )
        assert done.returncode == 0, done.stderr
        assert "page:" in done.stdout and "our reading:" in done.stdout
    files = {path.name for path in (tmp_path / "a").iterdir()}
    assert files == {"claims.json", "claims.html", "manifest.json"}
    first, second = ((tmp_path / n / "claims.json").read_bytes() for n in "ab")
    assert first == second
    page = (tmp_path / "a" / "claims.html").read_text("utf-8")
    assert "Research use only" in page and "http://" not in page.replace("http://www.w3.org", "")
    assert "2.1.1 KRAS as a driver" in page and page.index('id="S5"') < page.index('id="K9"')
    assert page.count("<img ") == 4 and "its own sentence: contradicted" in page
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))
    assert manifest["claims"] == ["S5", "K9", "R8"] and manifest["draws"] == 5
    assert set(manifest["files"]) == {"claims.json", "claims.html"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["K88"], "did you mean 'K8'"),
        (["S5", "--draws", "0"], "--draws: 0"),
        (["S5", "--threads", "0"], "--threads: 0"),
        (["S5", "--seed", "-1"], "--seed"),
    ],
)
def test_wrong_use(arguments: list[str], says: str, tmp_path: Path) -> None:
    done = inside("claims", *arguments, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_all_claims(tmp_path: Path) -> None:
    done = inside("claims", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "claims.json").read_text("utf-8"))
    assert len(found) == 105
    assert "left" in done.stderr
    assert sum(bool(record["checks"]) for record in found) >= 45
    page = (tmp_path / "out" / "claims.html").read_text("utf-8")
    for record in found:
        assert f'<tr id="{record["id"]}">' in page
