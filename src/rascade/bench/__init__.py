"""The bench: cells in a dish and tumours in mice, from a specification to tables and a summary.

May use the model, regimens and statistics; `rascade.analyses` build on it. A new design of
experiment is a case of `spec.conditions` and of `summary`.
"""
