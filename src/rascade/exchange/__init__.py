"""Formats of others: data sets of clinical trials (ADaM).

May use `rascade.trial` and what lies below it; knows no study file and no folder of results. A new
format is a folder beside `adam`.
"""
