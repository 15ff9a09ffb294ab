"""The kernel on other processors than this one: older x86-64 runs here, ARM is compiled only."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine.kernel import compiled
from rascade.engine.kernel.codegen.emit import write_model
from rascade.engine.kernel.codegen.machine import Machine, compile_object, host
from rascade.engine.kernel.compiled import CompiledBackend
from rascade.engine.kernel.solver.driver import write_driver
from rascade.engine.population.backend import Settings
from rascade.engine.simulation import Simulation

if TYPE_CHECKING:
    from rascade.engine.symbolic.system import System

_OLD = {
    "SSE2": ("x86-64", "", 2, False),
    "AVX2": ("haswell", "", 4, True),
    "AVX-512": ("skylake-avx512", "", 8, True),
}


def _machine(name: str) -> Machine:
    cpu, features, lanes, fused = _OLD[name]
    return replace(host(), cpu=cpu, features=features, lanes=lanes, fused=fused)


def _states(system: System, lanes: int | None = None) -> np.ndarray:
    n = 11
    simulation = Simulation(
        system, patients=n, initial={"y0": np.linspace(5, 90, n)},
        settings=Settings(rtol=1e-6, lanes=lanes), backend=CompiledBackend(system),
    )  # fmt: skip
    simulation.advance(72.0)
    return np.stack([simulation.value(name) for name in system.states], axis=1)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="x86-64 only")
@pytest.mark.parametrize("name", list(_OLD))
def test_other_x86(name: str, pathway: System, monkeypatch: pytest.MonkeyPatch) -> None:
    if host().lanes < _OLD[name][2]:
        pytest.skip("this processor does not have the instructions")
    here = _states(pathway)
    monkeypatch.setattr(compiled, "host", lambda: _machine(name))
    monkeypatch.setattr(compiled, "_DRIVERS", {})
    quick = _states(pathway)
    monkeypatch.setattr(compiled, "MANY_GROUPS", -1)
    there = _states(pathway)
    assert quick.tobytes() == there.tobytes()
    assert there == pytest.approx(here, rel=1e-6, abs=1e-9)
    compiled._DRIVERS.clear()
    assert _states(pathway, lanes=1).tobytes() == there.tobytes()


def test_arm_compiles(pathway: System) -> None:
    import llvmlite.binding as llvm

    try:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    except RuntimeError:
        pytest.skip("this llvmlite has no ARM target")
    arm = Machine("aarch64-unknown-linux-gnu", "generic", "", 2, True, host().llvm)
    code = write_model(pathway, 2, fused=True)
    for quick in (False, True):
        assert len(compile_object(write_driver(arm, 2), arm, simplify=True, quick=quick)) > 1000
        assert len(compile_object(code.text, arm, simplify=False, quick=quick)) > 1000


def test_host_is_described() -> None:
    machine = host()
    assert machine.lanes in (2, 4, 8)
    assert machine.x86 or machine.arm
    assert machine.llvm.count(".") >= 3
