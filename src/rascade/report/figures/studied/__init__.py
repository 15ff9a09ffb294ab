"""Figures of what is not a trial: experiments, claims, facts, identifiability, designs."""
