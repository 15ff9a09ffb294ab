"""What a trial came to, as types: arms, contrasts, end points in detail, pairs, side effects.

Each record says under which keys of ``summary.json`` its fields are kept; `codec` writes and reads
them, and what an older version did not write is None or empty. May use the registry of end points
and nothing else of a trial. A new part of the summary is a record here.
"""
