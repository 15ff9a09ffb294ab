"""Which mechanisms carry a combination's benefit.

The ways by which drugs act (`rascade.model.pathways`) are the players of a game: what a set of them
is worth is the benefit with the others held at what they were before treatment. `game` divides it
among them by Shapley's rule, `run` simulates and states how sure that is, `tables` makes the
record. It uses trial, patients and model, and is extended by a row of ``pathways.csv`` or an end
point in `run`.
"""
