"""Predictions of trials that have not reported: made, kept unchanged, and scored by results.

`record` turns simulated courses into what is frozen, `register` keeps it so that a change shows,
`score` holds it against the evidence. Files are found and written by
`rascade.studies.running.predictions`.
"""
