<<<<<<< HEAD
"""Trials: what they are, how they go, what is seen of patients, and what comes of them.

`design` before the first patient, `conduct` while it runs, `assessment` of what is seen, `records`
of what was simulated, `endpoints` as one registry, `results` as tables and a summary. May use
patients, model, regimen and statistics; knows no file of a study and no page.
=======
"""Trials: a plan (`design`), seen (`assessment`) and conducted, its `results`, and `running` them.

Imports go one way: running, results, conduct, design, assessment; `records` holds what conduct
writes down and results read. Each folder says where it is extended.
>>>>>>> fix/plan
"""
