"""The tables of the whole system: what stands in them, and what the loader refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rascade.errors import ModelFileError
from rascade.model import system
from rascade.model.mechanisms import data_file, load_mechanisms


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    system.system_mechanisms.cache_clear()
    system.open_ports.cache_clear()


def changed(name: str, old: str, new: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loader read a file of the package's data in which one thing is changed."""
    text = data_file(name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")
    monkeypatch.setattr(system, "data_file", lambda other: folder / other)
    system.system_mechanisms.cache_clear()
    system.open_ports.cache_clear()


def test_every_mechanism_of_the_system_is_listed_once() -> None:
    listed = system.system_mechanisms()
    known = [name for name, item in load_mechanisms().items() if item.per == "system"]
    assert sorted(listed) == sorted(known) and listed[0] == system.PLACES


def test_an_open_port_has_value_and_dimension() -> None:
    assert system.open_ports()["immune_kill"] == (0.0, {"[time]": -1.0})
    assert system.open_ports()["KRAS_mRNA"] == (1.0, {})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"stroma"', '"stromata"', "no mechanism 'stromata'"),
        ('"stroma"', '"vessels"', "'vessels' stands twice"),
        ('"stroma"', '"mapk"', "'mapk' is made once per clone"),
        ('  "stroma",\n', "", "'stroma' is missing"),
        ('"body_places",\n  "cytotoxic_response"', '"cytotoxic_response",\n  "body_places"',
         "'body_places' must be the first"),
    ],
)  # fmt: skip
def test_a_wrong_list_of_the_system_is_refused(
    old: str, new: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed("system.toml", old, new, tmp_path, monkeypatch)
    with pytest.raises(ModelFileError, match=f"system.toml: {says}"):
        system.system_mechanisms()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("AKT_brake,1", "AKT_break,1", "port: no mechanism has a port 'AKT_break'"),
        ("AKT_brake,1", "ERK_bypass,1", "port: 'ERK_bypass' stands twice"),
        ("AKT_brake,1", "AKT_brake,one", "value: 'one' is not a number"),
        ("AKT_brake,1,dimensionless", "AKT_brake,1,nM", "unit: 'nM' is not one of"),
        ("nothing holds AKT down", "", "why: empty; say why 'AKT_brake'"),
    ],
)
def test_a_wrong_open_port_is_refused(
    old: str, new: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed("open_ports.csv", old, new, tmp_path, monkeypatch)
    with pytest.raises(ModelFileError, match=rf"open_ports.csv:\d+: {says}"):
        system.open_ports()
