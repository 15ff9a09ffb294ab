"""Verbs that hold the model against claims and facts, and tell what these say of its parameters."""
