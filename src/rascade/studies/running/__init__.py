"""Running studies: from file to plan, plan to outcome, outcome to a folder of results.

A new executor is a class of `executors.Executor`; its docstring states the obligations.
"""
