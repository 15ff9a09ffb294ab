"""Study and patient files: their schemas, and reading them with the line of every value.

A new kind of study is a model in a schema module and a line in `schema.KINDS`.
"""
