"""From simulations to answers: claims, facts, identifiability, operating characteristics.

Each folder is one question, with its records, its run and its tables; they may use the bench and
trials, and know no study file. A new analysis is a folder here, a runner in
`rascade.studies.running` and a verb.
"""
