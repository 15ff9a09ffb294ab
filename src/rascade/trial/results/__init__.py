"""What a trial comes to: tables, end points, estimands, contrasts, pairs, published values.

Takes arms as simulated, hides what lies after the data cut, and makes the tables and the summary.
What it finds are `records`, kept under the keys of ``summary.json``. May use the end points, the
assessment and the design; nothing of `conduct`, so that statistics can change without simulating.
A new part of the summary is a record and a function that fills it, called in `tables.outcome`.
"""
