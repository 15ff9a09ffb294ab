"""What is seen of patients: scans, RECIST and iRECIST, CTCAE grades, markers.

Pure functions and small states of arrays with one row a patient.
"""
