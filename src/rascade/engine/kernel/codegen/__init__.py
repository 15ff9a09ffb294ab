"""A model's functions as LLVM assembly: rates, Jacobian, factors, triggers, outputs.

`ir` spells instructions, `vector_math` functions that LLVM lacks, `nodes` turns graphs into code,
`plan` and `ordering` decide what is computed once and in which order, `layout` says where it lies
in memory, `emit` puts a model together, and `machine` translates it; llvmlite is imported there
only. It may use `symbolic`, and knows nothing of steps and patients. An operator is added to the
tables of `nodes`, another processor to `machine.Machine`.
"""
