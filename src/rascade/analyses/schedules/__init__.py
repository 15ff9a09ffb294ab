"""Which schedule is best: dose, order, lead-in, interval, pauses and partners, under limits.

`space` says what may be varied, `search` looks through it (few patients first, all at the end, the
best again on patients and members that the search has not seen), `rule` puts what was found into
words. Nothing here simulates: `search` is given a function that does.
"""
