"""On which numbers of the parameter table an answer of a study hangs.

Every row that the study's models read goes between a part and a multiple of its value, within its
plausible range; the same virtual patients are simulated each time. `run` makes Morris' elementary
effects, Sobol's indices or partial rank correlations (`rascade.statistics.sensitivity`), and what
the strongest rows do one at a time; `tables` makes the record.
"""
