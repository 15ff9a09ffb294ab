"""What is seen of patients: scans, RECIST and iRECIST, CTCAE grades, markers, times to events.

Pure functions and small states of arrays with one row a patient. May use statistics and the tables
of ``trial/data``. A new way of reading is a module here, and a column of `results.tables`.
"""
