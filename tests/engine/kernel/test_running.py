"""Threads, progress, interruption, the cache of object code, and the amount of work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rascade.engine.kernel import cache, call, compiled
from rascade.engine.kernel.compiled import CompiledBackend
from rascade.engine.population.backend import Settings, Status
from rascade.engine.population.doses import Doses
from rascade.engine.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rascade.engine.symbolic.system import System


def test_progress_reaches_the_end(pathway: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "WAIT", 0.001)
    seen: list[tuple[int, int]] = []
    settings = Settings(rtol=1e-6, progress=lambda done, total: seen.append((done, total)))
    # Many patients, so that no machine is done before it is first asked how far it is.
    Simulation(pathway, patients=5000, initial={"y0": 50.0}, settings=settings).advance(500.0)
    assert seen[-1] == (5000, 5000)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_an_error_in_progress_stops_the_kernel(pathway: System) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("enough")

    settings = Settings(rtol=1e-9, progress=fail, threads=2)
    simulation = Simulation(pathway, patients=20_000, initial={"y0": 50.0}, settings=settings)
    with pytest.raises(RuntimeError, match="enough"):
        simulation.advance(24.0 * 365)
    assert (simulation._batch.t < 24.0 * 365).any()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_it(pathway: System) -> None:
    settings = Settings(rtol=1e-9, threads=2)
    simulation = Simulation(pathway, patients=20_000, initial={"y0": 50.0}, settings=settings)
    simulation.advance(1e-6)  # compile first
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        simulation.advance(24.0 * 365)
    assert (simulation._batch.t < 24.0 * 365).any()
    assert (simulation.status == Status.RUNNING).any()


def test_threads_share_the_patients(pathway: System) -> None:
    runs = []
    for threads in (1, 3):
        simulation = Simulation(
            pathway, patients=64, initial={"y0": np.linspace(1, 90, 64)},
            settings=Settings(threads=threads, lanes=4),
        )  # fmt: skip
        simulation.advance(100.0)
        runs.append(simulation)
    assert runs[0].status.tolist() == runs[1].status.tolist() == [Status.RUNNING] * 64
    assert runs[0].value("y10").tobytes() == runs[1].value("y10").tobytes()


# ---- work ----------------------------------------------------------------------------------------
_WORK = {1e-3: (150, 5), 1e-5: (372, 0), 1e-8: (1467, 2)}  # steps and rejections of the run below


@pytest.mark.parametrize("rtol", list(_WORK))
def test_work_has_not_moved(pathway: System, rtol: float) -> None:
    """Counters of a reference run: a change of more than 10 % is to be explained."""
    doses = Doses(0, np.arange(0.0, 240.0, 24.0), "y0", 40.0)
    simulation = Simulation(pathway, doses=doses, settings=Settings(rtol=rtol))
    simulation.advance(240.0)
    counters = {name: int(values[0]) for name, values in simulation.counters.items()}
    steps, rejected = _WORK[rtol]
    assert counters["steps"] == pytest.approx(steps, rel=0.1)
    assert counters["rejected"] == pytest.approx(rejected, rel=0.1, abs=3)
    assert counters["factorizations"] == counters["steps"] + counters["rejected"]
    assert counters["jacobians"] == counters["steps"]
    assert counters["restarts"] == 10
    attempts = counters["steps"] + counters["rejected"]
    assert counters["rhs"] == 7 * attempts + counters["jacobians"]


# ---- cache ---------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RASCADE_CACHE_DIR", str(tmp_path / "own"))
    compiled._DRIVERS.clear()
    return tmp_path / "own" / "kernels"


def _compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count calls of the compiler."""
    made: list[str] = []
    original = compiled.compile_object

    def counting(text: str, *args: object, **options: object) -> bytes:
        made.append(text)
        return original(text, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled, "compile_object", counting)
    return made


def _value(system: System) -> float:
    compiled._DRIVERS.clear()
    simulation = Simulation(
        system, initial={"y0": 50.0}, settings=Settings(lanes=1), backend=CompiledBackend(system)
    )
    return float(simulation.advance(10.0, [10.0], ["y10"]).values[0, 0, 0])


def test_second_run_compiles_nothing(
    pathway: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _compilations(monkeypatch)
    first = _value(pathway)
    assert len(made) == 3  # model, control loop, outputs
    assert _value(pathway) == first
    assert len(made) == 3
    assert len(list(folder.iterdir())) == 4  # these, and the assembly of the model
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert all(entry.stat().st_mode & 0o077 == 0 for entry in folder.iterdir())


def _translations(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Record which translations are quick ones."""
    made: list[bool] = []
    original = compiled.compile_object

    def noting(*args: Any, quick: bool, **options: Any) -> bytes:
        made.append(quick)
        return original(*args, quick=quick, **options)

    monkeypatch.setattr(compiled, "compile_object", noting)
    return made


def test_code_is_translated_quickly_at_first_and_thoroughly_when_it_pays(
    pathway: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _translations(monkeypatch)
    monkeypatch.setattr(compiled, "MANY_STEPS", 50)
    simulation = Simulation(pathway, initial={"y0": 50.0}, backend=CompiledBackend(pathway))
    simulation.advance(1.0, [1.0], ["y10"])
    assert made == [True] * 3  # model, control loop, outputs
    assert simulation.counters["steps"][0] < 50
    simulation.advance(200.0, [200.0], ["y10"])
    assert made == [True] * 3
    assert simulation.counters["steps"][0] > 50
    simulation.advance(201.0, [201.0], ["y10"])
    assert made == [True] * 3 + [False] * 3
    _value(pathway)  # the thorough one is taken from the cache where it is there
    assert made == [True] * 3 + [False] * 3


def test_code_for_many_patients_is_translated_thoroughly_at_once(
    pathway: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _translations(monkeypatch)
    many = compiled.MANY_GROUPS + 1
    backend = CompiledBackend(pathway)
    Simulation(pathway, patients=many, settings=Settings(lanes=1), backend=backend).advance(0.1)
    assert made == [False] * 3


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "foreign magic"])
def test_damaged_entries_are_made_anew(
    pathway: System, folder: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    first = _value(pathway)
    for entry in folder.iterdir():
        content = bytearray(entry.read_bytes())
        if damage == "flip":
            content[-100] ^= 1
        elif damage == "foreign magic":
            content[:4] = b"\x7fELF"
        entry.write_bytes(content[: {"truncate": 500, "empty": 0}.get(damage, len(content))])
    made = _compilations(monkeypatch)
    assert _value(pathway) == first
    assert len(made) == 3
    assert _value(pathway) == first
    assert len(made) == 3


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_what_others_may_write_is_not_loaded(
    pathway: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _value(pathway)
    made = _compilations(monkeypatch)
    folder.chmod(0o777)
    _value(pathway)
    assert len(made) == 3
    folder.chmod(0o700)
    for entry in folder.iterdir():
        entry.chmod(0o666)
    _value(pathway)
    assert len(made) == 6


@pytest.mark.skipif(os.name != "posix", reason="POSIX ownership")
def test_what_belongs_to_somebody_else_is_not_loaded(
    pathway: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _value(pathway)
    made = _compilations(monkeypatch)
    me = os.getuid()
    monkeypatch.setattr(cache.os, "getuid", lambda: me + 1)
    _value(pathway)
    assert len(made) == 3


def test_links_are_not_followed(
    pathway: System, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _value(pathway)
    for i, entry in enumerate(list(folder.iterdir())):
        target = tmp_path / f"elsewhere{i}"
        entry.rename(target)
        entry.symlink_to(target)
    made = _compilations(monkeypatch)
    _value(pathway)
    assert len(made) == 3


def test_a_folder_that_cannot_be_made_is_no_error(
    pathway: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("RASCADE_CACHE_DIR", str(blocker))
    assert np.isfinite(_value(pathway))


def test_key_depends_on_everything() -> None:
    keys = {cache.cache_key("text", True), cache.cache_key("text", False), cache.cache_key("other")}
    assert len(keys) == 3
    assert all(len(key) == 64 for key in keys)


def test_no_llvm_before_it_is_needed() -> None:
    code = """
    import sys
    import rascade.engine
    from rascade.engine import simulation
    assert "llvmlite" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_more_lanes_than_the_processor_has(make_system: Callable[..., System]) -> None:
    system = make_system(lambda g, y, p, t: [g.neg(y[0])], [1.0])
    simulation = Simulation(system, patients=40, settings=Settings(lanes=16))
    simulation.advance(1.0)
    assert simulation.value("y0") == pytest.approx(np.full(40, np.exp(-1.0)), rel=1e-3)
