"""A drug beside its class: how much of the target it holds over a day, pERK, responses by potency.

`records` says what counts as the target of a mechanism and how drugs of a class are usually given;
`courses` treats one typical patient with each drug of the class; `response` runs a small trial of
one drug at several potencies. `run` puts them together for ``rascade drugs class``.
"""
