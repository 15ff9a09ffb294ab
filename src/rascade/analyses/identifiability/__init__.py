"""What experiments can tell of parameters: Fisher information, priors, profile likelihood."""
