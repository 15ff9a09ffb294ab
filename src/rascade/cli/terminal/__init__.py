"""What verbs share: options that read alike, tables, help, warnings, and signals of the system.

Nothing here knows a verb. It may use `errors`, `streams`, `progress`, and numbers of the report.
"""
