"""What a trial is before it begins: arms, phases, protocol, randomisation, accrual, scan days.

`spec.TrialSpec` is the plan: the one definition of a trial, frozen and checked, without a file or a
clock. May use the assessment for terms, grades and measurements, and nothing of conduct, results or
running. What a trial may say more gets a field there, a key in `rascade.studies.files.schema` and a
line in `rascade.studies.files.trial_plan`; it travels with every job by itself, and
`marks.COUNTS` says so where no patient feels it.
"""
