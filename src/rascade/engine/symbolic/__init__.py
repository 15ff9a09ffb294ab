"""Equations as a graph of expressions, and what can be said of them without numbers.

The graph and its derivatives, intervals, what is conserved, what follows time, the frozen `System`
that everything else works on, and systems made from it (kept in their domain, with tangents, as
scalar Python). It may use `errors` and NumPy, and nothing else of the engine. A new operator of
models is a member of `expression.Op` with its meaning in `expression.FUNCTIONS`, its derivative in
`derivatives`, its enclosure in `intervals`, and its code in `kernel.codegen.nodes`.
"""
