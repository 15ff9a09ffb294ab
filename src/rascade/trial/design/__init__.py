"""What a trial is before it begins: arms, phases, protocol, randomisation, accrual, scan days.

Frozen and checked, without a file or a clock. What a trial may say more gets a field of
`spec.TrialSpec`, and a key in `rascade.studies.files.schema`.
"""
