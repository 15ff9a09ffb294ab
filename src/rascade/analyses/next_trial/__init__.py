"""Which trial next: the design with the best chance for a budget of patients.

`populations` makes the patients of every member of the ensemble ready for replicate trials,
`choose` tries designs on them. Trials are those of `rascade.analyses.operating`.
"""
