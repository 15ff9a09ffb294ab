"""A trial under way: doses, side effects, rules for doses, visits, deaths.

Advances all patients of an arm from pause to pause. May use the design, the assessment and the
records, and nothing of results or running. A new reaction to side effects is an action of
`dose_rules`, and a word of `rascade.trial.design.protocol`.
"""
