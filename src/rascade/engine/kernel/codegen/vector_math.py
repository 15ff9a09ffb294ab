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

from rascade.engine.kernel.codegen.ir import F64, I64, Function, Module, Value

__all__ = ["exponential", "lane_by_lane", "logarithm", "lowered_power", "power", "whole_power"]

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # 33 significant bits: exact times any binary exponent
_LN2_LOW = 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the nearest integer in the low bits
_EXP_OVERFLOW = 709.782712893384
_EXP_UNDERFLOW = -708.3964185322641  # ln of the smallest normal number
_ROOT_HALF = 0x3FE6A09E667F3BCD  # sqrt(1/2) as an integer
_HUGE = 1e300
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
_ATANH = tuple(  # (2 atanh(s/2) - s) / s**3 as a polynomial in s**2, |s| <= 0.3432
    c / (8 * 4**i)  # fitted in (s/2)**2
    for i, c in enumerate(
        (
            0.6666666666666666,
            0.4000000000000088,
            0.2857142857080323,
            0.2222222239180047,
            0.18181795630884753,
            0.15386240205813478,
            0.13268759668560612,
            0.13086767009948175,
        )
    )
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


def _residual(f: Function, c: Value, a: Value, b: Value) -> Value:
    """``c - a*b`` for ``a*b`` close to ``c``, without the rounding error of the product.

    One fused operation, or Dekker's splitting on a processor that has none.
    """
    if f.module.fused:
        return f.negative_fma(a, b, c)
    product = a * b
    split = 134217729.0  # 2**27 + 1
    a_big, b_big = a * split, b * split
    a_high, b_high = a_big - (a_big - a), b_big - (b_big - b)
    a_low, b_low = a - a_high, b - b_high
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    return (c - product) - error


def _exp_core(f: Function, high: Value, low: Value | None) -> Value:
    """exp(high + low) of a number, overflow to infinity and underflow to zero included."""
    shifted = f.fma(_LOG2_E, high, f.constant(high.kind, _ROUND))
    n = shifted - _ROUND
    r = f.negative_fma(n, _constant(f, high, _LN2_HIGH), high)  # exact: n has 11 bits
    if low is None:
        r = f.negative_fma(n, _constant(f, high, _LN2_LOW), r)
    else:
        r = r + f.negative_fma(n, _constant(f, high, _LN2_LOW), low)
    value = f.fma(_polynomial(f, r, _EXP), r * r, r) + 1.0
    # Times 2**n by adding to the exponent: right whenever the result is a normal number.
    bits = value.convert(I64, "bitcast") + (shifted.convert(I64, "bitcast") << 52)
    scaled = bits.convert(F64, "bitcast")
    scaled = (high > _EXP_OVERFLOW).select(_constant(f, high, _INFINITY), scaled)
    return (high < _EXP_UNDERFLOW).select(_constant(f, high, 0.0), scaled)


def _constant(f: Function, x: Value, number: float) -> Value:
    return f.constant(x.kind, number)


def _log_core(f: Function, x: Value) -> tuple[Value, Value]:
    """Logarithm of positive normal numbers as the exact sum of two terms, |first| > |second|.

    x = 2**k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s/2), s = (m - 1)/((m + 1)/2).
    """
    shifted = x.convert(I64, "bitcast") + (0x3FF0000000000000 - _ROOT_HALF)
    exponent = f.new(shifted.kind, f"lshr {shifted.kind} {shifted.name}, {_splat(shifted, 52)}")
    m = ((shifted & 0x000FFFFFFFFFFFFF) + _ROOT_HALF).convert(F64, "bitcast")
    k = (exponent | 0x4330000000000000).convert(F64, "bitcast") - 4503599627371519.0  # 2**52+1023
    above = m - 1.0  # exact
    half = _constant(f, x, 0.5)
    middle = f.fma(0.5, m, half)
    rest_of_middle = f.fma(0.5, m, half - middle)
    reciprocal = 1.0 / middle
    s = above * reciprocal
    rest = f.negative_fma(s, rest_of_middle, _residual(f, above, s, middle))
    z = s * s
    tail = f.fma(s * z, _polynomial(f, z, _ATANH), rest * reciprocal)
    high_part = _constant(f, x, _LN2_HIGH)
    first = f.fma(k, high_part, s)  # the product is exact
    second = f.fma(k, high_part, -first) + s
    return first, second + f.fma(k, _constant(f, x, _LN2_LOW), tail)


def _splat(value: Value, number: int) -> str:
    return value.function.constant(value.kind, number).name


def exponential(f: Function, x: Value) -> Value:
    """e to the power x."""
    return x.equals(x).select(_exp_core(f, x, None), x)


def logarithm(f: Function, x: Value) -> Value:
    """Natural logarithm; -infinity at zero, NaN below."""
    high, low = _log_core(f, x)
    value = (x < _INFINITY).select(high + low, x)  # infinity and NaN give themselves
    value = (x < _SMALLEST_NORMAL).select(_constant(f, x, -_INFINITY), value)
    return (x < 0.0).select(_constant(f, x, _NAN), value)


def _power_core(f: Function, x: Value, y: Value) -> Value:
    """x**y for positive normal x and finite y."""
    first, second = _log_core(f, x)
    high = first + second
    low = (first - high) + second
    # Beyond this the result is 0, 1 or infinite anyway, and the product would overflow.
    y = (y < _HUGE).select(y, _constant(f, x, _HUGE))
    y = (y > -_HUGE).select(y, _constant(f, x, -_HUGE))
    product = y * high
    return _exp_core(f, product, f.fma(y, low, -_residual(f, product, y, high)))


def power(f: Function, x: Value, y: Value) -> Value:
    """x to the power y by the rules of IEEE 754 ``pow``."""
    _power_special(f.module, x.kind)
    ordinary = (x >= _SMALLEST_NORMAL) & (x < _INFINITY) & (f.intrinsic("fabs", y) < _INFINITY)

    def special() -> Value:
        other = f.call("vector_pow_special", x.kind, [x, y])
        return ordinary.select(value, other)

    value = _power_core(f, x, y)
    return f.amend((~ordinary).any(), value, special)


def lowered_power(f: Function, x: Value, y: Value, higher: Value) -> Value:
    """x to the power y where ``higher`` is x to the power y + 1: a quotient, but for x <= 0."""
    ordinary = x >= _SMALLEST_NORMAL
    value = higher / x
    return f.amend((~ordinary).any(), value, lambda: ordinary.select(value, power(f, x, y)))


def _power_special(module: Module, kind: str) -> None:
    """Write the function for zero, negative, infinite and NaN arguments, once a module."""
    if module.defines("vector_pow_special"):
        return
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
