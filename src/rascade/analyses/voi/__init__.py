"""Value of information: which measurement would narrow a prediction most.

`draws` makes the sets of parameters that the evidence leaves open, `measure` says what a
measurement would read under each, `value` by how much knowing it would narrow the prediction.
"""
