"""The patients of a simulation as tables, and the duties of a back end that advances them.

Status, step, doses and tolerances of every patient, start values, what events do, and the moments
at which steps must end. Nothing here solves an equation. It may use `symbolic`. Its extension
point is `backend.Backend`: what it promises there is all that `simulation` asks of a solver.
"""
