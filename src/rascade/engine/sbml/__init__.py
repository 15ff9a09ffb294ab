"""SBML documents read into a `System`, also those of strangers.

`document` is the way in; `scan` refuses what could do harm, `reader` reads in a process of its
own, and `names`, `formulas` and `equations` give the document its meaning. libsbml is imported
here only, and only when something is read. It may use `symbolic` and `population`. A function or a
construct that is to be understood is added to `formulas` or `equations`, and taken out of what
`document` refuses by name.
"""
