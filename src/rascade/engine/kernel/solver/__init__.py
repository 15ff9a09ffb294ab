"""The steps of Rodas5P for a group of lanes, as LLVM assembly that is the same for every model.

`driver` is the loop, `stages` and `control` one step, `dense` what lies inside it, `events` the
search for triggers, `fallback` the factorisation with pivots, `lanes` the life of a patient in a
lane, `frame` the tables through which Python and the loop speak. It may use `codegen`'s `ir`,
`layout` and `vector_math` and the numbers of `population`. Another method of the same family is
another `tableau`.
"""
