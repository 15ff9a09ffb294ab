"""Exponential, logarithm and power of the kernel against 80-bit arithmetic and IEEE 754."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine.kernel.codegen import vector_math
from rascade.engine.kernel.codegen.ir import F64, I64, PTR, Function, Module, vector
from rascade.engine.kernel.codegen.machine import Program, compile_object, host, load_object

if TYPE_CHECKING:
    from collections.abc import Callable

_EMIT: dict[str, Callable[..., object]] = {
    "exp": vector_math.exponential,
    "ln": vector_math.logarithm,
    "pow": vector_math.power,
}
_LONG = np.finfo(np.longdouble).nmant >= 63
needs_long = pytest.mark.skipif(not _LONG, reason="longdouble is no wider than double here")


@cache
def _program(lanes: int, fused: bool) -> Program:
    module = Module(fused=fused)
    for name, emit in _EMIT.items():
        f = Function(module, name, [PTR, PTR, PTR, I64])
        x, y, out, groups = f.arguments
        kind = vector(F64, lanes)
        with f.loop(groups) as i:
            at = i * lanes
            values = [f.load(kind, f.at(source, at)) for source in (x, y)]
            result = emit(f, *(values if name == "pow" else values[:1]))
            f.store(result, f.at(out, at))  # type: ignore[arg-type]
        f.finish()
    return load_object(compile_object(module.text(), host(), simplify=True), host())


def _apply(
    name: str, x: np.ndarray, y: np.ndarray | None = None, lanes: int = 4, fused: bool = True
) -> np.ndarray:
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)(
        _program(lanes, fused and host().fused).address(name)
    )
    groups = -(-len(x) // lanes)
    padded = np.ones((3, groups * lanes))
    padded[0, : len(x)] = x
    if y is not None:
        padded[1, : len(x)] = y
    first, second, out = padded
    function(first.ctypes.data, second.ctypes.data, out.ctypes.data, groups)
    return out[: len(x)].copy()


def _ulps(found: np.ndarray, exact: np.ndarray) -> float:
    unit = np.spacing(np.abs(exact.astype(np.float64)))
    return float(np.max(np.abs((found.astype(np.longdouble) - exact) / unit)))


@needs_long
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(("low", "high"), [(-708.0, 709.7), (-1.0, 1.0), (-1e-9, 1e-9)])
def test_exp_within_two_ulps(low: float, high: float, fused: bool) -> None:
    x = np.random.default_rng(1).uniform(low, high, 20_000)
    assert _ulps(_apply("exp", x, fused=fused), np.exp(x.astype(np.longdouble))) < 2


@needs_long
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(("low", "high"), [(-307.0, 308.0), (-0.3, 0.3), (-1e-5, 1e-5)])
def test_ln_within_two_ulps(low: float, high: float, fused: bool) -> None:
    x = 10 ** np.random.default_rng(2).uniform(low, high, 20_000)
    x = x[x != 1]
    assert _ulps(_apply("ln", x, fused=fused), np.log(x.astype(np.longdouble))) < 2


@needs_long
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    ("base", "exponent"), [((-50, 50), 6.0), ((-0.3, 0.3), 900.0), ((-300, 300), 1.0)]
)
def test_power_within_1e_14(base: tuple[float, float], exponent: float, fused: bool) -> None:
    rng = np.random.default_rng(3)
    x = 10 ** rng.uniform(*base, 20_000)
    y = rng.uniform(-exponent, exponent, 20_000)
    exact = np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    inside = (exact > 1e-300) & (exact < 1e300)
    found = _apply("pow", x, y, fused=fused)
    assert np.max(np.abs(found[inside] / exact[inside] - 1)) < 1e-14


_SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 4.0, 1e17, 1e300, -1e300, 1e-300, 2.5,
     -2.5, 1023.0, -1074.0, 0.3, 709.0, 710.0, -708.0, -750.0, np.inf, -np.inf, np.nan]
)  # fmt: skip


def _same(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Equal, or both NaN, or within 1e-14; subnormal results are zero in the kernel."""
    tiny = np.abs(exact) < sys.float_info.min
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.abs(found / exact - 1) < 1e-14
    signs = np.signbit(found) == np.signbit(exact)
    zero = tiny & (found == 0) & signs
    return (near & signs) | zero | ((found == exact) & signs) | (np.isnan(found) & np.isnan(exact))


@pytest.mark.parametrize("lanes", [1, 4, 8])
def test_edges_of_power(lanes: int) -> None:
    x, y = (a.ravel() for a in np.meshgrid(_SPECIAL, _SPECIAL))
    with np.errstate(all="ignore"):
        exact = np.power(x, y)
    found = _apply("pow", x, y, lanes)
    wrong = ~_same(found, exact)
    assert not wrong.any(), list(zip(x[wrong], y[wrong], found[wrong], exact[wrong], strict=True))


@pytest.mark.parametrize(("name", "exact"), [("exp", np.exp), ("ln", np.log)])
def test_edges_of_exp_and_ln(name: str, exact: Callable[[np.ndarray], np.ndarray]) -> None:
    with np.errstate(all="ignore"):
        assert _same(_apply(name, _SPECIAL), exact(_SPECIAL)).all()


@pytest.mark.parametrize("name", ["exp", "ln", "pow"])
def test_same_bits_at_every_width(name: str) -> None:
    rng = np.random.default_rng(4)
    x = np.concatenate([10 ** rng.uniform(-20, 20, 500), rng.uniform(-50, 50, 500), _SPECIAL])
    y = rng.permutation(np.concatenate([rng.uniform(-5, 5, 1000), _SPECIAL]))
    wanted = _apply(name, x, y, 1).tobytes()
    assert all(_apply(name, x, y, lanes).tobytes() == wanted for lanes in (2, 4, 8))
