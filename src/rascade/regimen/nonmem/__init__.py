"""Doses as NONMEM and its relatives write them: events, their columns, and files of them.

`events` turns orders into dose records and records into orders or single doses, `columns` says what
columns beyond the standard ones would do to a dose, and `file` reads and writes CSV.
"""
