"""Operating characteristics of trial designs, from replicate trials of one simulated population."""
