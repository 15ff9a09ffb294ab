"""Study and patient files: their schemas, reading them with the line of every value, their plans.

A study is the spelling; what is run is the plan that `trial_plan` makes of it. May use everything
below studies to check names and numbers; knows nothing of `rascade.studies.running`.
A new kind of study is a model in a schema module and a line in `schema.KINDS`.
"""
