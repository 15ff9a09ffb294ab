"""Survival, group-sequential, dose-response and synergy statistics: pure functions on arrays.

Knows nothing of drugs or trials; may use NumPy, SciPy and `rascade.errors` alone. A new method is a
module here, held against R or another program in a test.
"""
