"""From the plan of a trial to its outcome: chunks, jobs, who does them, where they are kept.

The top of `rascade.trial`: may use all of it, and is used by studies and analyses. There is one
orchestrator (`run.TrialRun`) for every way of running. Two places to extend it: a store is a class
of `stores.Store`, an executor one of `executors.Executor` that is named in
`rascade.studies.running.executors`; their docstrings state the obligations, and a contract test
holds every registered executor to them.
"""
