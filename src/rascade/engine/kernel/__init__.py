"""The compiled back end: equations to LLVM IR to machine code that advances many patients.

`compiled` is the back end and `call` one call of it; `codegen` writes a model's functions and
translates them for this processor, `solver` writes the steps that call them, and `cache` keeps
what was translated. It may use `symbolic` and `population`.
"""
