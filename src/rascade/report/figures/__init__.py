"""Figures, one subject a module: a function from a result to a `look.canvas.Figure`."""
