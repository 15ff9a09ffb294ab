"""Whatever is done to a model file, a deliberate error or a model comes out, and nothing else."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.engine import read_sbml
from rascade.errors import InputError, UnsupportedFeature

HERE = Path(__file__).parent


def _load_mutations() -> object:
    spec = importlib.util.spec_from_file_location("mutations", HERE / "mutations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutations = _load_mutations()

PLACE = st.integers(0, 1 << 20)
DAMAGE = st.lists(
    st.tuples(st.sampled_from(mutations.DAMAGES), PLACE, PLACE), min_size=1, max_size=4
)


def damaged(seed: bytes, damage: list[tuple[object, int, int]]) -> bytes:
    for function, at, how in damage:
        seed = function(seed, at, how) or b"<"
    return seed


@pytest.mark.parametrize("seed", mutations.SEEDS)
def test_the_seeds_are_good(seed: bytes) -> None:
    assert read_sbml(seed.decode()).states


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(mutations.SEEDS), DAMAGE)
def test_damaged_documents_in_this_process(seed: bytes, damage: list) -> None:
    """No net below: a foreign exception, or a crash, would be the end of this test."""
    mutations.read_here(damaged(seed, damage))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(mutations.SEEDS), DAMAGE)
def test_damaged_files_by_the_front_door(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, damage: list
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "model.xml"
    path.write_bytes(damaged(seed, damage))
    try:
        read_sbml(path)
    except (InputError, UnsupportedFeature) as error:
        assert str(error)
        assert "cannot be read (" not in str(error), "an exception that nobody foresaw"
        assert "crashed" not in str(error)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    mutations.read_here(data)


@pytest.mark.slow
@settings(max_examples=8000, deadline=None)
@given(st.sampled_from(mutations.SEEDS), DAMAGE)
def test_many_damaged_documents(seed: bytes, damage: list) -> None:
    mutations.read_here(damaged(seed, damage))


@pytest.mark.slow
def test_guided_by_coverage(tmp_path: Path) -> None:
    """Two minutes of atheris, in a process of its own because libFuzzer ends its process."""
    pytest.importorskip("atheris", reason="atheris is not installed (pip install atheris)")
    for k, seed in enumerate(mutations.SEEDS):
        (tmp_path / f"seed{k}.xml").write_bytes(seed)
    words = [str(HERE / "atheris_target.py"), str(tmp_path), "-max_total_time=120"]
    run = subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr[-3000:]
