"""The processor this runs on, and compiling LLVM assembly for it."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import platform
import threading
from dataclasses import dataclass
from typing import Any

__all__ = ["Machine", "Program", "compile_object", "host", "load_object"]

_LOCK = threading.Lock()  # LLVM's own state is not safe for several Python threads
_LIBM = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh tgamma floor ceil fma "
    "memset memcpy"
)


@dataclass(frozen=True)
class Machine:
    """What code generation must know of the processor.

    Attributes:
        triple: LLVM target triple.
        cpu: LLVM's name of the processor.
        features: LLVM feature string.
        lanes: doubles in one register.
        fused: whether it has a fused multiply-add.
        llvm: versions of llvmlite and LLVM.
    """

    triple: str
    cpu: str
    features: str
    lanes: int
    fused: bool
    llvm: str

    @property
    def x86(self) -> bool:
        """Whether this is an x86-64 processor."""
        return self.triple.startswith(("x86_64", "amd64"))

    @property
    def arm(self) -> bool:
        """Whether this is a 64-bit ARM processor."""
        return self.triple.startswith(("aarch64", "arm64"))


@functools.cache
def host() -> Machine:
    """The processor of this process."""
    import llvmlite
    import llvmlite.binding as llvm

    with _LOCK:
        _initialize()
        features = llvm.get_host_cpu_features()
        triple = llvm.get_process_triple()
        text = features.flatten()
        cpu = llvm.get_host_cpu_name()
    lanes, fused = 2, features.get("fma", False)
    if features.get("avx512f") and features.get("avx512dq"):
        lanes = 8
    elif features.get("avx2"):
        lanes = 4
    if platform.machine().lower() in ("aarch64", "arm64"):
        fused = True
    version = ".".join(map(str, llvm.llvm_version_info))
    return Machine(triple, cpu, text, lanes, fused, f"{llvmlite.__version__}/{version}")


def _initialize() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    library = ctypes.CDLL(ctypes.util.find_library("m") or None)
    for name in _LIBM.split():
        function = getattr(library, name, None)
        if function is not None:
            llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)


def _target_machine(machine: Machine, level: int) -> Any:
    import llvmlite.binding as llvm

    target = llvm.Target.from_triple(machine.triple)
    return target.create_target_machine(
        cpu=machine.cpu,
        features=machine.features,
        opt=level,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def compile_object(text: str, machine: Machine, *, simplify: bool, quick: bool = False) -> bytes:
    """Compile LLVM assembly to object code.

    Args:
        text: one module.
        machine: what to compile for.
        simplify: run the passes that hand-written control flow needs (locals into registers,
            loop-invariant code). Straight-line code from an expression graph needs none.
        quick: translate in a sixth of the time. The code takes up to twice as long, and gives the
            same bits: every operation is rounded as IEEE 754 says at any level.
    """
    import llvmlite.binding as llvm

    with _LOCK:
        target = _target_machine(machine, 0 if quick else 2)
        module = llvm.parse_assembly(text)
        module.triple = machine.triple
        module.data_layout = str(target.target_data)
        module.verify()
        if simplify:
            _simplify(module, target)
        return bytes(target.emit_object(module))


def _simplify(module: Any, target: Any) -> None:
    """The passes that matter here; LLVM's own pipelines take four times as long, for nothing."""
    import llvmlite.binding as llvm

    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    passes.add_dead_code_elimination_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)


class Program:
    """Loaded object code; holds the memory its functions live in."""

    def __init__(self, code: bytes, machine: Machine) -> None:
        import llvmlite.binding as llvm

        with _LOCK:
            empty = llvm.parse_assembly("")
            empty.triple = machine.triple
            self._engine = llvm.create_mcjit_compiler(empty, _target_machine(machine, 2))
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Address of a function; 0 where there is none."""
        return int(self._engine.get_function_address(name))


def load_object(code: bytes, machine: Machine) -> Program:
    """Make object code runnable."""
    host()
    return Program(code, machine)
