"""What claims, facts and identifiability ask of the bench: records of experiments, and effects.

`records` and `listing` are lists of experiments as files have them, `courses` and `patients` run
them on the bench's plate and in small trials, `effects` and `expression` turn what comes out into
the number that an expectation is about, `plausible` draws parameter sets. Uses the bench, which
knows nothing of it; a new function of an effect is a method of the reader in `effects` (courses) or
`patients` (trials).
"""
