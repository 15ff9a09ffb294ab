"""Trials: protocol, visits, response, survival, and the tables that come of them."""
