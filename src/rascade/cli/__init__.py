"""The command line: one file a verb, no logic; everything is done by the packages below.

`main` finds the verb and turns whatever happens into one message and one code. `runs` simulate and
keep folders of results, `checks` hold the model against claims and facts, `knowledge` shows what
the model and the evidence are made of, and `terminal` is what verbs share: options, tables, help.
A new verb is a file in one of the first three and a line of `VERBS` in `main`.
"""
