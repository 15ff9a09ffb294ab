"""What a trial will show, and how sure that is.

`courses` simulates an arm in every member of the population's ensemble at once, `measures` reads
response rates, medians, survival and hazard ratios from these courses, `predict` adds the chance
of a trial of its size, and what trials differ by. Uses the conduct and assessment of trials, and
the ensemble of `rascade.patients`; knows nothing of files. A further read-out is a function of
`measures`.
"""
