"""A small language for writing LLVM IR: Python values that stand for machine values.

The kernel is written as Python functions that use `Value` like numbers; each operation appends one
line of LLVM assembly. Text is made directly instead of going through ``llvmlite.ir`` because a
disease model has tens of thousands of instructions and the object layer costs more time than LLVM.

Types are LLVM's own spellings. A vector of one lane is spelled as the scalar, so that the same
emitter writes the narrow kernel for one patient and the wide one for eight. No operation carries a
fast-math flag: the results of a lane must not depend on how many lanes there are.

In one module since it is one vocabulary: `Value` and what can be done with one.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

__all__ = ["BOOL", "F64", "I32", "I64", "PTR", "Function", "Module", "Value", "Variable", "vector"]

F64, I64, I32, BOOL, PTR = "double", "i64", "i32", "i1", "ptr"

Number = float | int | bool


def vector(element: str, lanes: int) -> str:
    """LLVM type of ``lanes`` elements; the plain scalar type for one lane."""
    return element if lanes == 1 else f"<{lanes} x {element}>"


def element_of(kind: str) -> str:
    """Element type of a vector type, or the scalar type itself."""
    return kind.rsplit(" ", 1)[1][:-1] if kind[0] == "<" else kind


def like(kind: str, element: str) -> str:
    """The type with as many lanes as ``kind`` but another element."""
    return f"{kind.rsplit(' ', 1)[0]} {element}>" if kind[0] == "<" else element


def literal(kind: str, number: Number) -> str:
    """LLVM spelling of a constant; doubles bit by bit, so that nothing is rounded."""
    element = element_of(kind)
    if element == F64:
        text = f"0x{struct.unpack('<Q', struct.pack('<d', float(number)))[0]:016X}"
    elif element == BOOL:
        text = "true" if number else "false"
    else:
        text = str(int(number))
    return text if kind == element else f"splat ({element} {text})"


class Value:
    """One SSA value; arithmetic on it appends instructions to its function."""

    __slots__ = ("function", "kind", "name")

    def __init__(self, function: Function, kind: str, name: str) -> None:
        self.function = function
        self.kind = kind
        self.name = name

    def _binary(self, other: Value | Number, floating: str, integer: str) -> Value:
        name = other.name if isinstance(other, Value) else literal(self.kind, other)
        word = floating if element_of(self.kind) == F64 else integer
        return self.function.new(self.kind, f"{word} {self.kind} {self.name}, {name}")

    def _reflected(self, other: Number, floating: str, integer: str) -> Value:
        word = floating if element_of(self.kind) == F64 else integer
        return self.function.new(
            self.kind, f"{word} {self.kind} {literal(self.kind, other)}, {self.name}"
        )

    def __add__(self, other: Value | Number) -> Value:
        return self._binary(other, "fadd", "add")

    def __sub__(self, other: Value | Number) -> Value:
        return self._binary(other, "fsub", "sub")

    def __mul__(self, other: Value | Number) -> Value:
        return self._binary(other, "fmul", "mul")

    def __truediv__(self, other: Value | Number) -> Value:
        return self._binary(other, "fdiv", "sdiv")

    def __radd__(self, other: Number) -> Value:
        return self._reflected(other, "fadd", "add")

    def __rsub__(self, other: Number) -> Value:
        return self._reflected(other, "fsub", "sub")

    def __rmul__(self, other: Number) -> Value:
        return self._reflected(other, "fmul", "mul")

    def __rtruediv__(self, other: Number) -> Value:
        return self._reflected(other, "fdiv", "sdiv")

    def __neg__(self) -> Value:
        if element_of(self.kind) == F64:
            return self.function.new(self.kind, f"fneg {self.kind} {self.name}")
        return 0 - self

    def __and__(self, other: Value | Number) -> Value:
        return self._binary(other, "and", "and")

    def __or__(self, other: Value | Number) -> Value:
        return self._binary(other, "or", "or")

    def __xor__(self, other: Value | Number) -> Value:
        return self._binary(other, "xor", "xor")

    def __lshift__(self, other: Value | Number) -> Value:
        return self._binary(other, "shl", "shl")

    def __rshift__(self, other: Value | Number) -> Value:
        return self._binary(other, "ashr", "ashr")

    def __invert__(self) -> Value:
        return self._binary(1 if element_of(self.kind) == BOOL else -1, "xor", "xor")

    def _compare(self, other: Value | Number, floating: str, integer: str) -> Value:
        name = other.name if isinstance(other, Value) else literal(self.kind, other)
        word = f"fcmp {floating}" if element_of(self.kind) == F64 else f"icmp {integer}"
        return self.function.new(like(self.kind, BOOL), f"{word} {self.kind} {self.name}, {name}")

    def __lt__(self, other: Value | Number) -> Value:
        return self._compare(other, "olt", "slt")

    def __le__(self, other: Value | Number) -> Value:
        return self._compare(other, "ole", "sle")

    def __gt__(self, other: Value | Number) -> Value:
        return self._compare(other, "ogt", "sgt")

    def __ge__(self, other: Value | Number) -> Value:
        return self._compare(other, "oge", "sge")

    def equals(self, other: Value | Number) -> Value:
        """Equality; false where either is NaN. (``==`` is left to Python, for dictionaries.)"""
        return self._compare(other, "oeq", "eq")

    def differs(self, other: Value | Number) -> Value:
        """Inequality; true where either is NaN."""
        return self._compare(other, "une", "ne")

    def select(self, yes: Value | Number, no: Value | Number) -> Value:
        """``yes`` in the lanes where this condition holds, ``no`` in the others."""
        kind = yes.kind if isinstance(yes, Value) else no.kind  # type: ignore[union-attr]
        a = yes.name if isinstance(yes, Value) else literal(kind, yes)
        b = no.name if isinstance(no, Value) else literal(kind, no)
        return self.function.new(kind, f"select {self.kind} {self.name}, {kind} {a}, {kind} {b}")

    def convert(self, element: str, how: str) -> Value:
        """Conversion instruction ``how`` (``sitofp``, ``zext``, ``bitcast``...) to ``element``."""
        kind = like(self.kind, element)
        return self.function.new(kind, f"{how} {self.kind} {self.name} to {kind}")

    def any(self) -> Value:
        """Scalar ``i1``: does this condition hold in any lane?"""
        if self.kind == BOOL:
            return self
        lanes = int(self.kind[1:].split(" ", 1)[0])
        bits = self.function.new(f"i{lanes}", f"bitcast {self.kind} {self.name} to i{lanes}")
        return self.function.new(BOOL, f"icmp ne i{lanes} {bits.name}, 0")

    def lane(self, index: Value | int) -> Value:
        """The scalar in one lane."""
        if self.kind[0] != "<":
            return self
        name = index.name if isinstance(index, Value) else str(index)
        return self.function.new(
            element_of(self.kind), f"extractelement {self.kind} {self.name}, i64 {name}"
        )


class Variable:
    """A local that can be written more than once; LLVM turns it into registers."""

    __slots__ = ("address", "function", "kind")

    def __init__(self, function: Function, kind: str, address: str) -> None:
        self.function = function
        self.kind = kind
        self.address = address

    @property
    def value(self) -> Value:
        """What it holds now."""
        return self.function.new(self.kind, f"load {self.kind}, ptr {self.address}")

    def set(self, value: Value | Number) -> None:
        """Write it."""
        name = value.name if isinstance(value, Value) else literal(self.kind, value)
        self.function.line(f"store {self.kind} {name}, ptr {self.address}")


class Function:
    """One LLVM function being written.

    Args:
        module: where it goes.
        name: its symbol.
        parameters: LLVM types of the arguments.
        returns: LLVM type of the result, or ``void``.
        external: False for a helper that only this module calls.
        attributes: LLVM function attributes.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        parameters: Sequence[str],
        returns: str = "void",
        *,
        external: bool = True,
        attributes: str = "nounwind",
    ) -> None:
        self.module = module
        self.name = name
        self.returns = returns
        self.external = external
        self.attributes = attributes
        self.arguments = [Value(self, kind, f"%a{i}") for i, kind in enumerate(parameters)]
        self._locals: list[str] = []
        self._lines: list[str] = []
        self._count = 0
        self._block = "entry"
        module.functions.append(self)

    # ---- lines -------------------------------------------------------------------------------
    def line(self, text: str) -> None:
        """Append one instruction."""
        self._lines.append("  " + text)

    def new(self, kind: str, text: str) -> Value:
        """Append one instruction that yields a value."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return Value(self, kind, name)

    @property
    def size(self) -> int:
        """Instructions so far."""
        return len(self._lines)

    def constant(self, kind: str, number: Number) -> Value:
        """A constant of a type."""
        return Value(self, kind, literal(kind, number))

    def variable(self, kind: str, start: Value | Number | None = None) -> Variable:
        """A new local variable."""
        name = f"%m{len(self._locals)}"
        self._locals.append(f"  {name} = alloca {kind}")
        variable = Variable(self, kind, name)
        if start is not None:
            variable.set(start)
        return variable

    # ---- memory ------------------------------------------------------------------------------
    def at(self, base: Value, index: Value | int, element: str = F64) -> Value:
        """Address of ``base[index]`` counted in ``element``."""
        name = index.name if isinstance(index, Value) else str(index)
        return self.new(PTR, f"getelementptr {element}, ptr {base.name}, i64 {name}")

    def load(self, kind: str, address: Value, align: int = 8) -> Value:
        """Read memory."""
        return self.new(kind, f"load {kind}, ptr {address.name}, align {align}")

    def store(self, value: Value, address: Value, align: int = 8) -> None:
        """Write memory."""
        self.line(f"store {value.kind} {value.name}, ptr {address.name}, align {align}")

    # ---- calls -------------------------------------------------------------------------------
    def call(self, name: str, returns: str, arguments: Sequence[Value]) -> Value:
        """Call a function by symbol; declared in the module if it is not defined there."""
        self.module.need(name, returns, [a.kind for a in arguments])
        text = ", ".join(f"{a.kind} {a.name}" for a in arguments)
        if returns == "void":
            self.line(f"call void @{name}({text})")
            return Value(self, "void", "")
        return self.new(returns, f"call {returns} @{name}({text})")

    def call_pointer(self, pointer: Value, arguments: Sequence[Value]) -> None:
        """Call a function without result through its address."""
        text = ", ".join(f"{a.kind} {a.name}" for a in arguments)
        self.line(f"call void {pointer.name}({text})")

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """LLVM intrinsic overloaded on the type of its first argument."""
        kind = arguments[0].kind
        suffix = "".join(_SUFFIX[e] for e in (element_of(kind),))
        if kind[0] == "<":
            suffix = "v" + kind[1:].split(" ", 1)[0] + suffix
        return self.call(f"llvm.{name}.{suffix}", kind, arguments)

    def fma(self, a: Value | Number, b: Value, c: Value) -> Value:
        """``a*b + c``: one rounding where the machine has it, else two, at every lane width."""
        if not isinstance(a, Value):
            a = self.constant(b.kind, a)
        if self.module.fused:
            return self.intrinsic("fma", a, b, c)
        return a * b + c

    def negative_fma(self, a: Value, b: Value, c: Value) -> Value:
        """``c - a*b``, fused like `fma`."""
        if self.module.fused:
            return self.intrinsic("fma", -a, b, c)
        return c - a * b

    # ---- control flow --------------------------------------------------------------------------
    def _label(self, hint: str) -> str:
        self._count += 1
        return f"{hint}{self._count}"

    def _place(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._block = label

    def _branch(self, condition: Value, yes: str, no: str) -> None:
        self.line(f"br i1 {condition.name}, label %{yes}, label %{no}")

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Run the body if a scalar condition holds."""
        yes, after = self._label("then"), self._label("after")
        self._branch(condition, yes, after)
        self._place(yes)
        yield
        self.line(f"br label %{after}")
        self._place(after)

    def amend(self, condition: Value, value: Value, other: Callable[[], Value]) -> Value:
        """``other()`` if a scalar condition holds, else ``value``, without a variable."""
        rare, after = self._label("rare"), self._label("after")
        before = self._block
        self._branch(condition, rare, after)
        self._place(rare)
        amended = other()
        last = self._block
        self.line(f"br label %{after}")
        self._place(after)
        return self.new(
            value.kind, f"phi {value.kind} [{value.name}, %{before}], [{amended.name}, %{last}]"
        )

    def choose(self, condition: Value, yes: Callable[[], None], no: Callable[[], None]) -> None:
        """Run one of two bodies."""
        then, other, after = (self._label(x) for x in ("then", "else", "after"))
        self._branch(condition, then, other)
        self._place(then)
        yes()
        self.line(f"br label %{after}")
        self._place(other)
        no()
        self.line(f"br label %{after}")
        self._place(after)

    @contextmanager
    def repeat(self, condition: Callable[[], Value]) -> Iterator[str]:
        """While loop; yields the label to leave it by `leave`."""
        test, body, after = (self._label(x) for x in ("test", "body", "after"))
        self.line(f"br label %{test}")
        self._place(test)
        self._branch(condition(), body, after)
        self._place(body)
        yield after
        self.line(f"br label %{test}")
        self._place(after)

    @contextmanager
    def loop(self, stop: Value | int, start: Value | int = 0) -> Iterator[Value]:
        """Count from ``start`` up to but not including ``stop``."""
        index = self.variable(I64, start)
        with self.repeat(lambda: index.value < stop):
            value = index.value
            yield value
            index.set(value + 1)

    def leave(self, label: str, condition: Value) -> None:
        """Jump to a label if a scalar condition holds."""
        stay = self._label("stay")
        self._branch(condition, label, stay)
        self._place(stay)

    def finish(self, result: Value | None = None) -> None:
        """Return from the function (once, at its end)."""
        self.line(f"ret {result.kind} {result.name}" if result is not None else "ret void")

    def text(self) -> str:
        """LLVM assembly of the function."""
        arguments = ", ".join(f"{a.kind} {a.name}" for a in self.arguments)
        linkage = "" if self.external else "internal "
        head = f"define {linkage}{self.returns} @{self.name}({arguments}) {self.attributes} {{"
        return "\n".join([head, "entry:", *self._locals, *self._lines, "}"])


_SUFFIX = {F64: "f64", I64: "i64", I32: "i32", BOOL: "i1"}


class Module:
    """One LLVM module being written.

    Args:
        fused: whether the processor has a fused multiply-add (then `Function.fma` uses it).
    """

    def __init__(self, *, fused: bool) -> None:
        self.fused = fused
        self.functions: list[Function] = []
        self._needed: dict[str, str] = {}

    def need(self, name: str, returns: str, parameters: Sequence[str]) -> None:
        """Note that a symbol is called."""
        if name not in self._needed:
            self._needed[name] = f"declare {returns} @{name}({', '.join(parameters)})"

    def defines(self, name: str) -> bool:
        """Whether a function of this name is written already."""
        return any(f.name == name for f in self.functions)

    def text(self) -> str:
        """LLVM assembly of the module."""
        defined = {f.name for f in self.functions}
        declared = [text for name, text in self._needed.items() if name not in defined]
        return "\n\n".join(["\n".join(declared), *(f.text() for f in self.functions)]) + "\n"


_SYMBOL = re.compile(r"[^A-Za-z0-9_.]")


def symbol(text: str) -> str:
    """A legal LLVM symbol made from any text."""
    return _SYMBOL.sub("_", text)
