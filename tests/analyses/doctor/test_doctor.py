"""``rascade doctor``: what is sound is called so, and what is not is found and named."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rascade import RESEARCH_USE
from rascade.analyses.doctor import self_check, surroundings
from rascade.analyses.doctor.records import BROKEN, GOOD, UNSURE, Finding
from rascade.analyses.doctor.run import examine, verdict
from rascade.cli.main import main


@pytest.fixture(scope="module")
def examined() -> list[Finding]:
    """The surroundings, and what takes no time to compute."""
    quick = (self_check._random_numbers, self_check._statistics, self_check._engine)
    return [*examine(quick=True), *(self_check._examined(one.__name__, one) for one in quick)]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A copy of the stored numbers that a test may spoil."""
    spoilt = copy.deepcopy(dict(self_check._stored()))
    monkeypatch.setattr(self_check, "_stored", lambda: spoilt)
    yield spoilt


def by_part(found: list[Finding]) -> dict[str, Finding]:
    return {one.part: one for one in found}


def test_a_sound_installation_is_called_so(examined: list[Finding]) -> None:
    assert {one.state for one in examined} == {GOOD}, examined
    assert all(one.found and not one.mend for one in examined)


@pytest.mark.slow
def test_everything_with_a_patient() -> None:
    states = {part: one.state for part, one in by_part(examine()).items()}
    # Stored numbers of another state of the model are no fault of an installation.
    assert states.pop("a patient") in (GOOD, UNSURE)
    assert set(states.values()) == {GOOD}


def test_what_is_there_is_named(examined: list[Finding]) -> None:
    found = by_part(examined)
    assert "numpy" in found["packages"].found and "Python" in found["rascade"].found
    assert {"processor", "cache", "index of runs", "population", "settings"} <= set(found)


def test_other_random_numbers_are_found(stored: dict[str, Any]) -> None:
    assert self_check._random_numbers()[0] == GOOD
    stored["random_numbers"][2] += 2**-50
    assert self_check._random_numbers()[0] == BROKEN


@pytest.mark.parametrize(("here", "state"), [(True, BROKEN), (False, UNSURE)])
def test_a_patient_who_goes_another_way_is_found(
    stored: dict[str, Any], monkeypatch: pytest.MonkeyPatch, here: bool, state: str
) -> None:
    """A fault of the installation where model and code are those that were stored."""
    numbers = copy.deepcopy(stored["patient"]["numbers"])
    monkeypatch.setattr(
        self_check,
        "_patient_numbers",
        lambda: (stored["patient"]["state"] if here else "another", numbers),
    )
    assert self_check._patient()[0] == GOOD
    numbers["plasma_sotorasib"][0] *= 1.01
    assert self_check._patient()[0] == state
    numbers["plasma_sotorasib"][0] = float("nan")
    assert self_check._patient()[0] == state


def test_an_error_in_a_check_is_what_was_found() -> None:
    def fails() -> tuple[str, str]:
        raise OSError("no such library")

    found = self_check._examined("engine", fails)
    assert found.state == BROKEN and "no such library" in found.found and found.mend


def test_a_cache_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("RASCADE_CACHE_DIR", str(tmp_path / "file"))
    found = by_part(surroundings.look_around())["cache"]
    assert found.state == UNSURE and "RASCADE_CACHE_DIR" in found.mend
    open_to_all = tmp_path / "open" / "kernels"
    open_to_all.mkdir(parents=True)
    open_to_all.chmod(0o777)
    monkeypatch.setenv("RASCADE_CACHE_DIR", str(tmp_path / "open"))
    assert by_part(surroundings.look_around())["cache"].state == UNSURE


def test_a_population_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RASCADE_ENSEMBLE", str(tmp_path))
    found = by_part(surroundings.look_around())["population"]
    assert found.state == BROKEN and "RASCADE_ENSEMBLE" in found.mend


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"python": "3", "rascade": "1", "scipy": "not installed"}
    monkeypatch.setattr(surroundings, "package_versions", lambda: dict(versions))
    found = by_part(surroundings.look_around())["packages"]
    assert found.state == BROKEN and "scipy" in found.found and "pip install" in found.mend


def test_the_verb_says_it_and_ends_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--quick"]) == 0
    assert "everything is as it should be" in capsys.readouterr().out
    assert main(["doctor", "--quick", "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)
    assert kept["research_use"] == RESEARCH_USE
    assert {one["state"] for one in kept["findings"]} == {GOOD}
    monkeypatch.setattr(
        surroundings, "look_around", lambda: [Finding("packages", BROKEN, "none", "install some")]
    )
    assert main(["doctor", "--quick"]) == 1
    assert "broken: packages" in capsys.readouterr().out


def test_verdicts() -> None:
    good, unsure = Finding("a", GOOD, "x"), Finding("b", UNSURE, "y", "z")
    assert verdict([good]) == "everything is as it should be"
    assert verdict([good, unsure]) == "works; worth a look: b"
