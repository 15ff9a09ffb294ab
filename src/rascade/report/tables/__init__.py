"""Tables of reports as texts, and the sentences above them.

May use `runs` and `look`, and draws nothing. A table is a function from a run to a
`look.page.Table`, or None where the run does not hold it; the page that shows it calls it.
"""
