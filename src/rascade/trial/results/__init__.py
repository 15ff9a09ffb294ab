"""What a trial comes to: tables, end points, estimands, censoring, contrasts, published values.

Takes arms as simulated and hides what lies after the data cut. A new end point is a function of
`endpoints`, a column of `tables` and an entry of `end_point_summary`.
"""
