"""Formats of others: data sets of clinical trials (ADaM). Knows no study file."""
