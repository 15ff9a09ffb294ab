"""Figures, one subject a module: from a result to a `look.canvas.Figure`.

May use `tables`, `runs` and `look`. The figures of a trial are members of `trial.FIGURES`, which
says what each must do; a package brings more by the entry point ``rascade.figures``.
"""
