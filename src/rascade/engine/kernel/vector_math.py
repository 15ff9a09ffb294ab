"""Exponential, logarithm and power for any number of lanes, written in LLVM IR.

All are branch-free per lane, use additions, multiplications, one division and integer shifts, and
give the same bits at every lane width. Polynomials were fitted at Chebyshev points in 80-digit
arithmetic. Against 80-bit references (tests): exp and ln within 2 units in the last place, power
within 1e-14 relative over the whole range. Subnormal results are zero and subnormal arguments
count as zero, as everywhere in the kernel.

Power keeps the logarithm as an unevaluated sum of two doubles; its error would otherwise be
multiplied by the exponent. Special arguments (zero, negative, infinite, NaN) follow IEEE 754
``pow`` and are handled in a separate function that is only entered when a lane needs it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rascade.engine.kernel.ir import F64, I64, Function, Module, Value

__all__ = ["exponential", "lane_by_lane", "logarithm", "power", "whole_power"]

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # 33 significant bits: exact times any binary exponent
_LN2_LOW = 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the nearest integer in the low bits
_EXP_OVERFLOW = 709.782712893384
_EXP_UNDERFLOW = -708.3964185322641  # ln of the smallest normal number
_SMALLEST_NORMAL = 2.2250738585072014e-308
_INFINITY = float("inf")
_NAN = float("nan")

_EXP = (  # (exp(r) - 1 - r) / r**2 on |r| <= ln(2)/2
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
)
_ATANH = (  # (2 atanh(s) - 2 s) / s**3 as a polynomial in s**2, |s| <= (sqrt(2)-1)/(sqrt(2)+1)
    0.6666666666666666,
    0.4000000000000088,
    0.2857142857080323,
    0.2222222239180047,
    0.18181795630884753,
    0.15386240205813478,
    0.13268759668560612,
    0.13086767009948175,
)


def _polynomial(f: Function, x: Value, coefficients: Sequence[float]) -> Value:
    """Evaluate by pairs (Estrin): shorter chains than Horner, same for every lane width."""
    terms = [f.constant(x.kind, c) for c in coefficients]
    power = x
    while len(terms) > 1:
        paired = [
            f.fma(terms[i + 1], power, terms[i]) if i + 1 < len(terms) else terms[i]
            for i in range(0, len(terms), 2)
        ]
        terms = paired
        if len(terms) > 1:
            power = power * power
    return terms[0]


def _residual(f: Function, c: Value, a: Value, b: Value, product: Value) -> Value:
    """``c - a*b`` where ``product`` is the rounded ``a*b`` and close to ``c``, without its error.

    One fused operation, or Dekker's splitting on a processor that has none.
    """
    if f.module.fused:
        return f.negative_fma(a, b, c)
    split = 134217729.0  # 2**27 + 1
    a_big, b_big = a * split, b * split
    a_high, b_high = a_big - (a_big - a), b_big - (b_big - b)
    a_low, b_low = a - a_high, b - b_high
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    return (c - product) - error


def _exp_core(f: Function, high: Value, low: Value | None) -> Value:
    """exp(high + low), overflow to infinity and underflow to zero included."""
    n = f.fma(_LOG2_E, high, f.constant(high.kind, _ROUND)) - _ROUND
    r = high - n * _LN2_HIGH  # exact: n has 11 bits
    r = r - n * _LN2_LOW
    if low is not None:
        r = r + low
    q = _polynomial(f, r, _EXP)
    value = f.fma(q, r * r, r) + 1.0
    # 2**n as 2 * 2**(n-1) above zero: n can be 1024, and 2**1024 is no double.
    up = high > 0.0
    bits = (n + _ROUND).convert(I64, "bitcast") << 52
    bias = up.select(f.constant(bits.kind, 1022 << 52), f.constant(bits.kind, 1023 << 52))
    scaled = value * up.select(f.constant(high.kind, 2.0), f.constant(high.kind, 1.0))
    scaled = scaled * (bits + bias).convert(F64, "bitcast")
    scaled = (high > _EXP_OVERFLOW).select(_constant(f, high, _INFINITY), scaled)
    return (high < _EXP_UNDERFLOW).select(_constant(f, high, 0.0), scaled)


def _constant(f: Function, x: Value, number: float) -> Value:
    return f.constant(x.kind, number)


def _log_core(f: Function, x: Value) -> tuple[Value, Value]:
    """Logarithm of positive normal numbers as the exact sum of two terms, |first| > |second|.

    x = 2**k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s), s = (m - 1)/(m + 1).
    """
    bits = x.convert(I64, "bitcast")
    shifted = bits + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
    exponent = f.new(bits.kind, f"lshr {bits.kind} {shifted.name}, {_splat(bits, 52)}")
    field = shifted & (0x7FF << 52)
    m = (bits - field + 0x3FF0000000000000).convert(F64, "bitcast")
    k = (exponent | 0x4330000000000000).convert(F64, "bitcast") - 4503599627371519.0  # 2**52+1023
    above = m - 1.0  # exact
    u = m + 1.0
    u_low = m - (u - 1.0)
    reciprocal = 1.0 / u
    s = above * reciprocal
    rest = _residual(f, above, s, u, s * u) - s * u_low
    s_low = rest * reciprocal
    z = s * s
    tail = f.fma(s * z, _polynomial(f, z, _ATANH), s_low * 2.0)
    k_high = k * _LN2_HIGH  # exact
    two_s = s * 2.0
    high = k_high + two_s
    low = ((k_high - high) + two_s) + f.fma(k, _constant(f, x, _LN2_LOW), tail)
    return high, low


def _splat(value: Value, number: int) -> str:
    return value.function.constant(value.kind, number).name


def _helper(module: Module, name: str, kind: str, arguments: int) -> Function | None:
    """Start a private function, or None if it is written already."""
    if module.defines(name):
        return None
    return Function(
        module, name, [kind] * arguments, kind, external=False, attributes="nounwind noinline"
    )


def exponential(f: Function, x: Value) -> Value:
    """e to the power x."""
    helper = _helper(f.module, "vector_exp", x.kind, 1)
    if helper is not None:
        helper.finish(_exp_core(helper, helper.arguments[0], None))
    return f.call("vector_exp", x.kind, [x])


def logarithm(f: Function, x: Value) -> Value:
    """Natural logarithm; -infinity at zero, NaN below."""
    helper = _helper(f.module, "vector_ln", x.kind, 1)
    if helper is not None:
        a = helper.arguments[0]
        high, low = _log_core(helper, a)
        value = high + low
        value = (a < _INFINITY).select(value, a)  # infinity and NaN give themselves
        value = (a < _SMALLEST_NORMAL).select(_constant(helper, a, -_INFINITY), value)
        helper.finish((a < 0.0).select(_constant(helper, a, _NAN), value))
    return f.call("vector_ln", x.kind, [x])


def _power_core(f: Function, x: Value, y: Value) -> Value:
    """x**y for positive normal x and finite y."""
    first, second = _log_core(f, x)
    high = first + second
    low = (first - high) + second
    product = y * high
    error = -_residual(f, product, y, high, product)
    # Beyond the range of exp the product may overflow; the correction must not turn it into NaN.
    inside = f.intrinsic("fabs", product) < 1e4
    correction = inside.select(f.fma(y, low, error), _constant(f, x, 0.0))
    return _exp_core(f, product, correction)


def power(f: Function, x: Value, y: Value) -> Value:
    """x to the power y by the rules of IEEE 754 ``pow``."""
    helper = _helper(f.module, "vector_pow", x.kind, 2)
    if helper is not None:
        _power_special(f.module, x.kind)
        a, b = helper.arguments
        value = helper.variable(a.kind, _power_core(helper, a, b))
        ordinary = (
            (a >= _SMALLEST_NORMAL) & (a < _INFINITY) & (helper.intrinsic("fabs", b) < _INFINITY)
        )
        special = ~ordinary
        with helper.when(special.any()):
            other = helper.call("vector_pow_special", a.kind, [a, b])
            value.set(ordinary.select(value.value, other))
        helper.finish(value.value)
    return f.call("vector_pow", x.kind, [x, y])


def _power_special(module: Module, kind: str) -> None:
    """Power for zero, negative, infinite and NaN arguments."""
    f = Function(
        module,
        "vector_pow_special",
        [kind, kind],
        kind,
        external=False,
        attributes="nounwind noinline cold",
    )
    x, y = f.arguments
    size = f.intrinsic("fabs", x)
    zero, one, infinity, nan = (_constant(f, x, v) for v in (0.0, 1.0, _INFINITY, _NAN))
    is_zero, is_infinite = size < _SMALLEST_NORMAL, size.equals(_INFINITY)
    whole = f.intrinsic("floor", y).equals(y)
    half = y * 0.5
    odd = whole & f.intrinsic("floor", half).differs(half) & (y < _INFINITY)
    value = _power_core(f, (is_zero | is_infinite).select(one, size), y)
    value = is_zero.select((y < 0.0).select(infinity, zero), value)
    value = is_infinite.select((y < 0.0).select(zero, infinity), value)
    # An infinite exponent: by whether |x| is below or above one.
    endless = f.intrinsic("fabs", y).equals(_INFINITY)
    grows = (size > 1.0) ^ (y < 0.0)
    limit = size.equals(1.0).select(one, grows.select(infinity, zero))
    value = endless.select(limit, value)
    negative = x.convert(I64, "bitcast") < 0
    value = (negative & odd).select(-value, value)
    value = ((x < 0.0) & ~whole & ~is_infinite & ~is_zero).select(nan, value)
    value = (x.differs(x) | y.differs(y)).select(nan, value)
    f.finish((y.equals(0.0) | x.equals(1.0)).select(one, value))


def whole_power(f: Function, x: Value, n: int) -> Value:
    """x to a small whole power by multiplication; the reciprocal for a negative one."""
    if n < 0:
        return 1.0 / whole_power(f, x, -n)
    result: Value | None = None
    square = x
    while n:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        if n:
            square = square * square
    return result if result is not None else f.constant(x.kind, 1.0)


def lane_by_lane(f: Function, name: str, x: Value) -> Value:
    """Apply a function of the C mathematics library to each lane."""
    if x.kind == F64:
        return f.call(name, F64, [x])
    lanes = int(x.kind[1:].split(" ", 1)[0])
    out = f.constant(x.kind, 0.0)
    for i in range(lanes):
        value = f.call(name, F64, [x.lane(i)])
        out = f.new(x.kind, f"insertelement {x.kind} {out.name}, {F64} {value.name}, i64 {i}")
    return out
