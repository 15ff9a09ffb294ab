"""In whom a combination beats its best component, as a rule on what can be measured.

The same virtual patients get the combination and each component (`rascade.analyses.twins`).
`search` looks for the best branch of a tree of depth two in one half of them, asks whether shuffled
gains give rules as good, and whether it holds in the other half; `run` simulates and sizes the
enriched trial; `tables` makes the record. A marker is a row of ``data/markers.csv``.
"""
