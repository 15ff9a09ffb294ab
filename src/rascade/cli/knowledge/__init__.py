"""Verbs that show what the model and the evidence are made of, without simulating anything."""
