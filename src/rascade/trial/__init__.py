"""Trials: what they are, how they go, what is seen of patients, and what comes of them.

`design` is the plan, `conduct` what happens while it runs, `assessment` what is seen, `records`
what was simulated, `endpoints` one registry, `results` tables and a summary, `running` the one
orchestrator, `prediction` what a trial will show and how sure that is. Imports go one way: running
and prediction, results, endpoints, conduct, assessment and design. May use patients, model,
regimen and statistics; knows no file of a study and no page.
"""
