"""A trial under way: doses, side effects, rules for doses, visits, deaths.

Advances all patients of an arm from pause to pause. May use the design and the assessment.
"""
