"""Is this installation sound? What it stands on, and a short check against stored numbers.

`surroundings` looks at versions, processor, cache and what is set; `self_check` computes a few
things whose results are known (``data/self_check.json``) and compares. `run` puts both together.
"""
