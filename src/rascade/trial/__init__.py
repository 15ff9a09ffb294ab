"""Trials: a plan (`design`), seen (`assessment`) and conducted, its `results`, and `running` them.

Imports go one way: running, results, conduct, design, assessment; `records` holds what conduct
writes down and results read. Each folder says where it is extended.
"""
