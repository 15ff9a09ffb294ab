"""What Python users call: trials, cohorts, experiments and their results as objects.

Thin users of `rascade.studies` (which runs) and `rascade.report` (which draws): nothing is computed
here that the command line does not compute. It may use everything below it, and only the command
line stands above. A new object gets a module here and a line in ``rascade/__init__.py``.
"""
